#include "libs/base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

#include "libs/base/check.h"

namespace jembatan::base {
namespace {

// Values below 2^11 have a bucket each. Above, every octave [2^e, 2^(e+1)) is cut into 2^10 buckets
// of width 2^(e-10), so a bucket is at most 1/1024 of its values wide.
constexpr int kStepBits = 10;
constexpr int kLimitBits = 40;
constexpr int64_t kLimit = int64_t{1} << kLimitBits;
constexpr int64_t kSteps = int64_t{1} << kStepBits;

int OctaveShift(int64_t value) {
  return std::max(0,
                  static_cast<int>(std::bit_width(static_cast<uint64_t>(value))) - kStepBits - 1);
}

size_t BucketOf(int64_t value) {
  int shift = OctaveShift(value);
  return static_cast<size_t>(shift * kSteps + (value >> shift));
}

constexpr size_t kBuckets = (kLimitBits - kStepBits) * kSteps + kSteps + 1;

int64_t UpperBoundOf(size_t bucket) {
  auto index = static_cast<int64_t>(bucket);
  int64_t shift = index < 2 * kSteps ? 0 : index / kSteps - 1;
  int64_t first = index - shift * kSteps;
  return ((first + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : buckets_(kBuckets) {}

void Histogram::Add(int64_t value, uint64_t count) {
  if (count == 0) return;
  value = std::clamp<int64_t>(value, 0, kLimit);
  buckets_[BucketOf(value)] += count;
  count_ += count;
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value) * static_cast<double>(count);
}

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

void Histogram::Reset() {
  std::fill(buckets_.begin(), buckets_.end(), 0);
  count_ = 0;
  max_ = 0;
  sum_ = 0;
}

double Histogram::mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

int64_t Histogram::Quantile(double quantile) const {
  JEMB_CHECK(quantile >= 0 && quantile <= 1);
  if (count_ == 0) return 0;
  auto rank = static_cast<uint64_t>(std::ceil(quantile * static_cast<double>(count_)));
  rank = std::clamp<uint64_t>(rank, 1, count_);
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(UpperBoundOf(i), max_);
  }
  return max_;
}

}  // namespace jembatan::base
