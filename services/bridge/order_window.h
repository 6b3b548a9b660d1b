#pragma once

// OrderWindow: how many orders of a partition may be unanswered. What waits at the marketplace's
// door is served no sooner than what waits in our lanes, but there one hot offer holds up all
// others, and each lane moves by one batch a round trip. So the window is what the marketplace
// answers within kAnswerGoalMs: it shrinks by how much longer an answer took, and doubles in a
// round trip while it is what holds orders back and answers come in time.
//
// One a scope; those of one marketplace share its delay, and so find their shares of its rate.
// Pure.

#include <cstddef>
#include <cstdint>

#include "services/bridge/limits.h"

namespace jembatan::bridge {

class OrderWindow {
 public:
  size_t limit() const { return limit_; }
  // Orders that may be sent beside so many unanswered ones.
  size_t Room(size_t unanswered) const { return unanswered < limit_ ? limit_ - unanswered : 0; }
  // Orders were held back for want of room.
  void OnFull() { full_ = true; }
  // The first answer to a batch sent at sent_mono_ms: so many were decided, so many unanswered
  // until then.
  void OnAnswered(int64_t sent_mono_ms, int64_t mono_ms, size_t decided, size_t unanswered);

 private:
  size_t limit_ = kWindowFirst;
  bool full_ = false;
  // Batches sent before tell of the window before.
  int64_t shrunk_mono_ms_ = -1;
};

}  // namespace jembatan::bridge
