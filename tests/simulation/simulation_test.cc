// The promise over thousands of seeded histories, and the proof that the simulation would notice:
// with any one of the protocol's rules dropped it finds a history that breaks.

#include <gtest/gtest.h>

#include "tests/simulation/dropped_rules.h"
#include "tests/simulation/history.h"

namespace jembatan::simulation {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define JEMB_SLOW_BUILD 1
#endif
#endif

#ifdef JEMB_SLOW_BUILD
constexpr uint64_t kSeeds = 300;
#else
constexpr uint64_t kSeeds = 10'000;
#endif

// The first seed whose history breaks the promise, 0 if none does.
uint64_t FirstBroken(HistoryOptions options, uint64_t seeds, std::string* violation) {
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    options.seed = seed;
    *violation = RunHistory(options).violation;
    if (!violation->empty()) return seed;
  }
  return 0;
}

TEST(Simulation, PromiseHoldsOnEverySeed) {
  std::string violation;
  uint64_t seed = FirstBroken({}, kSeeds, &violation);
  EXPECT_EQ(seed, 0u) << violation
                      << "\nreplay: jembatan-simulate --trace --seeds=1 --first=" << seed;
}

// A partition revoked beyond its budget and given back to the same bridge: what the earlier reading
// of outcomes still brought was taken for the new window, which then was never read.
TEST(Simulation, ReadingOfAnEarlierAssignmentDoesNotBuildTheWindow) {
  HistoryOptions options;
  options.seed = 11509;
  EXPECT_EQ(RunHistory(options).violation, "");
}

TEST(Simulation, OneSeedIsOneHistory) {
  HistoryOptions options;
  options.seed = 42;
  HistoryResult first = RunHistory(options);
  HistoryResult second = RunHistory(options);
  EXPECT_EQ(first.steps, second.steps);
  EXPECT_EQ(first.ordered, second.ordered);
  EXPECT_EQ(first.claims, second.claims);
  EXPECT_GT(first.ordered, 0u);
}

class DroppedRuleIsFound : public testing::TestWithParam<const char*> {};

TEST_P(DroppedRuleIsFound, WithinTenThousandSeeds) {
  HistoryOptions options;
  ASSERT_TRUE(DropRule(GetParam(), &options));
  std::string violation;
  EXPECT_NE(FirstBroken(options, 10'000, &violation), 0u) << "nothing broke without " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Rules, DroppedRuleIsFound,
                         testing::Values("void_when_late", "void_by_token", "ask", "window",
                                         "claim_on_break", "one_batch", "token", "deadline",
                                         "remember"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace jembatan::simulation
