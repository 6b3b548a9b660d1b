#pragma once

// What a cluster must look like before a service starts, as a pure function of what was seen of it.
// Private to libs/kafka; any thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libs/kafka/admin.h"
#include "libs/kafka/config.h"

namespace jembatan::kafka {

inline constexpr int kProductionReplicas = 3;
inline constexpr int kProductionInsyncReplicas = 2;

struct TopicSeen {
  int partitions = 0;
  // Of the partition that has fewest.
  int replicas = 0;
  // Nothing when the cluster cannot tell (librdkafka's mock cluster).
  std::optional<std::map<std::string, std::string>> config;
};

// One sentence for each difference; empty: the topic is as it must be. seen is null when the topic
// does not exist.
std::vector<std::string> Differences(const TopicSpec& spec, const TopicSeen* seen, Profile profile);

}  // namespace jembatan::kafka
