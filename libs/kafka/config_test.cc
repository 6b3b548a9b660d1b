#include "libs/kafka/config.h"

#include <set>

#include <gtest/gtest.h>

namespace jembatan::kafka {
namespace {

// Hashes that Kafka's Java client gives (org.apache.kafka.common.utils.Utils.murmur2), and that of
// librdkafka's own test. With 2^31 - 1 partitions the partition is the hash itself, but for one
// value.
TEST(PartitionOf, AgreesWithJava) {
  struct Vector {
    const char* key;
    uint32_t hash;
  };
  const Vector vectors[] = {
      {"", 0x106e08d9},
      {"21", static_cast<uint32_t>(-973932308)},
      {"foobar", static_cast<uint32_t>(-790332482)},
      {"abc", 479470107},
      {"a-little-bit-long-string", static_cast<uint32_t>(-985981536)},
      {"a-little-bit-longer-string", static_cast<uint32_t>(-1486304829)},
      {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", static_cast<uint32_t>(-58897971)},
      {"kafka", 0xd067cf64},
      {"giberish123456789", 0x8f552b0c},
      {"1234", 0x9fc97b14},
      {"234", 0xe7c009ca},
      {"34", 0x873930da},
      {"4", 0x5a4b5ca1},
      {"PreAmbleWillBeRemoved,ThePrePartThatIs", 0x78424f1c},
  };
  for (const Vector& vector : vectors) {
    EXPECT_EQ(PartitionOf(vector.key, 0x7fffffff), static_cast<int32_t>(vector.hash & 0x7fffffff))
        << vector.key;
    EXPECT_EQ(PartitionOf(vector.key, 6), static_cast<int32_t>((vector.hash & 0x7fffffff) % 6));
  }
}

TEST(PartitionOf, ReadsBytesAboveAsciiUnsigned) {
  // murmur2 of the bytes ff fe 80, by Kafka's Java client's algorithm.
  const std::string key = "\xff\xfe\x80";
  const int32_t once = PartitionOf(key, 0x7fffffff);
  EXPECT_NE(once, PartitionOf(std::string("\xff\xfe\x7f"), 0x7fffffff));
  EXPECT_GE(once, 0);
}

TEST(JembatanTopics, AreSevenWithTheirRules) {
  const std::vector<TopicSpec> topics = JembatanTopics(6);
  std::set<std::string> names;
  for (const TopicSpec& topic : topics) {
    names.insert(topic.name);
    const bool ordered = topic.name == kControlsTopic || topic.name == kRoomsTopic;
    EXPECT_EQ(topic.partitions, ordered ? 1 : 6) << topic.name;
    EXPECT_EQ(topic.config.at("message.timestamp.type"), "LogAppendTime") << topic.name;
    EXPECT_EQ(topic.config.at("unclean.leader.election.enable"), "false") << topic.name;
    const bool compacted = ordered || topic.name == kOffersTopic;
    EXPECT_EQ(topic.config.at("cleanup.policy"), compacted ? "compact" : "delete") << topic.name;
  }
  EXPECT_EQ(names,
            (std::set<std::string>{kIntentsTopic, kOutcomesTopic, kOrderStatesTopic, kOffersTopic,
                                   kControlsTopic, kDeadLettersTopic, kRoomsTopic}));
}

TEST(JembatanTopics, RoomsDoNotCross) {
  std::set<std::string> crossing;
  for (const TopicSpec& topic : CrossingTopics(6)) crossing.insert(topic.name);
  EXPECT_EQ(crossing.size(), 6u);
  EXPECT_FALSE(crossing.contains(kRoomsTopic));
}

TEST(JembatanTopics, OutcomesOutliveIntents) {
  const std::vector<TopicSpec> topics = JembatanTopics(6);
  const int64_t intents = std::stoll(topics[0].config.at("retention.ms"));
  const int64_t outcomes = std::stoll(topics[1].config.at("retention.ms"));
  EXPECT_EQ(intents, 3LL * 24 * 3600 * 1000);
  // An hour between claims, and the few minutes of the window.
  EXPECT_GE(outcomes, intents + 2LL * 3600 * 1000);
}

}  // namespace
}  // namespace jembatan::kafka
