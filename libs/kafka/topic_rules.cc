#include "libs/kafka/topic_rules.h"

#include <cstdlib>
#include <string_view>

namespace jembatan::kafka {
namespace {

using Config = std::map<std::string, std::string>;

std::string Value(const Config& config, const std::string& name) {
  const auto at = config.find(name);
  return at == config.end() ? "(unset)" : at->second;
}

int64_t Number(const std::string& text) { return std::strtoll(text.c_str(), nullptr, 10); }

// An operator may keep records longer than asked, -1 being for ever, but not shorter.
bool Fulfils(const std::string& name, const std::string& seen, const std::string& wanted) {
  if (name != "retention.ms") return seen == wanted;
  return Number(seen) == -1 || Number(seen) >= Number(wanted);
}

}  // namespace

std::vector<std::string> Differences(const TopicSpec& spec, const TopicSeen* seen,
                                     Profile profile) {
  std::vector<std::string> found;
  const auto differ = [&](const std::string& what, const std::string& is, const std::string& must) {
    found.push_back(spec.name + ": " + what + " is " + is + ", must be " + must);
  };
  if (seen == nullptr) return {spec.name + ": does not exist"};
  const bool production = profile == Profile::kProduction;
  if (seen->partitions != spec.partitions) {
    differ("the number of partitions", std::to_string(seen->partitions),
           std::to_string(spec.partitions));
  }
  if (production && seen->replicas < kProductionReplicas) {
    differ("the replication factor", std::to_string(seen->replicas),
           std::to_string(kProductionReplicas) + " or more");
  }
  if (!seen->config.has_value()) {
    if (production) found.push_back(spec.name + ": the cluster does not tell its configuration");
    return found;
  }
  for (const auto& [name, wanted] : spec.config) {
    const std::string value = Value(*seen->config, name);
    if (!Fulfils(name, value, wanted)) differ(name, value, wanted);
  }
  const std::string insync = Value(*seen->config, "min.insync.replicas");
  if (production && Number(insync) < kProductionInsyncReplicas) {
    differ("min.insync.replicas", insync, std::to_string(kProductionInsyncReplicas) + " or more");
  }
  const std::string unclean = Value(*seen->config, "unclean.leader.election.enable");
  if (production && unclean != "false" && !spec.config.contains("unclean.leader.election.enable")) {
    differ("unclean.leader.election.enable", unclean, "false");
  }
  return found;
}

}  // namespace jembatan::kafka
