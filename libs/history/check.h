#pragma once

// Check: judges a history by the oracles, in linear time.
//
//   O1  what was accepted is in the log, and what is in the log has a final
//   O2  the marketplace holds at most one result of an intent, and no order number twice
//   O3  the ledger and the log say the same: an order exists if and only if the final is ORDERED
//   O4  all answers about an intent agree, and NONE was said only of what has no final and no order
//   O5  orders of one offer take effect in the order of acceptance (P6, protocol rule 11)
//   O6  what was measured stayed within its bound
//   O7  nothing is ordered that no viewer sent and the log does not hold with that very body
//   P5  nothing is ordered after its deadline
//
// Pure; any thread.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "libs/history/history.h"

namespace jembatan::history {

enum class Oracle : uint8_t { kO1, kO2, kO3, kO4, kO5, kO6, kO7, kP5 };
inline constexpr size_t kOracles = 8;
const char* Name(Oracle oracle);

struct Violation {
  Oracle oracle = Oracle::kO1;
  base::Uuid id;  // of the guilty intent; zero for O6
  std::string what;
};

struct Report {
  // In the order found.
  std::vector<Violation> violations;
  uint64_t invoked = 0;  // distinct ids
  uint64_t accepted = 0;
  uint64_t logged = 0;  // distinct intents in the log that are not void
  uint64_t ordered = 0;

  std::array<uint64_t, kOracles> ByOracle() const;
};

Report Check(const History& history);

// Everything the witnesses tell of one id, a line each, in the order of time as far as they tell
// it.
std::string Timeline(const History& history, const base::Uuid& id);

}  // namespace jembatan::history
