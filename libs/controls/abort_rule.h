#pragma once

// AbortRule: when a rollout has to be taken back by itself. A broken invariant is enough at once; a
// latency must be over its bound for several looks in a row, because one slow second is no reason.
// Whoever watches feeds it what it has seen; what it says is to be ordered at once.
//
// Pure; owned by the watcher.

#include <cstdint>
#include <string>

namespace jembatan::controls {

class AbortRule {
 public:
  struct Limits {
    // Milliseconds; 0: not looked at.
    double receipt_p99_ms = 0;
    // From append to outcome; milliseconds, 0: not looked at.
    double outcome_p99_ms = 0;
    // Age of the oldest intent without a final, in milliseconds; 0: not looked at.
    double oldest_ms = 0;
    // Looks in a row that a latency must be over its bound.
    int looks = 3;
  };
  // What was seen since the last look.
  struct Seen {
    // Breaches of the promise found since the watch began; any is one too many.
    uint64_t breaches = 0;
    // -1: nothing to measure.
    double receipt_p99_ms = -1;
    double outcome_p99_ms = -1;
    double oldest_ms = -1;
    // Whoever should have told did not.
    bool silent = false;
  };

  explicit AbortRule(Limits limits) : limits_(limits) {}

  // Empty: the rollout goes on; else one line why it must not.
  std::string Look(const Seen& seen);

 private:
  const Limits limits_;
  int slow_receipts_ = 0;
  int slow_outcomes_ = 0;
  int slow_finals_ = 0;
  int silent_ = 0;
};

}  // namespace jembatan::controls
