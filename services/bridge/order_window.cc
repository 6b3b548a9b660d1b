#include "services/bridge/order_window.h"

#include <algorithm>

namespace jembatan::bridge {

void OrderWindow::OnAnswered(int64_t sent_mono_ms, int64_t mono_ms, size_t decided,
                             size_t unanswered) {
  const int64_t waited_ms = mono_ms - sent_mono_ms;
  if (waited_ms <= kAnswerGoalMs) {
    if (full_) limit_ = std::min(kWindowMost, limit_ + decided);
    full_ = false;
    return;
  }
  if (sent_mono_ms < shrunk_mono_ms_) return;
  // Not from the limit itself: it may never have been reached.
  const size_t from = std::min(limit_, unanswered);
  limit_ = std::max(kWindowLeast, from * kAnswerGoalMs / static_cast<size_t>(waited_ms));
  shrunk_mono_ms_ = mono_ms;
}

}  // namespace jembatan::bridge
