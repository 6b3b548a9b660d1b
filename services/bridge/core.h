#pragma once

// Core: the bridge's decisions as step(state, event) -> effects, over all assigned partitions. The
// service executes the effects on Kafka and the marketplace; tests/simulation executes them on a
// simulated world: the same code.
//
// Pure: no I/O, no clock, deterministic for a seed and a sequence of events. One thread.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/bridge/events.h"
#include "services/bridge/partition.h"

namespace jembatan::bridge {

class Core {
 public:
  struct Marketplace {
    std::string id;
    // None: nobody can be sent to its page.
    LinkOut link_out = {};
  };
  struct Options {
    // Name of this process in its records.
    std::string instance;
    // At least one; each goes by its place here.
    std::vector<Marketplace> marketplaces;
    uint64_t seed = 1;
    Rules rules = {};
  };
  explicit Core(Options options);

  // Appends the wanted effects. After each turn of events feed event::Tick: work is gathered there.
  void Step(const Event& event, Now now, Effects* effects);

  // Of all marketplaces together.
  BridgeCounts counts() const;
  const Market& market(size_t number) const { return *shared_.markets.at(number); }
  // The breaker is closed: orders go to the marketplace as they come.
  bool marketplace_usable(size_t market = 0) const {
    return shared_.markets.at(market)->breaker.closed();
  }
  const policy::Policy& policy() const { return *shared_.policy; }
  const GoodsBook& goods() const { return shared_.goods; }
  // By number; for gauges.
  const std::map<int32_t, std::unique_ptr<Partition>>& partitions() const { return partitions_; }

 private:
  Partition* Find(int32_t number);
  Scope* FindScope(int32_t number, size_t market);
  Scope* FindById(uint64_t id) {
    return FindScope(static_cast<int32_t>(id >> kIdPartitionShift),
                     id >> kIdMarketShift & kIdMarketMask);
  }
  void Revoke(const event::Revoked& event, Effects* effects);
  void Tick(Now now, Effects* effects);

  Shared shared_;
  std::map<int32_t, std::unique_ptr<Partition>> partitions_;
};

}  // namespace jembatan::bridge
