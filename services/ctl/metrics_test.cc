#include "services/ctl/metrics.h"

#include <limits>

#include "gtest/gtest.h"

namespace jembatan::ctl {
namespace {

constexpr char kPage[] = R"(# HELP a A.
# TYPE a gauge
a 3
a_longer 4
b{shard="0"} 1.5
b{shard="1"} 2
broken{x="1" 9
h_bucket{le="0.1"} 90
h_bucket{le="1"} 99
h_bucket{le="+Inf"} 100
h_count 100
)";

TEST(Metrics, AreFoundByTheirWholeNameAndAdded) {
  EXPECT_EQ(MetricIn(kPage, "a"), 3);
  EXPECT_EQ(MetricIn(kPage, "a_longer"), 4);
  EXPECT_EQ(MetricIn(kPage, "b"), 3.5);
  EXPECT_EQ(MetricIn(kPage, "c"), std::nullopt);
  EXPECT_EQ(MetricIn(kPage, "broken"), std::nullopt);
  EXPECT_EQ(MetricIn("", "a"), std::nullopt);
}

TEST(Metrics, AQuantileIsOfWhatCameInBetween) {
  const Buckets now = BucketsIn(kPage, "h");
  ASSERT_EQ(now.size(), 3u);
  EXPECT_EQ(QuantileBetween({}, now, 0.9), 0.1);
  EXPECT_EQ(QuantileBetween({}, now, 0.99), 1);
  EXPECT_EQ(QuantileBetween({}, now, 0.999), std::numeric_limits<double>::infinity());
  EXPECT_EQ(QuantileBetween(now, now, 0.5), std::nullopt) << "nothing came";
  Buckets later = now;
  for (auto& [bound, count] : later) count += bound >= 1 ? 50 : 0;
  EXPECT_EQ(QuantileBetween(now, later, 0.01), 1);
  EXPECT_EQ(QuantileBetween({}, {}, 0.5), std::nullopt);
}

}  // namespace
}  // namespace jembatan::ctl
