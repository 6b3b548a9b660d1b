// Ownership: who may decide, and when (protocol rule 2).

#include "services/bridge/partition.h"

#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "services/bridge/testing/core_driver.h"

namespace jembatan::bridge {
namespace {

using crossing::v1::Outcome;

TEST(Ownership, ClaimThenFenceThenOpenThenWindowThenDispatch) {
  CoreDriver driver;
  driver.Assign();
  driver.Bring(driver.NewIntent(1));
  driver.Tick();

  auto claim = driver.TakeOne<effect::ProduceOutcome>();
  EXPECT_TRUE(CoreDriver::Parse(claim.value).has_claim());
  EXPECT_TRUE(driver.Take<effect::Fence>().empty());
  auto token = static_cast<uint64_t>(driver.Acknowledge(claim));
  driver.Tick();

  auto fence = driver.TakeOne<effect::Fence>();
  EXPECT_EQ(fence.token, token);
  EXPECT_TRUE(driver.Take<effect::ProduceOutcome>().empty()) << "opened before the fence stood";
  EXPECT_TRUE(driver.Take<effect::QueryEnd>().empty()) << "the horizon comes after the fence";
  driver.Turn(event::Fenced{0, token, token});

  auto open = driver.TakeOne<effect::ProduceOutcome>();
  EXPECT_TRUE(CoreDriver::Parse(open.value).has_open());
  EXPECT_EQ(CoreDriver::Parse(open.value).token(), token);
  auto end = driver.TakeOne<effect::QueryEnd>();
  auto read = driver.TakeOne<effect::ReadOutcomes>();
  EXPECT_EQ(read.append_ms, CoreDriver::kEpochMs - kWindowBackMs);
  driver.set_reading(read.reading);
  int64_t opened_at = driver.Acknowledge(open);
  driver.Turn(event::EndOffset{0, end.query, 0});
  EXPECT_TRUE(driver.Take<effect::Place>().empty()) << "dispatched before the window was read";
  driver.ReadBack(static_cast<int64_t>(token), claim.value);
  driver.ReadBack(opened_at, open.value);
  driver.Tick();
  EXPECT_EQ(driver.TakeOne<effect::Place>().token, token);
}

TEST(Ownership, TheWindowWaitsForTheFirstIntentOrTheLogsEnd) {
  CoreDriver driver;
  driver.Assign();
  driver.Tick();
  auto token = static_cast<uint64_t>(driver.Acknowledge(driver.TakeOne<effect::ProduceOutcome>()));
  driver.Turn(event::Fenced{0, token, uint64_t{0}});
  EXPECT_TRUE(driver.Take<effect::ReadOutcomes>().empty());
  driver.Turn(event::IntentsEnd{0, 0});
  EXPECT_EQ(driver.Take<effect::ReadOutcomes>().size(), 1u);
}

// What makes an owner start over: each needs a new claim before anything is placed again.
struct Overturn {
  const char* name;
  void (*happen)(CoreDriver& driver, const effect::Place& place);
};

class StartsOver : public testing::TestWithParam<Overturn> {};

TEST_P(StartsOver, WithANewClaimAndTheSameIntent) {
  CoreDriver driver;
  driver.Assign();
  driver.Own();
  driver.Bring(driver.NewIntent(1));
  driver.Tick();
  auto place = driver.TakeOne<effect::Place>();
  std::string id = place.intents[0]->intent_id();
  GetParam().happen(driver, place);
  EXPECT_FALSE(driver.partition().owns());
  driver.Feed(event::StreamUp{});
  driver.Pass(kBackoffFirstMs);
  driver.FinishClaim(/*horizon=*/1);
  auto again = driver.TakeOne<effect::Place>();
  EXPECT_GT(again.token, place.token);
  ASSERT_EQ(again.intents.size(), 1u);
  EXPECT_EQ(again.intents[0]->intent_id(), id);
}

INSTANTIATE_TEST_SUITE_P(
    Table, StartsOver,
    testing::Values(Overturn{"StreamBroke",
                             [](CoreDriver& driver, const effect::Place&) {
                               driver.Turn(event::StreamDown{});
                               EXPECT_TRUE(driver.Take<effect::Place>().empty());
                             }},
                    Overturn{"MarketplaceSaysStale",
                             [](CoreDriver& driver, const effect::Place& place) {
                               driver.Turn(event::Answered{place.batch, true, {}});
                             }},
                    Overturn{"AnotherOpened",
                             [](CoreDriver& driver, const effect::Place&) {
                               driver.ReadBack(
                                   150, OpenRecord({CoreDriver::kMarketplace, "bridge-2"}, 140, 0));
                               driver.Tick();
                             }},
                    Overturn{"OwnRecordIsVoid",
                             [](CoreDriver& driver, const effect::Place& place) {
                               driver.Answer(place, Outcome::STATE_ORDERED);
                               auto written = driver.TakeOne<effect::ProduceOutcome>();
                               int64_t offset = driver.Acknowledge(written);
                               driver.ReadBack(offset - 1,
                                               OpenRecord({CoreDriver::kMarketplace, "bridge-2"},
                                                          driver.token() + 1, 0));
                               driver.ReadBack(offset, written.value);
                               driver.Tick();
                               EXPECT_TRUE(driver.Take<effect::Commit>().empty());
                             }}),
    [](const auto& info) { return info.param.name; });

TEST(Ownership, AnotherMarketplacesOpenIsNoneOfOurs) {
  CoreDriver driver;
  driver.Assign();
  driver.Own();
  driver.ReadBack(150, OpenRecord({"another", "bridge-2"}, 140, 0));
  driver.Tick();
  EXPECT_TRUE(driver.partition().owns());
}

TEST(Ownership, AFenceThatIsHigherMeansAnotherOwner) {
  CoreDriver driver;
  driver.Assign();
  driver.Tick();
  auto token = static_cast<uint64_t>(driver.Acknowledge(driver.TakeOne<effect::ProduceOutcome>()));
  driver.Turn(event::Fenced{0, token, token + 1});
  EXPECT_TRUE(driver.Take<effect::QueryEnd>().empty());
  driver.Pass(kBackoffLongestMs);
  EXPECT_TRUE(CoreDriver::Parse(driver.TakeOne<effect::ProduceOutcome>().value).has_claim());
}

TEST(Ownership, AFenceWithoutAnAnswerIsAskedAgainUnderTheSameToken) {
  CoreDriver driver;
  driver.Assign();
  driver.Tick();
  auto token = static_cast<uint64_t>(driver.Acknowledge(driver.TakeOne<effect::ProduceOutcome>()));
  driver.Take<effect::Fence>();
  driver.Turn(event::Fenced{0, token, std::nullopt});
  EXPECT_TRUE(driver.Take<effect::ProduceOutcome>().empty());
  driver.Pass(kBackoffLongestMs);
  EXPECT_EQ(driver.TakeOne<effect::Fence>().token, token);
}

// A cluster that is away answers at once; each question must wait for its turn.
TEST(Ownership, AHorizonWithoutAnAnswerIsAskedAgainAfterAPause) {
  CoreDriver driver;
  driver.Assign();
  driver.Feed(event::IntentsEnd{0, 0});
  driver.Tick();
  auto token = static_cast<uint64_t>(driver.Acknowledge(driver.TakeOne<effect::ProduceOutcome>()));
  driver.Turn(event::Fenced{0, token, uint64_t{0}});
  int asked = 0;
  for (int64_t passed_ms = 0; passed_ms < 60'000; ++passed_ms) {
    for (const auto& end : driver.Take<effect::QueryEnd>()) {
      ++asked;
      driver.Feed(event::EndOffset{0, end.query, -1});
    }
    driver.Pass(1);
  }
  EXPECT_GT(asked, 5);
  EXPECT_LT(asked, 100) << "full jitter up to 5 s: about 2.5 s apart";
}

TEST(Ownership, RecordsOfAnEarlierReadingDoNotCompleteTheWindow) {
  CoreDriver driver;
  driver.Assign();
  driver.Own();
  driver.Turn(event::Revoked{0, /*lost=*/true});
  driver.Take<effect::ReadOutcomes>();
  driver.Assign();
  driver.Feed(event::IntentsEnd{0, 0});
  driver.Tick();
  auto claim = driver.TakeOne<effect::ProduceOutcome>();
  int64_t token = driver.Acknowledge(claim);
  driver.Turn(event::Fenced{0, static_cast<uint64_t>(token), uint64_t{0}});
  auto open = driver.TakeOne<effect::ProduceOutcome>();
  driver.Feed(event::EndOffset{0, driver.TakeOne<effect::QueryEnd>().query, 0});
  int64_t offset = driver.Acknowledge(open);
  // Still under the reading of the first assignment.
  driver.ReadBack(token, claim.value);
  driver.ReadBack(offset, open.value);
  driver.Tick();
  EXPECT_FALSE(driver.partition().owns());
  driver.set_reading(driver.TakeOne<effect::ReadOutcomes>().reading);
  driver.ReadBack(token, claim.value);
  driver.ReadBack(offset, open.value);
  driver.Tick();
  EXPECT_TRUE(driver.partition().owns());
}

TEST(Ownership, ARecordOfAnOldTokenMakesTheReadingBeginThere) {
  CoreDriver driver;
  driver.Assign();
  driver.Feed(event::IntentsEnd{0, 0});
  driver.Tick();
  auto token = static_cast<uint64_t>(driver.Acknowledge(driver.TakeOne<effect::ProduceOutcome>()));
  driver.Turn(event::Fenced{0, token, uint64_t{0}});
  driver.set_reading(driver.TakeOne<effect::ReadOutcomes>().reading);
  driver.ReadBack(90, FinalRecord({CoreDriver::kMarketplace, "bridge-2"}, 55, ""));
  auto earlier = driver.TakeOne<effect::ReadOutcomes>();
  EXPECT_EQ(earlier.offset, 55);
}

TEST(Ownership, ClaimsAnewWithinTheHour) {
  CoreDriver driver;
  driver.Assign();
  driver.Own();
  driver.Pass(kReclaimMs);
  driver.Pass(kBackoffLongestMs);
  bool claims = false;
  for (const auto& produce : driver.Take<effect::ProduceOutcome>()) {
    claims |= CoreDriver::Parse(produce.value).has_claim();
  }
  EXPECT_TRUE(claims);
}

TEST(Ownership, ASilentCallBreaksTheStream) {
  CoreDriver driver;
  driver.Assign();
  driver.Own();
  driver.Bring(driver.NewIntent(1));
  driver.Tick();
  driver.Pass(kAnswerTimeoutMs);
  EXPECT_TRUE(driver.Take<effect::ResetStream>().empty());
  driver.Pass(1);
  EXPECT_EQ(driver.Take<effect::ResetStream>().size(), 1u);
}

// Progress: what NONE rests on. It may never pass an intent without a final.
class Progress : public testing::Test {
 protected:
  void SetUp() override {
    driver_.Assign();
    driver_.Own();
  }
  // The next open, once the intents' end was found at the offset.
  crossing::v1::Open NextOpen(int64_t end) {
    driver_.Pass(2'000);
    driver_.Feed(event::EndOffset{0, driver_.TakeOne<effect::QueryEnd>().query, end});
    return CoreDriver::Parse(driver_.TakeOne<effect::ProduceOutcome>().value).open();
  }

  CoreDriver driver_;
};

TEST_F(Progress, NamesTheOldestUnfinishedIntent) {
  int64_t appended_ms = driver_.wall_ms();
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  driver_.Take<effect::Place>();
  EXPECT_EQ(base::ToMs(NextOpen(/*end=*/1).progress()), appended_ms);
}

TEST_F(Progress, OnAnIdlePartitionItIsAnAppendTimeFromBeforeTheEndWasRead) {
  int64_t opened_ms = driver_.wall_ms();
  EXPECT_EQ(base::ToMs(NextOpen(/*end=*/0).progress()), opened_ms);
}

TEST_F(Progress, IsSilentWhileTheLogHoldsMoreThanWasRead) {
  EXPECT_FALSE(NextOpen(/*end=*/5).has_progress());
}

}  // namespace
}  // namespace jembatan::bridge
