#pragma once

// SimLog: the partitions of the intents and outcomes topics, with brokers' append times that jump
// by a few seconds when a leader changes, and the group's committed offsets. It survives every
// crash.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/world.h"

namespace jembatan::simulation {

struct LogRecord {
  int64_t append_ms = 0;
  std::string key;
  std::string value;
};

class SimLog {
 public:
  enum class Topic { kIntents, kOutcomes };

  // broker_skew_ms: how far a broker's clock is off at most.
  SimLog(World* world, int partitions, int64_t broker_skew_ms)
      : world_(world),
        broker_skew_ms_(broker_skew_ms),
        intents(partitions),
        outcomes(partitions),
        committed(partitions, 0),
        leaders_{std::vector<Leader>(partitions), std::vector<Leader>(partitions)} {
    Dice dice(world, part::kLog);
    for (auto& leaders : leaders_) {
      for (Leader& leader : leaders) {
        leader.skew_ms = dice->Between(-broker_skew_ms_, broker_skew_ms_);
      }
    }
  }

  // The new leader's clock differs, and while it takes over acknowledgements are lost.
  void ChangeLeader(Topic topic, int partition, Chance& chance) {
    LeaderOf(topic, partition) = {chance.Between(-broker_skew_ms_, broker_skew_ms_),
                                  world_->now_ms() + (world_->calm ? 0 : chance.Between(0, 3'000))};
  }
  int64_t BrokerMs(Topic topic, int partition) const {
    return world_->now_ms() + LeaderOf(topic, partition).skew_ms;
  }
  bool AcksAreLost(Topic topic, int partition) const {
    return world_->now_ms() < LeaderOf(topic, partition).acks_lost_until_ms;
  }

  // The record's offset.
  int64_t Append(Topic topic, int partition, std::string key, std::string value) {
    std::vector<LogRecord>& log =
        topic == Topic::kIntents ? intents[partition] : outcomes[partition];
    log.push_back({BrokerMs(topic, partition), std::move(key), std::move(value)});
    auto offset = static_cast<int64_t>(log.size()) - 1;
    if (on_append) on_append(partition);
    return offset;
  }
  int64_t OutcomesAtTime(int partition, int64_t append_ms) const {
    const auto& log = outcomes[partition];
    auto it = std::find_if(log.begin(), log.end(),
                           [&](const LogRecord& record) { return record.append_ms >= append_ms; });
    return it - log.begin();
  }

 private:
  World* world_;
  const int64_t broker_skew_ms_;

 public:
  std::vector<std::vector<LogRecord>> intents;
  std::vector<std::vector<LogRecord>> outcomes;
  std::vector<int64_t> committed;
  uint64_t dead_letters = 0;
  // Called after each append, with the partition: readers look again.
  std::function<void(int)> on_append;

 private:
  struct Leader {
    int64_t skew_ms = 0;
    int64_t acks_lost_until_ms = 0;
  };
  Leader& LeaderOf(Topic topic, int partition) {
    return leaders_[static_cast<int>(topic)][partition];
  }
  const Leader& LeaderOf(Topic topic, int partition) const {
    return leaders_[static_cast<int>(topic)][partition];
  }

  std::vector<Leader> leaders_[2];
};

}  // namespace jembatan::simulation
