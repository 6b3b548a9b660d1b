#include "libs/kafka/event_queue.h"

#include <atomic>
#include <chrono>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "libs/kafka/testing/run_until.h"

namespace jembatan::kafka {
namespace {

using testing::RunFor;
using testing::RunUntil;

TEST(EventQueue, RunsATurnWhenWoken) {
  boost::asio::io_context context(1);
  int turns = 0;
  auto queue = EventQueue::Create(context, [&] {
    ++turns;
    return false;
  });
  ASSERT_TRUE(queue.ok());
  RunFor(context, std::chrono::milliseconds(10));
  EXPECT_EQ(turns, 0);
  std::thread other([&] { (*queue)->Wake(); });
  EXPECT_TRUE(RunUntil(context, [&] { return turns == 1; }));
  other.join();
  (*queue)->Close();
}

TEST(EventQueue, LetsOthersRunBetweenTurns) {
  boost::asio::io_context context(1);
  std::string order;
  auto queue = EventQueue::Create(context, [&] {
    order += 't';
    if (order == "t") boost::asio::post(context, [&] { order += 'o'; });
    return order.size() < 4;
  });
  ASSERT_TRUE(queue.ok());
  (*queue)->Wake();
  EXPECT_TRUE(RunUntil(context, [&] { return order.size() >= 4; }));
  EXPECT_EQ(order, "tott");
  (*queue)->Close();
}

TEST(EventQueue, RunsAtTheInterval) {
  boost::asio::io_context context(1);
  int turns = 0;
  auto queue = EventQueue::Create(
      context,
      [&] {
        ++turns;
        return false;
      },
      std::chrono::milliseconds(5));
  ASSERT_TRUE(queue.ok());
  EXPECT_TRUE(RunUntil(context, [&] { return turns >= 3; }));
  (*queue)->Close();
}

TEST(EventQueue, NoTurnAfterClose) {
  boost::asio::io_context context(1);
  int turns = 0;
  std::shared_ptr<EventQueue> queue;
  auto created = EventQueue::Create(context, [&] {
    ++turns;
    queue->Close();
    return true;
  });
  ASSERT_TRUE(created.ok());
  queue = *created;
  queue->Wake();
  RunFor(context, std::chrono::milliseconds(20));
  EXPECT_EQ(turns, 1);
}

// Events that arrive from another thread while turns run: none may be left lying.
TEST(EventQueue, LosesNoWakeUp) {
  boost::asio::io_context context(1);
  std::atomic<int> arrived{0};
  int seen = 0;
  auto queue = EventQueue::Create(context, [&] {
    seen = arrived.load();
    return false;
  });
  ASSERT_TRUE(queue.ok());
  std::thread other([&] {
    for (int i = 0; i < 20'000; ++i) {
      arrived.fetch_add(1);
      (*queue)->Wake();
    }
  });
  EXPECT_TRUE(RunUntil(context, [&] { return seen == 20'000; }));
  other.join();
  (*queue)->Close();
}

}  // namespace
}  // namespace jembatan::kafka
