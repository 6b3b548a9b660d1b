// Deciding: what becomes of each intent, in the order of its lane (protocol rules 1, 4, 5, 6).

#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

#include "libs/base/testing/plant_unknown_fields.h"
#include "libs/crossing/testing/newer_field.h"
#include "services/bridge/partition.h"
#include "services/bridge/testing/core_driver.h"

namespace jembatan::bridge {
namespace {

using crossing::v1::Outcome;
using crossing::v1::PurchaseIntent;

class Deciding : public testing::Test {
 protected:
  void SetUp() override { driver_.Assign(); }

  Outcome TakeOutcome() {
    return CoreDriver::Parse(driver_.TakeOne<effect::ProduceOutcome>().value).outcome();
  }
  std::vector<std::string> IdsOf(const effect::Place& place) {
    std::vector<std::string> ids;
    for (const PurchaseIntent* intent : place.intents) ids.push_back(intent->intent_id());
    return ids;
  }

  CoreDriver driver_;
};

// --- What is decided without the marketplace
// -------------------------------------------------------

struct Alone {
  const char* name;
  void (*spoil)(PurchaseIntent& intent);
  Outcome::State state;
  crossing::v1::Reason reason;
  // Whether an intent that a predecessor may have sent is asked about first.
  bool asks = true;
  bool dead_letter = false;
};

constexpr Alone kAlone[] = {
    {"ConsentOff", [](PurchaseIntent& i) { i.set_consent_given(false); }, Outcome::STATE_REJECTED,
     crossing::v1::REASON_CONSENT_NOT_GIVEN, /*asks=*/false},
    {"AnotherMarketplace", [](PurchaseIntent& i) { i.set_marketplace_id("another"); },
     Outcome::STATE_REJECTED, crossing::v1::REASON_MARKETPLACE_NOT_REGISTERED},
    {"NoQuantity", [](PurchaseIntent& i) { i.set_quantity(0); }, Outcome::STATE_REJECTED,
     crossing::v1::REASON_MALFORMED, true, true},
    {"TooMany", [](PurchaseIntent& i) { i.set_quantity(100); }, Outcome::STATE_REJECTED,
     crossing::v1::REASON_MALFORMED, true, true},
    {"NoFingerprint", [](PurchaseIntent& i) { i.clear_fingerprint(); }, Outcome::STATE_REJECTED,
     crossing::v1::REASON_MALFORMED, true, true},
    {"RevivedDeadline",
     [](PurchaseIntent& i) { i.mutable_deadline()->set_seconds(i.deadline().seconds() + 3600); },
     Outcome::STATE_REJECTED, crossing::v1::REASON_MALFORMED, true, true},
    {"Expired",
     [](PurchaseIntent& i) {
       i.set_intent_id(base::Uuid::MakeV7(CoreDriver::kEpochMs - intent::kTtlMs, 1, 1).ToString());
       base::SetMs(CoreDriver::kEpochMs, i.mutable_deadline());
     },
     Outcome::STATE_EXPIRED, crossing::v1::REASON_DEADLINE_PASSED},
};

class DecidedAlone : public Deciding, public testing::WithParamInterface<Alone> {};

TEST_P(DecidedAlone, AboveTheHorizonAtOnce) {
  PurchaseIntent intent = driver_.NewIntent(1);
  GetParam().spoil(intent);
  driver_.Bring(intent);
  driver_.Pass(1);
  driver_.Own(/*horizon=*/0);
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
  EXPECT_TRUE(driver_.Take<effect::Ask>().empty());
  Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.state(), GetParam().state);
  EXPECT_EQ(outcome.reason(), GetParam().reason);
  EXPECT_EQ(outcome.intent_id(), intent.intent_id());
  EXPECT_EQ(driver_.Take<effect::ProduceDeadLetter>().size(), GetParam().dead_letter ? 1u : 0u);
}

TEST_P(DecidedAlone, BelowTheHorizonOnlyAfterTheMarketplaceKnowsNothing) {
  PurchaseIntent intent = driver_.NewIntent(1);
  GetParam().spoil(intent);
  driver_.Bring(intent);
  driver_.Pass(1);
  driver_.Own(/*horizon=*/1);
  if (GetParam().asks) {
    EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty());
    auto ask = driver_.TakeOne<effect::Ask>();
    ASSERT_EQ(ask.intents.size(), 1u);
    driver_.Turn(event::Found{ask.ask, true, false, std::vector<Finding>(1)});
  } else {
    EXPECT_TRUE(driver_.Take<effect::Ask>().empty()) << "nothing of it may cross";
  }
  EXPECT_EQ(TakeOutcome().state(), GetParam().state);
}

TEST_P(DecidedAlone, ThePredecessorsOrderStandsWhateverWeWouldSay) {
  if (!GetParam().asks) return;  // nothing of it may cross, not even a question
  PurchaseIntent intent = driver_.NewIntent(1);
  GetParam().spoil(intent);
  driver_.Bring(intent);
  driver_.Pass(1);
  driver_.Own(/*horizon=*/1);
  auto ask = driver_.TakeOne<effect::Ask>();
  std::vector<Finding> findings(1);
  findings[0].found = true;
  findings[0].outcome.set_state(Outcome::STATE_ORDERED);
  findings[0].outcome.set_order_id("order-7");
  findings[0].outcome.set_fingerprint(intent.fingerprint());
  driver_.Turn(event::Found{ask.ask, true, false, findings});
  Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.state(), Outcome::STATE_ORDERED);
  EXPECT_EQ(outcome.order_id(), "order-7");
}

INSTANTIATE_TEST_SUITE_P(Table, DecidedAlone, testing::ValuesIn(kAlone),
                         [](const auto& info) { return info.param.name; });

TEST_F(Deciding, AQuestionWithoutAnAnswerIsAskedAgain) {
  driver_.Bring(driver_.NewIntent(1, "offer-1", /*age_ms=*/intent::kTtlMs));
  driver_.Pass(1);
  driver_.Own(/*horizon=*/1);
  auto ask = driver_.TakeOne<effect::Ask>();
  driver_.Turn(event::Found{ask.ask, false, false, {}});
  EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty());
  driver_.Pass(kBackoffLongestMs);
  EXPECT_EQ(driver_.Take<effect::Ask>().size(), 1u);
}

// --- Rule 1
// ---------------------------------------------------------------------------------------

TEST_F(Deciding, ARecordAppendedAfterItsDeadlineIsVoid) {
  driver_.Bring(driver_.NewIntent(1, "offer-1", /*age_ms=*/intent::kTtlMs + 1));
  driver_.Own();
  EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty());
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
  EXPECT_EQ(driver_.counts().void_intents, 1u);
  EXPECT_EQ(driver_.partition().unfinished(), 0u);
}

// --- Records that are no intents
// ------------------------------------------------------------------

TEST_F(Deciding, WhatCannotBeDecodedBecomesEvidenceAndIsPassed) {
  driver_.Own();
  int64_t offset = driver_.BringBytes("offer-1", "\xff\xff");
  driver_.Tick();
  auto letter = driver_.TakeOne<effect::ProduceDeadLetter>();
  crossing::v1::DeadLetter told;
  ASSERT_TRUE(told.ParseFromString(letter.value));
  EXPECT_EQ(told.cause(), crossing::v1::DeadLetter::CAUSE_UNDECODABLE);
  EXPECT_EQ(told.offset(), offset);
  EXPECT_EQ(told.key(), "offer-1");
  EXPECT_EQ(told.value(), "\xff\xff");
  EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty()) << "nobody to tell";
  EXPECT_EQ(driver_.partition().unfinished(), 1u) << "not passed before the evidence is safe";
  driver_.Turn(event::Produced{letter.cookie, true, 0, driver_.wall_ms()});
  EXPECT_EQ(driver_.partition().unfinished(), 0u);
}

TEST_F(Deciding, EvidenceIsBounded) {
  driver_.Own();
  driver_.BringBytes("offer-1", std::string(kDeadLetterValueBytes + 1, '\xff'));
  crossing::v1::DeadLetter told;
  ASSERT_TRUE(told.ParseFromString(driver_.TakeOne<effect::ProduceDeadLetter>().value));
  EXPECT_EQ(told.value().size(), kDeadLetterValueBytes);
}

TEST_F(Deciding, ADeadLetterThatFailedIsWrittenAgain) {
  driver_.Own();
  driver_.BringBytes("offer-1", "\xff\xff");
  driver_.Tick();
  auto first = driver_.TakeOne<effect::ProduceDeadLetter>();
  driver_.Turn(event::Produced{first.cookie, false, -1, -1});
  driver_.Pass(kBackoffLongestMs);
  EXPECT_EQ(driver_.TakeOne<effect::ProduceDeadLetter>().value, first.value);
}

TEST_F(Deciding, ADeadLetterTellsHowOftenTheMarketplaceWasAsked) {
  driver_.Own();
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  const Decision retry{.index = 0, .retry = true};
  for (int i = 0; i < 2; ++i) {
    auto place = driver_.TakeOne<effect::Place>();
    driver_.Turn(event::Answered{place.batch, false, std::span(&retry, 1)});
    driver_.Pass(kBackoffLongestMs);
  }
  driver_.Answer(driver_.TakeOne<effect::Place>(), Outcome::STATE_REJECTED,
                 crossing::v1::REASON_MALFORMED);
  crossing::v1::DeadLetter told;
  ASSERT_TRUE(told.ParseFromString(driver_.TakeOne<effect::ProduceDeadLetter>().value));
  EXPECT_EQ(told.attempts(), 3u);
}

// The marketplace refuses as malformed, the claim is lost while the dead letter is under way, and
// the next claim hears the refusal again: a second dead letter's acknowledgement would find its
// record gone.
TEST_F(Deciding, ARecordHasOneDeadLetterUnderWay) {
  driver_.Own();
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  driver_.Answer(driver_.TakeOne<effect::Place>(), Outcome::STATE_REJECTED,
                 crossing::v1::REASON_MALFORMED);
  auto letter = driver_.TakeOne<effect::ProduceDeadLetter>();
  driver_.Take<effect::ProduceOutcome>();
  driver_.Feed(event::StreamDown{});
  driver_.Feed(event::StreamUp{});
  driver_.Pass(kBackoffLongestMs);
  driver_.FinishClaim(/*horizon=*/1);
  driver_.Answer(driver_.TakeOne<effect::Place>(), Outcome::STATE_REJECTED,
                 crossing::v1::REASON_MALFORMED);
  EXPECT_TRUE(driver_.Take<effect::ProduceDeadLetter>().empty());
  driver_.Settle(driver_.TakeOne<effect::ProduceOutcome>());
  EXPECT_EQ(driver_.partition().unfinished(), 1u);
  driver_.Turn(event::Produced{letter.cookie, true, 0, driver_.wall_ms()});
  EXPECT_EQ(driver_.partition().unfinished(), 0u);
}

// --- Order within a lane
// --------------------------------------------------------------------------

TEST_F(Deciding, ALaneHasOneBatchUnderWayAndOtherLanesGoOn) {
  driver_.Own();
  driver_.Bring(driver_.NewIntent(1, "offer-1"));
  driver_.Tick();
  auto first = driver_.TakeOne<effect::Place>();
  PurchaseIntent second = driver_.NewIntent(2, "offer-1");
  PurchaseIntent other = driver_.NewIntent(3, "offer-2");
  driver_.Bring(second);
  driver_.Bring(other);
  driver_.Tick();
  EXPECT_EQ(IdsOf(driver_.TakeOne<effect::Place>()), std::vector{other.intent_id()});
  driver_.Answer(first, Outcome::STATE_ORDERED);
  EXPECT_EQ(IdsOf(driver_.TakeOne<effect::Place>()), std::vector{second.intent_id()});
}

TEST_F(Deciding, ABatchKeepsTheOrderOfTheLog) {
  driver_.Own();
  std::vector<std::string> ids;
  for (uint64_t i = 1; i <= 20; ++i) {
    PurchaseIntent intent = driver_.NewIntent(i);
    ids.push_back(intent.intent_id());
    driver_.Bring(intent);
  }
  driver_.Tick();
  EXPECT_EQ(IdsOf(driver_.TakeOne<effect::Place>()), ids);
}

TEST_F(Deciding, AHotOfferLeavesRoomForOthers) {
  driver_.Own();
  for (uint64_t i = 0; i < kOrdersPerBatch; ++i) {
    PurchaseIntent intent = driver_.NewIntent(1, "hot");
    intent.set_intent_id(base::Uuid::MakeV7(driver_.wall_ms(), i, i).ToString());
    base::SetMs(driver_.wall_ms() + intent::kTtlMs, intent.mutable_deadline());
    driver_.Bring(intent);
  }
  driver_.Bring(driver_.NewIntent(2, "cold"));
  driver_.Tick();
  auto place = driver_.TakeOne<effect::Place>();
  ASSERT_EQ(place.intents.size(), kOrdersPerBatch);
  EXPECT_EQ(place.intents[kOrdersPerLane]->offer_id(), "cold");
  EXPECT_EQ(place.intents.back()->offer_id(), "hot") << "room that is left is used";
}

TEST_F(Deciding, SlowAnswersHoldOrdersBackUntilTheyComeInTime) {
  driver_.Own();
  for (uint64_t i = 1; i <= 3 * kWindowLeast; ++i) {
    PurchaseIntent intent = driver_.NewIntent(i, "offer-" + std::to_string(i));
    driver_.Bring(intent);
  }
  driver_.Bring(driver_.NewIntent(250, "first"));
  driver_.Tick();
  auto place = driver_.TakeOne<effect::Place>();
  ASSERT_EQ(place.intents.size(), 3 * kWindowLeast + 1);
  // Thirty times what an answer may take: the least is all that may be unanswered from then on.
  driver_.Pass(30 * kAnswerGoalMs);
  driver_.Answer(place, Outcome::STATE_ORDERED);
  for (uint64_t i = 1; i <= 3 * kWindowLeast; ++i) {
    PurchaseIntent intent = driver_.NewIntent(i, "offer-" + std::to_string(i), 50);
    driver_.Bring(intent);
  }
  driver_.Tick();
  place = driver_.TakeOne<effect::Place>();
  EXPECT_EQ(place.intents.size(), kWindowLeast);
  driver_.Pass(1);
  EXPECT_TRUE(driver_.Take<effect::Place>().empty()) << "the window is full";
  driver_.Answer(place, Outcome::STATE_ORDERED);
  EXPECT_EQ(driver_.TakeOne<effect::Place>().intents.size(), 2 * kWindowLeast);
}

TEST_F(Deciding, RetryPutsTheIntentBackInItsPlaceAndWaitsAsTold) {
  driver_.Own();
  std::vector<std::string> ids;
  for (uint64_t i = 1; i <= 3; ++i) {
    PurchaseIntent intent = driver_.NewIntent(i);
    ids.push_back(intent.intent_id());
    driver_.Bring(intent);
  }
  driver_.Tick();
  auto place = driver_.TakeOne<effect::Place>();
  std::vector<Decision> decisions(3);
  for (uint32_t i = 0; i < 3; ++i) decisions[i].index = i;
  decisions[0].outcome.set_state(Outcome::STATE_ORDERED);
  decisions[1].retry = decisions[2].retry = true;
  decisions[2].retry_after_ms = 700;
  driver_.Turn(event::Answered{place.batch, false, decisions});
  driver_.Pass(699);
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
  driver_.Pass(1);
  // The head is tried alone; what follows it goes on once it is decided.
  auto head = driver_.TakeOne<effect::Place>();
  EXPECT_EQ(IdsOf(head), std::vector{ids[1]});
  EXPECT_EQ(driver_.counts().retries, 2u);
  driver_.Answer(head, Outcome::STATE_ORDERED);
  EXPECT_EQ(IdsOf(driver_.TakeOne<effect::Place>()), std::vector{ids[2]});
}

// --- A marketplace in trouble
// ----------------------------------------------------------------------

class InTrouble : public Deciding {
 protected:
  void SetUp() override {
    Deciding::SetUp();
    driver_.Own();
  }
  void PutOff(const effect::Place& place) {
    std::vector<Decision> decisions(place.intents.size());
    for (uint32_t i = 0; i < decisions.size(); ++i) {
      decisions[i].index = i;
      decisions[i].retry = true;
    }
    driver_.Turn(event::Answered{place.batch, false, decisions});
  }
  // Every batch of the next so many milliseconds is put off; returns the orders that were sent.
  size_t PutAllOffFor(int64_t ms) {
    size_t orders = 0;
    for (int64_t passed = 0; passed < ms; passed += 10) {
      driver_.Pass(10);
      for (const auto& place : driver_.Take<effect::Place>()) {
        orders += place.intents.size();
        PutOff(place);
      }
    }
    return orders;
  }
};

TEST_F(InTrouble, TheBreakerStopsOrdersAndFetchesAndTriesWithOneOrder) {
  for (uint64_t i = 1; i <= 40; ++i)
    driver_.Bring(driver_.NewIntent(i, "offer-" + std::to_string(i)));
  driver_.Tick();
  PutAllOffFor(2'000);
  EXPECT_FALSE(driver_.core().marketplace_usable());
  EXPECT_EQ(driver_.Take<effect::Pause>().size(), 1u);
  // A few tries in a minute, each of one order.
  EXPECT_LE(PutAllOffFor(60'000), 20u);
  EXPECT_TRUE(driver_.Take<effect::Resume>().empty());
  std::vector<effect::Place> tried;
  for (int i = 0; i < 2'000 && tried.empty(); ++i) {
    driver_.Pass(10);
    tried = driver_.Take<effect::Place>();
  }
  ASSERT_EQ(tried.size(), 1u);
  EXPECT_EQ(tried[0].intents.size(), 1u);
  driver_.Answer(tried[0], Outcome::STATE_ORDERED);
  EXPECT_TRUE(driver_.core().marketplace_usable());
  EXPECT_EQ(driver_.Take<effect::Resume>().size(), 1u);
  size_t placed = 0;
  for (int i = 0; i < 300; ++i) {
    driver_.Pass(10);
    for (const auto& place : driver_.Take<effect::Place>()) {
      placed += place.intents.size();
      driver_.Answer(place, Outcome::STATE_ORDERED);
    }
  }
  EXPECT_EQ(placed, 39u);
}

TEST_F(InTrouble, ASlowOfferRestsAloneAndOpensNothing) {
  driver_.Bring(driver_.NewIntent(1, "slow"));
  size_t others = 0;
  for (uint64_t i = 2; i <= 100; ++i) {
    driver_.Bring(driver_.NewIntent(i, "offer-" + std::to_string(i)));
    driver_.Pass(10);
    for (const auto& place : driver_.Take<effect::Place>()) {
      if (place.intents[0]->offer_id() == "slow") {
        PutOff(place);
        continue;
      }
      others += place.intents.size();
      driver_.Answer(place, Outcome::STATE_ORDERED);
    }
  }
  EXPECT_TRUE(driver_.core().marketplace_usable());
  EXPECT_GE(others, 95u);
}

TEST_F(InTrouble, BuyersAreToldUnconfirmedAndTheMarketplaceIsAskedFirst) {
  std::vector<std::string> ids;
  for (uint64_t i = 1; i <= 3; ++i) {
    ids.push_back(driver_.NewIntent(i).intent_id());
    driver_.Bring(driver_.NewIntent(i));
  }
  driver_.Tick();
  EXPECT_EQ(IdsOf(driver_.TakeOne<effect::Place>()), ids);
  driver_.Turn(event::StreamDown{});
  driver_.Pass(kUnconfirmedMs - 1);
  EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty());
  driver_.Pass(1);
  auto told = driver_.Take<effect::ProduceOutcome>();
  ASSERT_EQ(told.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    Outcome outcome = CoreDriver::Parse(told[i].value).outcome();
    EXPECT_EQ(outcome.state(), Outcome::STATE_UNCONFIRMED);
    EXPECT_EQ(outcome.intent_id(), ids[i]);
    driver_.Settle(told[i]);
  }
  EXPECT_EQ(driver_.counts().unconfirmed, 3u);
  driver_.Pass(kUnconfirmedMs);
  EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty()) << "told twice";

  driver_.Feed(event::StreamUp{});
  driver_.Pass(kBackoffLongestMs);
  driver_.FinishClaim(/*horizon=*/3);
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
  auto ask = driver_.TakeOne<effect::Ask>();
  ASSERT_EQ(ask.intents.size(), 3u);
  std::vector<Finding> findings(3);
  findings[0].found = true;
  findings[0].outcome.set_state(Outcome::STATE_ORDERED);
  findings[0].outcome.set_order_id("order-1");
  findings[0].outcome.set_fingerprint(ask.intents[0]->fingerprint());
  driver_.Turn(event::Found{ask.ask, true, false, findings});
  Outcome first = TakeOutcome();
  EXPECT_EQ(first.state(), Outcome::STATE_ORDERED);
  EXPECT_EQ(first.intent_id(), ids[0]);
  // What it does not know was never placed and is placed now.
  EXPECT_EQ(IdsOf(driver_.TakeOne<effect::Place>()), (std::vector{ids[1], ids[2]}));
}

// Seed 1457 of the simulation: what waited behind a questioned head was asked about though its
// final had been read back, and got a second one.
TEST_F(InTrouble, WhatHasAFinalIsNotAskedAboutWithTheHead) {
  for (uint64_t i = 1; i <= 2; ++i) driver_.Bring(driver_.NewIntent(i));
  driver_.Tick();
  auto place = driver_.TakeOne<effect::Place>();
  driver_.Turn(event::StreamDown{});
  driver_.Pass(kUnconfirmedMs);
  EXPECT_EQ(driver_.Take<effect::ProduceOutcome>().size(), 2u);
  driver_.Feed(event::StreamUp{});
  driver_.Pass(kBackoffLongestMs);
  driver_.FinishClaim(/*horizon=*/2);
  auto ask = driver_.TakeOne<effect::Ask>();
  std::vector<Finding> findings(2);
  for (size_t i = 0; i < 2; ++i) {
    findings[i].found = true;
    findings[i].outcome.set_state(Outcome::STATE_ORDERED);
    findings[i].outcome.set_fingerprint(ask.intents[i]->fingerprint());
  }
  driver_.Turn(event::Found{ask.ask, true, false, findings});
  auto finals = driver_.Take<effect::ProduceOutcome>();
  ASSERT_EQ(finals.size(), 2u);
  // The second one's final is in the log; the claim is lost before its acknowledgement comes.
  driver_.ReadBack(driver_.token() + 20, finals[1].value);
  driver_.Turn(event::StreamDown{});
  driver_.Feed(event::StreamUp{});
  driver_.Pass(kBackoffLongestMs);
  driver_.FinishClaim(/*horizon=*/2);
  EXPECT_EQ(driver_.TakeOne<effect::Ask>().intents.size(), 1u);
}

TEST_F(InTrouble, AShortBreakIsNotTold) {
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  driver_.TakeOne<effect::Place>();
  driver_.Turn(event::StreamDown{});
  driver_.Feed(event::StreamUp{});
  driver_.Pass(kBackoffFirstMs);
  driver_.FinishClaim(/*horizon=*/1);
  EXPECT_EQ(driver_.TakeOne<effect::Place>().intents.size(), 1u);
  driver_.Pass(kUnconfirmedMs);
  EXPECT_EQ(driver_.counts().unconfirmed, 0u);
}

TEST_F(Deciding, AnAnswerInPartsIsTakenInParts) {
  driver_.Own();
  driver_.Bring(driver_.NewIntent(1, "offer-1"));
  driver_.Bring(driver_.NewIntent(2, "offer-2"));
  driver_.Tick();
  auto place = driver_.TakeOne<effect::Place>();
  std::vector<Decision> one(1);
  one[0].index = 1;
  one[0].outcome.set_state(Outcome::STATE_ORDERED);
  driver_.Turn(event::Answered{place.batch, false, one});
  EXPECT_EQ(driver_.Take<effect::ProduceOutcome>().size(), 1u);
  driver_.Turn(event::Answered{place.batch, false, one});
  EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty()) << "said twice, written twice";
  one[0].index = 9;
  driver_.Turn(event::Answered{place.batch, false, one});
  EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty()) << "an index the batch has not";
}

// Rule 6: were the refusal not in the log yet, a crash would let a later intent overtake it.
TEST_F(Deciding, ALaneWaitsForItsOwnRefusalToBeAcknowledged) {
  driver_.Own();
  PurchaseIntent refused = driver_.NewIntent(1);
  refused.set_consent_given(false);
  driver_.Bring(refused);
  driver_.Bring(driver_.NewIntent(2));
  driver_.Tick();
  auto written = driver_.TakeOne<effect::ProduceOutcome>();
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
  driver_.Acknowledge(written);
  driver_.Tick();
  EXPECT_EQ(driver_.Take<effect::Place>().size(), 1u);
}

// After an outage each expired intent of a hot offer took a round trip to the log of its own: the
// lane was minutes behind all others.
TEST_F(Deciding, RefusalsDoNotWaitForEachOtherOnlyOrdersForAllOfThem) {
  driver_.Own();
  for (uint64_t i = 1; i <= kRefusalsInFlight + 1; ++i) {
    PurchaseIntent refused = driver_.NewIntent(1);
    refused.set_intent_id(base::Uuid::MakeV7(driver_.wall_ms(), i, i).ToString());
    refused.set_consent_given(false);
    driver_.Bring(refused);
  }
  driver_.Bring(driver_.NewIntent(2));
  driver_.Tick();
  auto written = driver_.Take<effect::ProduceOutcome>();
  ASSERT_EQ(written.size(), kRefusalsInFlight);
  driver_.Acknowledge(written.back());
  driver_.Tick();
  auto last = driver_.TakeOne<effect::ProduceOutcome>();
  written.back() = last;
  for (const auto& outcome : written) {
    EXPECT_TRUE(driver_.Take<effect::Place>().empty());
    driver_.Acknowledge(outcome);
    driver_.Tick();
  }
  EXPECT_EQ(driver_.Take<effect::Place>().size(), 1u);
}

// --- A newer marketplace, a newer bridge before this one ----------------------------------------

TEST_F(Deciding, AResultWithoutAWordForItIsAskedAboutAndNeverExpiredAlone) {
  driver_.Own();
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  auto place = driver_.TakeOne<effect::Place>();
  const Decision unclear{.index = 0, .retry = true, .unclear = true};
  driver_.Turn(event::Answered{place.batch, false, std::span(&unclear, 1)});
  auto told = driver_.TakeOne<effect::ProduceOutcome>();
  EXPECT_EQ(CoreDriver::Parse(told.value).outcome().state(), Outcome::STATE_UNCONFIRMED);
  EXPECT_EQ(driver_.counts().unclear, 1u);

  const Finding still{.found = true, .unclear = true};
  driver_.Pass(intent::kTtlMs + 1);
  for (int i = 0; i < 3; ++i) {
    auto ask = driver_.TakeOne<effect::Ask>();
    driver_.Turn(event::Found{ask.ask, true, false, std::span(&still, 1)});
    driver_.Pass(kBackoffLongestMs);
  }
  EXPECT_TRUE(driver_.Take<effect::Place>().empty()) << "it is asked first";
  EXPECT_EQ(driver_.counts().expired, 0u);
  EXPECT_EQ(driver_.counts().unconfirmed, 1u) << "told once";

  Finding known{.found = true};
  known.outcome.set_state(Outcome::STATE_ORDERED);
  known.outcome.set_fingerprint(driver_.NewIntent(1).fingerprint());
  auto ask = driver_.TakeOne<effect::Ask>();
  driver_.Take<effect::ProduceOutcome>();
  driver_.Turn(event::Found{ask.ask, true, false, std::span(&known, 1)});
  auto written = driver_.TakeOne<effect::ProduceOutcome>();
  EXPECT_EQ(CoreDriver::Parse(written.value).outcome().state(), Outcome::STATE_ORDERED);
}

TEST_F(Deciding, AFinalOfANewerBridgeIsRepeatedByteForByte) {
  driver_.Own();
  PurchaseIntent intent = driver_.NewIntent(1);
  crossing::v1::OutcomeRecord record;
  record.set_token(driver_.token());
  record.set_marketplace_id(CoreDriver::kMarketplace);
  Outcome* outcome = record.mutable_outcome();
  outcome->set_intent_id(intent.intent_id());
  outcome->set_buyer_ref(intent.buyer_ref());
  outcome->set_fingerprint(intent.fingerprint());
  outcome->set_state(static_cast<Outcome::State>(77));
  outcome->set_reason(static_cast<crossing::v1::Reason>(999));
  crossing::testing::AddNewerField(outcome);
  driver_.ReadBack(1'000, record.SerializeAsString());
  driver_.Bring(intent);
  driver_.Tick();
  EXPECT_TRUE(driver_.Take<effect::Place>().empty()) << "it is decided";
  Outcome repeated = CoreDriver::Parse(driver_.TakeOne<effect::ProduceOutcome>().value).outcome();
  EXPECT_EQ(repeated.SerializeAsString(), outcome->SerializeAsString());
}

TEST_F(Deciding, AnIntentOfANewerGatewayIsPlacedAsFarAsItIsKnown) {
  driver_.Own();
  PurchaseIntent intent = driver_.NewIntent(1);
  crossing::testing::AddNewerField(&intent);
  driver_.Bring(intent);
  driver_.Tick();
  EXPECT_EQ(driver_.TakeOne<effect::Place>().intents.size(), 1u);
  EXPECT_EQ(driver_.counts().dead_letters, 0u);
}

// --- Copies and reused ids
// ------------------------------------------------------------------------

TEST_F(Deciding, ACopyRepeatsTheFinalByteForByte) {
  driver_.Own();
  PurchaseIntent intent = driver_.NewIntent(1);
  driver_.Bring(intent);
  driver_.Bring(intent);
  driver_.Tick();
  auto place = driver_.TakeOne<effect::Place>();
  EXPECT_EQ(place.intents.size(), 1u);
  driver_.Answer(place, Outcome::STATE_ORDERED);
  auto written = driver_.Take<effect::ProduceOutcome>();
  ASSERT_EQ(written.size(), 2u);
  EXPECT_EQ(written[0].value, written[1].value);
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
}

TEST_F(Deciding, ACopyReadLateRepeatsEvenAfterTheDeadline) {
  driver_.Own();
  PurchaseIntent intent = driver_.NewIntent(1);
  driver_.Bring(intent);
  driver_.Tick();
  driver_.Answer(driver_.TakeOne<effect::Place>(), Outcome::STATE_ORDERED);
  auto written = driver_.TakeOne<effect::ProduceOutcome>();
  driver_.Settle(written);
  int64_t appended_ms = driver_.wall_ms();
  driver_.Pass(intent::kTtlMs + 1);
  driver_.Take<effect::ProduceOutcome>();
  driver_.Feed(event::Intent{0, 1, appended_ms, intent.offer_id(), intent.SerializeAsString()});
  driver_.Tick();
  EXPECT_EQ(driver_.TakeOne<effect::ProduceOutcome>().value, written.value);
}

TEST_F(Deciding, AnotherBodyUnderOneIdIsRefusedAndTheFirstStands) {
  driver_.Own();
  PurchaseIntent first = driver_.NewIntent(1);
  PurchaseIntent second = first;
  second.set_quantity(2);
  second.set_fingerprint(std::string(32, 'g'));
  driver_.Bring(first);
  driver_.Bring(second);
  driver_.Bring(second);
  driver_.Tick();
  driver_.Answer(driver_.TakeOne<effect::Place>(), Outcome::STATE_ORDERED);
  auto written = driver_.Take<effect::ProduceOutcome>();
  ASSERT_EQ(written.size(), 2u);
  EXPECT_EQ(CoreDriver::Parse(written[0].value).outcome().state(), Outcome::STATE_ORDERED);
  Outcome reused = CoreDriver::Parse(written[1].value).outcome();
  EXPECT_EQ(reused.reason(), crossing::v1::REASON_ID_REUSED);
  EXPECT_EQ(reused.fingerprint(), second.fingerprint());
  driver_.Acknowledge(written[1]);
  driver_.Tick();
  EXPECT_EQ(driver_.TakeOne<effect::ProduceOutcome>().value, written[1].value);
}

TEST_F(Deciding, FieldsThatTheContractDoesNotHaveAreCountedAndTheIntentIsServed) {
  driver_.Own();
  PurchaseIntent intent = driver_.NewIntent(1);
  const uint64_t planted = base::PlantUnknownFields(&intent, "CANARY");
  driver_.Bring(intent);
  driver_.Tick();
  EXPECT_EQ(IdsOf(driver_.TakeOne<effect::Place>()), std::vector{intent.intent_id()});
  EXPECT_EQ(driver_.counts().unknown_fields, planted);
}

TEST_F(Deciding, TheSameIdOfAnotherBuyerIsAnotherIntent) {
  driver_.Own();
  PurchaseIntent mine = driver_.NewIntent(1);
  PurchaseIntent theirs = mine;
  theirs.set_buyer_ref(std::string(32, 'x'));
  driver_.Bring(mine);
  driver_.Bring(theirs);
  driver_.Tick();
  EXPECT_EQ(driver_.TakeOne<effect::Place>().intents.size(), 2u);
}

}  // namespace
}  // namespace jembatan::bridge
