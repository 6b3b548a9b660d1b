#include "libs/rpc/completion_queue.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include <grpcpp/alarm.h>

namespace jembatan::rpc {
namespace {

// An alarm that notes its number when it has run.
class NotedAlarm final : public Tag {
 public:
  NotedAlarm(int number, std::vector<int>* log) : number_(number), log_(log) {}
  void Set(grpc::CompletionQueue* queue, std::chrono::system_clock::time_point when) {
    alarm_.Set(queue, when, static_cast<Tag*>(this));
  }
  void Run(bool ok) override {
    ok_ = ok;
    ++runs_;
    log_->push_back(number_);
  }
  bool ok() const { return ok_; }
  int runs() const { return runs_; }

 private:
  const int number_;
  std::vector<int>* const log_;
  grpc::Alarm alarm_;
  bool ok_ = false;
  int runs_ = 0;
};

TEST(CompletionQueueTest, HandsFinishedOperationsOverInOrderAndInBatches) {
  constexpr int kOperations = 1'000;
  std::vector<int> log;
  std::vector<std::unique_ptr<NotedAlarm>> alarms;
  boost::asio::io_context context;
  CompletionQueue queue(context);
  for (int i = 0; i < kOperations; ++i) {
    alarms.push_back(std::make_unique<NotedAlarm>(i, &log));
    alarms.back()->Set(queue.get(), std::chrono::system_clock::time_point());
  }
  queue.Start();
  queue.Stop();
  // All were finished before the thread looked: full batches, one handler each.
  const size_t handlers = context.poll();
  EXPECT_LE(handlers, 5u);
  ASSERT_EQ(log.size(), static_cast<size_t>(kOperations));
  for (int i = 0; i < kOperations; ++i) EXPECT_EQ(log[static_cast<size_t>(i)], i);
}

TEST(CompletionQueueTest, RunsTagsOnTheThreadOfTheIoContext) {
  std::vector<int> log;
  NotedAlarm alarm(7, &log);
  boost::asio::io_context context;
  const auto work = boost::asio::make_work_guard(context);
  CompletionQueue queue(context);
  queue.Start();
  alarm.Set(queue.get(), std::chrono::system_clock::now());
  EXPECT_EQ(context.run_one(), 1u);
  EXPECT_EQ(log, std::vector<int>({7}));
  EXPECT_TRUE(alarm.ok());
  queue.Stop();
}

// Whether or not the queue was ever started.
class CompletionQueueStopTest : public testing::TestWithParam<bool> {};

TEST_P(CompletionQueueStopTest, CallsEveryStartedTagOnce) {
  std::vector<int> log;
  boost::asio::io_context context;
  CompletionQueue queue(context);
  if (GetParam()) queue.Start();
  auto alarm = std::make_unique<NotedAlarm>(1, &log);
  alarm->Set(queue.get(), std::chrono::system_clock::now());
  queue.Stop();
  queue.Stop();
  context.poll();
  EXPECT_EQ(alarm->runs(), 1);
}

INSTANTIATE_TEST_SUITE_P(StartedOrNot, CompletionQueueStopTest, testing::Bool());

}  // namespace
}  // namespace jembatan::rpc
