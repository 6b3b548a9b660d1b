// One bridge, several marketplaces: each scope by itself, one prefix for all.

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "services/bridge/limits.h"
#include "services/bridge/testing/core_driver.h"

namespace jembatan::bridge {
namespace {

using crossing::v1::Outcome;

class MarketsTest : public testing::Test {
 protected:
  static constexpr size_t kA = 0;
  static constexpr size_t kB = 1;

  // A is owned, B cannot be reached.
  void OwnA() {
    driver_.Assign();
    driver_.Own();
  }
  void OwnB(int64_t horizon = 0) {
    driver_.Turn(event::StreamUp{kB});
    driver_.FinishClaim(horizon, kB);
  }

  crossing::v1::PurchaseIntent IntentOf(size_t market, uint64_t number) const {
    auto intent = driver_.NewIntent(number, market == kA ? "offer-a" : "offer-b");
    intent.set_marketplace_id(market == kA ? "toko" : "pasar");
    return intent;
  }
  // Places the order that is next, answers it ORDERED and settles its outcome.
  void Sell(size_t market) {
    driver_.Tick();
    const auto place = driver_.TakeOne<effect::Place>();
    EXPECT_EQ(place.market, market);
    driver_.Answer(place, Outcome::STATE_ORDERED);
    driver_.Settle(driver_.TakeOne<effect::ProduceOutcome>());
  }
  const Scope& scope(size_t market) const { return driver_.partition().scope(market); }

  CoreDriver driver_{std::vector<Core::Marketplace>{{"toko"}, {"pasar"}}};
};

TEST_F(MarketsTest, EachIsClaimedFencedAndOpenedByItself) {
  OwnA();
  const uint64_t token = driver_.token();
  EXPECT_FALSE(scope(kB).owns());
  EXPECT_TRUE(driver_.partition().owns()) << "nobody can own what cannot be reached";
  OwnB();
  EXPECT_TRUE(scope(kA).owns() && scope(kB).owns());
  EXPECT_NE(scope(kA).token(), scope(kB).token());
  EXPECT_EQ(scope(kA).token(), token);
}

TEST_F(MarketsTest, RecordsNameTheirMarketplace) {
  OwnA();
  driver_.Turn(event::StreamUp{kB});
  const auto claim = driver_.TakeOne<effect::ProduceOutcome>();
  EXPECT_EQ(CoreDriver::Parse(claim.value).marketplace_id(), "pasar");
}

TEST_F(MarketsTest, OrdersGoToTheirOwn) {
  OwnA();
  OwnB();
  driver_.Bring(IntentOf(kA, 1));
  driver_.Bring(IntentOf(kB, 2));
  driver_.Tick();
  const auto places = driver_.Take<effect::Place>();
  ASSERT_EQ(places.size(), 2u);
  EXPECT_EQ(places[0].market, kA);
  EXPECT_EQ(places[0].token, scope(kA).token());
  EXPECT_EQ(places[0].intents.at(0)->marketplace_id(), "toko");
  EXPECT_EQ(places[1].market, kB);
  EXPECT_EQ(places[1].token, scope(kB).token());
  EXPECT_EQ(places[1].intents.at(0)->marketplace_id(), "pasar");
}

TEST_F(MarketsTest, OneThatIsAwayHoldsTheCommitUpAndNotTheOrders) {
  OwnA();
  driver_.Bring(IntentOf(kA, 1));
  driver_.Bring(IntentOf(kB, 2));  // offset 1
  driver_.Bring(IntentOf(kA, 3));
  driver_.Tick();
  const auto place = driver_.TakeOne<effect::Place>();
  EXPECT_EQ(place.intents.size(), 2u);
  driver_.Answer(place, Outcome::STATE_ORDERED);
  for (const auto& produce : driver_.Take<effect::ProduceOutcome>()) driver_.Settle(produce);
  driver_.Pass(kCommitMs);
  EXPECT_EQ(driver_.TakeOne<effect::Commit>().next_offset, 1);
  driver_.Feed(event::Committed{0, 1, true});
  EXPECT_EQ(driver_.partition().unfinished(), 1u) << "what A has finished is let go";

  OwnB(/*horizon=*/3);
  const auto late = driver_.TakeOne<effect::Place>();
  EXPECT_EQ(late.market, kB);
  driver_.Answer(late, Outcome::STATE_ORDERED);
  driver_.Settle(driver_.TakeOne<effect::ProduceOutcome>());
  driver_.Pass(kCommitMs);
  EXPECT_EQ(driver_.TakeOne<effect::Commit>().next_offset, 3);
}

TEST_F(MarketsTest, ABrokenStreamTakesOnlyItsOwnToken) {
  OwnA();
  OwnB();
  const uint64_t token = scope(kA).token();
  driver_.Bring(IntentOf(kA, 1));
  driver_.Tick();
  const auto place = driver_.TakeOne<effect::Place>();
  driver_.Turn(event::StreamDown{kB});
  EXPECT_FALSE(scope(kB).owns());
  EXPECT_TRUE(scope(kA).owns());
  EXPECT_EQ(scope(kA).token(), token);
  driver_.Answer(place, Outcome::STATE_ORDERED);
  EXPECT_EQ(driver_.Take<effect::ProduceOutcome>().size(), 1u) << "its answer still counts";
}

// What A has finished tells nothing of B.
TEST_F(MarketsTest, AnOpenTellsItsOwnProgress) {
  OwnA();
  OwnB();
  driver_.Bring(IntentOf(kB, 1));
  driver_.Bring(IntentOf(kA, 2));
  driver_.Tick();
  for (const auto& place : driver_.Take<effect::Place>()) {
    if (place.market == kA) driver_.Answer(place, Outcome::STATE_ORDERED);
  }
  driver_.Settle(driver_.TakeOne<effect::ProduceOutcome>());
  const int64_t appended_ms = driver_.wall_ms();
  driver_.Pass(5'000);
  driver_.Bring(IntentOf(kA, 3));
  for (const auto& query : driver_.Take<effect::QueryEnd>()) {
    driver_.Feed(event::EndOffset{0, query.query, 3});
  }
  size_t told = 0;
  for (const auto& produce : driver_.Take<effect::ProduceOutcome>()) {
    const auto record = CoreDriver::Parse(produce.value);
    if (!record.has_open()) continue;
    ++told;
    const int64_t progress_ms = base::ToMs(record.open().progress());
    if (record.marketplace_id() == "pasar") {
      EXPECT_LE(progress_ms, appended_ms);
    } else {
      EXPECT_GT(progress_ms, appended_ms);
    }
  }
  EXPECT_EQ(told, 2u);
}

TEST_F(MarketsTest, ForeignIntentsAreRefusedUnderTheFirst) {
  OwnA();
  auto intent = IntentOf(kA, 1);
  intent.set_marketplace_id("nobody");
  driver_.Bring(intent);
  driver_.Tick();
  const auto record = CoreDriver::Parse(driver_.TakeOne<effect::ProduceOutcome>().value);
  EXPECT_EQ(record.marketplace_id(), "toko");
  EXPECT_EQ(record.outcome().reason(), crossing::v1::REASON_MARKETPLACE_NOT_REGISTERED);
}

// Its waiting intents are no reason to read on no further, until there are too many of them.
TEST_F(MarketsTest, OneThatIsAwayPausesThePartitionOnlyAtItsOwnBound) {
  OwnA();
  for (uint64_t i = 0; i < kUnfinishedHigh + 10; ++i) driver_.Bring(IntentOf(kB, i % 250));
  driver_.Tick();
  EXPECT_TRUE(driver_.Take<effect::Pause>().empty());
  driver_.Bring(IntentOf(kA, 251));
  Sell(kA);
  for (uint64_t i = 0; i < kWaitingHigh - kUnfinishedHigh; ++i) {
    driver_.Bring(IntentOf(kB, i % 250));
  }
  driver_.Tick();
  EXPECT_EQ(driver_.Take<effect::Pause>().size(), 1u);
}

TEST_F(MarketsTest, CountsAreKeptApart) {
  OwnA();
  OwnB();
  driver_.Bring(IntentOf(kA, 1));
  Sell(kA);
  driver_.Bring(IntentOf(kB, 2));
  driver_.Tick();
  driver_.Answer(driver_.TakeOne<effect::Place>(), Outcome::STATE_REJECTED,
                 crossing::v1::REASON_OUT_OF_STOCK);
  EXPECT_EQ(driver_.core().market(kA).counts.ordered, 1u);
  EXPECT_EQ(driver_.core().market(kA).counts.rejected, 0u);
  EXPECT_EQ(driver_.core().market(kB).counts.rejected, 1u);
  EXPECT_EQ(driver_.core().market(kB).refused.at(crossing::v1::REASON_OUT_OF_STOCK), 1u);
  EXPECT_EQ(driver_.counts().ordered, 1u);
  EXPECT_EQ(driver_.counts().rejected, 1u);
}

TEST_F(MarketsTest, ARevokedPartitionWaitsForNobodyWhoIsAway) {
  OwnA();
  driver_.Bring(IntentOf(kB, 1));
  driver_.Turn(event::Revoked{0, false});
  EXPECT_EQ(driver_.Take<effect::Release>().size(), 1u);
}

}  // namespace
}  // namespace jembatan::bridge
