#include "services/gateway/viewer_rate.h"

#include <algorithm>
#include <utility>

#include "libs/base/check.h"

namespace jembatan::gateway {
namespace {

constexpr int64_t kUsPerMs = 1'000;
constexpr int64_t kUsPerSecond = 1'000'000;

}  // namespace

ViewerRate::ViewerRate(int64_t per_second)
    : us_per_submission_(per_second > 0 ? std::max<int64_t>(1, kUsPerSecond / per_second) : 0),
      burst_us_(kViewerBurst * us_per_submission_) {
  JEMB_CHECK(per_second >= 0);
}

int64_t ViewerRate::Take(const identity::BuyerRef& viewer, int64_t now_ms) {
  if (us_per_submission_ == 0) return 0;
  Forget(now_ms);
  int64_t* spent_us = SpentBy(viewer);
  if (spent_us == nullptr) return 0;
  const int64_t now_us = now_ms * kUsPerMs;
  // Never more than a burst ahead: the clock may have been set back.
  *spent_us = std::clamp(*spent_us, now_us, now_us + burst_us_);
  const int64_t over_us = *spent_us + us_per_submission_ - now_us - burst_us_;
  if (over_us > 0) return (over_us + kUsPerMs - 1) / kUsPerMs;
  *spent_us += us_per_submission_;
  return 0;
}

int64_t* ViewerRate::SpentBy(const identity::BuyerRef& viewer) {
  auto found = young_.find(viewer);
  if (found != young_.end()) return &found->second;
  if (young_.size() == kViewersMetered) return nullptr;
  auto before = old_.find(viewer);
  const int64_t spent_us = before == old_.end() ? 0 : before->second;
  return &young_.emplace(viewer, spent_us).first->second;
}

void ViewerRate::Forget(int64_t now_ms) {
  const int64_t since_ms = now_ms - turned_ms_;
  if (since_ms >= 0 && since_ms * kUsPerMs < burst_us_) return;
  turned_ms_ = now_ms;
  old_ = std::exchange(young_, {});
}

}  // namespace jembatan::gateway
