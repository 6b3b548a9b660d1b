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

TEST(Simulation, OneSeedIsOneHistory) {
  HistoryOptions options;
  options.seed = 42;
  HistoryResult first = RunHistory(options);
  HistoryResult second = RunHistory(options);
  EXPECT_EQ(first.steps, second.steps);
  EXPECT_EQ(first.ordered, second.ordered);
  EXPECT_EQ(first.claims, second.claims);
  EXPECT_EQ(first.accepted, second.accepted);
  EXPECT_GT(first.ordered, 0u);
  EXPECT_GT(first.accepted, 0u);
}

}  // namespace
}  // namespace jembatan::simulation
