#pragma once

// Judge: decides from the log and the ledger alone whether the promise held. It shares no code with
// the bridge but the rule of which outcomes are void, which it states again in its own words.

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/sim_log.h"
#include "tests/simulation/sim_market.h"

namespace jembatan::simulation {

struct JudgedHistory {
  std::string violation;
  uint64_t intents = 0;
  uint64_t expired = 0;
  uint64_t void_outcomes = 0;
};

JudgedHistory JudgeHistory(const SimLog& log, const std::vector<LedgerRow>& ledger);

}  // namespace jembatan::simulation
