#include <chrono>
#include <utility>

#include <boost/asio/post.hpp>
#include <librdkafka/rdkafka.h>

#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/kafka/client.h"
#include "libs/kafka/consumer.h"
#include "libs/kafka/event_queue.h"
#include "libs/kafka/partition_feeds.h"
#include "libs/kafka/status.h"

// Built on librdkafka's partition-level consumer (rd_kafka_consume_start_queue) rather than
// assign(): that one knows no group at all, so a reader needs no group id, asks no coordinator and
// no right on a group. And every Start gives the partition a new queue, so that records of an
// earlier reading have nowhere to turn up.

namespace jembatan::kafka {
namespace {

constexpr std::chrono::milliseconds kPollInterval{200};
constexpr int kEventsPerTurn = 64;

}  // namespace

class PartitionReader::Impl {
 public:
  Impl(const ReaderOptions& options, boost::asio::io_context& context, ReaderHandler* handler)
      : options_(options), context_(context), handler_(handler), feeds_(handler) {}
  ~Impl();

  absl::Status Open();
  void Start(int32_t partition, int64_t offset);
  void Stop(int32_t partition);

 private:
  bool Turn();

  const ReaderOptions options_;
  boost::asio::io_context& context_;
  ReaderHandler* const handler_;

  Client client_;
  Topic topic_;
  // Errors that concern no partition.
  Queue queue_;
  std::shared_ptr<EventQueue> events_;
  PartitionFeeds feeds_;
  std::vector<int32_t> started_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

PartitionReader::Impl::~Impl() {
  while (!started_.empty()) Stop(started_.back());
  if (events_ != nullptr) events_->Close();
}

absl::Status PartitionReader::Impl::Open() {
  JEMB_ASSIGN_OR_RETURN(
      client_, NewClient(RD_KAFKA_CONSUMER, options_.cluster,
                         ConsumerSettings(options_.fetch_wait_max_ms, options_.fetch_min_bytes,
                                          options_.queued_kbytes),
                         RD_KAFKA_EVENT_ERROR));
  topic_.reset(rd_kafka_topic_new(client_.get(), options_.topic.c_str(), nullptr));
  if (topic_ == nullptr) return StatusOf(rd_kafka_last_error(), options_.topic);
  queue_.reset(rd_kafka_queue_get_main(client_.get()));
  JEMB_ASSIGN_OR_RETURN(events_,
                        EventQueue::Create(context_, [this] { return Turn(); }, kPollInterval));
  feeds_.SetEvents(events_);
  events_->Watch(queue_.get());
  return absl::OkStatus();
}

void PartitionReader::Impl::Start(int32_t partition, int64_t offset) {
  Stop(partition);
  Queue queue(rd_kafka_queue_new(client_.get()));
  if (rd_kafka_consume_start_queue(topic_.get(), partition, offset, queue.get()) == 0) {
    started_.push_back(partition);
    feeds_.Open(partition, std::move(queue), offset);
    return;
  }
  // A negative partition or offset; reported later, so that Start never calls its caller.
  const absl::Status status = StatusOf(rd_kafka_last_error());
  boost::asio::post(context_, [this, alive = std::weak_ptr(alive_), partition, status] {
    if (!alive.expired()) handler_->OnError(partition, status);
  });
}

void PartitionReader::Impl::Stop(int32_t partition) {
  if (std::erase(started_, partition) == 0) return;
  // Waits for librdkafka's main thread to take the partition off the fetchers: tens of
  // microseconds.
  rd_kafka_consume_stop(topic_.get(), partition);
  feeds_.Close(partition);
}

bool PartitionReader::Impl::Turn() {
  bool more = true;
  for (int i = 0; i < kEventsPerTurn && more; ++i) {
    const Event event(rd_kafka_queue_poll(queue_.get(), 0));
    more = event != nullptr;
    if (!more || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR) continue;
    handler_->OnError(-1, EventStatus(event.get()));
  }
  return feeds_.Turn() || more;
}

absl::StatusOr<std::unique_ptr<PartitionReader>> PartitionReader::Create(
    const ReaderOptions& options, boost::asio::io_context& context, ReaderHandler* handler) {
  auto impl = std::make_unique<Impl>(options, context, handler);
  JEMB_RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<PartitionReader>(new PartitionReader(std::move(impl)));
}

PartitionReader::PartitionReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PartitionReader::~PartitionReader() = default;

void PartitionReader::Start(int32_t partition, int64_t offset) { impl_->Start(partition, offset); }
void PartitionReader::Stop(int32_t partition) { impl_->Stop(partition); }

}  // namespace jembatan::kafka
