#include "tests/simulation/shrink.h"

#include <gtest/gtest.h>

#include "tests/simulation/judge.h"
#include "tests/simulation/mutants.h"

namespace jembatan::simulation {
namespace {

HistoryOptions Broken(std::string_view mutant) {
  HistoryOptions options;
  EXPECT_TRUE(Plant(mutant, &options));
  std::string violation;
  options.seed = FirstBroken(options, 10'000, &violation);
  EXPECT_NE(options.seed, 0u);
  return options;
}

TEST(Shrink, AFailingPlanBecomesSmallAndStillFailsTheSameWay) {
  for (const char* mutant : {"remember", "commit_off_by_one", "refused_though_persisted"}) {
    SCOPED_TRACE(mutant);
    HistoryOptions options = Broken(mutant);
    const std::string kind = KindOf(RunHistory(options).violation);
    Shrunk shrunk = Shrink(options);
    EXPECT_LT(shrunk.entries.size(), 8u);
    EXPECT_GT(shrunk.entries_before, 2 * shrunk.entries.size());
    EXPECT_EQ(KindOf(shrunk.violation), kind);

    // The command printed replays it.
    options.only = NumbersOf(ListOf(shrunk.entries));
    EXPECT_EQ(RunHistory(options).violation, shrunk.violation);
    for (const Entry& entry : shrunk.entries) {
      HistoryOptions without = options;
      without.only->erase(entry.number);
      EXPECT_NE(KindOf(RunHistory(without).violation), kind) << "could go: " << InWords(entry);
    }
  }
}

TEST(Shrink, EntriesAreNamedByAList) {
  EXPECT_EQ(NumbersOf("3,7,12"), (std::set<int>{3, 7, 12}));
  EXPECT_EQ(NumbersOf("3"), (std::set<int>{3}));
  EXPECT_TRUE(NumbersOf("3,x").empty());
  EXPECT_TRUE(NumbersOf("").empty());
  EXPECT_EQ(ListOf({Entry{.number = 3}, Entry{.number = 7}}), "3,7");
}

// What the shrinking rests on.
TEST(Plan, LeavingAnEntryOutChangesNoOther) {
  Plan plan = MakePlan(7);
  ASSERT_GT(plan.entries.size(), 10u);
  std::set<uint64_t> seeds;
  for (size_t i = 0; i < plan.entries.size(); ++i) {
    EXPECT_EQ(plan.entries[i].number, static_cast<int>(i) + 1);
    seeds.insert(plan.entries[i].seed);
  }
  EXPECT_EQ(seeds.size(), plan.entries.size());
}

}  // namespace
}  // namespace jembatan::simulation
