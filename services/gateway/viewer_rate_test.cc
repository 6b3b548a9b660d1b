#include "services/gateway/viewer_rate.h"

#include <gtest/gtest.h>

#include "services/gateway/testing/fake_intake.h"

namespace jembatan::gateway {
namespace {

using testing::BuyerOf;
using testing::kNowMs;

int Passed(ViewerRate& rate, uint8_t viewer, int64_t now_ms, int of = 1'000) {
  int passed = 0;
  for (int i = 0; i < of; ++i) passed += rate.Take(BuyerOf(viewer), now_ms) == 0 ? 1 : 0;
  return passed;
}

TEST(ViewerRate, ABurstThenTheRate) {
  ViewerRate rate(100);
  EXPECT_EQ(Passed(rate, 1, kNowMs), kViewerBurst);
  EXPECT_EQ(rate.Take(BuyerOf(1), kNowMs), 10) << "milliseconds until the next";
  EXPECT_EQ(Passed(rate, 1, kNowMs + 9), 0);
  EXPECT_EQ(Passed(rate, 1, kNowMs + 10), 1);
  EXPECT_EQ(Passed(rate, 1, kNowMs + 1'010), 100) << "what was refused cost nothing";
  EXPECT_EQ(Passed(rate, 1, kNowMs + 100'000), kViewerBurst) << "no more is saved up";
}

TEST(ViewerRate, WhoStaysWithinItIsNeverRefused) {
  ViewerRate rate(100);
  for (int64_t i = 0; i < 10'000; ++i) ASSERT_EQ(rate.Take(BuyerOf(1), kNowMs + i * 10), 0) << i;
}

TEST(ViewerRate, OneViewersHasteIsNotAnothers) {
  ViewerRate rate(100);
  Passed(rate, 1, kNowMs);
  EXPECT_EQ(rate.Take(BuyerOf(2), kNowMs), 0);
}

TEST(ViewerRate, ForgetsOnlyWhoHasEverythingAgain) {
  ViewerRate rate(100);
  for (int64_t ms = 0; ms < 2'600; ms += 100) Passed(rate, 1, kNowMs + ms);
  EXPECT_EQ(Passed(rate, 1, kNowMs + 2'600), 10) << "the generations turned in between";
  for (uint8_t viewer = 2; viewer < 100; ++viewer) rate.Take(BuyerOf(viewer), kNowMs + 2'600);
  EXPECT_GE(rate.viewers(), 99u);
  rate.Take(BuyerOf(1), kNowMs + 10'000);
  rate.Take(BuyerOf(1), kNowMs + 20'000);
  EXPECT_LE(rate.viewers(), 2u);
}

TEST(ViewerRate, AClockSetBackCostsNoMoreThanABurst) {
  ViewerRate rate(100);
  Passed(rate, 1, kNowMs);
  const int64_t back_ms = kNowMs - 3'600'000;
  EXPECT_EQ(Passed(rate, 1, back_ms), 0);
  EXPECT_EQ(Passed(rate, 1, back_ms + 10), 1);
}

TEST(ViewerRate, NoneIsNoBound) {
  ViewerRate rate(0);
  EXPECT_EQ(Passed(rate, 1, kNowMs), 1'000);
  EXPECT_EQ(rate.viewers(), 0u);
}

TEST(ViewerRate, RemembersABoundedNumber) {
  ViewerRate rate(1);
  identity::BuyerRef viewer;
  for (size_t i = 0; i < 2 * kViewersMetered; ++i) {
    viewer.bytes[0] = static_cast<uint8_t>(i);
    viewer.bytes[1] = static_cast<uint8_t>(i >> 8);
    viewer.bytes[2] = static_cast<uint8_t>(i >> 16);
    ASSERT_EQ(rate.Take(viewer, kNowMs), 0);
  }
  EXPECT_EQ(rate.viewers(), kViewersMetered);
}

}  // namespace
}  // namespace jembatan::gateway
