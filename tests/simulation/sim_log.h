#pragma once

// SimLog: the partitions of the intents and outcomes topics, with brokers' append times that jump
// by a few seconds when a leader changes, and the group's committed offsets. It survives every
// crash.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
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
  SimLog(World* world, int partitions)
      : world_(world),
        intents(partitions),
        outcomes(partitions),
        committed(partitions, 0),
        skew_ms_(partitions, 0) {}

  // A leader change: the new broker's clock differs by up to 4 s.
  void ChangeLeader(int partition) { skew_ms_[partition] = world_->chance.Between(-4'000, 4'000); }
  int64_t BrokerMs(int partition) const { return world_->now_ms() + skew_ms_[partition]; }

  int64_t AppendIntent(int partition, std::string key, std::string value) {
    return Append(&intents[partition], partition, std::move(key), std::move(value));
  }
  int64_t AppendOutcome(int partition, std::string key, std::string value) {
    return Append(&outcomes[partition], partition, std::move(key), std::move(value));
  }
  int64_t OutcomesAtTime(int partition, int64_t append_ms) const {
    const auto& log = outcomes[partition];
    auto it = std::find_if(log.begin(), log.end(),
                           [&](const LogRecord& record) { return record.append_ms >= append_ms; });
    return it - log.begin();
  }

 private:
  World* world_;

 public:
  std::vector<std::vector<LogRecord>> intents;
  std::vector<std::vector<LogRecord>> outcomes;
  std::vector<int64_t> committed;
  uint64_t dead_letters = 0;
  // Called after each append, with the partition: readers look again.
  std::function<void(int)> on_append;

 private:
  int64_t Append(std::vector<LogRecord>* log, int partition, std::string key, std::string value) {
    log->push_back({BrokerMs(partition), std::move(key), std::move(value)});
    if (on_append) on_append(partition);
    return static_cast<int64_t>(log->size()) - 1;
  }

  std::vector<int64_t> skew_ms_;
};

}  // namespace jembatan::simulation
