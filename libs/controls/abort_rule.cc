#include "libs/controls/abort_rule.h"

#include <cstdio>

namespace jembatan::controls {
namespace {

std::string Over(const char* what, double seen_ms, double limit_ms, int looks) {
  char line[160];
  std::snprintf(line, sizeof line, "%s %.0f ms, over %.0f ms, for %d looks", what, seen_ms,
                limit_ms, looks);
  return line;
}

// How many looks in a row it has been over; 0 as soon as it is not.
int Count(int before, double seen_ms, double limit_ms) {
  return limit_ms > 0 && seen_ms > limit_ms ? before + 1 : 0;
}

}  // namespace

std::string AbortRule::Look(const Seen& seen) {
  if (seen.breaches > 0) return std::to_string(seen.breaches) + " breaches of the promise";
  slow_receipts_ = Count(slow_receipts_, seen.receipt_p99_ms, limits_.receipt_p99_ms);
  slow_outcomes_ = Count(slow_outcomes_, seen.outcome_p99_ms, limits_.outcome_p99_ms);
  slow_finals_ = Count(slow_finals_, seen.oldest_ms, limits_.oldest_ms);
  silent_ = seen.silent ? silent_ + 1 : 0;
  if (slow_receipts_ >= limits_.looks) {
    return Over("receipts' p99", seen.receipt_p99_ms, limits_.receipt_p99_ms, slow_receipts_);
  }
  if (slow_outcomes_ >= limits_.looks) {
    return Over("outcomes' p99", seen.outcome_p99_ms, limits_.outcome_p99_ms, slow_outcomes_);
  }
  if (slow_finals_ >= limits_.looks) {
    return Over("the oldest open intent", seen.oldest_ms, limits_.oldest_ms, slow_finals_);
  }
  // Nobody may go on selling unwatched.
  if (silent_ >= limits_.looks)
    return "nothing to be seen for " + std::to_string(silent_) + " looks";
  return {};
}

}  // namespace jembatan::controls
