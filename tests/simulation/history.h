#pragma once

// History: one seed's story: viewers' taps through gateways, intents and copies appended past them,
// and what the plan holds of crashes, freezes, broken streams, rebalances, leader changes and
// clocks that step, for five virtual minutes; then calm until everything is decided. Afterwards it
// is judged from outside.

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "services/bridge/partition.h"
#include "tests/simulation/sim_bridge.h"
#include "tests/simulation/sim_gateway.h"
#include "tests/simulation/sim_market.h"
#include "tests/simulation/sim_viewer.h"

namespace jembatan::simulation {

struct HistoryOptions {
  uint64_t seed = 1;
  // Print the story.
  bool trace = false;
  // Entries of the plan that happen; none given: all.
  std::optional<std::set<int>> only = {};
  bridge::Rules bridge_rules = {};
  BridgeBugs bridge_bugs = {};
  MarketRules market_rules = {};
  GatewayBugs gateway_bugs = {};
  ViewerBugs viewer_bugs = {};
};

struct HistoryResult {
  // Empty: the promise held. Otherwise what was broken, and after ": intent" by which one.
  std::string violation;
  uint64_t intents = 0;
  uint64_t ordered = 0;
  uint64_t expired = 0;
  uint64_t claims = 0;
  uint64_t void_outcomes = 0;
  uint64_t taps = 0;
  uint64_t accepted = 0;
  uint64_t none = 0;
  uint64_t refused = 0;
  uint64_t forgotten = 0;
  // Finals by an operator's control.
  uint64_t stopped = 0;
  uint64_t steps = 0;
  int64_t virtual_ms = 0;
};

HistoryResult RunHistory(const HistoryOptions& options);

// The first of the seeds 1 to `seeds` whose history breaks the promise, and how; 0 if none does.
uint64_t FirstBroken(HistoryOptions options, uint64_t seeds, std::string* violation);

}  // namespace jembatan::simulation
