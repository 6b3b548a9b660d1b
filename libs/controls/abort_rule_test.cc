#include "libs/controls/abort_rule.h"

#include "gtest/gtest.h"

namespace jembatan::controls {
namespace {

AbortRule::Limits Limits() { return {.receipt_p99_ms = 150, .oldest_ms = 5'000, .looks = 3}; }

TEST(AbortRule, GoesOnWhileAllIsWell) {
  AbortRule rule(Limits());
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(rule.Look({.receipt_p99_ms = 150, .oldest_ms = 5'000}), "");
    EXPECT_EQ(rule.Look({}), "");
  }
}

TEST(AbortRule, OneBreachIsEnough) {
  AbortRule rule(Limits());
  EXPECT_EQ(rule.Look({.breaches = 1}), "1 breaches of the promise");
}

TEST(AbortRule, SlowThreeTimesInARow) {
  AbortRule rule(Limits());
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(rule.Look({.receipt_p99_ms = 151}), "");
    EXPECT_EQ(rule.Look({.receipt_p99_ms = 151}), "");
    EXPECT_EQ(rule.Look({.receipt_p99_ms = 10}), "") << "in a row";
  }
  EXPECT_EQ(rule.Look({.receipt_p99_ms = 151}), "");
  EXPECT_EQ(rule.Look({.receipt_p99_ms = 200}), "");
  EXPECT_EQ(rule.Look({.receipt_p99_ms = 1'000}),
            "receipts' p99 1000 ms, over 150 ms, for 3 looks");
}

TEST(AbortRule, EachLatencyCountsByItself) {
  AbortRule rule(Limits());
  EXPECT_EQ(rule.Look({.receipt_p99_ms = 151}), "");
  EXPECT_EQ(rule.Look({.receipt_p99_ms = 151, .oldest_ms = 5'001}), "");
  EXPECT_EQ(rule.Look({.oldest_ms = 5'001}), "");
  EXPECT_NE(rule.Look({.oldest_ms = 5'001}), "");
}

TEST(AbortRule, SlowOutcomesAreReasonEnough) {
  AbortRule rule({.outcome_p99_ms = 2'500, .looks = 2});
  EXPECT_EQ(rule.Look({.outcome_p99_ms = 5'000}), "");
  EXPECT_EQ(rule.Look({.outcome_p99_ms = -1}), "") << "nothing was decided";
  EXPECT_EQ(rule.Look({.outcome_p99_ms = 5'000}), "");
  EXPECT_EQ(rule.Look({.outcome_p99_ms = 5'000}),
            "outcomes' p99 5000 ms, over 2500 ms, for 2 looks");
}

TEST(AbortRule, WhatIsNotLimitedIsNotLookedAt) {
  AbortRule rule({.receipt_p99_ms = 0, .outcome_p99_ms = 0, .oldest_ms = 0, .looks = 1});
  EXPECT_EQ(rule.Look({.receipt_p99_ms = 1e9, .outcome_p99_ms = 1e9, .oldest_ms = 1e9}), "");
}

TEST(AbortRule, SilenceIsNoGoodNews) {
  AbortRule rule(Limits());
  EXPECT_EQ(rule.Look({.silent = true}), "");
  EXPECT_EQ(rule.Look({.silent = true}), "");
  EXPECT_EQ(rule.Look({.silent = true}), "nothing to be seen for 3 looks");
}

}  // namespace
}  // namespace jembatan::controls
