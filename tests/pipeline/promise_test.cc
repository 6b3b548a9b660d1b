// The promise, intent by intent: what a viewer is told wherever they ask, and what exists for it at
// the marketplace.

#include <string>
#include <utility>

#include "gtest/gtest.h"

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/base/timestamp.h"
#include "libs/intent/intent.h"
#include "libs/kafka/config.h"
#include "tests/pipeline/callers_grpc.h"
#include "tests/pipeline/house.h"
#include "tests/pipeline/patience.h"
#include "tests/pipeline/topic_reader.h"
#include "tests/pipeline/viewer.h"

namespace jembatan::pipeline {
namespace {

using crossing::v1::DeadLetter;
using intake::v1::Intent;
using intake::v1::Outcome;
using intake::v1::Receipt;
using Answers = intake::v1::GetOutcomesResponse;

constexpr char kAni[] = "ani";
constexpr char kBudi[] = "budi";

class PromiseTest : public ::testing::Test {
 protected:
  PromiseTest() : house_({{"kopi", 1'000}, {"teh", 1'000}, {"gula", 1'000}}) {}

  void Open(int bridges = 1) {
    const absl::Status started = house_.Start(bridges);
    ASSERT_TRUE(started.ok()) << started;
  }

  std::unique_ptr<Viewer> Watch(const std::string& viewer, size_t gateway,
                                intent::Encoding encoding = intent::Encoding::kProto) {
    return std::make_unique<Viewer>(loop_, house_.gateway(gateway).port(), house_.TokenOf(viewer),
                                    encoding);
  }

  // The outcome of the viewer's first tap on this intent.
  std::optional<Outcome> Buy(Viewer& viewer, const Intent& intent) {
    viewer.Tap(intent);
    const std::optional<Receipt> receipt = viewer.AwaitReceipt(intent.intent_id());
    if (!receipt) return std::nullopt;
    EXPECT_EQ(receipt->status(), Receipt::STATUS_ACCEPTED) << receipt->DebugString();
    return viewer.AwaitOutcome(intent.intent_id());
  }

  // Asks until the verdict is the one wanted.
  std::optional<Answers::Answer> AskUntil(size_t gateway, const std::string& viewer,
                                          const Intent& about, Answers::Verdict wanted) {
    std::optional<Answers::Answer> answer;
    Eventually([&] {
      auto asked = AskOverHttp(house_.gateway(gateway).port(), house_.TokenOf(viewer), about);
      EXPECT_TRUE(asked.ok()) << asked.status();
      if (!asked.ok()) return true;
      if (asked->verdict() != wanted) return false;
      answer = *std::move(asked);
      return true;
    });
    if (!answer) ADD_FAILURE() << "the gateway never said " << Answers::Verdict_Name(wanted);
    return answer;
  }

  House house_;
  ViewerLoop loop_;
};

// --- P3: all answers agree ----------------------------------------------------------------------

TEST_F(PromiseTest, AResendOverAnyTransportGetsTheOneOutcome) {
  ASSERT_NO_FATAL_FAILURE(Open());
  auto ani = Watch(kAni, 0);
  const Intent intent = TapOn("kopi");
  const std::optional<Outcome> first = Buy(*ani, intent);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->state(), Outcome::STATE_ORDERED) << first->DebugString();
  EXPECT_FALSE(first->order_id().empty());

  gateway::Service& other = house_.gateway(1);
  const std::string token = house_.TokenOf(kAni);
  for (const auto& receipt : {SubmitOverHttp(other.port(), token, intent),
                              SubmitOverGrpc(other.grpc_port(), token, intent)}) {
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    EXPECT_EQ(receipt->status(), Receipt::STATUS_ACCEPTED) << receipt->DebugString();
  }
  auto again = Watch(kAni, 1, intent::Encoding::kJson);
  const std::optional<Outcome> repeated = Buy(*again, intent);
  ASSERT_TRUE(repeated.has_value());
  EXPECT_EQ(repeated->SerializeAsString(), first->SerializeAsString());
  for (const auto& answer :
       {AskOverHttp(other.port(), token, intent), AskOverGrpc(other.grpc_port(), token, intent)}) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->outcome().SerializeAsString(), first->SerializeAsString());
  }
  EXPECT_EQ(house_.RowsOf(intent.intent_id()).size(), 1u);
}

TEST_F(PromiseTest, TheSameTapThroughBothGatewaysAtOnceIsOneOrder) {
  ASSERT_NO_FATAL_FAILURE(Open(/*bridges=*/2));
  auto here = Watch(kAni, 0);
  auto there = Watch(kAni, 1, intent::Encoding::kJson);
  std::vector<Intent> intents;
  for (int i = 0; i < 50; ++i) {
    intents.push_back(TapOn(i % 2 == 0 ? "kopi" : "teh"));
    here->Tap(intents.back());
    there->Tap(intents.back());
  }
  for (const Intent& intent : intents) {
    const std::optional<Receipt> receipt_here = here->AwaitReceipt(intent.intent_id());
    const std::optional<Receipt> receipt_there = there->AwaitReceipt(intent.intent_id());
    const std::optional<Outcome> outcome_here = here->AwaitOutcome(intent.intent_id());
    const std::optional<Outcome> outcome_there = there->AwaitOutcome(intent.intent_id());
    ASSERT_TRUE(receipt_here && receipt_there && outcome_here && outcome_there);
    EXPECT_EQ(receipt_here->status(), Receipt::STATUS_ACCEPTED);
    EXPECT_EQ(receipt_there->status(), Receipt::STATUS_ACCEPTED);
    EXPECT_EQ(outcome_here->state(), Outcome::STATE_ORDERED) << outcome_here->DebugString();
    EXPECT_EQ(outcome_here->SerializeAsString(), outcome_there->SerializeAsString());
    EXPECT_EQ(house_.RowsOf(intent.intent_id()).size(), 1u);
  }
}

// --- P4: an id never carries two orders ---------------------------------------------------------

TEST_F(PromiseTest, TheSameIdWithAnotherBodyIsRefusedAtTheDoor) {
  ASSERT_NO_FATAL_FAILURE(Open());
  auto ani = Watch(kAni, 0);
  const Intent intent = TapOn("kopi");
  const std::optional<Outcome> first = Buy(*ani, intent);
  ASSERT_TRUE(first.has_value());
  Intent other = intent;
  other.set_quantity(2);
  ani->Tap(other);
  const std::optional<Receipt> refused = ani->AwaitReceipt(intent.intent_id(), 2);
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status(), Receipt::STATUS_REFUSED) << refused->DebugString();
  EXPECT_EQ(refused->reason(), intake::v1::REASON_ID_REUSED);

  const auto answer = AskUntil(0, kAni, intent, Answers::VERDICT_OUTCOME);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->outcome().SerializeAsString(), first->SerializeAsString());
  const auto rows = house_.RowsOf(intent.intent_id());
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].quantity, 1u);
}

// Both bodies are in the log before either is decided: the bridge tells them apart.
TEST_F(PromiseTest, TheSameIdWithAnotherBodyIsRefusedBehindTheLog) {
  ASSERT_NO_FATAL_FAILURE(Open(/*bridges=*/0));
  auto ani = Watch(kAni, 0);
  const Intent intent = TapOn("kopi");
  Intent other = intent;
  other.set_quantity(2);
  intake::v1::ClientFrame frame;
  *frame.add_intents() = intent;
  *frame.add_intents() = other;
  ani->Send(frame);
  for (size_t count : {1u, 2u}) {
    const std::optional<Receipt> receipt = ani->AwaitReceipt(intent.intent_id(), count);
    ASSERT_TRUE(receipt.has_value());
    EXPECT_EQ(receipt->status(), Receipt::STATUS_ACCEPTED) << receipt->DebugString();
  }
  ASSERT_TRUE(house_.StartBridge().ok());
  const std::optional<Outcome> first =
      ani->AwaitOutcome(intent.intent_id(), intent::Fingerprint(intent));
  const std::optional<Outcome> second =
      ani->AwaitOutcome(intent.intent_id(), intent::Fingerprint(other));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->state(), Outcome::STATE_ORDERED) << first->DebugString();
  EXPECT_EQ(second->state(), Outcome::STATE_REJECTED) << second->DebugString();
  EXPECT_EQ(second->reason(), intake::v1::REASON_ID_REUSED);
  const auto rows = house_.RowsOf(intent.intent_id());
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].quantity, 1u);
}

// Another offer lies in another partition, where no bridge knows of the first: the marketplace's
// unique key holds.
TEST_F(PromiseTest, TheSameIdForAnotherOfferIsNoSecondOrder) {
  ASSERT_NO_FATAL_FAILURE(Open(/*bridges=*/0));
  ASSERT_NE(kafka::PartitionOf("kopi", kPartitions), kafka::PartitionOf("teh", kPartitions));
  auto ani = Watch(kAni, 0);
  const Intent intent = TapOn("kopi");
  Intent other = intent;
  other.set_offer_id("teh");
  ani->Tap(intent);
  ani->Tap(other);
  ASSERT_TRUE(ani->AwaitReceipt(intent.intent_id(), 2).has_value());
  ASSERT_TRUE(house_.StartBridge().ok());
  const std::optional<Outcome> first =
      ani->AwaitOutcome(intent.intent_id(), intent::Fingerprint(intent));
  const std::optional<Outcome> second =
      ani->AwaitOutcome(intent.intent_id(), intent::Fingerprint(other));
  ASSERT_TRUE(first && second);
  const bool first_won = first->state() == Outcome::STATE_ORDERED;
  const Outcome& won = first_won ? *first : *second;
  const Outcome& lost = first_won ? *second : *first;
  EXPECT_EQ(won.state(), Outcome::STATE_ORDERED) << won.DebugString();
  EXPECT_EQ(lost.state(), Outcome::STATE_REJECTED) << lost.DebugString();
  EXPECT_EQ(lost.reason(), intake::v1::REASON_ID_REUSED);
  EXPECT_EQ(house_.RowsOf(intent.intent_id()).size(), 1u);
}

TEST_F(PromiseTest, IdsAreTheBuyersOwn) {
  ASSERT_NO_FATAL_FAILURE(Open());
  auto ani = Watch(kAni, 0);
  auto budi = Watch(kBudi, 1);
  const Intent intent = TapOn("kopi");
  const std::optional<Outcome> first = Buy(*ani, intent);
  const std::optional<Outcome> second = Buy(*budi, intent);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(second->state(), Outcome::STATE_ORDERED) << second->DebugString();
  EXPECT_NE(first->order_id(), second->order_id());
  EXPECT_EQ(house_.RowsOf(intent.intent_id()).size(), 2u);
}

// --- Asking -------------------------------------------------------------------------------------

TEST_F(PromiseTest, AnyGatewayTellsTheOwnerAndNobodyElse) {
  ASSERT_NO_FATAL_FAILURE(Open());
  auto ani = Watch(kAni, 0);
  const Intent intent = TapOn("kopi");
  const std::optional<Outcome> outcome = Buy(*ani, intent);
  ASSERT_TRUE(outcome.has_value());

  const auto answer = AskUntil(1, kAni, intent, Answers::VERDICT_OUTCOME);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->outcome().SerializeAsString(), outcome->SerializeAsString());
  const auto foreign = AskOverHttp(house_.gateway(1).port(), house_.TokenOf(kBudi), intent);
  ASSERT_TRUE(foreign.ok()) << foreign.status();
  EXPECT_EQ(foreign->verdict(), Answers::VERDICT_NOT_YET) << foreign->DebugString();
  EXPECT_FALSE(foreign->has_outcome());

  // Watching tells as little. The own outcome comes after whatever the watch would have told.
  auto budi = Watch(kBudi, 1);
  budi->Watch(intent.intent_id());
  const Intent own = TapOn("teh");
  ASSERT_TRUE(Buy(*budi, own).has_value());
  for (const Outcome& told : budi->outcomes()) EXPECT_EQ(told.intent_id(), own.intent_id());
  auto again = Watch(kAni, 1);
  again->Watch(intent.intent_id());
  const std::optional<Outcome> watched = again->AwaitOutcome(intent.intent_id());
  ASSERT_TRUE(watched.has_value());
  EXPECT_EQ(watched->SerializeAsString(), outcome->SerializeAsString());
}

// The id's deadline and M lie behind the bridges' progress, and no final is there: certain. A
// younger id may still be on its way.
TEST_F(PromiseTest, NoneIsSaidWhenNothingCanComeAnyMore) {
  ASSERT_NO_FATAL_FAILURE(Open());
  const Intent old = TapOn("kopi", intent::kTtlMs + intent::kBrokerSkewMs + 2'000);
  const Intent young = TapOn("kopi", intent::kTtlMs / 2);
  ASSERT_TRUE(AskUntil(0, kAni, old, Answers::VERDICT_NONE).has_value());
  const auto answer = AskOverHttp(house_.gateway(0).port(), house_.TokenOf(kAni), young);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->verdict(), Answers::VERDICT_NOT_YET) << answer->DebugString();
}

// --- P5: the deadline ---------------------------------------------------------------------------

TEST_F(PromiseTest, AnIntentServedTooLateExpires) {
  ASSERT_NO_FATAL_FAILURE(Open(/*bridges=*/0));
  auto ani = Watch(kAni, 0);
  const Intent late = TapOn("kopi", intent::kTtlMs - 4'000);
  const Intent timely = TapOn("kopi");
  ani->Tap(late);
  ani->Tap(timely);
  for (const Intent* intent : {&late, &timely}) {
    const std::optional<Receipt> receipt = ani->AwaitReceipt(intent->intent_id());
    ASSERT_TRUE(receipt.has_value());
    ASSERT_EQ(receipt->status(), Receipt::STATUS_ACCEPTED) << receipt->DebugString();
  }
  const int64_t deadline_ms = intent::DeadlineMs(*base::Uuid::ParseV7(late.intent_id()));
  ASSERT_TRUE(Eventually([&] { return base::WallMs() > deadline_ms; }));
  ASSERT_TRUE(house_.StartBridge().ok());
  const std::optional<Outcome> expired = ani->AwaitOutcome(late.intent_id());
  const std::optional<Outcome> ordered = ani->AwaitOutcome(timely.intent_id());
  ASSERT_TRUE(expired && ordered);
  EXPECT_EQ(expired->state(), Outcome::STATE_EXPIRED) << expired->DebugString();
  EXPECT_EQ(ordered->state(), Outcome::STATE_ORDERED) << ordered->DebugString();
  EXPECT_TRUE(house_.RowsOf(late.intent_id()).empty());
  EXPECT_EQ(house_.RowsOf(timely.intent_id()).size(), 1u);
}

TEST_F(PromiseTest, AnIntentPastItsDeadlineIsRefusedAtTheDoor) {
  ASSERT_NO_FATAL_FAILURE(Open(/*bridges=*/0));
  const Intent late = TapOn("kopi", intent::kTtlMs + 1'000);
  const auto receipt = SubmitOverHttp(house_.gateway(0).port(), house_.TokenOf(kAni), late);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->status(), Receipt::STATUS_REFUSED) << receipt->DebugString();
  EXPECT_EQ(receipt->reason(), intake::v1::REASON_DEADLINE_PASSED);
}

// --- Records that no gateway wrote --------------------------------------------------------------

TEST_F(PromiseTest, AnUnreadableRecordGoesToTheDeadLettersAndTheLaneGoesOn) {
  ASSERT_NO_FATAL_FAILURE(Open());
  TopicReader dead_letters(house_.brokers(), kafka::kDeadLettersTopic, kPartitions);
  const std::string garbage("\xff\xfe\x07 no intent", 13);
  const int32_t partition = kafka::PartitionOf("kopi", kPartitions);
  const auto offset = PutRecord(house_.brokers(), kafka::kIntentsTopic, partition, "kopi", garbage);
  ASSERT_TRUE(offset.ok()) << offset.status();

  auto ani = Watch(kAni, 0);
  const std::optional<Outcome> outcome = Buy(*ani, TapOn("kopi"));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->state(), Outcome::STATE_ORDERED) << outcome->DebugString();

  const auto record = dead_letters.Await([](const LogRecord&) { return true; });
  ASSERT_TRUE(record.has_value());
  DeadLetter letter;
  ASSERT_TRUE(letter.ParseFromString(record->value));
  EXPECT_EQ(letter.cause(), DeadLetter::CAUSE_UNDECODABLE);
  EXPECT_EQ(letter.topic(), kafka::kIntentsTopic);
  EXPECT_EQ(letter.partition(), partition);
  EXPECT_EQ(letter.offset(), *offset);
  EXPECT_EQ(letter.key(), "kopi");
  EXPECT_EQ(letter.value(), garbage);
}

TEST_F(PromiseTest, AMalformedRecordWithAnIdIsRejectedAndKeptAsEvidence) {
  ASSERT_NO_FATAL_FAILURE(Open());
  TopicReader dead_letters(house_.brokers(), kafka::kDeadLettersTopic, kPartitions);
  auto ani = Watch(kAni, 0);
  // The session stands before the outcome is pushed.
  ASSERT_TRUE(Buy(*ani, TapOn("teh")).has_value());

  const Intent body = TapOn("kopi");
  crossing::v1::PurchaseIntent forged;
  forged.set_intent_id(body.intent_id());
  forged.set_buyer_ref(house_.BuyerOf(kAni));
  forged.set_offer_id("kopi");
  forged.set_quantity(0);
  forged.set_marketplace_id(kMarketplaceId);
  forged.set_consent_given(true);
  forged.set_fingerprint(intent::Fingerprint(body));
  base::SetMs(intent::DeadlineMs(*base::Uuid::ParseV7(body.intent_id())),
              forged.mutable_deadline());
  const int32_t partition = kafka::PartitionOf("kopi", kPartitions);
  const auto offset = PutRecord(house_.brokers(), kafka::kIntentsTopic, partition, "kopi",
                                forged.SerializeAsString());
  ASSERT_TRUE(offset.ok()) << offset.status();

  const std::optional<Outcome> outcome = ani->AwaitOutcome(body.intent_id());
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->state(), Outcome::STATE_REJECTED) << outcome->DebugString();
  EXPECT_EQ(outcome->reason(), intake::v1::REASON_MALFORMED);
  const auto record = dead_letters.Await([](const LogRecord&) { return true; });
  ASSERT_TRUE(record.has_value());
  DeadLetter letter;
  ASSERT_TRUE(letter.ParseFromString(record->value));
  EXPECT_EQ(letter.cause(), DeadLetter::CAUSE_MALFORMED);
  EXPECT_EQ(letter.partition(), partition);
  EXPECT_EQ(letter.offset(), *offset);
  EXPECT_EQ(letter.value(), forged.SerializeAsString());
  EXPECT_TRUE(house_.RowsOf(body.intent_id()).empty());
}

// --- A log that is slow -------------------------------------------------------------------------

TEST_F(PromiseTest, ASlowLogMeansPendingAndThenTheTruth) {
  ASSERT_NO_FATAL_FAILURE(Open());
  auto ani = Watch(kAni, 0);
  ASSERT_TRUE(Buy(*ani, TapOn("teh")).has_value());
  house_.cluster().SetRtt(1, 1'500);
  const Intent intent = TapOn("kopi");
  ani->Tap(intent);
  const std::optional<Receipt> accepted = ani->AwaitReceipt(intent.intent_id());
  ASSERT_TRUE(accepted.has_value());
  EXPECT_EQ(accepted->status(), Receipt::STATUS_ACCEPTED) << accepted->DebugString();
  house_.cluster().SetRtt(1, 0);
  bool pending = false;
  for (const Receipt& receipt : ani->receipts()) {
    pending |=
        receipt.intent_id() == intent.intent_id() && receipt.status() == Receipt::STATUS_PENDING;
  }
  EXPECT_TRUE(pending);
  const std::optional<Outcome> outcome = ani->AwaitOutcome(intent.intent_id());
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->state(), Outcome::STATE_ORDERED) << outcome->DebugString();
  EXPECT_EQ(house_.RowsOf(intent.intent_id()).size(), 1u);
}

}  // namespace
}  // namespace jembatan::pipeline
