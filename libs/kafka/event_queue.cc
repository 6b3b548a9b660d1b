#include "libs/kafka/event_queue.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include "libs/base/check.h"
#include "libs/base/status.h"

namespace jembatan::kafka {

absl::StatusOr<std::shared_ptr<EventQueue>> EventQueue::Create(boost::asio::io_context& context,
                                                               Turn turn,
                                                               std::chrono::milliseconds interval) {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) return base::ResourceExhausted(std::string("eventfd: ") + std::strerror(errno));
  std::shared_ptr<EventQueue> queue(new EventQueue(context, fd, std::move(turn), interval));
  queue->Wait();
  if (interval.count() > 0) queue->StartTimer();
  return queue;
}

EventQueue::EventQueue(boost::asio::io_context& context, int fd, Turn turn,
                       std::chrono::milliseconds interval)
    : context_(context),
      descriptor_(context, fd),
      timer_(context),
      turn_(std::move(turn)),
      interval_(interval),
      fd_(fd) {}

EventQueue::~EventQueue() { Close(); }

void EventQueue::Watch(rd_kafka_queue_t* queue) {
  JEMB_CHECK(!closed_);
  const uint64_t one = 1;
  rd_kafka_queue_io_event_enable(queue, fd_, &one, sizeof(one));
  watched_.push_back(queue);
  Wake();
}

void EventQueue::Unwatch(rd_kafka_queue_t* queue) {
  // Once this returns, librdkafka writes no more on behalf of the queue.
  if (std::erase(watched_, queue) > 0) rd_kafka_queue_io_event_enable(queue, -1, nullptr, 0);
}

void EventQueue::Wake() {
  const uint64_t one = 1;
  // Fails only when the counter is full, and then a turn is due anyway.
  [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof(one));
}

void EventQueue::Close() {
  if (std::exchange(closed_, true)) return;
  for (rd_kafka_queue_t* queue : watched_) rd_kafka_queue_io_event_enable(queue, -1, nullptr, 0);
  watched_.clear();
  timer_.cancel();
  boost::system::error_code ignored;
  descriptor_.close(ignored);
}

void EventQueue::Wait() {
  descriptor_.async_read_some(
      boost::asio::buffer(&count_, sizeof(count_)),
      [self = shared_from_this()](const boost::system::error_code& error, size_t) {
        // Only Close() can end the read of an eventfd.
        if (!error) self->RunTurn();
      });
}

void EventQueue::StartTimer() {
  timer_.expires_after(interval_);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->closed_) return;
    self->Wake();
    self->StartTimer();
  });
}

void EventQueue::RunTurn() {
  if (closed_) return;
  const bool more = turn_();
  if (closed_) return;
  if (!more) return Wait();
  boost::asio::post(context_, [self = shared_from_this()] { self->RunTurn(); });
}

}  // namespace jembatan::kafka
