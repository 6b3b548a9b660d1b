#pragma once

// History: one seed's story: taps, copies, crashes, freezes, broken streams, rebalances, leader
// changes for five virtual minutes, then calm until everything is decided. Judge: P1-P6 and the
// certainty of NONE, checked from outside on the log and the marketplace's ledger alone.

#include <cstdint>
#include <string>

#include "services/bridge/partition.h"
#include "tests/simulation/sim_bridge.h"
#include "tests/simulation/sim_market.h"

namespace jembatan::simulation {

struct HistoryOptions {
  uint64_t seed = 1;
  // Print the story.
  bool trace = false;
  bridge::Rules bridge_rules = {};
  BridgeBugs bridge_bugs = {};
  MarketRules market_rules = {};
};

struct HistoryResult {
  // Empty: the promise held. Otherwise what was broken, with the guilty intent.
  std::string violation;
  uint64_t intents = 0;
  uint64_t ordered = 0;
  uint64_t expired = 0;
  uint64_t claims = 0;
  uint64_t void_outcomes = 0;
  uint64_t steps = 0;
  int64_t virtual_ms = 0;
};

HistoryResult RunHistory(const HistoryOptions& options);

// The first of the seeds 1 to `seeds` whose history breaks the promise, and how; 0 if none does.
uint64_t FirstBroken(HistoryOptions options, uint64_t seeds, std::string* violation);

}  // namespace jembatan::simulation
