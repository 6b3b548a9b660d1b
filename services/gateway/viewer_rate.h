#pragma once

// ViewerRate: how fast each viewer may submit, so that one who hammers, over however many
// connections, takes no more of the log and the marketplace than many others together. A viewer has
// kViewerBurst submissions saved up at rest and earns more at the rate; one that is refused costs
// nothing.
//
// Pure, times are arguments; owned by one Intake, its shard's thread only, so a viewer whose
// connections lie on several shards has the rate on each.

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"

#include "libs/identity/buyer_ref.h"
#include "libs/intent/limits.h"

namespace jembatan::gateway {

// A whole frame of resends must pass at once.
inline constexpr int64_t kViewerBurst = 256;
// Viewers remembered, twice this many at most. Beyond it further ones are not held to the rate:
// so many who submit within the time of a burst are no single abuser.
inline constexpr size_t kViewersMetered = 65'536;

static_assert(kViewerBurst >= static_cast<int64_t>(intent::kIntentsPerFrame));

class ViewerRate {
 public:
  // per_second 0: no bound.
  explicit ViewerRate(int64_t per_second);

  // One submission of this viewer. 0: it is within the rate, and counted; else in how many
  // milliseconds one will be.
  int64_t Take(const identity::BuyerRef& viewer, int64_t now_ms);

  size_t viewers() const { return young_.size() + old_.size(); }

 private:
  // When all that a viewer submitted is earned again; in the past it says nothing. Microseconds.
  using Spent = absl::flat_hash_map<identity::BuyerRef, int64_t>;

  int64_t* SpentBy(const identity::BuyerRef& viewer);
  void Forget(int64_t now_ms);

  const int64_t us_per_submission_;
  // What a whole burst takes to be earned again.
  const int64_t burst_us_;
  // Two generations: who is in the older one only has submitted nothing for at least burst_us_.
  Spent young_;
  Spent old_;
  int64_t turned_ms_ = 0;
};

}  // namespace jembatan::gateway
