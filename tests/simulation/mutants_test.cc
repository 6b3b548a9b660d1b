// The proof that the simulation would notice: each planted bug breaks a history within 10,000
// seeds.

#include "tests/simulation/mutants.h"

#include <gtest/gtest.h>

#include "tests/simulation/history.h"

namespace jembatan::simulation {
namespace {

constexpr uint64_t kSeeds = 10'000;

class MutantIsFound : public testing::TestWithParam<Mutant> {};

TEST_P(MutantIsFound, WithinTenThousandSeeds) {
  if (!GetParam().shown_at_random) return;
  HistoryOptions options;
  GetParam().plant(&options);
  std::string violation;
  EXPECT_NE(FirstBroken(options, kSeeds, &violation), 0u) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(All, MutantIsFound, testing::ValuesIn(kMutants),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace jembatan::simulation
