#include "libs/base/histogram.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "libs/base/metrics.h"

namespace jembatan::base {
namespace {

constexpr int64_t kLimit = int64_t{1} << 40;

TEST(HistogramTest, EmptyIsZero) {
  Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.Quantile(0.99), 0);
}

TEST(HistogramTest, SmallValuesAreExact) {
  Histogram histogram;
  for (int64_t value = 0; value < 2048; ++value) histogram.Add(value);
  EXPECT_EQ(histogram.Quantile(0), 0);
  EXPECT_EQ(histogram.Quantile(0.5), 1023);
  EXPECT_EQ(histogram.Quantile(1), 2047);
  EXPECT_DOUBLE_EQ(histogram.mean(), 1023.5);
}

TEST(HistogramTest, AQuantileIsAtMostAThousandthAboveTheValue) {
  std::vector<int64_t> values = {0, 1, kLimit - 1, kLimit};
  for (int bit = 10; bit < 40; ++bit) {
    int64_t power = int64_t{1} << bit;
    for (int64_t step : {int64_t{-1}, int64_t{0}, int64_t{1}, power / 3, power - 1}) {
      values.push_back(power + step);
    }
  }
  for (int64_t value : values) {
    Histogram histogram;
    histogram.Add(value);
    histogram.Add(kLimit);  // keeps max() from hiding the bucket's bound
    int64_t reported = histogram.Quantile(0.5);
    EXPECT_GE(reported, value);
    EXPECT_LE(static_cast<double>(reported - value), static_cast<double>(value) / 1024) << value;
  }
}

TEST(HistogramTest, ValuesOutsideTheRangeCountAtItsEnds) {
  Histogram histogram;
  histogram.Add(-5);
  EXPECT_EQ(histogram.Quantile(1), 0);
  histogram.Add(kLimit * 2);
  EXPECT_EQ(histogram.max(), kLimit);
  EXPECT_EQ(histogram.Quantile(1), kLimit);
}

TEST(HistogramTest, AQuantileIsNeverAboveTheMaximum) {
  Histogram histogram;
  histogram.Add(1'000'000'001);
  EXPECT_EQ(histogram.Quantile(0.5), 1'000'000'001);
}

TEST(HistogramTest, CountsWeigh) {
  Histogram histogram;
  histogram.Add(10, 99);
  histogram.Add(20, 1);
  histogram.Add(30, 0);
  EXPECT_EQ(histogram.count(), 100u);
  EXPECT_EQ(histogram.max(), 20);
  EXPECT_EQ(histogram.Quantile(0.99), 10);
  EXPECT_EQ(histogram.Quantile(0.991), 20);
  EXPECT_DOUBLE_EQ(histogram.mean(), 10.1);
}

TEST(HistogramTest, AgreesWithSortedValues) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latency(13, 2);
  Histogram histogram;
  std::vector<int64_t> values(20'000);
  for (int64_t& value : values) {
    value = std::min(kLimit, static_cast<int64_t>(latency(random)));
    histogram.Add(value);
  }
  std::sort(values.begin(), values.end());
  for (double quantile : {0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    auto rank = std::max(1.0, std::ceil(quantile * static_cast<double>(values.size())));
    int64_t exact = values[static_cast<size_t>(rank) - 1];
    EXPECT_GE(histogram.Quantile(quantile), exact);
    EXPECT_LE(histogram.Quantile(quantile), exact + exact / 1024);
  }
}

TEST(HistogramTest, MergeIsAdditionAndResetForgets) {
  Histogram left, right, both;
  for (int64_t value = 1; value < 1'000'000; value += 977) {
    (value % 2 == 0 ? left : right).Add(value);
    both.Add(value);
  }
  left.Merge(right);
  EXPECT_EQ(left.count(), both.count());
  EXPECT_EQ(left.max(), both.max());
  EXPECT_DOUBLE_EQ(left.mean(), both.mean());
  for (double quantile : {0.1, 0.5, 0.999}) {
    EXPECT_EQ(left.Quantile(quantile), both.Quantile(quantile));
  }
  left.Reset();
  EXPECT_EQ(left.count(), 0u);
  EXPECT_EQ(left.max(), 0);
  EXPECT_EQ(left.Quantile(1), 0);
}

TEST(LatencyBucketsTest, Ascend) {
  auto buckets = LatencyBucketsSeconds();
  EXPECT_FALSE(buckets.empty());
  EXPECT_TRUE(std::is_sorted(buckets.begin(), buckets.end()));
}

}  // namespace
}  // namespace jembatan::base
