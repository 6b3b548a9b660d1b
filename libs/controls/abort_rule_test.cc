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

TEST(AbortRule, WhatIsNotLimitedIsNotLookedAt) {
  AbortRule rule({.receipt_p99_ms = 0, .oldest_ms = 0, .looks = 1});
  EXPECT_EQ(rule.Look({.receipt_p99_ms = 1e9, .oldest_ms = 1e9}), "");
}

TEST(AbortRule, SilenceIsNoGoodNews) {
  AbortRule rule(Limits());
  EXPECT_EQ(rule.Look({.silent = true}), "");
  EXPECT_EQ(rule.Look({.silent = true}), "");
  EXPECT_EQ(rule.Look({.silent = true}), "nothing to be seen for 3 looks");
}

}  // namespace
}  // namespace jembatan::controls
