#include "services/bridge/breaker.h"

#include <algorithm>
#include <limits>

#include "services/bridge/limits.h"

namespace jembatan::bridge {

size_t Breaker::Allowance(int64_t mono_ms) const {
  if (closed_) return std::numeric_limits<size_t>::max();
  return mono_ms >= next_try_mono_ms_ ? 1 : 0;
}

void Breaker::OnSent(int64_t mono_ms) {
  if (!closed_) next_try_mono_ms_ = mono_ms + kAnswerTimeoutMs;
}

void Breaker::OnAnswered(bool decided, int64_t mono_ms, base::Random* random) {
  if (decided) {
    *this = Breaker();
    return;
  }
  if (closed_ && ++in_vain_ < kBatchesInVain) return;
  closed_ = false;
  int64_t wait_ms = std::min(kBreakerFirstMs << std::min(tries_++, 10), kBreakerLongestMs);
  // At least half, so that it rests; never the same for two bridges, so that they do not come at
  // once.
  next_try_mono_ms_ = mono_ms + random->Between(wait_ms / 2, wait_ms);
}

void RetryBudget::Earn(size_t orders) {
  saved_ = std::min(kMost, saved_ + static_cast<int64_t>(orders));
}

bool RetryBudget::Spend(int64_t mono_ms) {
  constexpr int64_t kRefillMs = 1'000 / kFreePerSecond;
  if (mono_ms - refilled_mono_ms_ >= kRefillMs && saved_ < kPrice) {
    saved_ += kPrice;
    refilled_mono_ms_ = mono_ms;
  }
  if (saved_ < kPrice) return false;
  saved_ -= kPrice;
  return true;
}

}  // namespace jembatan::bridge
