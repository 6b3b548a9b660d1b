#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <thread>
#include <utility>

#include <librdkafka/rdkafka.h>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/kafka/admin.h"
#include "libs/kafka/client.h"
#include "libs/kafka/status.h"
#include "libs/kafka/topic_rules.h"

// The blocking half of admin.h: for start-up and command lines.

namespace jembatan::kafka {
namespace {

constexpr size_t kErrorTextBytes = 512;
// Between two looks at whether created topics are known to the whole cluster.
constexpr std::chrono::milliseconds kLookAgain{100};

using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_destroy>>;
using ConfigResource =
    std::unique_ptr<rd_kafka_ConfigResource_t, Destroy<rd_kafka_ConfigResource_destroy>>;
using Seen = std::map<std::string, TopicSeen>;

class Deadline {
 public:
  explicit Deadline(int timeout_ms)
      : at_(std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms)) {}
  int remaining_ms() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        at_ - std::chrono::steady_clock::now());
    return static_cast<int>(std::max<int64_t>(left.count(), 0));
  }

 private:
  const std::chrono::steady_clock::time_point at_;
};

// Existing topics without their configuration. Asks for all, because asking for one by name makes
// some clusters create it.
absl::StatusOr<Seen> ListTopics(rd_kafka_t* client, const Deadline& deadline) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error =
      rd_kafka_metadata(client, 1, nullptr, &metadata, deadline.remaining_ms());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return base::Unavailable(std::string("the cluster does not answer: ") +
                             rd_kafka_err2str(error));
  }
  Seen seen;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[i];
    TopicSeen& entry = seen[topic.topic];
    entry.partitions = topic.partition_cnt;
    entry.replicas = topic.partition_cnt > 0 ? std::numeric_limits<int>::max() : 0;
    for (int p = 0; p < topic.partition_cnt; ++p) {
      entry.replicas = std::min(entry.replicas, topic.partitions[p].replica_cnt);
    }
  }
  rd_kafka_metadata_destroy(metadata);
  return seen;
}

// The result event of the one request that uses the queue.
absl::StatusOr<Event> WaitFor(rd_kafka_queue_t* queue, const Deadline& deadline) {
  Event event(rd_kafka_queue_poll(queue, deadline.remaining_ms()));
  if (event == nullptr) return base::Unavailable("the cluster does not answer in time");
  const absl::Status status = EventStatus(event.get());
  // librdkafka's own time-out, while there is no controller to ask, may come before ours.
  if (base::IsRetriable(status)) {
    return base::Unavailable("the cluster does not answer: " + base::ToString(status));
  }
  JEMB_RETURN_IF_ERROR(status);
  return event;
}

absl::StatusOr<NewTopic> MakeNewTopic(const TopicSpec& spec, Profile profile) {
  char error[kErrorTextBytes];
  const bool production = profile == Profile::kProduction;
  NewTopic topic(rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions,
                                       production ? kProductionReplicas : 1, error, sizeof(error)));
  if (topic == nullptr) return base::InvalidArgument(spec.name + ": " + error);
  for (const auto& [name, value] : spec.config) {
    rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
  }
  if (production) {
    rd_kafka_NewTopic_set_config(topic.get(), "min.insync.replicas",
                                 std::to_string(kProductionInsyncReplicas).c_str());
  }
  return topic;
}

absl::Status RequestTopics(rd_kafka_t* client, const std::vector<TopicSpec>& missing,
                           Profile profile, const Deadline& deadline) {
  std::vector<NewTopic> topics;
  std::vector<rd_kafka_NewTopic_t*> raw;
  for (const TopicSpec& spec : missing) {
    JEMB_ASSIGN_OR_RETURN(NewTopic topic, MakeNewTopic(spec, profile));
    raw.push_back(topic.get());
    topics.push_back(std::move(topic));
  }
  const Queue queue(rd_kafka_queue_new(client));
  const AdminOptions admin =
      NewAdminOptions(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, deadline.remaining_ms(), 0);
  rd_kafka_CreateTopics(client, raw.data(), raw.size(), admin.get(), queue.get());
  JEMB_ASSIGN_OR_RETURN(const Event event, WaitFor(queue.get(), deadline));
  size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
    // Somebody else was faster.
    if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const char* detail = rd_kafka_topic_result_error_string(results[i]);
    return StatusOf(error, std::string(rd_kafka_topic_result_name(results[i])) + " " +
                               (detail != nullptr ? detail : ""));
  }
  return absl::OkStatus();
}

std::vector<TopicSpec> Missing(const std::vector<TopicSpec>& topics, const Seen& seen) {
  std::vector<TopicSpec> missing;
  for (const TopicSpec& spec : topics) {
    if (!seen.contains(spec.name)) missing.push_back(spec);
  }
  return missing;
}

absl::Status ReadConfigs(rd_kafka_t* client, const std::vector<TopicSpec>& topics,
                         const Deadline& deadline, Seen* seen) {
  std::vector<ConfigResource> resources;
  std::vector<rd_kafka_ConfigResource_t*> raw;
  for (const TopicSpec& spec : topics) {
    if (!seen->contains(spec.name)) continue;
    resources.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, spec.name.c_str()));
    raw.push_back(resources.back().get());
  }
  if (raw.empty()) return absl::OkStatus();
  const Queue queue(rd_kafka_queue_new(client));
  const AdminOptions admin =
      NewAdminOptions(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, deadline.remaining_ms(), 0);
  rd_kafka_DescribeConfigs(client, raw.data(), raw.size(), admin.get(), queue.get());
  JEMB_ASSIGN_OR_RETURN(const Event event, WaitFor(queue.get(), deadline));
  size_t count = 0;
  const rd_kafka_ConfigResource_t** results = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  for (size_t i = 0; i < count; ++i) {
    const std::string name = rd_kafka_ConfigResource_name(results[i]);
    JEMB_RETURN_IF_ERROR(StatusOf(rd_kafka_ConfigResource_error(results[i]), name));
    size_t entries = 0;
    const rd_kafka_ConfigEntry_t** configs = rd_kafka_ConfigResource_configs(results[i], &entries);
    auto& config = (*seen)[name].config.emplace();
    for (size_t e = 0; e < entries; ++e) {
      const char* value = rd_kafka_ConfigEntry_value(configs[e]);
      config[rd_kafka_ConfigEntry_name(configs[e])] = value != nullptr ? value : "";
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CreateTopics(const ClusterConfig& cluster, const std::vector<TopicSpec>& topics,
                          Profile profile, int timeout_ms) {
  const Deadline deadline(timeout_ms);
  JEMB_ASSIGN_OR_RETURN(const Client client, NewClient(RD_KAFKA_PRODUCER, cluster, {}, 0));
  JEMB_ASSIGN_OR_RETURN(Seen seen, ListTopics(client.get(), deadline));
  const std::vector<TopicSpec> missing = Missing(topics, seen);
  if (missing.empty()) return absl::OkStatus();
  if (IsMockCluster(client.get())) {
    return absl::UnimplementedError("the mock cluster creates no topics by request");
  }
  JEMB_RETURN_IF_ERROR(RequestTopics(client.get(), missing, profile, deadline));
  // A broker may answer before its neighbours know the topic.
  while (true) {
    JEMB_ASSIGN_OR_RETURN(seen, ListTopics(client.get(), deadline));
    if (Missing(missing, seen).empty()) return absl::OkStatus();
    if (deadline.remaining_ms() == 0) return base::Unavailable("created topics are not known yet");
    std::this_thread::sleep_for(kLookAgain);
  }
}

absl::Status CheckTopics(const ClusterConfig& cluster, const std::vector<TopicSpec>& topics,
                         Profile profile, int timeout_ms) {
  const Deadline deadline(timeout_ms);
  JEMB_ASSIGN_OR_RETURN(const Client client, NewClient(RD_KAFKA_PRODUCER, cluster, {}, 0));
  JEMB_ASSIGN_OR_RETURN(Seen seen, ListTopics(client.get(), deadline));
  // The mock cluster has no configurations and does not even say so; the rules judge their absence.
  if (!IsMockCluster(client.get())) {
    JEMB_RETURN_IF_ERROR(ReadConfigs(client.get(), topics, deadline, &seen));
  }
  std::string all;
  for (const TopicSpec& spec : topics) {
    const auto at = seen.find(spec.name);
    for (const std::string& each :
         Differences(spec, at == seen.end() ? nullptr : &at->second, profile)) {
      all.append(all.empty() ? "" : "; ").append(each);
    }
  }
  return all.empty() ? absl::OkStatus() : base::FailedPrecondition(all);
}

}  // namespace jembatan::kafka
