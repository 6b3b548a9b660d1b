#include "libs/kafka/producer.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <librdkafka/rdkafka.h>

#include "libs/base/check.h"
#include "libs/base/clock.h"
#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/kafka/client.h"
#include "libs/kafka/event_queue.h"
#include "libs/kafka/status.h"

namespace jembatan::kafka {
namespace {

// Delivery reports handed on in one turn of the loop.
constexpr size_t kReportsPerTurn = 1024;
// Topics one producer may write to.
constexpr size_t kTopicsMax = 64;
// After a fatal error: how long requests in flight may still be answered before they are given up,
// and the least time between two instances. Together far below the 5 s of the promise.
constexpr std::chrono::milliseconds kInflightGrace{1000};
constexpr std::chrono::milliseconds kRebuildGap{1000};
// Old instances that may drain at once; beyond them no new one is made.
constexpr size_t kRetiredMax = 4;

Settings ProducerSettings(const ProducerOptions& options) {
  return {
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"max.in.flight.requests.per.connection", "5"},
      {"message.timeout.ms", std::to_string(options.message_timeout_ms)},
      {"queue.buffering.max.messages", std::to_string(options.queue_messages)},
      {"queue.buffering.max.kbytes", std::to_string(options.queue_kbytes)},
      {"linger.ms", std::to_string(options.linger_ms)},
      // Callers name the partition; should one ever not, the choice is Java's.
      {"partitioner", "murmur2_random"},
      {"delivery.report.only.error", "false"},
      {"retry.backoff.ms", "50"},
      {"retry.backoff.max.ms", "1000"},
  };
}

Persistence PersistenceOf(const rd_kafka_message_t* message) {
  switch (rd_kafka_message_status(message)) {
    case RD_KAFKA_MSG_STATUS_NOT_PERSISTED:
      return Persistence::kNotPersisted;
    case RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED:
      return Persistence::kPossiblyPersisted;
    case RD_KAFKA_MSG_STATUS_PERSISTED:
      return Persistence::kPersisted;
  }
  return Persistence::kPossiblyPersisted;
}

// The broker's time of the record. The mock cluster reports a constant: there it is the time of
// Produce, which is what its consumers see.
int64_t AppendTimeMs(const rd_kafka_message_t* message, bool mock) {
  if (mock) return base::WallMs() - rd_kafka_message_latency(message) / 1000;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  return rd_kafka_message_timestamp(message, &type);
}

Delivery DeliveryOf(const rd_kafka_message_t* message, bool mock, bool retired) {
  Delivery delivery;
  delivery.opaque = reinterpret_cast<uint64_t>(message->_private);
  delivery.partition = message->partition;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset >= 0) {
    delivery.persistence = Persistence::kPersisted;
    delivery.offset = message->offset;
    delivery.append_time_ms = AppendTimeMs(message, mock);
    return delivery;
  }
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    // librdkafka infers success without an offset, either from a broker that calls the batch a
    // duplicate or because a later batch of the partition was acknowledged. The second is wrong
    // when the broker had no memory of this producer yet and so took the later batch first: the
    // record is not in the log then, and never will be by this try. So it counts as nobody knows.
    delivery.status = base::Unavailable("acknowledged without an offset");
    delivery.persistence = Persistence::kPossiblyPersisted;
    return delivery;
  }
  delivery.status = StatusOf(message->err);
  delivery.persistence = PersistenceOf(message);
  // What a fatal error cut off may have been sent before, in ways the purge does not always know
  // of.
  if (retired && delivery.persistence != Persistence::kPersisted) {
    delivery.persistence = Persistence::kPossiblyPersisted;
  }
  return delivery;
}

absl::Status RefusalOf(rd_kafka_resp_err_t error) {
  if (error == RD_KAFKA_RESP_ERR__FATAL) return base::Unavailable("producer is being rebuilt");
  return StatusOf(error);
}

// One librdkafka producer and what belongs to it. The Impl makes a new one after a fatal error
// while the old one drains.
struct Instance {
  Client client;
  Queue queue;
  std::vector<std::pair<std::string, Topic>> topics;
  std::shared_ptr<EventQueue> events;
  // A report event of which a part was handed on in an earlier turn.
  Event unfinished;
  std::atomic<size_t> outstanding{0};
  std::atomic<bool> fatal{false};
  bool retired = false;
  // Known once something was delivered.
  std::optional<bool> mock;

  // In this order librdkafka allows it; what is left in the queue is dropped.
  Client Dismantle() {
    if (events != nullptr) events->Close();
    unfinished.reset();
    topics.clear();
    queue.reset();
    return std::move(client);
  }
};

}  // namespace

class Producer::Impl {
 public:
  Impl(const ProducerOptions& options, boost::asio::io_context& context, DeliverySink sink)
      : options_(options),
        context_(context),
        sink_(std::move(sink)),
        rebuild_timer_(context),
        grace_timer_(context) {
    deliveries_.reserve(kReportsPerTurn);
  }
  ~Impl();

  absl::Status Build();
  absl::Status Produce(const char* topic, int32_t partition, std::string_view key,
                       std::string_view value, uint64_t opaque);
  size_t outstanding() const { return outstanding_.load(std::memory_order_relaxed); }
  uint64_t rebuilds() const { return rebuilds_.load(std::memory_order_relaxed); }
  void InjectFatalError();

 private:
  rd_kafka_topic_t* FindTopic(const Instance& instance, const char* name) const;
  absl::Status AddTopic(const char* name);
  bool Turn(Instance* instance);
  bool Collect(Instance* instance);
  void Retire(Instance* instance);
  void Rebuild();
  void PurgeRetired();
  void Release(Instance* instance);

  const ProducerOptions options_;
  boost::asio::io_context& context_;
  const DeliverySink sink_;

  // Producing threads share it; replacing the instance or adding a topic takes it alone. So nobody
  // holds an instance across its retirement, and its count of outstanding records can only fall
  // then.
  mutable std::shared_mutex mutex_;
  std::unique_ptr<Instance> current_;
  std::atomic<size_t> outstanding_{0};
  std::atomic<uint64_t> rebuilds_{0};

  // The io_context's thread only.
  std::vector<std::unique_ptr<Instance>> retired_;
  std::vector<Delivery> deliveries_;
  // Long ago, so that the first fatal error is answered at once.
  std::chrono::steady_clock::time_point rebuilt_at_;
  boost::asio::steady_timer rebuild_timer_;
  boost::asio::steady_timer grace_timer_;
  // Ends old clients, because that may block. Made when first needed; joined at the end.
  std::unique_ptr<boost::asio::thread_pool> reaper_;
  // Timers' handlers that are already queued when the Impl ends look at it and do nothing.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

Producer::Impl::~Impl() {
  rebuild_timer_.cancel();
  grace_timer_.cancel();
  if (current_ != nullptr) retired_.push_back(std::move(current_));
  for (const auto& instance : retired_) {
    rd_kafka_purge(instance->client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                               RD_KAFKA_PURGE_F_NON_BLOCKING);
    instance->Dismantle().reset();
  }
  if (reaper_ != nullptr) reaper_->join();
}

absl::Status Producer::Impl::Build() {
  auto instance = std::make_unique<Instance>();
  JEMB_ASSIGN_OR_RETURN(instance->client,
                        NewClient(RD_KAFKA_PRODUCER, options_.cluster, ProducerSettings(options_),
                                  RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR));
  instance->queue.reset(rd_kafka_queue_get_main(instance->client.get()));
  JEMB_ASSIGN_OR_RETURN(
      instance->events,
      EventQueue::Create(context_, [this, raw = instance.get()] { return Turn(raw); }));
  instance->events->Watch(instance->queue.get());
  std::unique_lock lock(mutex_);
  current_ = std::move(instance);
  return absl::OkStatus();
}

rd_kafka_topic_t* Producer::Impl::FindTopic(const Instance& instance, const char* name) const {
  for (const auto& [known, topic] : instance.topics) {
    if (known == name) return topic.get();
  }
  return nullptr;
}

absl::Status Producer::Impl::AddTopic(const char* name) {
  std::unique_lock lock(mutex_);
  if (current_ == nullptr || FindTopic(*current_, name) != nullptr) return absl::OkStatus();
  if (current_->topics.size() >= kTopicsMax) return base::ResourceExhausted("too many topics");
  Topic topic(rd_kafka_topic_new(current_->client.get(), name, nullptr));
  if (topic == nullptr) return StatusOf(rd_kafka_last_error(), name);
  current_->topics.emplace_back(name, std::move(topic));
  return absl::OkStatus();
}

absl::Status Producer::Impl::Produce(const char* topic, int32_t partition, std::string_view key,
                                     std::string_view value, uint64_t opaque) {
  // Without a partition librdkafka would choose one, and its consumers judge by the partition.
  if (partition < 0) return base::InvalidArgument("negative partition");
  std::shared_lock lock(mutex_);
  rd_kafka_topic_t* handle = nullptr;
  while (current_ != nullptr && (handle = FindTopic(*current_, topic)) == nullptr) {
    lock.unlock();
    JEMB_RETURN_IF_ERROR(AddTopic(topic));
    lock.lock();
  }
  if (current_ == nullptr) return base::Unavailable("producer is being rebuilt");
  // Counted before, because the delivery may run before rd_kafka_produce returns.
  current_->outstanding.fetch_add(1, std::memory_order_relaxed);
  outstanding_.fetch_add(1, std::memory_order_relaxed);
  // librdkafka copies value and key; its signature merely does not say const.
  if (rd_kafka_produce(handle, partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()),
                       value.size(), key.data(), key.size(),
                       reinterpret_cast<void*>(opaque)) == 0) {
    return absl::OkStatus();
  }
  const rd_kafka_resp_err_t error = rd_kafka_last_error();
  current_->outstanding.fetch_sub(1, std::memory_order_relaxed);
  outstanding_.fetch_sub(1, std::memory_order_relaxed);
  if (error == RD_KAFKA_RESP_ERR__FATAL && !current_->fatal.exchange(true)) {
    current_->events->Wake();
  }
  return RefusalOf(error);
}

bool Producer::Impl::Turn(Instance* instance) {
  deliveries_.clear();
  const bool more = Collect(instance);
  if (!deliveries_.empty()) {
    instance->outstanding.fetch_sub(deliveries_.size(), std::memory_order_relaxed);
    outstanding_.fetch_sub(deliveries_.size(), std::memory_order_relaxed);
    sink_(deliveries_);
  }
  if (instance->fatal && !instance->retired) Retire(instance);
  if (instance->retired && !more && instance->outstanding == 0) {
    Release(instance);
    return false;
  }
  return more;
}

// Fills deliveries_ with up to kReportsPerTurn; whether more may wait.
bool Producer::Impl::Collect(Instance* instance) {
  while (deliveries_.size() < kReportsPerTurn) {
    if (instance->unfinished == nullptr) {
      instance->unfinished.reset(rd_kafka_queue_poll(instance->queue.get(), 0));
      if (instance->unfinished == nullptr) return false;
    }
    rd_kafka_event_t* event = instance->unfinished.get();
    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR) {
      if (!instance->mock.has_value()) instance->mock = IsMockCluster(instance->client.get());
      const rd_kafka_message_t* message = nullptr;
      while (deliveries_.size() < kReportsPerTurn &&
             (message = rd_kafka_event_message_next(event)) != nullptr) {
        deliveries_.push_back(DeliveryOf(message, *instance->mock, instance->retired));
      }
      if (rd_kafka_event_message_count(event) > 0) return true;
    } else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) {
      base::Log(base::Level::kWarn, "producer error",
                {{"error", rd_kafka_event_error_string(event)}});
      if (rd_kafka_event_error_is_fatal(event) != 0) instance->fatal = true;
    }
    instance->unfinished.reset();
  }
  return true;
}

void Producer::Impl::Retire(Instance* instance) {
  JEMB_CHECK(instance == current_.get());
  rebuilds_.fetch_add(1, std::memory_order_relaxed);
  base::Log(base::Level::kError, "producer fatal",
            {{"rebuilds", rebuilds()}, {"outstanding", instance->outstanding.load()}});
  instance->retired = true;
  {
    std::unique_lock lock(mutex_);
    retired_.push_back(std::move(current_));
  }
  // What waits in queues will not be sent any more; what is on its way may still be answered, which
  // is better than a guess.
  rd_kafka_purge(instance->client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
  grace_timer_.expires_after(kInflightGrace);
  grace_timer_.async_wait(
      [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
        if (!error && !alive.expired()) PurgeRetired();
      });
  Rebuild();
}

void Producer::Impl::Rebuild() {
  const auto now = std::chrono::steady_clock::now();
  if (now - rebuilt_at_ >= kRebuildGap && retired_.size() <= kRetiredMax) {
    rebuilt_at_ = now;
    const absl::Status status = Build();
    if (status.ok()) return;
    base::Log(base::Level::kError, "producer rebuild failed", {{"error", base::ToString(status)}});
  }
  rebuild_timer_.expires_after(kRebuildGap);
  rebuild_timer_.async_wait(
      [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
        if (!error && !alive.expired()) Rebuild();
      });
}

void Producer::Impl::PurgeRetired() {
  for (const auto& instance : retired_) {
    rd_kafka_purge(instance->client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                               RD_KAFKA_PURGE_F_NON_BLOCKING);
  }
}

void Producer::Impl::Release(Instance* instance) {
  const auto at = std::find_if(retired_.begin(), retired_.end(),
                               [instance](const auto& each) { return each.get() == instance; });
  JEMB_CHECK(at != retired_.end());
  Client client = (*at)->Dismantle();
  retired_.erase(at);
  if (reaper_ == nullptr) reaper_ = std::make_unique<boost::asio::thread_pool>(1);
  boost::asio::post(*reaper_, [client = std::move(client)]() mutable { client.reset(); });
}

void Producer::Impl::InjectFatalError() {
  std::shared_lock lock(mutex_);
  if (current_ == nullptr) return;
  rd_kafka_test_fatal_error(current_->client.get(), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                            "injected");
}

absl::StatusOr<std::unique_ptr<Producer>> Producer::Create(const ProducerOptions& options,
                                                           boost::asio::io_context& context,
                                                           DeliverySink sink) {
  auto impl = std::make_unique<Impl>(options, context, std::move(sink));
  JEMB_RETURN_IF_ERROR(impl->Build());
  return std::unique_ptr<Producer>(new Producer(std::move(impl)));
}

Producer::Producer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Producer::~Producer() = default;

absl::Status Producer::Produce(const char* topic, int32_t partition, std::string_view key,
                               std::string_view value, uint64_t opaque) {
  return impl_->Produce(topic, partition, key, value, opaque);
}

size_t Producer::outstanding() const { return impl_->outstanding(); }
uint64_t Producer::rebuilds() const { return impl_->rebuilds(); }
void Producer::InjectFatalError() { impl_->InjectFatalError(); }

}  // namespace jembatan::kafka
