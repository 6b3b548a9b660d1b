#include "libs/kafka/config.h"

#include <utility>

#include "libs/base/check.h"

namespace jembatan::kafka {
namespace {

constexpr int64_t kDayMs = 24LL * 60 * 60 * 1000;

// MurmurHash2 as Kafka's Java client writes it. The bytes are read in little-endian order whatever
// the machine, because all of the world's producers must agree.
uint32_t Murmur2(const std::string& key) {
  constexpr uint32_t kSeed = 0x9747b28c;
  constexpr uint32_t kM = 0x5bd1e995;
  const auto* bytes = reinterpret_cast<const unsigned char*>(key.data());
  const size_t length = key.size();
  uint32_t hash = kSeed ^ static_cast<uint32_t>(length);
  size_t at = 0;
  for (; at + 4 <= length; at += 4) {
    uint32_t k = static_cast<uint32_t>(bytes[at]) | static_cast<uint32_t>(bytes[at + 1]) << 8 |
                 static_cast<uint32_t>(bytes[at + 2]) << 16 |
                 static_cast<uint32_t>(bytes[at + 3]) << 24;
    k *= kM;
    k ^= k >> 24;
    hash = (hash * kM) ^ (k * kM);
  }
  const size_t rest = length - at;
  if (rest == 3) hash ^= static_cast<uint32_t>(bytes[at + 2]) << 16;
  if (rest >= 2) hash ^= static_cast<uint32_t>(bytes[at + 1]) << 8;
  if (rest >= 1) {
    hash ^= static_cast<uint32_t>(bytes[at]);
    hash *= kM;
  }
  hash ^= hash >> 13;
  hash *= kM;
  return hash ^ (hash >> 15);
}

TopicSpec Topic(const char* name, int partitions, std::map<std::string, std::string> config) {
  // The protocol's deadlines are judged by the broker's append time, so the broker must stamp it.
  config.emplace("message.timestamp.type", "LogAppendTime");
  config.emplace("unclean.leader.election.enable", "false");
  return {name, partitions, std::move(config)};
}

std::map<std::string, std::string> Keep(int days) {
  return {{"cleanup.policy", "delete"}, {"retention.ms", std::to_string(days * kDayMs)}};
}

}  // namespace

std::vector<TopicSpec> CrossingTopics(int partitions) {
  return {
      Topic(kIntentsTopic, partitions, Keep(3)),
      // A reader rebuilds its window from outcomes a few minutes older than the oldest intent, and
      // judges a record by the hour before it: a day more is ample.
      Topic(kOutcomesTopic, partitions, Keep(4)),
      // What is older than an hour nobody asks of it, and the marketplace knows it all.
      Topic(kOrderStatesTopic, partitions, Keep(1)),
      Topic(kOffersTopic, partitions, {{"cleanup.policy", "compact"}}),
      // One order of all controls, so that every reader comes to the same state.
      Topic(kControlsTopic, 1, {{"cleanup.policy", "compact"}}),
      // Dead letters are evidence; somebody must find the time to look at them.
      Topic(kDeadLettersTopic, partitions, Keep(30)),
  };
}

std::vector<TopicSpec> JembatanTopics(int partitions) {
  std::vector<TopicSpec> topics = CrossingTopics(partitions);
  // As controls: one order of all that is said.
  topics.push_back(Topic(kRoomsTopic, 1, {{"cleanup.policy", "compact"}}));
  return topics;
}

int32_t PartitionOf(const std::string& key, int partitions) {
  JEMB_CHECK(partitions > 0);
  return static_cast<int32_t>((Murmur2(key) & 0x7fffffff) % static_cast<uint32_t>(partitions));
}

}  // namespace jembatan::kafka
