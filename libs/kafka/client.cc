#include "libs/kafka/client.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/kafka/status.h"

namespace jembatan::kafka {
namespace {

using Conf = std::unique_ptr<rd_kafka_conf_t, Destroy<rd_kafka_conf_destroy>>;

constexpr size_t kErrorTextBytes = 512;

// With separate queues per partition librdkafka bounds the prefetch of each partition, not their
// sum. A member is taken to own about this many.
constexpr int kPartitionsAssumed = 8;
constexpr int kQueuedKbytesMin = 1024;

// Runs on librdkafka's threads.
void ForwardLog(const rd_kafka_t* client, int level, const char* facility, const char* message) {
  base::Level ours = base::Level::kDebug;
  if (level <= 6) ours = base::Level::kInfo;
  if (level <= 4) ours = base::Level::kWarn;
  if (level <= 2) ours = base::Level::kError;
  base::Log(ours, "librdkafka",
            {{"client", client != nullptr ? rd_kafka_name(client) : ""},
             {"facility", facility},
             {"message", message}});
}

absl::Status Set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char error[kErrorTextBytes];
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof(error)) !=
      RD_KAFKA_CONF_OK) {
    return base::InvalidArgument("Kafka property " + name + ": " + error);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Client> NewClient(rd_kafka_type_t type, const ClusterConfig& cluster,
                                 const Settings& settings, int events) {
  Conf conf(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(conf.get(), ForwardLog);
  rd_kafka_conf_set_events(conf.get(), events);
  const Settings common = {
      {"bootstrap.servers", cluster.brokers},
      {"client.id", cluster.client_id},
      // With Nagle's algorithm on, the 99th percentile of a delivery is 45-86 ms instead of 2-3 ms.
      {"socket.nagle.disable", "true"},
      {"socket.keepalive.enable", "true"},
      // A broker that is back shall be used within a second, not within ten.
      {"reconnect.backoff.ms", "50"},
      {"reconnect.backoff.max.ms", "1000"},
      {"statistics.interval.ms", "0"},
  };
  for (const auto& [name, value] : common) JEMB_RETURN_IF_ERROR(Set(conf.get(), name, value));
  for (const auto& [name, value] : settings) JEMB_RETURN_IF_ERROR(Set(conf.get(), name, value));
  for (const auto& [name, value] : cluster.properties) {
    JEMB_RETURN_IF_ERROR(Set(conf.get(), name, value));
  }
  char error[kErrorTextBytes];
  rd_kafka_t* client = rd_kafka_new(type, conf.get(), error, sizeof(error));
  if (client == nullptr) return base::InvalidArgument(std::string("Kafka client: ") + error);
  // The client owns the configuration from here on.
  static_cast<void>(conf.release());
  return Client(client);
}

Settings ConsumerSettings(int fetch_wait_max_ms, int fetch_min_bytes, int queued_kbytes) {
  const int per_partition = std::max(kQueuedKbytesMin, queued_kbytes / kPartitionsAssumed);
  return {
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},
      {"enable.partition.eof", "true"},
      {"check.crcs", "true"},
      {"isolation.level", "read_uncommitted"},
      {"allow.auto.create.topics", "false"},
      {"fetch.wait.max.ms", std::to_string(fetch_wait_max_ms)},
      {"fetch.min.bytes", std::to_string(fetch_min_bytes)},
      // How long a partition whose queue is full is left alone; the default of a second starves a
      // fast reader.
      {"fetch.queue.backoff.ms", "20"},
      {"fetch.error.backoff.ms", "100"},
      {"queued.max.messages.kbytes", std::to_string(per_partition)},
  };
}

absl::Status TakeError(rd_kafka_error_t* error) {
  if (error == nullptr) return absl::OkStatus();
  absl::Status status = StatusOf(rd_kafka_error_code(error), rd_kafka_error_string(error));
  rd_kafka_error_destroy(error);
  return status;
}

absl::Status EventStatus(rd_kafka_event_t* event) {
  const rd_kafka_resp_err_t error = rd_kafka_event_error(event);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  return StatusOf(error, rd_kafka_event_error_string(event));
}

uint64_t OpaqueOf(rd_kafka_event_t* event) {
  return reinterpret_cast<uint64_t>(rd_kafka_event_opaque(event));
}

bool IsMockCluster(rd_kafka_t* client) {
  char* id = rd_kafka_clusterid(client, 0);
  if (id == nullptr) return false;
  const bool mock = std::string_view(id).starts_with("mockCluster");
  rd_kafka_mem_free(client, id);
  return mock;
}

AdminOptions NewAdminOptions(rd_kafka_t* client, rd_kafka_admin_op_t operation, int timeout_ms,
                             uint64_t opaque) {
  AdminOptions options(rd_kafka_AdminOptions_new(client, operation));
  char error[kErrorTextBytes];
  // Refused only outside 0 to 3,600,000 ms; then librdkafka's default of a minute stands.
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, error, sizeof(error));
  rd_kafka_AdminOptions_set_opaque(options.get(), reinterpret_cast<void*>(opaque));
  return options;
}

}  // namespace jembatan::kafka
