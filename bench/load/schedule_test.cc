#include "bench/load/schedule.h"

#include <cmath>
#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace jembatan::load {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

std::vector<int64_t> Times(Arrivals arrivals) {
  std::vector<int64_t> times;
  for (; !arrivals.over(); arrivals.Advance()) times.push_back(arrivals.next_ns());
  return times;
}

TEST(Arrivals, ConstantRateDoesNotDrift) {
  // A third of a microsecond is lost on every gap if gaps are rounded and added up.
  std::vector<int64_t> times = Times(Arrivals(Arrivals::Kind::kConstant, 3e6, kSecond, 1));
  ASSERT_EQ(times.size(), 3'000'000u);
  EXPECT_EQ(times[0], 0);
  EXPECT_EQ(times[3], 1000);
  EXPECT_EQ(times[1'500'000], kSecond / 2);
}

TEST(Arrivals, PoissonKeepsTheRateAndSpreadsTheGaps) {
  std::vector<int64_t> times = Times(Arrivals(Arrivals::Kind::kPoisson, 10'000, 10 * kSecond, 7));
  // 100,000 expected, standard deviation 316.
  EXPECT_NEAR(static_cast<double>(times.size()), 100'000, 1'600);
  double sum = 0;
  double squares = 0;
  for (size_t i = 1; i < times.size(); ++i) {
    ASSERT_GE(times[i], times[i - 1]);
    double gap = static_cast<double>(times[i] - times[i - 1]);
    sum += gap;
    squares += gap * gap;
  }
  double n = static_cast<double>(times.size() - 1);
  double mean = sum / n;
  // An exponential gap's standard deviation equals its mean; a constant one's is 0.
  EXPECT_NEAR(std::sqrt(squares / n - mean * mean) / mean, 1.0, 0.03);
}

TEST(Arrivals, TheRushComesAfterTheCalm) {
  const Calm calm{.until_ns = 4 * kSecond, .rate_per_s = 50};
  for (const auto kind : {Arrivals::Kind::kConstant, Arrivals::Kind::kPoisson}) {
    std::map<int64_t, double> by_second;
    for (const int64_t at : Times(Arrivals(kind, 2'000, 6 * kSecond, 3, calm))) {
      ++by_second[at / kSecond];
    }
    // 50 expected, and 2,000; six standard deviations.
    for (const int64_t second : {0, 1, 2, 3}) EXPECT_NEAR(by_second[second], 50, 43) << second;
    for (const int64_t second : {4, 5}) EXPECT_NEAR(by_second[second], 2'000, 268) << second;
  }
}

TEST(Arrivals, SameSeedSameSchedule) {
  auto make = [](uint64_t seed) {
    return Times(Arrivals(Arrivals::Kind::kPoisson, 1000, kSecond, seed));
  };
  EXPECT_EQ(make(5), make(5));
  EXPECT_NE(make(5), make(6));
}

TEST(Zipf, FollowsTheLaw) {
  Zipf zipf(1000, 1.1);
  EXPECT_EQ(zipf.Pick(0.0), 0u);
  EXPECT_EQ(zipf.Pick(std::nextafter(1.0, 0.0)), 999u);
  std::map<size_t, double> counts;
  constexpr int kDraws = 200'000;
  for (int i = 0; i < kDraws; ++i) counts[zipf.Pick((i + 0.5) / kDraws)]++;
  for (size_t rank : {1u, 3u, 9u}) {
    double expected = std::pow(static_cast<double>(rank + 1), -1.1);
    EXPECT_NEAR(counts[rank] / counts[0], expected, 0.002) << rank;
  }
}

TEST(Zipf, ExponentZeroIsUniformAndOneOfferTakesAll) {
  Zipf uniform(4, 0);
  EXPECT_EQ(uniform.Pick(0.24), 0u);
  EXPECT_EQ(uniform.Pick(0.26), 1u);
  EXPECT_EQ(uniform.Pick(0.99), 3u);
  EXPECT_EQ(Zipf(1, 1.1).Pick(0.999), 0u);
}

TapPlanOptions Flash() {
  TapPlanOptions options;
  options.viewers = 200;
  options.offers = 10;
  options.flash = 3;
  options.flash_share = 0.5;
  options.flash_at_ns = kSecond;
  return options;
}

TEST(TapPlan, FlashOfferIsTappedOnceByEveryViewerFromItsTimeOn) {
  TapPlan plan(Flash());
  std::map<uint32_t, int> flash_taps;
  int first_200 = 0;
  for (int i = 0; i < 5000; ++i) {
    int64_t at = i * kSecond / 1000;
    Tap tap = plan.Next(at);
    ASSERT_LT(tap.viewer, 200u);
    if (tap.offer != 3) continue;
    ASSERT_GE(at, kSecond);
    ++flash_taps[tap.viewer];
    if (at < kSecond + kSecond / 5) ++first_200;
  }
  EXPECT_EQ(flash_taps.size(), 200u);
  for (const auto& [viewer, taps] : flash_taps) EXPECT_EQ(taps, 1) << viewer;
  // Half of the 200 taps after the opening, standard deviation 7.
  EXPECT_NEAR(first_200, 100, 28);
}

TEST(TapPlan, MoreTapsPerViewerWhenAsked) {
  TapPlanOptions options = Flash();
  options.flash_taps_per_viewer = 3;
  TapPlan plan(options);
  std::map<uint32_t, int> flash_taps;
  for (int i = 0; i < 10'000; ++i) {
    Tap tap = plan.Next(2 * kSecond);
    if (tap.offer == 3) ++flash_taps[tap.viewer];
  }
  EXPECT_EQ(flash_taps.size(), 200u);
  for (const auto& [viewer, taps] : flash_taps) EXPECT_EQ(taps, 3) << viewer;
}

TEST(TapPlan, OnlyTheFlashOfferOnSaleTakesEveryTap) {
  TapPlanOptions options;
  options.viewers = 2;
  options.offers = 1;
  options.flash = 0;
  TapPlan plan(options);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(plan.Next(i).offer, 0);
}

TEST(TapPlan, InTurnGivesEveryViewerTheSameNumber) {
  TapPlanOptions options;
  options.viewers = 7;
  options.offers = 3;
  options.random_viewers = false;
  TapPlan plan(options);
  std::map<uint32_t, int> taps;
  for (int i = 0; i < 70; ++i) ++taps[plan.Next(0).viewer];
  for (const auto& [viewer, count] : taps) EXPECT_EQ(count, 10) << viewer;
}

}  // namespace
}  // namespace jembatan::load
