// The promise over many seeded histories.

#include <gtest/gtest.h>

#include "tests/simulation/history.h"

namespace jembatan::simulation {
namespace {

TEST(Simulation, PromiseHoldsOnEverySeed) {
  std::string violation;
  uint64_t seed = FirstBroken({}, JEMBATAN_SEEDS, &violation);
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

}  // namespace
}  // namespace jembatan::simulation
