#include "services/bridge/breaker.h"

#include "gtest/gtest.h"

#include "services/bridge/limits.h"

namespace jembatan::bridge {
namespace {

class BreakerTest : public testing::Test {
 protected:
  void Fail(int batches) {
    for (int i = 0; i < batches; ++i) breaker_.OnAnswered(false, now_ms_, &random_);
  }

  Breaker breaker_;
  base::Random random_{3};
  int64_t now_ms_ = 1'000'000;
};

TEST_F(BreakerTest, OpensAfterBatchesInVainInARow) {
  Fail(kBatchesInVain - 1);
  EXPECT_TRUE(breaker_.closed());
  EXPECT_GT(breaker_.Allowance(now_ms_), kOrdersPerBatch);
  Fail(1);
  EXPECT_FALSE(breaker_.closed());
  EXPECT_EQ(breaker_.Allowance(now_ms_), 0u);
}

TEST_F(BreakerTest, OneDecidedOrderBeginsTheCountAnew) {
  Fail(kBatchesInVain - 1);
  breaker_.OnAnswered(true, now_ms_, &random_);
  Fail(kBatchesInVain - 1);
  EXPECT_TRUE(breaker_.closed());
}

TEST_F(BreakerTest, TriesWithOneOrderAndClosesWhenItIsDecided) {
  Fail(kBatchesInVain);
  EXPECT_GE(breaker_.next_try_mono_ms(), now_ms_ + kBreakerFirstMs / 2);
  EXPECT_LE(breaker_.next_try_mono_ms(), now_ms_ + kBreakerFirstMs);
  now_ms_ = breaker_.next_try_mono_ms();
  EXPECT_EQ(breaker_.Allowance(now_ms_), 1u);
  breaker_.OnSent(now_ms_);
  EXPECT_EQ(breaker_.Allowance(now_ms_), 0u);
  breaker_.OnAnswered(true, now_ms_, &random_);
  EXPECT_TRUE(breaker_.closed());
}

TEST_F(BreakerTest, RestsLongerWithEveryTryInVainUpToABound) {
  Fail(kBatchesInVain);
  int64_t longest_ms = 0;
  for (int i = 0; i < 20; ++i) {
    now_ms_ = breaker_.next_try_mono_ms();
    Fail(1);
    longest_ms = std::max(longest_ms, breaker_.next_try_mono_ms() - now_ms_);
  }
  EXPECT_GT(longest_ms, kBreakerLongestMs / 2);
  EXPECT_LE(longest_ms, kBreakerLongestMs);
}

TEST_F(BreakerTest, ATryWithoutAnAnswerIsFollowedByAnother) {
  Fail(kBatchesInVain);
  now_ms_ = breaker_.next_try_mono_ms();
  breaker_.OnSent(now_ms_);
  EXPECT_EQ(breaker_.Allowance(now_ms_ + kAnswerTimeoutMs - 1), 0u);
  EXPECT_EQ(breaker_.Allowance(now_ms_ + kAnswerTimeoutMs), 1u);
}

TEST(RetryBudgetTest, ATenthOfTheNewOrdersMayBeRetried) {
  RetryBudget budget;
  int64_t now_ms = 1'000'000;
  while (budget.Spend(now_ms)) {
  }
  budget.Earn(250);
  int granted = 0;
  while (budget.Spend(now_ms)) ++granted;
  EXPECT_EQ(granted, 25);
}

TEST(RetryBudgetTest, SavesNoMoreThanItsBound) {
  RetryBudget budget;
  budget.Earn(1'000'000);
  int granted = 0;
  while (budget.Spend(1)) ++granted;
  EXPECT_EQ(granted, 100);
}

TEST(RetryBudgetTest, WithoutNewOrdersAFewASecondAreFree) {
  RetryBudget budget;
  int64_t now_ms = 1'000'000;
  while (budget.Spend(now_ms)) {
  }
  int granted = 0;
  for (int64_t ms = 0; ms < 10'000; ++ms) granted += budget.Spend(now_ms + ms) ? 1 : 0;
  EXPECT_NEAR(granted, 100, 2);
}

}  // namespace
}  // namespace jembatan::bridge
