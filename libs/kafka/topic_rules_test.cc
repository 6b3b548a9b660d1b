#include "libs/kafka/topic_rules.h"

#include <gtest/gtest.h>

namespace jembatan::kafka {
namespace {

class TopicRules : public ::testing::Test {
 protected:
  TopicRules() {
    good_.partitions = 6;
    good_.replicas = 3;
    good_.config = spec_.config;
    good_.config->emplace("min.insync.replicas", "2");
  }
  size_t Count(const TopicSeen& seen, Profile profile) const {
    return Differences(spec_, &seen, profile).size();
  }

  // Intents.
  const TopicSpec spec_ = JembatanTopics(6)[0];
  TopicSeen good_;
};

TEST_F(TopicRules, AcceptAGoodTopic) {
  EXPECT_EQ(Count(good_, Profile::kProduction), 0u);
  EXPECT_EQ(Count(good_, Profile::kDev), 0u);
  good_.config->insert_or_assign("retention.ms", "-1");
  EXPECT_EQ(Count(good_, Profile::kProduction), 0u);
}

TEST_F(TopicRules, MissingTopic) {
  const std::vector<std::string> found = Differences(spec_, nullptr, Profile::kDev);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0], "jembatan.intents.v1: does not exist");
}

TEST_F(TopicRules, FewReplicasAreForDevelopment) {
  good_.replicas = 1;
  good_.config->insert_or_assign("min.insync.replicas", "1");
  EXPECT_EQ(Count(good_, Profile::kDev), 0u);
  EXPECT_EQ(Count(good_, Profile::kProduction), 2u);
}

TEST_F(TopicRules, PartitionsAreFrozen) {
  good_.partitions = 7;
  EXPECT_EQ(Differences(spec_, &good_, Profile::kDev)[0],
            "jembatan.intents.v1: the number of partitions is 7, must be 6");
}

TEST_F(TopicRules, EveryBadSettingIsNamed) {
  const std::pair<const char*, const char*> bad[] = {
      {"message.timestamp.type", "CreateTime"},
      {"unclean.leader.election.enable", "true"},
      {"cleanup.policy", "compact"},
      {"retention.ms", "1000"},
      {"min.insync.replicas", "1"},
  };
  for (const auto& [name, value] : bad) {
    TopicSeen seen = good_;
    seen.config->insert_or_assign(name, value);
    const std::vector<std::string> found = Differences(spec_, &seen, Profile::kProduction);
    ASSERT_EQ(found.size(), 1u) << name;
    EXPECT_NE(found[0].find(std::string(name) + " is " + value), std::string::npos) << found[0];
  }
}

TEST_F(TopicRules, UnknownConfigurationIsForDevelopment) {
  good_.config.reset();
  EXPECT_EQ(Count(good_, Profile::kDev), 0u);
  EXPECT_EQ(Count(good_, Profile::kProduction), 1u);
}

}  // namespace
}  // namespace jembatan::kafka
