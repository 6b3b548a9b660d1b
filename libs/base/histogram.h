#pragma once

// Histogram: log-linear counts of non-negative integers (latencies in nanoseconds or microseconds)
// with three significant digits: a reported quantile is at most 1/1024 above the true value. Fixed
// memory, mergeable by addition, no allocation after construction. Not thread-safe: one owner.

#include <cstdint>
#include <vector>

namespace jembatan::base {

class Histogram {
 public:
  Histogram();

  // Values below 0 count as 0, those above 2^40 as 2^40.
  void Add(int64_t value, uint64_t count = 1);
  void Merge(const Histogram& other);
  void Reset();

  uint64_t count() const { return count_; }
  int64_t max() const { return max_; }
  double mean() const;
  // The smallest recorded bucket's upper bound with at least quantile * count values at or below
  // it; never above max(). quantile in [0, 1]. 0 when empty.
  int64_t Quantile(double quantile) const;

 private:
  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace jembatan::base
