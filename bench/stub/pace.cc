#include "bench/stub/pace.h"

#include <algorithm>

namespace jembatan::bench {

OrderPace::OrderPace(int64_t orders_per_second)
    : ns_per_order_(orders_per_second > 0 ? 1e9 / static_cast<double>(orders_per_second) : 0) {}

int64_t OrderPace::DecidedAt(size_t orders, int64_t now_ns) {
  free_ns_ = std::max(free_ns_, static_cast<double>(now_ns));
  free_ns_ += static_cast<double>(orders) * ns_per_order_;
  return static_cast<int64_t>(free_ns_);
}

}  // namespace jembatan::bench
