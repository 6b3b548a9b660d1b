#pragma once

// What every Kafka client of Jembatan shares: brokers, identity, security, and the settings that
// are dangerous by librdkafka's default and therefore always set explicitly. A value type; any
// thread.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace jembatan::kafka {

struct ClusterConfig {
  // host:port, comma-separated. Required.
  std::string brokers;
  // Shown in brokers' logs and metrics.
  std::string client_id = "jembatan";
  // Further librdkafka properties (security.protocol, sasl.*, ssl.*), applied last.
  std::map<std::string, std::string> properties;
};

// One topic of Jembatan: the definition that `jembatan-ctl topics create|check`, the services'
// start-up check and the development broker share.
struct TopicSpec {
  std::string name;
  int partitions = 6;
  // Topic configuration beyond the defaults, for example {"cleanup.policy", "compact"}.
  std::map<std::string, std::string> config;
};

// Names of the topics; "v1" is part of the name because partitions and TTL are frozen per version.
inline constexpr char kIntentsTopic[] = "jembatan.intents.v1";
inline constexpr char kOutcomesTopic[] = "jembatan.outcomes.v1";
inline constexpr char kOrderStatesTopic[] = "jembatan.orderstates.v1";
inline constexpr char kOffersTopic[] = "jembatan.offers.v1";
inline constexpr char kControlsTopic[] = "jembatan.controls.v1";
inline constexpr char kDeadLettersTopic[] = "jembatan.deadletters.v1";
inline constexpr char kRoomsTopic[] = "jembatan.rooms.v1";

// The six whose records cross, with LogAppendTime, retention of intents 3 days and of outcomes
// longer by more than the window that readers rebuild (protocol rule 5), offers and controls
// compacted. Controls are one partition whatever `partitions` says.
std::vector<TopicSpec> CrossingTopics(int partitions);

// These and the rooms, which stay on the social side: compacted, one partition.
std::vector<TopicSpec> JembatanTopics(int partitions);

// Kafka's default partitioner (murmur2 of the key, as Java clients do): all records of one offer
// share a partition. partitions > 0.
int32_t PartitionOf(const std::string& key, int partitions);

}  // namespace jembatan::kafka
