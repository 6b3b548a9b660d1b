#include "libs/reconcile/answer.h"

#include <algorithm>
#include <random>

#include "gtest/gtest.h"

namespace jembatan::reconcile {
namespace {

constexpr int64_t kHour = 500'000;

std::vector<Commitment> Commitments(size_t count) {
  ledger::Hasher hasher;
  const std::string buyer(32, 'b');
  const std::string body(32, 'f');
  std::vector<Commitment> all;
  for (size_t i = 0; i < count; ++i) {
    const std::string number = "T-" + std::to_string(i);
    all.push_back(
        CommitmentOf(hasher, {base::Uuid::MakeV7(kHour * kHourMs, 1, i), buyer, body, number}));
  }
  return all;
}

OrderSet SetOf(const std::vector<Commitment>& all, const std::vector<size_t>& without = {}) {
  OrderSet set;
  for (size_t i = 0; i < all.size(); ++i) {
    if (std::find(without.begin(), without.end(), i) == without.end()) set.Add(all[i]);
  }
  return set;
}

// The other side, which counts how often it is asked and what it told.
struct Other {
  OrderSet set;
  size_t asked = 0;
  size_t told = 0;

  Ask asking() {
    return [this](const std::string& prefix) {
      ++asked;
      absl::StatusOr<Answer> answer = ParseAnswer(FormatAnswer(kHour, prefix, &set));
      if (answer.ok()) told += answer->commitments.size();
      return answer;
    };
  }
};

TEST(Compare, EqualSetsTakeOneQuestionAndTellNothing) {
  const auto all = Commitments(1'000);
  OrderSet ours = SetOf(all);
  Other other{SetOf(all)};
  const auto difference = Compare(&ours, other.asking());
  ASSERT_TRUE(difference.ok()) << difference.status();
  EXPECT_TRUE(difference->ours.empty() && difference->theirs.empty());
  EXPECT_EQ(other.asked, 1u);
  EXPECT_EQ(other.told, 0u);
}

TEST(Compare, FindsJustWhatDiffersWithoutListsOfTheRest) {
  const auto all = Commitments(20'000);
  OrderSet ours = SetOf(all, {3});
  Other other{SetOf(all, {17, 19'999})};
  const auto difference = Compare(&ours, other.asking());
  ASSERT_TRUE(difference.ok()) << difference.status();
  EXPECT_EQ(difference->theirs, std::vector<Commitment>{all[3]});
  std::vector<Commitment> expected = {all[17], all[19'999]};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(difference->ours, expected);
  EXPECT_LE(other.told, 3 * kToldMax);
  EXPECT_LE(other.asked, 1 + 3 * 4u);
}

TEST(Compare, OneSideMayHaveNothing) {
  const auto all = Commitments(300);
  OrderSet none;
  Other other{SetOf(all)};
  EXPECT_EQ(Compare(&none, other.asking())->theirs.size(), 300u);
  OrderSet ours = SetOf(all);
  Other empty;
  EXPECT_EQ(Compare(&ours, empty.asking())->ours.size(), 300u);
}

TEST(Compare, RandomSets) {
  std::mt19937 random(7);
  const auto all = Commitments(400);
  for (int round = 0; round < 200; ++round) {
    OrderSet ours;
    Other other;
    std::vector<Commitment> only_ours;
    std::vector<Commitment> only_theirs;
    for (const Commitment& one : all) {
      const auto chance = random() % 20;
      if (chance != 0) ours.Add(one);
      if (chance != 1) other.set.Add(one);
      if (chance == 1) only_ours.push_back(one);
      if (chance == 0) only_theirs.push_back(one);
    }
    std::sort(only_ours.begin(), only_ours.end());
    std::sort(only_theirs.begin(), only_theirs.end());
    const auto difference = Compare(&ours, other.asking());
    ASSERT_TRUE(difference.ok()) << difference.status();
    EXPECT_EQ(difference->ours, only_ours) << round;
    EXPECT_EQ(difference->theirs, only_theirs) << round;
  }
}

TEST(Answer, WhatIsNoAnswerIsRefused) {
  OrderSet set = SetOf(Commitments(40));
  const std::string good = FormatAnswer(kHour, "", &set);
  ASSERT_TRUE(ParseAnswer(good).ok());
  // A line less, a line cut off, parts in another order, a number that does not add up.
  const size_t second = good.find('\n') + 1;
  const size_t third = good.find('\n', second) + 1;
  for (const std::string& bad :
       std::vector<std::string>{"{}\n", good.substr(0, good.size() - 1), good.substr(0, third),
                                good.substr(0, second) + good.substr(third),
                                "{\"hour\":1,\"prefix\":\"\",\"orders\":1,\"digest\":\"00\"}\n"}) {
    EXPECT_FALSE(ParseAnswer(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace jembatan::reconcile
