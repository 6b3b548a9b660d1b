#include "libs/history/shadow.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "libs/base/timestamp.h"
#include "libs/intent/limits.h"

namespace jembatan::history {
namespace {

using crossing::v1::Outcome;

constexpr int64_t kNow = 1'790'000'000'000;

// One tap of one buyer.
struct Tap {
  int number = 1;
  std::string offer = "kopi";
  char body = 'a';
  int64_t id_ms = kNow;
  std::string marketplace = "m";

  base::Uuid id() const { return base::Uuid::MakeV7(id_ms, 1, static_cast<uint64_t>(number)); }
  std::string buyer() const { return std::string(32, static_cast<char>('A' + number % 20)); }
};

class ShadowTest : public testing::Test {
 protected:
  void Intent(const Tap& tap, int64_t offset, int64_t append_ms = kNow + 5) {
    crossing::v1::PurchaseIntent intent;
    intent.set_intent_id(tap.id().ToString());
    intent.set_buyer_ref(tap.buyer());
    intent.set_offer_id(tap.offer);
    intent.set_quantity(1);
    intent.set_marketplace_id(tap.marketplace);
    intent.set_fingerprint(std::string(32, tap.body));
    base::SetMs(tap.id_ms + intent::kTtlMs, intent.mutable_deadline());
    shadow_.OnIntent(offset, append_ms, tap.offer, intent.SerializeAsString(), &breaches_);
  }
  void Final(const Tap& tap, Outcome::State state, int64_t intent_offset,
             const std::string& order = "", int64_t append_ms = kNow + 5, uint64_t token = 0,
             uint64_t sequence = 0) {
    crossing::v1::OutcomeRecord record;
    record.set_token(token);
    record.set_marketplace_id(tap.marketplace);
    Outcome* outcome = record.mutable_outcome();
    outcome->set_intent_id(tap.id().ToString());
    outcome->set_buyer_ref(tap.buyer());
    outcome->set_offer_id(tap.offer);
    outcome->set_fingerprint(std::string(32, tap.body));
    outcome->set_state(state);
    outcome->set_order_id(order);
    outcome->set_intent_offset(intent_offset);
    outcome->set_sequence(sequence);
    base::SetMs(append_ms, outcome->mutable_intent_append_time());
    shadow_.OnOutcome(next_++, kNow + 50, record.SerializeAsString(), &breaches_);
  }
  void Ordered(const Tap& tap, int64_t intent_offset, const std::string& order = "o") {
    Final(tap, Outcome::STATE_ORDERED, intent_offset, order);
  }
  void InTurn(const Tap& tap, int64_t intent_offset, uint64_t sequence) {
    Final(tap, Outcome::STATE_ORDERED, intent_offset, "o", kNow + 5, 0, sequence);
  }
  void Open(uint64_t token, int64_t progress_ms = 0, const std::string& marketplace = "m") {
    crossing::v1::OutcomeRecord record;
    record.set_token(token);
    record.set_marketplace_id(marketplace);
    base::SetMs(progress_ms + intent::kBrokerSkewMs, record.mutable_open()->mutable_progress());
    shadow_.OnOutcome(next_++, kNow + 50, record.SerializeAsString(), &breaches_);
  }
  // Which promises were broken so far, as "P1 P5".
  std::string Broken() const {
    std::string text;
    for (const Breach& breach : breaches_) {
      text += (text.empty() ? "P" : " P") + std::to_string(breach.promise);
    }
    return text;
  }

  Shadow shadow_;
  std::vector<Breach> breaches_;
  int64_t next_ = 0;
};

TEST_F(ShadowTest, AnOrdinaryCourseBreaksNothing) {
  Open(0);
  for (int i = 1; i <= 4; ++i) Intent({.number = i}, i);
  Ordered({.number = 1}, 1, "o1");
  Final({.number = 2}, Outcome::STATE_REJECTED, 2);
  Final({.number = 3}, Outcome::STATE_UNCONFIRMED, 3);
  Final({.number = 3}, Outcome::STATE_HANDED_OFF, 3);
  Ordered({.number = 4}, 4, "o4");
  // A copy, and its final repeated.
  Intent({.number = 1}, 5);
  Ordered({.number = 1}, 5, "o1");
  Open(0, kNow + 1'000);
  EXPECT_EQ(Broken(), "");
  EXPECT_EQ(shadow_.checked(), 4u);
  EXPECT_EQ(shadow_.unchecked(), 0u);
}

TEST_F(ShadowTest, P1FinishedWithoutAFinal) {
  Intent({.number = 1}, 1, kNow + 5);
  Intent({.number = 2}, 2, kNow + 900);
  Open(0, kNow + 900);
  ASSERT_EQ(Broken(), "P1");
  EXPECT_EQ(breaches_[0].id, Tap{.number = 1}.id());
  EXPECT_FALSE(breaches_[0].in_outcomes);
  EXPECT_EQ(breaches_[0].offset, 1);
  // Told once.
  Open(0, kNow + 900);
  EXPECT_EQ(Broken(), "P1");
}

// The topics are read one ahead of the other.
TEST_F(ShadowTest, P1WhenTheIntentIsReadAfterTheProgress) {
  Ordered({.number = 1}, 1);
  Open(0, kNow + 900);
  Intent({.number = 1}, 1);
  EXPECT_EQ(Broken(), "");
  Intent({.number = 2}, 2);
  EXPECT_EQ(Broken(), "P1");
}

TEST_F(ShadowTest, ProgressSpeaksForItsMarketplaceAlone) {
  Intent({.number = 1, .marketplace = "other"}, 1);
  Open(0, kNow + 900);
  EXPECT_EQ(Broken(), "");
  Open(0, kNow + 900, "other");
  EXPECT_EQ(Broken(), "P1");
}

TEST_F(ShadowTest, TwoFinalsThatDiffer) {
  const struct {
    Outcome::State first, second;
    std::string first_order, second_order, broken;
  } kRows[] = {
      {Outcome::STATE_ORDERED, Outcome::STATE_ORDERED, "o1", "o2", "P1"},
      {Outcome::STATE_ORDERED, Outcome::STATE_REJECTED, "o1", "", "P1"},
      {Outcome::STATE_HANDED_OFF, Outcome::STATE_ORDERED, "", "o1", "P1"},
      {Outcome::STATE_REJECTED, Outcome::STATE_ORDERED, "", "o1", "P2"},
      {Outcome::STATE_EXPIRED, Outcome::STATE_ORDERED, "", "o1", "P2"},
      {Outcome::STATE_EXPIRED, Outcome::STATE_EXPIRED, "", "", ""},
  };
  for (const auto& row : kRows) {
    breaches_.clear();
    shadow_ = Shadow();
    next_ = 0;
    Intent({}, 1);
    Final({}, row.first, 1, row.first_order);
    Final({}, row.second, 1, row.second_order);
    EXPECT_EQ(Broken(), row.broken) << row.first << " " << row.second;
  }
}

TEST_F(ShadowTest, P3ARepeatedFinalThatSaysAnotherThing) {
  Intent({}, 1);
  crossing::v1::OutcomeRecord record;
  record.set_marketplace_id("m");
  Outcome* outcome = record.mutable_outcome();
  outcome->set_intent_id(Tap{}.id().ToString());
  outcome->set_buyer_ref(Tap{}.buyer());
  outcome->set_fingerprint(std::string(32, 'a'));
  outcome->set_state(Outcome::STATE_ORDERED);
  outcome->set_order_id("o");
  outcome->set_continue_url("https://one.example/");
  shadow_.OnOutcome(0, kNow + 50, record.SerializeAsString(), &breaches_);
  shadow_.OnOutcome(1, kNow + 50, record.SerializeAsString(), &breaches_);
  EXPECT_EQ(Broken(), "");
  outcome->set_continue_url("https://two.example/");
  shadow_.OnOutcome(2, kNow + 50, record.SerializeAsString(), &breaches_);
  EXPECT_EQ(Broken(), "P3");
}

TEST_F(ShadowTest, P4TwoBodiesOfOneId) {
  Intent({.body = 'a'}, 1);
  Intent({.body = 'b'}, 2);
  Ordered({.body = 'a'}, 1, "o1");
  Final({.body = 'b'}, Outcome::STATE_REJECTED, 2);
  EXPECT_EQ(Broken(), "");
  shadow_ = Shadow();
  next_ = 0;
  Intent({.body = 'a'}, 1);
  Intent({.body = 'b'}, 2);
  Ordered({.body = 'a'}, 1, "o1");
  Ordered({.body = 'b'}, 2, "o2");
  EXPECT_EQ(Broken(), "P4");
}

TEST_F(ShadowTest, P5OrderedThoughAppendedTooLate) {
  Final({}, Outcome::STATE_ORDERED, 1, "o", kNow + intent::kTtlMs);
  EXPECT_EQ(Broken(), "");
  Final({.number = 2}, Outcome::STATE_ORDERED, 2, "o2", kNow + intent::kTtlMs + 1);
  EXPECT_EQ(Broken(), "P5");
}

// The log did not take the first one's outcome at once; the marketplace had decided it before.
TEST_F(ShadowTest, OutcomesMayBeToldInAnotherOrderThanDecided) {
  for (int i = 1; i <= 2; ++i) Intent({.number = i}, i);
  Ordered({.number = 2}, 2, "o2");
  Ordered({.number = 1}, 1, "o1");
  EXPECT_EQ(Broken(), "");
}

TEST_F(ShadowTest, WhatIsVoidCountsForNothing) {
  // A successor has opened: what its predecessor says afterwards is void.
  Intent({}, 1);
  Open(0);
  Open(5);
  Final({}, Outcome::STATE_REJECTED, 1, "", kNow, 0);
  Final({}, Outcome::STATE_ORDERED, 1, "o", kNow, 5);
  EXPECT_EQ(Broken(), "");
  // A copy that came too late needs no final.
  Intent({.number = 2}, 2, kNow + intent::kTtlMs + 1);
  Open(5, kNow + 2 * intent::kTtlMs);
  EXPECT_EQ(Broken(), "");
  // Nor does what nobody can read.
  shadow_.OnIntent(3, kNow, "kopi", "\xff\xff", &breaches_);
  shadow_.OnOutcome(90, kNow, "\xff\xff", &breaches_);
  EXPECT_EQ(Broken(), "");
}

TEST_F(ShadowTest, GoesOnAfterARestartWithoutAFalseAlarm) {
  Open(0);
  Open(5);
  Intent({.number = 1}, 1, kNow + 5);
  Ordered({.number = 1}, 1);
  // The outcomes were read up to kNow + 50; then another auditor takes over.
  shadow_ = Shadow(shadow_.Opens(), kNow + 50);
  Intent({.number = 2}, 2, kNow + 50);
  Intent({.number = 3}, 3, kNow + 51);
  Final({.number = 3}, Outcome::STATE_REJECTED, 3, "", kNow, 0);  // void, by the open before
  Open(5, kNow + 900);
  ASSERT_EQ(Broken(), "P1");
  EXPECT_EQ(breaches_[0].offset, 3);
}

// The log begins in the middle of an owner's reign: what it said then cannot be judged.
TEST_F(ShadowTest, BeginsWhereTheLogBegins) {
  next_ = 100;
  Intent({.number = 1}, 1, kNow + 5);
  Final({.number = 1}, Outcome::STATE_REJECTED, 1, "", kNow + 5, 90);
  Final({.number = 1}, Outcome::STATE_ORDERED, 1, "o", kNow + 5, 80);
  Open(103, kNow + 60'000);
  EXPECT_EQ(Broken(), "");
  Intent({.number = 2}, 2, kNow + 30'000);
  EXPECT_EQ(Broken(), "P1");
}

TEST_F(ShadowTest, MemoryIsBoundedByProgress) {
  Open(0);
  for (int i = 0; i < 1'000; ++i) {
    const Tap tap{.number = i, .id_ms = kNow + i * 1'000};
    Intent(tap, i, tap.id_ms + 5);
    Final(tap, Outcome::STATE_ORDERED, i, "o" + std::to_string(i), tap.id_ms + 5);
    Open(0, tap.id_ms);
  }
  // TTL and M are 130 seconds; one bucket more.
  EXPECT_LE(shadow_.remembered(), 133u);
  EXPECT_EQ(Broken(), "");
  EXPECT_EQ(shadow_.checked(), 1'000u);
}

TEST_F(ShadowTest, MemoryIsBoundedWithoutProgress) {
  for (size_t i = 0; i < kIntentsMax + 1'000; ++i) {
    Intent({.number = static_cast<int>(i)}, static_cast<int64_t>(i));
  }
  EXPECT_EQ(shadow_.remembered(), kIntentsMax);
  EXPECT_EQ(shadow_.unchecked(), 1'000u);
  EXPECT_EQ(Broken(), "");
}

TEST_F(ShadowTest, BlindFromTheStartItJudgesOnlyWhatCameLater) {
  shadow_ = Shadow(kNow + 5);
  Intent({.number = 1}, 0, kNow + 5);
  Intent({.number = 2}, 1, kNow + 6);
  Open(0, kNow + 60);
  EXPECT_EQ(Broken(), "P1");
  EXPECT_EQ(breaches_.front().id, Tap{.number = 2}.id());
}

TEST_F(ShadowTest, OrdersInTurnMayBeToldInAnyOrder) {
  for (int i = 0; i < 5; ++i) Intent({.number = i}, i);
  for (int i : {3, 0, 4, 1, 2}) InTurn({.number = i}, i, static_cast<uint64_t>(10 + i));
  EXPECT_EQ(Broken(), "");
}

TEST_F(ShadowTest, OutOfTurnIsFoundWhicheverIsToldFirst) {
  Intent({.number = 1}, 0);
  Intent({.number = 2}, 1);
  InTurn({.number = 1}, 0, 8);
  InTurn({.number = 2}, 1, 7);
  EXPECT_EQ(Broken(), "P6");
  // Of another offer, and as the other one was told first.
  Intent({.number = 3, .offer = "teh"}, 2);
  Intent({.number = 4, .offer = "teh"}, 3);
  InTurn({.number = 4, .offer = "teh"}, 3, 7);
  InTurn({.number = 3, .offer = "teh"}, 2, 8);
  EXPECT_EQ(Broken(), "P6 P6");
  EXPECT_EQ(breaches_[0].offset, 1);
  EXPECT_EQ(breaches_[1].id, (Tap{.number = 3}.id()));
}

TEST_F(ShadowTest, TwoOrdersWithOneTurnAreOutOfTurn) {
  InTurn({.number = 1}, 0, 7);
  InTurn({.number = 2}, 1, 7);
  EXPECT_EQ(Broken(), "P6");
}

TEST_F(ShadowTest, AMarketplaceThatTellsNoSequenceIsNotJudgedByIt) {
  InTurn({.number = 2}, 1, 0);
  InTurn({.number = 1}, 0, 0);
  EXPECT_EQ(Broken(), "");
}

TEST_F(ShadowTest, OffersAndMarketplacesHaveTurnsOfTheirOwn) {
  InTurn({.number = 1}, 0, 9);
  InTurn({.number = 2, .offer = "teh"}, 1, 3);
  InTurn({.number = 3, .marketplace = "n"}, 2, 1);
  EXPECT_EQ(Broken(), "");
}

TEST_F(ShadowTest, ItsLowestCopyIsAnOrdersTurn) {
  // The outcome names the second copy, and is read before the intents.
  InTurn({.number = 1}, 5, 7);
  InTurn({.number = 2}, 3, 8);
  EXPECT_EQ(Broken(), "P6");
  breaches_.clear();
  InTurn({.number = 3, .offer = "teh"}, 9, 7);
  InTurn({.number = 4, .offer = "teh"}, 8, 6);
  Intent({.number = 3, .offer = "teh"}, 7);
  EXPECT_EQ(Broken(), "P6");
  EXPECT_FALSE(breaches_.front().in_outcomes);
}

TEST_F(ShadowTest, ALateCopyOfAnOrderFromBeforeTakesNoTurn) {
  shadow_ = Shadow({}, kNow + 100);
  Intent({.number = 1}, 5);  // its first copy: blind
  Intent({.number = 2}, 6, kNow + 200);
  Intent({.number = 1}, 7, kNow + 300);  // a later one
  InTurn({.number = 1}, 5, 7);
  InTurn({.number = 2}, 6, 8);
  EXPECT_EQ(Broken(), "");
}

TEST_F(ShadowTest, AnOrderLongForgottenStillComesFirst) {
  Intent({.number = 1}, 0);
  InTurn({.number = 1}, 0, 50);
  const int64_t later = kNow + 10 * intent::kTtlMs;
  Intent({.number = 2, .id_ms = later}, 1, later + 5);
  Open(0, later);
  EXPECT_EQ(shadow_.remembered(), 1u);
  Final({.number = 2, .id_ms = later}, Outcome::STATE_ORDERED, 1, "o", later + 5, 0, 49);
  EXPECT_EQ(Broken(), "P6");
}

// It was taken for a second order with the turn of the first.
TEST_F(ShadowTest, AForgottenOrderThatIsRepeatedKeepsItsTurn) {
  Intent({.number = 1}, 0);
  InTurn({.number = 1}, 0, 50);
  const int64_t later = kNow + 10 * intent::kTtlMs;
  Intent({.number = 2, .id_ms = later}, 1, later + 5);
  Open(0, later);
  InTurn({.number = 1}, 0, 50);
  EXPECT_EQ(Broken(), "");
  Final({.number = 2, .id_ms = later}, Outcome::STATE_ORDERED, 1, "o", later + 5, 0, 49);
  EXPECT_EQ(Broken(), "P6");
}

}  // namespace
}  // namespace jembatan::history
