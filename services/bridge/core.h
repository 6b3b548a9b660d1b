#pragma once

// Core: the bridge's decisions as step(state, event) -> effects, over all assigned partitions. The
// service executes the effects on Kafka and the marketplace; tests/simulation executes them on a
// simulated world: the same code.
//
// Pure: no I/O, no clock, deterministic for a seed and a sequence of events. One thread.

#include <cstdint>
#include <map>
#include <memory>

#include "services/bridge/events.h"
#include "services/bridge/partition.h"

namespace jembatan::bridge {

class Core {
 public:
  struct Options {
    Writer writer;
    uint64_t seed = 1;
    Rules rules = {};
    // None: nobody can be sent to the marketplace's page.
    LinkOut link_out = {};
  };
  explicit Core(Options options);

  // Appends the wanted effects. After each turn of events feed event::Tick: work is gathered there.
  void Step(const Event& event, Now now, Effects* effects);

  const BridgeCounts& counts() const { return shared_.counts; }
  // The breaker is closed: orders go to the marketplace as they come.
  bool marketplace_usable() const { return shared_.breaker.closed(); }
  const policy::Policy& policy() const { return *shared_.policy; }
  const GoodsBook& goods() const { return shared_.goods; }
  // By number; for gauges.
  const std::map<int32_t, std::unique_ptr<Partition>>& partitions() const { return partitions_; }

 private:
  Partition* Find(int32_t number);
  Partition* FindById(uint64_t id) { return Find(static_cast<int32_t>(id >> 44)); }
  void Revoke(const event::Revoked& event, Effects* effects);
  void Tick(Now now, Effects* effects);

  Shared shared_;
  std::map<int32_t, std::unique_ptr<Partition>> partitions_;
};

}  // namespace jembatan::bridge
