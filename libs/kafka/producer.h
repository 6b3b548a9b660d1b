#pragma once

// Producer: the process's one idempotent Kafka producer (acks=all). A produced record is answered
// by exactly one Delivery on the io_context given at creation, in bounded batches, woken by an
// eventfd; an ACCEPTED receipt may be given only from it.
//
// Produce may be called from any thread. Deliveries run on the io_context's thread. When librdkafka
// declares a fatal error the producer is rebuilt by itself: everything outstanding is delivered as
// possibly persisted, further records go to the new instance.
// Ends: the owner stops producing, waits for outstanding() == 0 or its budget while the io_context
// still runs, then destroys (on its thread or after it has ended, not from within the sink); what
// is then outstanding is purged without a Delivery.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <boost/asio/io_context.hpp>

#include "libs/kafka/config.h"

namespace jembatan::kafka {

// What is certain about an undelivered record.
enum class Persistence {
  // It is not in the log and never will be.
  kNotPersisted,
  // Nobody knows.
  kPossiblyPersisted,
  // It is in the log.
  kPersisted,
};

struct Delivery {
  uint64_t opaque = 0;
  int32_t partition = -1;
  // Valid when status is OK.
  int64_t offset = -1;
  // Broker's append time in milliseconds; on a broker without LogAppendTime the producer's own.
  int64_t append_time_ms = -1;
  absl::Status status;
  Persistence persistence = Persistence::kPossiblyPersisted;
};

struct ProducerOptions {
  ClusterConfig cluster;
  // How long librdkafka may try before it reports failure.
  int message_timeout_ms = 30'000;
  // How long a partition's records may gather inside librdkafka.
  double linger_ms = 0;
  // Bounds of the queue; beyond them Produce answers RESOURCE_EXHAUSTED.
  int queue_messages = 100'000;
  int queue_kbytes = 131'072;
};

class Producer {
 public:
  using DeliverySink = std::function<void(std::span<const Delivery>)>;

  static absl::StatusOr<std::unique_ptr<Producer>> Create(const ProducerOptions& options,
                                                          boost::asio::io_context& context,
                                                          DeliverySink sink);
  ~Producer();

  // Queues one record; key and value are copied. opaque comes back in its Delivery. partition must
  // exist. RESOURCE_EXHAUSTED: the queue is full; UNAVAILABLE: the producer is being rebuilt; in
  // both cases the record is not and will not be in the log.
  absl::Status Produce(const char* topic, int32_t partition, std::string_view key,
                       std::string_view value, uint64_t opaque);

  // Records without a Delivery yet.
  size_t outstanding() const;
  // Times a fatal error forced a new instance.
  uint64_t rebuilds() const;

  // For tests: makes librdkafka raise a fatal error.
  void InjectFatalError();

 private:
  class Impl;
  explicit Producer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace jembatan::kafka
