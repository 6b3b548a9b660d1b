// The proof that the simulation would notice: with any one of the protocol's rules dropped it finds
// a history that breaks.

#include "tests/simulation/dropped_rules.h"

#include <gtest/gtest.h>

#include "tests/simulation/history.h"

namespace jembatan::simulation {
namespace {

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
