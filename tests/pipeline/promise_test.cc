// The promise, intent by intent: what a viewer is told wherever they ask, and what exists for it at
// the marketplace; in both worlds, where the bridge orders and where the buyer does.

#include <string>
#include <utility>

#include "gtest/gtest.h"

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/base/timestamp.h"
#include "libs/intent/intent.h"
#include "libs/kafka/config.h"
#include "libs/runtime/admin_client.h"
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
  explicit PromiseTest(Furnishing furnishing = {})
      : link_out_(furnishing.link_out),
        house_({{"kopi", 1'000}, {"teh", 1'000}, {"gula", 1'000}}, std::move(furnishing)) {}

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

  // How a tap ends that nothing speaks against.
  Outcome::State sold() const {
    return link_out_ ? Outcome::STATE_HANDED_OFF : Outcome::STATE_ORDERED;
  }

  // The tap ended so, and one order comes of it: there is one, or the buyer makes it one at the
  // marketplace's page, under the intent's own id, however often the form is sent.
  void ExpectOneOrder(const Intent& intent, const Outcome& outcome) {
    EXPECT_EQ(outcome.state(), sold()) << outcome.DebugString();
    if (link_out_) {
      EXPECT_TRUE(house_.RowsOf(intent.intent_id()).empty()) << "nobody ordered yet";
      EXPECT_EQ(outcome.reason(), intake::v1::REASON_LINK_OUT_ONLY);
      for (int times = 0; times < 2; ++times) {
        const auto page = runtime::HttpGet(outcome.continue_url());
        ASSERT_TRUE(page.ok()) << page.status();
        EXPECT_EQ(page->status, 200) << outcome.continue_url();
        const auto ordered = runtime::HttpSend(outcome.continue_url(), {});
        ASSERT_TRUE(ordered.ok()) << ordered.status();
        EXPECT_EQ(ordered->status, 303);
      }
    }
    EXPECT_EQ(house_.RowsOf(intent.intent_id()).size(), 1u);
  }

  const bool link_out_;
  House house_;
  ViewerLoop loop_;
};

class BothWaysTest : public PromiseTest, public ::testing::WithParamInterface<bool> {
 protected:
  BothWaysTest() : PromiseTest({.link_out = GetParam()}) {}
};

INSTANTIATE_TEST_SUITE_P(Ways, BothWaysTest, ::testing::Values(false, true),
                         [](const auto& way) { return way.param ? "LinkOut" : "Backend"; });

// --- P3: all answers agree ----------------------------------------------------------------------

TEST_P(BothWaysTest, AResendOverAnyTransportGetsTheOneOutcome) {
  ASSERT_NO_FATAL_FAILURE(Open());
  auto ani = Watch(kAni, 0);
  const Intent intent = TapOn("kopi");
  const std::optional<Outcome> first = Buy(*ani, intent);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->state(), sold()) << first->DebugString();
  EXPECT_EQ(first->order_id().empty(), link_out_);
  EXPECT_FALSE(first->continue_url().empty());

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
  ExpectOneOrder(intent, *first);
}

TEST_P(BothWaysTest, TheSameTapThroughBothGatewaysAtOnceIsOneOrder) {
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
    EXPECT_EQ(outcome_here->SerializeAsString(), outcome_there->SerializeAsString());
    ExpectOneOrder(intent, *outcome_here);
  }
}

// --- P4: an id never carries two orders ---------------------------------------------------------

TEST_P(BothWaysTest, TheSameIdWithAnotherBodyIsRefusedAtTheDoor) {
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
  ExpectOneOrder(intent, *first);
  EXPECT_EQ(house_.RowsOf(intent.intent_id()).at(0).quantity, 1u);
}

// Both bodies are in the log before either is decided: the bridge tells them apart.
TEST_P(BothWaysTest, TheSameIdWithAnotherBodyIsRefusedBehindTheLog) {
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
  EXPECT_EQ(second->state(), Outcome::STATE_REJECTED) << second->DebugString();
  EXPECT_EQ(second->reason(), intake::v1::REASON_ID_REUSED);
  ExpectOneOrder(intent, *first);
  EXPECT_EQ(house_.RowsOf(intent.intent_id()).at(0).quantity, 1u);
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

TEST_P(BothWaysTest, IdsAreTheBuyersOwn) {
  ASSERT_NO_FATAL_FAILURE(Open());
  auto ani = Watch(kAni, 0);
  auto budi = Watch(kBudi, 1);
  const Intent intent = TapOn("kopi");
  const std::optional<Outcome> first = Buy(*ani, intent);
  const std::optional<Outcome> second = Buy(*budi, intent);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(second->state(), sold()) << second->DebugString();
  if (link_out_) {
    EXPECT_NE(first->continue_url(), second->continue_url());
    EXPECT_TRUE(house_.RowsOf(intent.intent_id()).empty());
    return;
  }
  EXPECT_NE(first->order_id(), second->order_id());
  EXPECT_EQ(house_.RowsOf(intent.intent_id()).size(), 2u);
}

// --- Asking -------------------------------------------------------------------------------------

TEST_P(BothWaysTest, AnyGatewayTellsTheOwnerAndNobodyElse) {
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

TEST_P(BothWaysTest, AnIntentServedTooLateExpires) {
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
  EXPECT_TRUE(house_.RowsOf(late.intent_id()).empty());
  ExpectOneOrder(timely, *ordered);
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

TEST_P(BothWaysTest, AnUnreadableRecordGoesToTheDeadLettersAndTheLaneGoesOn) {
  ASSERT_NO_FATAL_FAILURE(Open());
  TopicReader dead_letters(house_.brokers(), kafka::kDeadLettersTopic, kPartitions);
  const std::string garbage("\xff\xfe\x07 no intent", 13);
  const int32_t partition = kafka::PartitionOf("kopi", kPartitions);
  const auto offset = PutRecord(house_.brokers(), kafka::kIntentsTopic, partition, "kopi", garbage);
  ASSERT_TRUE(offset.ok()) << offset.status();

  auto ani = Watch(kAni, 0);
  const std::optional<Outcome> outcome = Buy(*ani, TapOn("kopi"));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->state(), sold()) << outcome->DebugString();

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

TEST_P(BothWaysTest, ASlowLogMeansPendingAndThenTheTruth) {
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
  ExpectOneOrder(intent, *outcome);
}

// --- Links --------------------------------------------------------------------------------------

class ForeignHostTest : public PromiseTest {
 protected:
  ForeignHostTest() : PromiseTest({.url_hosts = "pay.marketplace.example"}) {}
};

// The marketplace's links lead to its checkout port, which is not registered: the order stands, and
// nobody is sent there.
TEST_F(ForeignHostTest, LinksToOtherHostsAreLeftOutAndCounted) {
  ASSERT_NO_FATAL_FAILURE(Open());
  auto ani = Watch(kAni, 0);
  const Intent intent = TapOn("kopi");
  const std::optional<Outcome> outcome = Buy(*ani, intent);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->state(), Outcome::STATE_ORDERED) << outcome->DebugString();
  EXPECT_EQ(outcome->continue_url(), "");
  EXPECT_TRUE(Eventually(
      [&] { return house_.BridgeMetric(0, "jembatan_bridge_dropped_urls_total") >= 1; }));
}

// --- More than one marketplace ------------------------------------------------------------------

class MarketsTest : public ::testing::Test {
 protected:
  MarketsTest()
      : house_({{"kopi", 1'000},
                {"teh", 1'000},
                {.offer_id = "kain", .stock = 1'000, .market = 1},
                {.offer_id = "tas", .stock = 1'000, .market = 1}},
               {.marketplaces = 2}) {}

  std::optional<Outcome> OutcomeOf(Viewer& viewer, const Intent& intent) {
    const std::optional<Receipt> receipt = viewer.AwaitReceipt(intent.intent_id());
    if (!receipt) return std::nullopt;
    EXPECT_EQ(receipt->status(), Receipt::STATUS_ACCEPTED) << receipt->DebugString();
    return viewer.AwaitOutcome(intent.intent_id());
  }

  House house_;
  ViewerLoop loop_;
};

// Each order goes to its own marketplace, under the buyer's own pseudonym there. While one is away
// the other's orders flow, and those that wait are ordered when it is back.
TEST_F(MarketsTest, OneThatIsAwayHoldsUpNobodyElses) {
  const absl::Status started = house_.Start(1);
  ASSERT_TRUE(started.ok()) << started;
  Viewer ani(loop_, house_.gateway(0).port(), house_.TokenOf(kAni), intent::Encoding::kProto);
  const Intent here = TapOn("kopi");
  const Intent there = TapOn("kain");
  for (const Intent* intent : {&here, &there}) {
    ani.Tap(*intent);
    const std::optional<Outcome> outcome = OutcomeOf(ani, *intent);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->state(), Outcome::STATE_ORDERED) << outcome->DebugString();
  }
  EXPECT_EQ(house_.RowsOf(here.intent_id(), 0).size(), 1u);
  EXPECT_TRUE(house_.RowsOf(here.intent_id(), 1).empty());
  EXPECT_EQ(house_.RowsOf(there.intent_id(), 1).size(), 1u);
  EXPECT_TRUE(house_.RowsOf(there.intent_id(), 0).empty());
  EXPECT_NE(house_.BuyerOf(kAni, 0), house_.BuyerOf(kAni, 1));

  house_.StopMarketplace(1);
  const Intent waiting = TapOn("tas");
  ani.Tap(waiting);
  ASSERT_TRUE(ani.AwaitReceipt(waiting.intent_id()).has_value());
  for (int i = 0; i < 20; ++i) {
    // In the partitions of both.
    const Intent going = TapOn(i % 2 == 0 ? "kopi" : "teh");
    ani.Tap(going);
    const std::optional<Outcome> outcome = OutcomeOf(ani, going);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->state(), Outcome::STATE_ORDERED) << outcome->DebugString();
  }
  EXPECT_TRUE(Eventually([&] {
    return house_.BridgeMetric(0, R"(jembatan_bridge_marketplace_up{marketplace="pasar-dua"})") ==
           0;
  }));
  EXPECT_EQ(house_.BridgeMetric(0, R"(jembatan_bridge_marketplace_up{marketplace="tokopedia"})"),
            1);
  ASSERT_TRUE(house_.StartMarketplace(1).ok());
  const std::optional<Outcome> outcome = ani.AwaitOutcome(waiting.intent_id());
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->state(), Outcome::STATE_ORDERED) << outcome->DebugString();
  EXPECT_EQ(house_.RowsOf(waiting.intent_id(), 1).size(), 1u);
}

// A bridge that starts while one of them is away serves the others.
TEST_F(MarketsTest, ABridgeNeedsNotAllOfThemToStart) {
  ASSERT_TRUE(house_.Start(0).ok());
  house_.StopMarketplace(0);
  Viewer ani(loop_, house_.gateway(1).port(), house_.TokenOf(kAni), intent::Encoding::kJson);
  const Intent here = TapOn("kopi");
  const Intent there = TapOn("kain");
  ani.Tap(here);
  ani.Tap(there);
  ASSERT_TRUE(house_.StartBridge().ok());
  const std::optional<Outcome> outcome = OutcomeOf(ani, there);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->state(), Outcome::STATE_ORDERED) << outcome->DebugString();
  ASSERT_TRUE(house_.StartMarketplace(0).ok());
  const std::optional<Outcome> later = OutcomeOf(ani, here);
  ASSERT_TRUE(later.has_value());
  EXPECT_EQ(later->state(), Outcome::STATE_ORDERED) << later->DebugString();
}

}  // namespace
}  // namespace jembatan::pipeline
