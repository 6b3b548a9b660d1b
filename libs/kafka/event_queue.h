#pragma once

// EventQueue: lets librdkafka's queues wake an Asio loop. A queue that becomes non-empty writes to
// an eventfd, its read completes on the io_context, and the owner's turn then serves what waits, a
// bounded part at a time, so that one busy queue never holds up the loop's other work.
//
// Why no wake-up is lost. librdkafka writes only when a queue goes from empty to non-empty, and
// once until the queue is polled again. The counter is therefore cleared (by the read) before the
// queue is polled, never after: what arrives while a turn polls makes the descriptor readable once
// more. And a turn may end in two ways only: it saw every watched queue empty (returns false), so
// that the next arrival writes; or it did not (returns true), then no write may ever come, and
// another turn is posted behind the work that waits meanwhile.
//
// Private to libs/kafka. Created, watched, closed and dropped on the io_context's thread or while
// no thread runs it; Wake() from any thread. Close() ends it: no turn begins after it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <librdkafka/rdkafka.h>

namespace jembatan::kafka {

class EventQueue : public std::enable_shared_from_this<EventQueue> {
 public:
  // Returns whether more may wait.
  using Turn = std::function<bool()>;

  // With an interval a turn runs at least that often, arrivals or not.
  static absl::StatusOr<std::shared_ptr<EventQueue>> Create(
      boost::asio::io_context& context, Turn turn,
      std::chrono::milliseconds interval = std::chrono::milliseconds(0));
  ~EventQueue();

  // The queue must be unwatched, or this closed, before it is destroyed. Events that wait in it
  // already get a turn.
  void Watch(rd_kafka_queue_t* queue);
  void Unwatch(rd_kafka_queue_t* queue);
  // A turn soon, though nothing arrived.
  void Wake();
  void Close();

 private:
  EventQueue(boost::asio::io_context& context, int fd, Turn turn,
             std::chrono::milliseconds interval);
  void Wait();
  void StartTimer();
  void RunTurn();

  using Executor = boost::asio::io_context::executor_type;
  using Clock = std::chrono::steady_clock;

  boost::asio::io_context& context_;
  boost::asio::posix::basic_stream_descriptor<Executor> descriptor_;
  boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor> timer_;
  const Turn turn_;
  const std::chrono::milliseconds interval_;
  const int fd_;
  std::vector<rd_kafka_queue_t*> watched_;
  // The eventfd's counter, read to clear it.
  uint64_t count_ = 0;
  bool closed_ = false;
};

}  // namespace jembatan::kafka
