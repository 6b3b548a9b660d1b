#pragma once

// How hard a marketplace in trouble is pressed. Breaker: whether orders go to it at all; opened by
// batches of which nothing was decided, closed by a single order that was. RetryBudget: how many
// orders that it put off may be sent again, beside the new ones.
//
// One of each for a marketplace, shared by all partitions. Pure; the Core's thread. Times are
// monotonic milliseconds.

#include <cstddef>
#include <cstdint>

#include "libs/base/random.h"

namespace jembatan::bridge {

class Breaker {
 public:
  // How many orders the next batch may hold: any number while closed, one when it is time to try,
  // else none.
  size_t Allowance(int64_t mono_ms) const;
  // A batch was sent. While not closed it is the one try; without an answer another is due after
  // kAnswerTimeoutMs.
  void OnSent(int64_t mono_ms);
  // A batch was answered for the last time: whether any order of it was decided.
  void OnAnswered(bool decided, int64_t mono_ms, base::Random* random);

  bool closed() const { return closed_; }
  // When the next try is due; meaningful while not closed.
  int64_t next_try_mono_ms() const { return next_try_mono_ms_; }

 private:
  bool closed_ = true;
  int in_vain_ = 0;  // batches in a row of which nothing was decided
  int tries_ = 0;    // since it opened
  int64_t next_try_mono_ms_ = 0;
};

class RetryBudget {
 public:
  // New orders were sent: a tenth of them may be retried.
  void Earn(size_t orders);
  // True if one lane may be tried again now.
  bool Spend(int64_t mono_ms);

 private:
  static constexpr int64_t kPrice = 10;
  static constexpr int64_t kMost = 100 * kPrice;
  // Retries a second that cost nothing: without them a marketplace that nobody orders from any more
  // would never be tried again.
  static constexpr int64_t kFreePerSecond = 10;

  int64_t saved_ = kMost;  // in tenths of a retry
  int64_t refilled_mono_ms_ = 0;
};

}  // namespace jembatan::bridge
