#include "services/gateway/outcome_feed.h"

#include <gtest/gtest.h>

#include "libs/base/timestamp.h"
#include "services/gateway/testing/fake_intake.h"

namespace jembatan::gateway {
namespace {

using testing::BuyerOf;
using testing::IdAt;
using testing::IntentOf;
using testing::kNowMs;
using testing::OutcomeRecordOf;
using Answers = intake::v1::GetOutcomesResponse;

constexpr int64_t kReachMs = 600'000;

struct Feeding {
  OutcomeFeed::Step Take(const crossing::v1::OutcomeRecord& record) {
    return feed.OnRecord(0, offset++, record.SerializeAsString(), kNowMs);
  }
  OutcomeWindow window{{.partitions = 2, .marketplaces = {"shop"}, .capacity = 1'000}};
  LagForecast lag{2};
  OutcomeFeed feed{2, window, lag, kReachMs};
  int64_t offset = 0;
};

TEST(OutcomeFeed, ReadyWhenEveryPartitionHasReachedTheEndSeenAtStart) {
  Feeding f;
  EXPECT_EQ(f.feed.SinceMs(kNowMs), kNowMs - kReachMs);
  EXPECT_FALSE(f.feed.OnReached(0, 100)) << "its end is not known yet";
  f.feed.OnEnd(0, 7);
  f.feed.OnStart(0, 3, kNowMs - kReachMs);
  EXPECT_FALSE(f.feed.OnReached(0, 6));
  EXPECT_FALSE(f.feed.OnReached(0, 7)) << "the other partition is behind";
  f.feed.OnEnd(1, 0);
  f.feed.OnStart(1, 0, kNowMs - kReachMs);
  EXPECT_TRUE(f.feed.OnReached(1, 0));
  EXPECT_FALSE(f.feed.OnReached(1, 1)) << "told once";
  EXPECT_TRUE(f.window.ready());
}

TEST(OutcomeFeed, AFinalGoesToTheWindowAndItsOffsetToTheForecast) {
  Feeding f;
  f.feed.OnStart(0, 0, kNowMs - kReachMs);
  f.lag.OnAccepted(0, "offer-1", 7, kNowMs - 1'000);
  EXPECT_GT(f.lag.Expect(0, "offer-1", kNowMs).longest_ms(), 0);
  auto intent = IntentOf(IdAt(kNowMs, 1));
  EXPECT_NE(f.Take(OutcomeRecordOf(intent, 1)).final, nullptr);
  EXPECT_EQ(f.lag.Expect(0, "offer-1", kNowMs).longest_ms(), 0);
  EXPECT_EQ(f.Take(OutcomeRecordOf(intent, 1)).final, nullptr) << "told once";
}

TEST(OutcomeFeed, ARecordFromBeforeTheReadingBeganIsReadAgain) {
  Feeding f;
  f.offset = 5;
  f.feed.OnStart(0, 5, kNowMs - kReachMs);
  auto record = OutcomeRecordOf(IntentOf(IdAt(kNowMs, 1)), 1);
  record.set_token(2);
  OutcomeFeed::Step step = f.Take(record);
  EXPECT_EQ(step.read_again_from, 2);
  EXPECT_EQ(step.final, nullptr);
  f.feed.Begin(0, 2);
  f.offset = 2;
  EXPECT_NE(f.Take(record).final, nullptr);
}

// What NONE rests on: ids from before the window's reach are FORGOTTEN, not unknown.
TEST(OutcomeFeed, ReachesBackToItsStartAndLessWhenTheLogWasCut) {
  Feeding f;
  const base::Uuid id = IdAt(kNowMs - kReachMs - 60'000, 1);
  f.feed.OnStart(0, 0, kNowMs - kReachMs);
  EXPECT_EQ(f.window.VerdictWithout(0, BuyerOf(1), id), Answers::VERDICT_NOT_YET)
      << "from the log's beginning";
  f.feed.OnStart(0, 3, kNowMs - kReachMs);
  EXPECT_EQ(f.window.VerdictWithout(0, BuyerOf(1), id), Answers::VERDICT_FORGOTTEN);
  const base::Uuid young = IdAt(kNowMs - 60'000, 1);
  EXPECT_EQ(f.window.VerdictWithout(0, BuyerOf(1), young), Answers::VERDICT_NOT_YET);
  f.feed.OnTruncated(0, kNowMs);
  f.feed.Begin(0, 9);
  EXPECT_EQ(f.window.VerdictWithout(0, BuyerOf(1), young), Answers::VERDICT_FORGOTTEN);
}

// It may have been the final of any of them: NONE would be a guess.
TEST(OutcomeFeed, ARecordThatCannotBeReadMakesWhatLiesBeforeItForgotten) {
  Feeding f;
  f.feed.OnStart(0, 0, kNowMs - kReachMs);
  const base::Uuid id = IdAt(kNowMs - 300'000, 1);
  crossing::v1::OutcomeRecord open;
  open.set_marketplace_id("shop");
  base::SetMs(kNowMs, open.mutable_open()->mutable_progress());
  f.Take(open);
  EXPECT_EQ(f.window.VerdictWithout(0, BuyerOf(1), id), Answers::VERDICT_NONE);
  EXPECT_EQ(f.feed.OnRecord(0, f.offset++, "\xff", kNowMs).final, nullptr);
  EXPECT_EQ(f.window.VerdictWithout(0, BuyerOf(1), id), Answers::VERDICT_FORGOTTEN);
  f.feed.Begin(0, 0);
  f.Take(open);
  EXPECT_EQ(f.window.VerdictWithout(0, BuyerOf(1), id), Answers::VERDICT_FORGOTTEN);
}

}  // namespace
}  // namespace jembatan::gateway
