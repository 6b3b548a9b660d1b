#pragma once

// OrderPace: when a marketplace of a given speed has decided what it was sent. One schedule for all
// streams: what comes while it works waits behind what came before. Pure, times are arguments; not
// locked.

#include <cstddef>
#include <cstdint>

namespace jembatan::bench {

class OrderPace {
 public:
  // 0: at once.
  explicit OrderPace(int64_t orders_per_second);

  // Monotonic nanoseconds at which the orders that come at now_ns are decided; never before now_ns.
  int64_t DecidedAt(size_t orders, int64_t now_ns);

 private:
  const double ns_per_order_;
  double free_ns_ = 0;  // when all that came so far is decided
};

}  // namespace jembatan::bench
