#include "bench/stub/pace.h"

#include <gtest/gtest.h>

namespace jembatan::bench {
namespace {

constexpr int64_t kMs = 1'000'000;

TEST(OrderPace, WhatComesMeanwhileWaitsBehindWhatCameBefore) {
  OrderPace pace(1'000);
  EXPECT_EQ(pace.DecidedAt(10, 5 * kMs), 15 * kMs);
  EXPECT_EQ(pace.DecidedAt(1, 6 * kMs), 16 * kMs) << "another stream's";
  EXPECT_EQ(pace.DecidedAt(1, 100 * kMs), 101 * kMs) << "idle time is not saved up";
}

TEST(OrderPace, WithoutABoundAtOnce) {
  OrderPace pace(0);
  EXPECT_EQ(pace.DecidedAt(1'000'000, 7), 7);
}

}  // namespace
}  // namespace jembatan::bench
