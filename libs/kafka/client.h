#pragma once

// Making librdkafka's handles from our configuration, and owners for its objects. Private to
// libs/kafka. NewClient: any thread; the owners: as the object they hold.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <librdkafka/rdkafka.h>

#include "libs/kafka/config.h"

namespace jembatan::kafka {

// Calls librdkafka's own destructor function.
template <auto kDestroy>
struct Destroy {
  template <typename T>
  void operator()(T* object) const {
    kDestroy(object);
  }
};

// Destroying a client blocks until its threads have ended, usually for a few milliseconds, and its
// queues, topics and events must be gone by then.
using Client = std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Destroy<rd_kafka_topic_destroy>>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                      Destroy<rd_kafka_topic_partition_list_destroy>>;
using AdminOptions =
    std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_destroy>>;

using Settings = std::vector<std::pair<std::string, std::string>>;

// A client with the settings every client of ours has, then those given, then the cluster's own
// properties. events: RD_KAFKA_EVENT_* that shall arrive on its main queue. Its log goes to ours.
// INVALID_ARGUMENT names a property that librdkafka refuses.
absl::StatusOr<Client> NewClient(rd_kafka_type_t type, const ClusterConfig& cluster,
                                 const Settings& settings, int events);

// What every consumer of ours is told: nothing is committed or skipped behind our back.
Settings ConsumerSettings(int fetch_wait_max_ms, int fetch_min_bytes, int queued_kbytes);

// Status of a librdkafka error object, which is consumed; OK for null.
absl::Status TakeError(rd_kafka_error_t* error);

// What an event says went wrong; OK for nothing.
absl::Status EventStatus(rd_kafka_event_t* event);

// The opaque of the request that a result event answers.
uint64_t OpaqueOf(rd_kafka_event_t* event);

// Whether the cluster is librdkafka's mock, whose times mean nothing. Known from the first metadata
// on, false before; never waits.
bool IsMockCluster(rd_kafka_t* client);

// Options of an asynchronous request whose result event carries the opaque.
AdminOptions NewAdminOptions(rd_kafka_t* client, rd_kafka_admin_op_t operation, int timeout_ms,
                             uint64_t opaque);

}  // namespace jembatan::kafka
