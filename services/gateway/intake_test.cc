#include "services/gateway/intake.h"

#include <functional>

#include <gtest/gtest.h>

#include "libs/controls/testing/make_controls.h"
#include "services/gateway/testing/fake_intake.h"
#include "services/gateway/viewer_rate.h"

namespace jembatan::gateway {
namespace {

using intake::v1::Receipt;
using kafka::Persistence;
using testing::BuyerOf;
using testing::FakeLog;
using testing::FakeSession;
using testing::FrameOf;
using testing::IdAt;
using testing::IntentOf;
using testing::kNowMs;
using testing::OutcomeRecordOf;
using testing::PrincipalOf;
using Answers = intake::v1::GetOutcomesResponse;

constexpr int64_t kTtlMs = 120'000;

IntakeOptions DefaultOptions() {
  IntakeOptions options;
  options.crossing = {.marketplace_id = "shop", .accepted_by = "gateway-1"};
  options.partitions = 1;
  options.regions = {"ID", "MY"};
  options.shard = 3;
  return options;
}

identity::BuyerKey BuyerKeyOf(char digit) {
  return *identity::BuyerKey::FromHex(std::string(64, digit));
}

struct World {
  explicit World(IntakeOptions options = DefaultOptions(),
                 std::shared_ptr<const Principal> principal = PrincipalOf(1))
      : intake(std::move(options), &log, &window, &lag), session(std::move(principal)) {
    window.StartPartition(0, 0, 0);
    key = intake.Open(&session, true);
  }

  // Each as the transports call it, at now_ms.
  void Submit(const intake::v1::Intent& intent) {
    ASSERT_TRUE(intake.Submit(key, FrameOf(intent), now_ms).ok());
  }
  void Deliver(const kafka::Delivery& delivery) {
    intake.OnDeliveries(std::span(&delivery, 1), now_ms);
  }
  size_t Tick() { return intake.EndTick(now_ms); }
  FinalPtr Decide(const crossing::v1::OutcomeRecord& record) {
    FinalPtr final = window.Feed(0, window_offset++, record.SerializeAsString()).final;
    if (final) intake.OnFinal(final);
    return final;
  }
  // The marketplace attests who sells the offer.
  void Sells(const std::string& offer_id, const std::string& seller_id) {
    auto offer = std::make_shared<offers::Offer>();
    offer->goods = std::make_shared<const goods::Goods>(goods::Goods{.seller_id = seller_id});
    offers.Put(offer_id, std::move(offer));
    intake.SetOffers(&offers);
  }
  const Receipt& last() const { return session.receipts.back(); }

  FakeLog log;
  OutcomeWindow window{{.partitions = 1, .marketplaces = {"shop"}, .capacity = 1'000}};
  LagForecast lag{1};
  Offers offers;
  Intake intake;
  FakeSession session;
  Intake::SessionKey key = 0;
  int64_t now_ms = kNowMs;
  int64_t window_offset = 0;
};

// ---- refusals

struct RefusalCase {
  const char* what;
  std::function<void(World&, intake::v1::Intent&)> arrange;
  intake::v1::Reason reason;
  uint32_t retry_after_ms;
};

void Backlog(World& world, int64_t stalled_ms) {
  world.lag.OnAccepted(0, "offer-1", 1, world.now_ms - stalled_ms);
}

// Two seconds ago so many intents were accepted; the first of them were served since, at a steady
// pace.
void Queue(World& world, int64_t served, int64_t behind) {
  const int64_t begin_ms = world.now_ms - 2'000;
  for (int64_t i = 0; i < served; ++i) world.lag.OnAccepted(0, "offer-1", i, begin_ms);
  for (int64_t i = 0; i < behind; ++i) world.lag.OnAccepted(0, "offer-1", served + i, begin_ms);
  for (int64_t i = 0; i < served; ++i) {
    world.lag.OnOutcome(0, "offer-1", i, begin_ms + (i + 1) * 2'000 / served);
  }
}

controls::Snapshot Ordered(const crossing::v1::Control& control) {
  controls::Controls controls;
  const controls::testing::ControlRecord record = controls::testing::RecordOf(control);
  EXPECT_EQ(controls.Apply(0, record.key, record.value).refused, "");
  return std::make_shared<const controls::Controls>(controls);
}

// Of everything, or of what the test's intents are about.
void Halt(World& world, crossing::v1::Halt::Scope scope, const std::string& id = {}) {
  world.intake.SetControls(Ordered(controls::testing::MakeHalt(1, scope, id)));
}

std::vector<RefusalCase> RefusalCases() {
  const base::Uuid id = IdAt(kNowMs, 1);
  return {
      {"draining", [](World& w, auto&) { w.intake.StartDrain(); }, intake::v1::REASON_SHUTTING_DOWN,
       1'000},
      {"token expired", [](World& w, auto&) { w.now_ms = kNowMs + 3'600'000 + 30'001; },
       intake::v1::REASON_UNAUTHENTICATED, 0},
      {"id", [](World&, auto& intent) { intent.set_intent_id("x"); }, intake::v1::REASON_ID_INVALID,
       0},
      {"no offer", [](World&, auto& intent) { intent.clear_offer_id(); },
       intake::v1::REASON_MALFORMED, 0},
      {"long offer", [](World&, auto& intent) { intent.set_offer_id(std::string(65, 'a')); },
       intake::v1::REASON_TOO_LARGE, 0},
      {"100 of them", [](World&, auto& intent) { intent.set_quantity(100); },
       intake::v1::REASON_QUANTITY_EXCEEDED, 0},
      {"7 s ahead", [](World& w, auto&) { w.now_ms = kNowMs - 7'000; },
       intake::v1::REASON_CLOCK_SKEW, 2'000},
      {"a day ahead", [](World& w, auto&) { w.now_ms = kNowMs - 86'400'000; },
       intake::v1::REASON_CLOCK_SKEW, 0},
      {"past its deadline", [](World& w, auto&) { w.now_ms = kNowMs + kTtlMs + 1; },
       intake::v1::REASON_DEADLINE_PASSED, 0},
      {"another body before",
       [](World& w, auto& intent) {
         w.Decide(OutcomeRecordOf(intent, 1));
         intent.set_quantity(2);
       },
       intake::v1::REASON_ID_REUSED, 0},
      {"marketplace stopped", [](World& w, auto&) { Backlog(w, 118'001); },
       intake::v1::REASON_MARKETPLACE_UNAVAILABLE, 30'000},
      {"marketplace stopped, deadline near",
       [](World& w, auto&) {
         w.now_ms = kNowMs + kTtlMs - 20'000;
         Backlog(w, 18'001);
       },
       intake::v1::REASON_MARKETPLACE_UNAVAILABLE, 18'001},
      {"marketplace stopped, deadline nearer than the hint",
       [](World& w, auto&) {
         w.now_ms = kNowMs + kTtlMs - 10'000;
         Backlog(w, 10'001);
       },
       intake::v1::REASON_MARKETPLACE_UNAVAILABLE, 0},
      {"everything halted", [](World& w, auto&) { Halt(w, crossing::v1::Halt::SCOPE_GLOBAL); },
       intake::v1::REASON_SALES_HALTED, 0},
      {"marketplace halted",
       [](World& w, auto&) { Halt(w, crossing::v1::Halt::SCOPE_MARKETPLACE, "shop"); },
       intake::v1::REASON_SALES_HALTED, 0},
      {"offer halted",
       [](World& w, auto& intent) { Halt(w, crossing::v1::Halt::SCOPE_OFFER, intent.offer_id()); },
       intake::v1::REASON_SALES_HALTED, 0},
      {"seller halted",
       [](World& w, auto& intent) {
         w.Sells(intent.offer_id(), "toko-1");
         Halt(w, crossing::v1::Halt::SCOPE_SELLER, "toko-1");
       },
       intake::v1::REASON_SALES_HALTED, 0},
      {"room halted",
       [](World& w, auto& intent) {
         intent.set_room_id("room-1");
         Halt(w, crossing::v1::Halt::SCOPE_ROOM, "room-1");
       },
       intake::v1::REASON_SALES_HALTED, 0},
      {"not in the rollout",
       [](World& w, auto&) {
         w.intake.SetControls(Ordered(controls::testing::MakeRollout(1, "shop", 0)));
       },
       intake::v1::REASON_ROLLOUT_EXCLUDED, 0},
      {"controls unknown", [](World& w, auto&) { w.intake.SetControls(nullptr); },
       intake::v1::REASON_LOG_UNAVAILABLE, 500},
      {"log's queue full", [](World& w, auto&) { w.log.answer = base::ResourceExhausted("full"); },
       intake::v1::REASON_OVERLOADED, static_cast<uint32_t>(100 + id.low % 400)},
      {"another log", [](World& w, auto&) { w.intake.SetOtherLog(true); },
       intake::v1::REASON_LOG_UNAVAILABLE, 10'000},
      {"buyers' keys stale", [](World& w, auto&) { w.intake.SetBuyerKeys(nullptr); },
       intake::v1::REASON_LOG_UNAVAILABLE, 10'000},
      {"key of the id's time destroyed",
       [](World& w, auto&) {
         const auto keys = std::make_shared<identity::BuyerKeys>(BuyerKeyOf('1'));
         w.intake.SetBuyerKeys(std::make_shared<identity::BuyerKeys>(
             *keys->Rotated(BuyerKeyOf('2'), kNowMs + 1, kNowMs - identity::kAnnounceMs)
                  ->Erased(1, kNowMs + 1 + identity::kKeepMs)));
       },
       intake::v1::REASON_DEADLINE_PASSED, 0},
      {"log away", [](World& w, auto&) { w.log.answer = base::Unavailable("rebuilding"); },
       intake::v1::REASON_LOG_UNAVAILABLE, 500},
      {"log away, deadline near",
       [](World& w, auto&) {
         w.log.answer = base::Unavailable("rebuilding");
         w.now_ms = kNowMs + kTtlMs - 500;
       },
       intake::v1::REASON_LOG_UNAVAILABLE, 0},
  };
}

TEST(IntakeRefusals, EachHasItsReceiptAndNothingReachesTheLog) {
  for (const RefusalCase& c : RefusalCases()) {
    SCOPED_TRACE(c.what);
    World world;
    auto intent = IntentOf(IdAt(kNowMs, 1));
    c.arrange(world, intent);
    world.Submit(intent);
    EXPECT_EQ(world.Tick(), 1u) << "one frame";
    ASSERT_EQ(world.session.receipts.size(), 1u);
    EXPECT_EQ(world.last().intent_id(), intent.intent_id());
    EXPECT_EQ(world.last().status(), Receipt::STATUS_REFUSED);
    EXPECT_EQ(intake::v1::Reason_Name(world.last().reason()), intake::v1::Reason_Name(c.reason));
    EXPECT_EQ(world.last().retry_after_ms(), c.retry_after_ms);
    EXPECT_FALSE(world.last().message().empty());
    EXPECT_TRUE(world.log.records.empty());
    EXPECT_EQ(world.intake.in_flight(), 0u);
    EXPECT_EQ(world.intake.counts().refused, 1u);
    EXPECT_EQ(world.intake.counts().refused_by_reason.at(c.reason), 1u);
    bool skewed = c.reason == intake::v1::REASON_CLOCK_SKEW;
    EXPECT_EQ(world.session.frames.back()->has_server_time(), skewed);
  }
}

TEST(IntakeRefusals, ConsentAndRegionComeFromTheToken) {
  auto no_consent = std::make_shared<Principal>(*PrincipalOf(1));
  no_consent->viewer.shop_consent = false;
  auto elsewhere = std::make_shared<Principal>(*PrincipalOf(1));
  elsewhere->viewer.region = "SG";
  for (const auto& [principal, reason] :
       {std::pair{no_consent, intake::v1::REASON_CONSENT_NOT_GIVEN},
        std::pair{elsewhere, intake::v1::REASON_REGION_NOT_ENABLED}}) {
    World world(DefaultOptions(), principal);
    world.Submit(IntentOf(IdAt(kNowMs, 1)));
    world.Tick();
    EXPECT_EQ(world.last().reason(), reason);
    EXPECT_EQ(world.last().retry_after_ms(), 0u);
    EXPECT_TRUE(world.log.records.empty());
  }
  IntakeOptions everywhere = DefaultOptions();
  everywhere.regions.clear();
  World world(everywhere, elsewhere);
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  EXPECT_EQ(world.log.records.size(), 1u);
}

TEST(IntakeRefusals, AnIdIsRepeatedOnlyAsText) {
  const std::string e_acute = "\xc3\xa9";
  struct Case {
    std::string sent;
    std::string repeated;
  };
  const Case cases[] = {
      {"short", "short"},
      {std::string(65, 'a'), std::string(64, 'a')},
      {std::string(63, 'a') + e_acute, std::string(63, 'a')},
      {std::string(62, 'a') + e_acute + "z", std::string(62, 'a') + e_acute},
      {"\xff\xfe", ""},
      {std::string(200, '\x80'), ""},
  };
  for (const Case& c : cases) {
    World world;
    auto intent = IntentOf(IdAt(kNowMs, 1));
    intent.set_intent_id(c.sent);
    world.Submit(intent);
    world.Tick();
    EXPECT_EQ(world.last().intent_id(), c.repeated);
  }
}

TEST(IntakeRefusals, TheWholeWindowAndOneSessionsShareAreBounded) {
  IntakeOptions options = DefaultOptions();
  options.in_flight_per_session = 2;
  options.in_flight_max = 3;
  World world(options);
  FakeSession second(PrincipalOf(2));
  Intake::SessionKey second_key = world.intake.Open(&second, true);
  for (uint64_t i = 0; i < 3; ++i) world.Submit(IntentOf(IdAt(kNowMs, i)));
  world.Tick();
  ASSERT_EQ(world.session.receipts.size(), 1u) << "the third is over the session's share";
  EXPECT_EQ(world.last().reason(), intake::v1::REASON_OVERLOADED);
  EXPECT_GE(world.last().retry_after_ms(), 100u);
  EXPECT_LT(world.last().retry_after_ms(), 500u);

  for (uint64_t i = 3; i < 5; ++i) {
    ASSERT_TRUE(world.intake.Submit(second_key, FrameOf(IntentOf(IdAt(kNowMs, i))), kNowMs).ok());
  }
  world.Tick();
  ASSERT_EQ(second.receipts.size(), 1u) << "the second is over the whole window";
  EXPECT_EQ(second.receipts[0].reason(), intake::v1::REASON_OVERLOADED);

  world.Deliver(world.log.Delivered(0, kNowMs));
  world.Submit(IntentOf(IdAt(kNowMs, 6)));
  EXPECT_EQ(world.log.records.size(), 4u) << "a delivery makes room";
}

// 50 a second are served: 300 make a queue of six seconds, 500 one of ten.
TEST(IntakeRefusals, AQueueBeforeTheMarketplaceIsBounded) {
  World world;
  Queue(world, 100, 300);
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  EXPECT_EQ(world.log.records.size(), 1u);

  World longer;
  Queue(longer, 100, 500);
  longer.Submit(IntentOf(IdAt(kNowMs, 1)));
  longer.Tick();
  EXPECT_TRUE(longer.log.records.empty());
  EXPECT_EQ(longer.last().reason(), intake::v1::REASON_OVERLOADED);
  EXPECT_GT(longer.last().retry_after_ms(), 1'000u) << "what is over the bound has to pass first";
  EXPECT_LT(longer.last().retry_after_ms(), 4'000u);
}

TEST(IntakeRefusals, AFrameOverItsBoundSubmitsNothing) {
  World world;
  intake::v1::ClientFrame intents;
  for (uint64_t i = 0; i < 257; ++i) *intents.add_intents() = IntentOf(IdAt(kNowMs, i));
  intake::v1::ClientFrame watches = FrameOf(IntentOf(IdAt(kNowMs, 1)));
  for (uint64_t i = 0; i < 257; ++i) watches.add_watch_intent_ids(IdAt(kNowMs, i).ToString());
  for (const auto& frame : {intents, watches}) {
    absl::Status status = world.intake.Submit(world.key, frame, kNowMs);
    EXPECT_NE(base::ToString(status).find("TOO_LARGE"), std::string::npos);
  }
  EXPECT_TRUE(world.log.records.empty());
  intents.mutable_intents()->RemoveLast();
  EXPECT_TRUE(world.intake.Submit(world.key, intents, kNowMs).ok());
  EXPECT_EQ(world.log.records.size(), 256u);
}

TEST(IntakeRefusals, AWaitThatJustFitsIsAdmitted) {
  World world;
  Backlog(world, 118'000);
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  EXPECT_EQ(world.log.records.size(), 1u);
}

TEST(IntakeRefusals, WithoutABacklogTheLastSecondIsEnough) {
  World world;
  world.now_ms = kNowMs + kTtlMs;
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  EXPECT_EQ(world.log.records.size(), 1u);
}

// ---- receipts

TEST(IntakeReceipts, AcceptedComesFromADeliveryAlone) {
  World world;
  auto intent = IntentOf(IdAt(kNowMs, 1));
  world.Submit(intent);
  EXPECT_EQ(world.Tick(), 1u) << "one intent handed to the log";
  EXPECT_TRUE(world.session.receipts.empty());
  EXPECT_EQ(world.intake.in_flight(), 1u);

  ASSERT_EQ(world.log.records.size(), 1u);
  EXPECT_EQ(world.log.records[0].key, "offer-1");
  EXPECT_EQ(world.log.records[0].opaque >> 56, 3u);
  crossing::v1::PurchaseIntent crossed;
  ASSERT_TRUE(crossed.ParseFromString(world.log.records[0].value));
  EXPECT_EQ(crossed.intent_id(), intent.intent_id());
  EXPECT_EQ(crossed.marketplace_id(), "shop");

  world.Deliver(world.log.Delivered(0, kNowMs + kTtlMs));
  EXPECT_EQ(world.Tick(), 1u) << "one frame";
  ASSERT_EQ(world.session.receipts.size(), 1u);
  EXPECT_EQ(world.last().ShortDebugString(),
            "intent_id: \"" + intent.intent_id() + "\" status: STATUS_ACCEPTED offset: 100");
  EXPECT_EQ(world.intake.in_flight(), 0u);
  EXPECT_EQ(world.Tick(), 0u);
  EXPECT_GT(world.lag.Expect(0, "offer-1", kNowMs + 10).longest_ms(), 0)
      << "the forecast heard of it";
}

TEST(IntakeReceipts, IndexIsThePlaceInTheFrame) {
  World world;
  intake::v1::ClientFrame frame;
  for (uint64_t i = 0; i < 3; ++i) *frame.add_intents() = IntentOf(IdAt(kNowMs, i));
  frame.mutable_intents(1)->set_intent_id("bad");
  frame.add_watch_intent_ids("worse");
  ASSERT_TRUE(world.intake.Submit(world.key, frame, kNowMs).ok());
  world.Deliver(world.log.Delivered(1, kNowMs));
  world.Tick();
  ASSERT_EQ(world.session.receipts.size(), 3u);
  EXPECT_EQ(world.session.receipts[0].index(), 1u);
  EXPECT_EQ(world.session.receipts[1].index(), 3u) << "watched ids count on";
  EXPECT_EQ(world.session.receipts[1].reason(), intake::v1::REASON_ID_INVALID);
  EXPECT_EQ(world.session.receipts[2].index(), 2u);
  EXPECT_EQ(world.session.receipts[2].status(), Receipt::STATUS_ACCEPTED);
}

TEST(IntakeReceipts, PendingAtExactlyOneSecondThenAccepted) {
  World world;
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  EXPECT_EQ(world.intake.NextDueMs(), kNowMs + 1'000);
  world.now_ms = kNowMs + 999;
  world.Tick();
  EXPECT_TRUE(world.session.receipts.empty());
  world.now_ms = kNowMs + 1'000;
  world.Tick();
  ASSERT_EQ(world.session.receipts.size(), 1u);
  EXPECT_EQ(world.last().status(), Receipt::STATUS_PENDING);
  EXPECT_EQ(world.last().reason(), intake::v1::REASON_LOG_UNAVAILABLE);
  EXPECT_EQ(world.last().retry_after_ms(), 1'000u);
  EXPECT_EQ(world.intake.NextDueMs(), -1);

  world.now_ms = kNowMs + 5'000;
  world.Tick();
  EXPECT_EQ(world.session.receipts.size(), 1u) << "told once";
  world.Deliver(world.log.Delivered(0, kNowMs));
  world.Tick();
  EXPECT_EQ(world.last().status(), Receipt::STATUS_ACCEPTED);
  EXPECT_EQ(world.intake.counts().pending, 1u);
  EXPECT_EQ(world.intake.counts().accepted, 1u);
}

TEST(IntakeReceipts, PendingEndsInRefusedWhenTheLogCertainlyHasItNot) {
  World world;
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  world.now_ms = kNowMs + 1'000;
  world.Tick();
  world.Deliver(world.log.Failed(0, Persistence::kNotPersisted));
  world.Tick();
  EXPECT_EQ(world.last().status(), Receipt::STATUS_REFUSED);
  EXPECT_EQ(world.last().reason(), intake::v1::REASON_LOG_UNAVAILABLE);
  EXPECT_EQ(world.last().retry_after_ms(), 500u);
  EXPECT_EQ(world.intake.in_flight(), 0u);
}

TEST(IntakeReceipts, ACopyAppendedAfterItsDeadlineIsRefused) {
  World world;
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  world.Deliver(world.log.Delivered(0, kNowMs + kTtlMs + 1));
  world.Tick();
  EXPECT_EQ(world.last().status(), Receipt::STATUS_REFUSED);
  EXPECT_EQ(world.last().reason(), intake::v1::REASON_DEADLINE_PASSED);
  EXPECT_EQ(world.last().retry_after_ms(), 0u);
  EXPECT_EQ(world.intake.counts().accepted, 0u);
}

TEST(IntakeReceipts, TheSameIdTwiceIsTwoSubmissions) {
  World world;
  intake::v1::ClientFrame frame;
  *frame.add_intents() = IntentOf(IdAt(kNowMs, 1));
  *frame.add_intents() = IntentOf(IdAt(kNowMs, 1));
  ASSERT_TRUE(world.intake.Submit(world.key, frame, kNowMs).ok());
  ASSERT_EQ(world.log.records.size(), 2u);
  world.Deliver(world.log.Delivered(1, kNowMs));
  world.Deliver(world.log.Delivered(0, kNowMs));
  world.Tick();
  ASSERT_EQ(world.session.receipts.size(), 2u);
  EXPECT_EQ(world.session.receipts[0].index(), 1u);
  EXPECT_EQ(world.session.receipts[1].index(), 0u);
}

TEST(IntakeReceipts, StaleAndForeignDeliveriesAreIgnored) {
  World world;
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  kafka::Delivery delivery = world.log.Delivered(0, kNowMs);
  kafka::Delivery other_shard = delivery;
  other_shard.opaque ^= uint64_t{1} << 60;
  world.Deliver(other_shard);
  EXPECT_EQ(world.intake.in_flight(), 1u);
  world.Deliver(delivery);
  // The slot serves the next intent; the old delivery must not answer it.
  world.Submit(IntentOf(IdAt(kNowMs, 2)));
  world.Deliver(delivery);
  world.Tick();
  EXPECT_EQ(world.session.receipts.size(), 1u);
  EXPECT_EQ(world.intake.in_flight(), 1u);
}

// ---- possibly persisted

TEST(IntakeRepublish, PendingAtOnceThenTheSameBytesWithBackoff) {
  World world;
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  world.Deliver(world.log.Failed(0, Persistence::kPossiblyPersisted));
  world.Tick();
  ASSERT_EQ(world.session.receipts.size(), 1u);
  EXPECT_EQ(world.last().status(), Receipt::STATUS_PENDING);
  EXPECT_EQ(world.last().reason(), intake::v1::REASON_LOG_UNAVAILABLE);

  for (int64_t wait_ms : {200, 400, 800, 1'600, 2'000, 2'000}) {
    size_t before = world.log.records.size();
    EXPECT_EQ(world.intake.NextDueMs(), world.now_ms + wait_ms);
    world.now_ms += wait_ms - 1;
    world.Tick();
    EXPECT_EQ(world.log.records.size(), before);
    world.now_ms += 1;
    EXPECT_EQ(world.Tick(), 1u);
    ASSERT_EQ(world.log.records.size(), before + 1);
    EXPECT_EQ(world.log.records[before].value, world.log.records[0].value);
    EXPECT_EQ(world.log.records[before].key, world.log.records[0].key);
    EXPECT_NE(world.log.records[before].opaque, world.log.records[before - 1].opaque);
    if (wait_ms == 400) {
      world.Deliver(world.log.Failed(before, Persistence::kNotPersisted));
    } else {
      world.Deliver(world.log.Failed(before, Persistence::kPossiblyPersisted));
    }
  }
  world.now_ms += 2'000;
  world.Tick();
  EXPECT_EQ(world.session.receipts.size(), 1u) << "PENDING stands until a delivery";
  world.Deliver(world.log.Delivered(world.log.records.size() - 1, world.now_ms));
  world.Tick();
  EXPECT_EQ(world.last().status(), Receipt::STATUS_ACCEPTED);
  EXPECT_EQ(world.intake.in_flight(), 0u);
}

TEST(IntakeRepublish, GoesOnUntilTheDeadline) {
  World world;
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  while (world.now_ms <= kNowMs + kTtlMs) {
    if (world.now_ms <= kNowMs + kTtlMs - 2'000) EXPECT_EQ(world.intake.in_flight(), 1u);
    world.Deliver(world.log.Failed(world.log.records.size() - 1, Persistence::kPossiblyPersisted));
    world.now_ms += 2'000;
    world.Tick();
  }
  EXPECT_EQ(world.log.records.size(), static_cast<size_t>(kTtlMs / 2'000) + 1);
  EXPECT_EQ(world.intake.in_flight(), 0u);
  EXPECT_EQ(world.session.receipts.size(), 1u) << "PENDING stands; GetOutcomes tells";
  EXPECT_EQ(world.intake.counts().republished, world.log.records.size() - 1);
}

TEST(IntakeRepublish, NeverPastTheDeadline) {
  World world;
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  world.now_ms = kNowMs + kTtlMs - 300;
  world.Deliver(world.log.Failed(0, Persistence::kPossiblyPersisted));
  world.now_ms = kNowMs + kTtlMs + 1;  // the tick comes late
  world.Tick();
  EXPECT_EQ(world.log.records.size(), 1u);
  EXPECT_EQ(world.intake.in_flight(), 0u);

  world.Submit(IntentOf(IdAt(kNowMs + 5'000, 2)));
  world.now_ms = kNowMs + 5'000 + kTtlMs - 199;
  world.Deliver(world.log.Failed(1, Persistence::kPossiblyPersisted));
  EXPECT_EQ(world.intake.in_flight(), 0u) << "200 ms later would be too late";
}

TEST(IntakeRepublish, ALateCopyDoesNotRefuteAnEarlierOne) {
  World world;
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  world.Deliver(world.log.Failed(0, Persistence::kPossiblyPersisted));
  world.now_ms += 200;
  world.Tick();
  world.Deliver(world.log.Delivered(1, kNowMs + kTtlMs + 1));
  world.Tick();
  ASSERT_EQ(world.session.receipts.size(), 1u);
  EXPECT_EQ(world.last().status(), Receipt::STATUS_PENDING);
  EXPECT_EQ(world.intake.in_flight(), 0u);
}

TEST(IntakeRepublish, PersistedWithoutAnOffsetIsNotAccepted) {
  World world;
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  world.Deliver(world.log.Failed(0, Persistence::kPersisted));
  world.Tick();
  EXPECT_EQ(world.last().status(), Receipt::STATUS_PENDING);
  EXPECT_EQ(world.intake.in_flight(), 1u);
}

// A cause that somebody mends: the topic is missing, a right was revoked, credentials have expired.
class IntakeRefusedForNow : public ::testing::TestWithParam<absl::StatusCode> {
 protected:
  absl::Status refusal_{GetParam(), "for now"};
  World world_;
};

TEST_P(IntakeRefusedForNow, PendingAndThenAcceptedByItself) {
  world_.Submit(IntentOf(IdAt(kNowMs, 1)));
  world_.Deliver(world_.log.Failed(0, Persistence::kNotPersisted, refusal_));
  world_.Tick();
  ASSERT_EQ(world_.session.receipts.size(), 1u);
  EXPECT_EQ(world_.last().status(), Receipt::STATUS_PENDING);
  EXPECT_EQ(world_.last().reason(), intake::v1::REASON_LOG_UNAVAILABLE);
  // The producer knows of it by now and refuses at once; for longer than what may be in the log is
  // tried.
  world_.log.answer = refusal_;
  for (; world_.now_ms < kNowMs + kTtlMs / 2; world_.now_ms += 100) world_.Tick();
  EXPECT_EQ(world_.log.records.size(), 1u);
  world_.log.answer = absl::OkStatus();
  for (; world_.log.records.size() < 2; world_.now_ms += 100) world_.Tick();
  EXPECT_LE(world_.now_ms, kNowMs + kTtlMs / 2 + 2'200) << "soon after it is mended";
  EXPECT_EQ(world_.log.records[1].value, world_.log.records[0].value);
  world_.Deliver(world_.log.Delivered(1, world_.now_ms));
  world_.Tick();
  ASSERT_EQ(world_.session.receipts.size(), 2u);
  EXPECT_EQ(world_.last().status(), Receipt::STATUS_ACCEPTED);
  EXPECT_EQ(world_.intake.in_flight(), 0u);
}

TEST_P(IntakeRefusedForNow, SoIsWhatTheProducerRefusesAtOnce) {
  world_.log.answer = refusal_;
  world_.Submit(IntentOf(IdAt(kNowMs, 1)));
  world_.Tick();
  ASSERT_EQ(world_.session.receipts.size(), 1u);
  EXPECT_EQ(world_.last().status(), Receipt::STATUS_PENDING);
  world_.log.answer = absl::OkStatus();
  world_.now_ms += 200;
  world_.Tick();
  ASSERT_EQ(world_.log.records.size(), 1u);
  world_.Deliver(world_.log.Delivered(0, world_.now_ms));
  world_.Tick();
  EXPECT_EQ(world_.last().status(), Receipt::STATUS_ACCEPTED);
}

TEST_P(IntakeRefusedForNow, NeverMendedIsRefusedByTheDeadlineSinceNothingIsInTheLog) {
  world_.log.answer = refusal_;
  world_.Submit(IntentOf(IdAt(kNowMs, 1)));
  for (; world_.now_ms <= kNowMs + kTtlMs; world_.now_ms += 100) world_.Tick();
  ASSERT_EQ(world_.session.receipts.size(), 2u);
  EXPECT_EQ(world_.last().status(), Receipt::STATUS_REFUSED);
  EXPECT_EQ(world_.last().reason(), intake::v1::REASON_LOG_UNAVAILABLE);
  EXPECT_EQ(world_.intake.in_flight(), 0u);
}

TEST_P(IntakeRefusedForNow, AnAttemptThatMayBeInTheLogIsNeverTakenBack) {
  world_.Submit(IntentOf(IdAt(kNowMs, 1)));
  world_.Deliver(world_.log.Failed(0, Persistence::kPossiblyPersisted));
  world_.log.answer = refusal_;
  for (; world_.now_ms <= kNowMs + kTtlMs; world_.now_ms += 100) world_.Tick();
  ASSERT_EQ(world_.session.receipts.size(), 1u);
  EXPECT_EQ(world_.last().status(), Receipt::STATUS_PENDING);
  EXPECT_EQ(world_.intake.in_flight(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Codes, IntakeRefusedForNow,
                         ::testing::Values(absl::StatusCode::kNotFound,
                                           absl::StatusCode::kPermissionDenied,
                                           absl::StatusCode::kUnauthenticated));

TEST(IntakeRepublish, AFullLogIsTriedAgain) {
  World world;
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  world.Deliver(world.log.Failed(0, Persistence::kPossiblyPersisted));
  world.log.answer = base::ResourceExhausted("full");
  world.now_ms += 200;
  world.Tick();
  EXPECT_EQ(world.intake.in_flight(), 1u);
  world.log.answer = absl::OkStatus();
  world.now_ms += 400;
  world.Tick();
  EXPECT_EQ(world.log.records.size(), 2u);
}

// ---- outcomes

TEST(IntakeOutcomes, AViewersOutcomeReachesItsStreamsAndNobodyElse) {
  World world;
  FakeSession same_viewer(PrincipalOf(1));
  FakeSession unary(PrincipalOf(1));
  FakeSession other_viewer(PrincipalOf(2));
  world.intake.Open(&same_viewer, true);
  world.intake.Open(&unary, false);
  Intake::SessionKey other_key = world.intake.Open(&other_viewer, true);
  auto intent = IntentOf(IdAt(kNowMs, 1));
  FinalPtr final = world.Decide(OutcomeRecordOf(intent, 1));

  // The other viewer watches, asks and resends the very same id.
  intake::v1::ClientFrame frame = FrameOf(intent);
  frame.add_watch_intent_ids(intent.intent_id());
  ASSERT_TRUE(world.intake.Submit(other_key, frame, kNowMs).ok());
  intake::v1::GetOutcomesRequest request;
  request.add_queries()->set_intent_id(intent.intent_id());
  Answers answers;
  world.intake.Answer(other_viewer.principal(), request, &answers);
  world.Tick();

  EXPECT_EQ(world.session.outcomes.size(), 1u);
  ASSERT_EQ(same_viewer.outcomes.size(), 1u);
  EXPECT_EQ(same_viewer.outcomes[0].SerializeAsString(), final->outcome.SerializeAsString());
  EXPECT_TRUE(unary.frames.empty());
  EXPECT_TRUE(other_viewer.frames.empty());
  EXPECT_FALSE(answers.answers(0).has_outcome());
  EXPECT_EQ(world.log.records.size(), 1u) << "the other viewer's own intent";
  EXPECT_EQ(world.intake.counts().outcomes_pushed, 2u);
}

TEST(IntakeOutcomes, AResumedSessionIsToldWhatItWatches) {
  World world;
  auto intent = IntentOf(IdAt(kNowMs, 1));
  world.intake.Close(world.key);
  world.Decide(OutcomeRecordOf(intent, 1));

  FakeSession resumed(PrincipalOf(1));
  Intake::SessionKey key = world.intake.Open(&resumed, true);
  intake::v1::ClientFrame frame;
  frame.add_watch_intent_ids(intent.intent_id());
  frame.add_watch_intent_ids(IdAt(kNowMs, 2).ToString());
  ASSERT_TRUE(world.intake.Submit(key, frame, kNowMs).ok());
  world.Tick();
  ASSERT_EQ(resumed.outcomes.size(), 1u);
  EXPECT_EQ(resumed.outcomes[0].intent_id(), intent.intent_id());
  EXPECT_TRUE(resumed.receipts.empty());
  world.Decide(OutcomeRecordOf(IntentOf(IdAt(kNowMs, 2)), 1));
  world.Tick();
  EXPECT_EQ(resumed.outcomes.size(), 2u) << "the other one, when it happened";
  EXPECT_TRUE(world.session.frames.empty());

  int64_t expired_ms = kNowMs + 3'600'000 + 30'001;
  ASSERT_TRUE(world.intake.Submit(key, frame, expired_ms).ok());
  world.Tick();
  EXPECT_EQ(resumed.outcomes.size(), 2u);
  ASSERT_EQ(resumed.receipts.size(), 2u);
  EXPECT_EQ(resumed.receipts[0].reason(), intake::v1::REASON_UNAUTHENTICATED);
}

TEST(IntakeOutcomes, ADecidedIntentIsReplayedWithItsOutcome) {
  World world;
  auto intent = IntentOf(IdAt(kNowMs, 1));
  world.Decide(OutcomeRecordOf(intent, 1));
  world.Tick();
  intent.set_stream_position_ms(5'000);  // never crosses, so it is the same body
  world.Submit(intent);
  world.Tick();
  ASSERT_EQ(world.session.frames.size(), 2u);
  EXPECT_EQ(world.session.frames[1]->outcomes_size(), 1) << "in the same frame";
  EXPECT_EQ(world.last().ShortDebugString(), "intent_id: \"" + intent.intent_id() +
                                                 "\" status: STATUS_ACCEPTED offset: 7 "
                                                 "replayed: true");
  EXPECT_TRUE(world.log.records.empty());
  EXPECT_EQ(world.intake.counts().replayed, 1u);
}

TEST(IntakeOutcomes, AnswersInTheOrderOfTheQueries) {
  World world;
  auto decided = IntentOf(IdAt(kNowMs, 1));
  world.Decide(OutcomeRecordOf(decided, 1));
  crossing::v1::OutcomeRecord open;
  open.set_marketplace_id("shop");
  base::SetMs(kNowMs + 200'000, open.mutable_open()->mutable_progress());
  world.Decide(open);

  struct Case {
    std::string intent_id;
    std::string offer_id;
    Answers::Verdict verdict;
  };
  const Case cases[] = {
      {decided.intent_id(), "offer-1", Answers::VERDICT_OUTCOME},
      {decided.intent_id(), "", Answers::VERDICT_OUTCOME},
      {IdAt(kNowMs, 2).ToString(), "offer-1", Answers::VERDICT_NONE},
      {IdAt(kNowMs, 2).ToString(), "", Answers::VERDICT_NOT_YET},
      {IdAt(kNowMs + 90'000, 2).ToString(), "offer-1", Answers::VERDICT_NOT_YET},
      {"x", "offer-1", Answers::VERDICT_NOT_YET},
  };
  intake::v1::GetOutcomesRequest request;
  for (const Case& c : cases) {
    auto* query = request.add_queries();
    query->set_intent_id(c.intent_id);
    query->set_offer_id(c.offer_id);
  }
  Answers answers;
  answers.add_answers();  // whatever was there is replaced
  world.intake.Answer(world.session.principal(), request, &answers);
  ASSERT_EQ(answers.answers_size(), static_cast<int>(std::size(cases)));
  for (int i = 0; i < answers.answers_size(); ++i) {
    const Case& c = cases[i];
    EXPECT_EQ(answers.answers(i).intent_id(), c.intent_id);
    EXPECT_EQ(answers.answers(i).verdict(), c.verdict) << i;
    EXPECT_EQ(answers.answers(i).has_outcome(), c.verdict == Answers::VERDICT_OUTCOME);
    bool invalid = c.intent_id == "x";
    EXPECT_EQ(answers.answers(i).reason(),
              invalid ? intake::v1::REASON_ID_INVALID : intake::v1::REASON_UNSPECIFIED);
  }
}

TEST(IntakeOutcomes, TheNewestSessionsOfAViewerAreTold) {
  World world;
  std::vector<std::unique_ptr<FakeSession>> sessions;
  for (size_t i = 0; i < kPushSessionsPerViewer; ++i) {
    sessions.push_back(std::make_unique<FakeSession>(PrincipalOf(1)));
    world.intake.Open(sessions.back().get(), true);
  }
  world.Decide(OutcomeRecordOf(IntentOf(IdAt(kNowMs, 1)), 1));
  world.Tick();
  EXPECT_TRUE(world.session.outcomes.empty()) << "the first of one too many";
  for (const auto& session : sessions) EXPECT_EQ(session->outcomes.size(), 1u);
  world.intake.Close(world.key);  // no longer among them: harmless
}

// ---- sessions

TEST(IntakeSessions, AClosedSessionsReceiptsReachNobody) {
  World world;
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  world.Submit(IntentOf(IdAt(kNowMs, 2)));
  world.intake.Close(world.key);
  world.intake.Close(world.key);
  FakeSession next(PrincipalOf(2));
  Intake::SessionKey next_key = world.intake.Open(&next, true);
  EXPECT_NE(next_key, world.key);
  EXPECT_FALSE(world.intake.Submit(world.key, FrameOf(IntentOf(IdAt(kNowMs, 3))), kNowMs).ok());
  world.Deliver(world.log.Delivered(0, kNowMs));
  world.now_ms += 1'000;
  world.Tick();
  EXPECT_TRUE(world.session.frames.empty());
  EXPECT_TRUE(next.frames.empty()) << "though it has the closed one's place";
  EXPECT_EQ(world.intake.in_flight(), 1u);
  EXPECT_EQ(world.intake.counts().accepted, 1u);
  world.Deliver(world.log.Failed(1, Persistence::kPossiblyPersisted));
  world.now_ms += 200;
  world.Tick();
  EXPECT_EQ(world.log.records.size(), 3u) << "still published again";
}

TEST(IntakeSessions, AViewerWhoReconnectsOftenIsStillTold) {
  World world;
  for (size_t i = 0; i < 2 * kPushSessionsPerViewer; ++i) {
    world.intake.Close(world.key);
    world.key = world.intake.Open(&world.session, true);
  }
  world.Decide(OutcomeRecordOf(IntentOf(IdAt(kNowMs, 1)), 1));
  world.Tick();
  EXPECT_EQ(world.session.outcomes.size(), 1u);
}

TEST(IntakeSessions, AUnaryCallThatClosedAfterItsFirstReceiptHearsNoMore) {
  World world;
  FakeSession unary(PrincipalOf(1));
  Intake::SessionKey key = world.intake.Open(&unary, false);
  ASSERT_TRUE(world.intake.Submit(key, FrameOf(IntentOf(IdAt(kNowMs, 1))), kNowMs).ok());
  world.now_ms += 1'000;
  world.Tick();
  ASSERT_EQ(unary.receipts.size(), 1u);
  EXPECT_EQ(unary.receipts[0].status(), Receipt::STATUS_PENDING);
  world.intake.Close(key);
  world.Deliver(world.log.Delivered(0, kNowMs));
  world.Tick();
  EXPECT_EQ(unary.receipts.size(), 1u);
}

TEST(IntakeSessions, ASlowReaderOverflowsOnce) {
  World world;
  world.session.reads = false;
  intake::v1::ClientFrame frame;
  for (int i = 0; i < 256; ++i) *frame.add_intents() = IntentOf(IdAt(0, 1));  // all too late
  for (size_t i = 0; i < kOutboxEntries / 256; ++i) {
    ASSERT_TRUE(world.intake.Submit(world.key, frame, kNowMs).ok());
    world.Tick();
  }
  EXPECT_EQ(world.session.outbox_entries(), kOutboxEntries);
  EXPECT_EQ(world.session.overflows, 0);
  for (int i = 0; i < 3; ++i) {
    world.Submit(IntentOf(IdAt(0, 1)));
    world.Tick();
  }
  EXPECT_EQ(world.session.overflows, 1);
  EXPECT_EQ(world.session.outbox_entries(), kOutboxEntries);
}

TEST(IntakeSessions, AViewerWhoHammersIsHeldToItsRateOverAllSessions) {
  World world;
  FakeSession same_viewer(PrincipalOf(1));
  FakeSession other_viewer(PrincipalOf(2));
  Intake::SessionKey same_key = world.intake.Open(&same_viewer, true);
  Intake::SessionKey other_key = world.intake.Open(&other_viewer, true);
  intake::v1::ClientFrame frame;
  for (int64_t i = 0; i < kViewerBurst; ++i) {
    *frame.add_intents() = IntentOf(IdAt(kNowMs, static_cast<uint64_t>(i)));
  }
  ASSERT_TRUE(world.intake.Submit(world.key, frame, kNowMs).ok());
  EXPECT_FALSE(world.intake.OverRate(world.key));
  intake::v1::Intent more = IntentOf(IdAt(kNowMs, 1'000));
  ASSERT_TRUE(world.intake.Submit(same_key, FrameOf(more), kNowMs).ok());
  ASSERT_TRUE(world.intake.Submit(other_key, FrameOf(more), kNowMs).ok());
  EXPECT_TRUE(world.intake.OverRate(same_key));
  EXPECT_FALSE(world.intake.OverRate(other_key));
  world.Tick();
  ASSERT_EQ(same_viewer.receipts.size(), 1u);
  EXPECT_EQ(same_viewer.receipts[0].ShortDebugString(),
            "intent_id: \"" + more.intent_id() +
                "\" status: STATUS_REFUSED reason: REASON_RATE_LIMITED retry_after_ms: 10 "
                "message: \"this viewer submits too fast\"");
  EXPECT_EQ(world.log.records.size(), static_cast<size_t>(kViewerBurst) + 1);

  ASSERT_TRUE(world.intake.Submit(same_key, FrameOf(more), kNowMs + 10).ok());
  EXPECT_FALSE(world.intake.OverRate(same_key)) << "after the hint";
  EXPECT_EQ(world.log.records.size(), static_cast<size_t>(kViewerBurst) + 2);
}

// What is in the log, or was decided, is told all the same; and the log as before admits again.
TEST(IntakeSessions, AnotherLogStopsOnlyWhatWouldBeNew) {
  World world;
  auto decided = IntentOf(IdAt(kNowMs, 1));
  world.Decide(OutcomeRecordOf(decided, 1));
  world.Submit(IntentOf(IdAt(kNowMs, 2)));
  world.intake.SetOtherLog(true);
  world.Deliver(world.log.Delivered(0, kNowMs));
  world.Submit(decided);
  world.Submit(IntentOf(IdAt(kNowMs, 3)));
  world.intake.SetOtherLog(false);
  world.Submit(IntentOf(IdAt(kNowMs, 3)));
  world.Tick();
  ASSERT_EQ(world.session.receipts.size(), 3u);
  EXPECT_EQ(world.session.receipts[0].status(), Receipt::STATUS_ACCEPTED);
  EXPECT_TRUE(world.session.receipts[1].replayed());
  EXPECT_EQ(world.session.receipts[2].reason(), intake::v1::REASON_LOG_UNAVAILABLE);
  EXPECT_EQ(world.log.records.size(), 2u) << "the first and the last";
}

// ---- pseudonyms by epoch (protocol rule 8)

std::string BuyerIn(const FakeLog::Record& record) {
  crossing::v1::PurchaseIntent intent;
  EXPECT_TRUE(intent.ParseFromString(record.value));
  return intent.buyer_ref();
}

// The second epoch begins at kNowMs + 1'000.
std::shared_ptr<const identity::BuyerKeys> RotatedKeys() {
  return std::make_shared<identity::BuyerKeys>(
      *identity::BuyerKeys(BuyerKeyOf('1'))
           .Rotated(BuyerKeyOf('2'), kNowMs + 1'000, kNowMs - identity::kAnnounceMs));
}

TEST(IntakeEpochs, TheIdsTimeChoosesTheKeyHoweverOftenAndWhenItIsSent) {
  World world;
  world.intake.SetBuyerKeys(std::make_shared<identity::BuyerKeys>(BuyerKeyOf('1')));
  const auto early = IntentOf(IdAt(kNowMs + 999, 1));
  const auto late = IntentOf(IdAt(kNowMs + 1'000, 2));
  world.Submit(early);
  world.intake.SetBuyerKeys(RotatedKeys());
  // Sent before the epoch begins and after; the id's time alone counts.
  for (int64_t now_ms : {kNowMs, kNowMs + 60'000}) {
    world.now_ms = now_ms;
    world.Submit(late);
    world.Submit(early);
  }
  const std::string first(BuyerKeyOf('1').RefOf("viewer-1").view());
  const std::string second(BuyerKeyOf('2').RefOf("viewer-1").view());
  ASSERT_EQ(world.log.records.size(), 5u);
  const std::string expected[] = {first, second, first, second, first};
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(BuyerIn(world.log.records[i]), expected[i]) << i;
}

TEST(IntakeEpochs, AnOutcomeIsPushedAndFoundByTheKeyOfItsTime) {
  World world;
  world.intake.SetBuyerKeys(RotatedKeys());
  const Principal old_token = {.viewer = world.session.principal().viewer,
                               .buyers = identity::BuyerRefs(BuyerOf(9))};
  for (int64_t id_ms : {kNowMs, kNowMs + 1'000}) {
    const auto intent = IntentOf(IdAt(id_ms, 1));
    auto record = OutcomeRecordOf(intent, 1);
    const identity::BuyerRef* buyer = world.session.principal().buyers.At(id_ms);
    record.mutable_outcome()->set_buyer_ref(std::string(buyer->view()));
    ASSERT_NE(world.Decide(record), nullptr);
    world.Tick();
    ASSERT_FALSE(world.session.outcomes.empty());
    EXPECT_EQ(world.session.outcomes.back().intent_id(), intent.intent_id());
    // A call whose token was verified before the keys changed is answered by the new ones.
    intake::v1::GetOutcomesRequest request;
    request.add_queries()->set_intent_id(intent.intent_id());
    intake::v1::GetOutcomesResponse response;
    world.intake.Answer(old_token, request, &response);
    EXPECT_EQ(response.answers(0).verdict(), intake::v1::GetOutcomesResponse::VERDICT_OUTCOME);
  }
}

TEST(IntakeEpochs, OfAnIdWithoutAPseudonymNothingIsCertain) {
  World world;
  world.intake.SetBuyerKeys(std::make_shared<identity::BuyerKeys>(
      RotatedKeys()->Recent(kNowMs + 1'000 + identity::kKeepMs)));
  intake::v1::GetOutcomesRequest request;
  request.add_queries()->set_intent_id(IdAt(kNowMs, 1).ToString());
  request.mutable_queries(0)->set_offer_id("offer-1");
  intake::v1::GetOutcomesResponse response;
  world.intake.Answer(world.session.principal(), request, &response);
  EXPECT_EQ(response.answers(0).verdict(), intake::v1::GetOutcomesResponse::VERDICT_FORGOTTEN);
}

TEST(IntakeEpochs, StaleKeysStopOnlyWhatWouldBeNewUntilTheyAreReadAgain) {
  World world;
  const auto keys = RotatedKeys();
  world.intake.SetBuyerKeys(keys);
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  world.intake.SetBuyerKeys(nullptr);
  world.Deliver(world.log.Delivered(0, kNowMs));
  world.Submit(IntentOf(IdAt(kNowMs, 2)));
  world.intake.SetBuyerKeys(keys);
  world.Submit(IntentOf(IdAt(kNowMs, 2)));
  world.Tick();
  ASSERT_EQ(world.session.receipts.size(), 2u);
  EXPECT_EQ(world.session.receipts[0].status(), Receipt::STATUS_ACCEPTED);
  EXPECT_EQ(world.session.receipts[1].reason(), intake::v1::REASON_LOG_UNAVAILABLE);
  EXPECT_EQ(world.log.records.size(), 2u);
}

TEST(IntakeSessions, DrainRefusesTheNewAndFinishesTheOld) {
  World world;
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  world.intake.StartDrain();
  world.Submit(IntentOf(IdAt(kNowMs, 2)));
  world.Deliver(world.log.Delivered(0, kNowMs));
  world.Decide(OutcomeRecordOf(IntentOf(IdAt(kNowMs, 1)), 1));
  world.Tick();
  ASSERT_EQ(world.session.receipts.size(), 2u);
  EXPECT_EQ(world.session.receipts[0].reason(), intake::v1::REASON_SHUTTING_DOWN);
  EXPECT_EQ(world.session.receipts[1].status(), Receipt::STATUS_ACCEPTED);
  EXPECT_EQ(world.session.outcomes.size(), 1u);
  EXPECT_EQ(world.intake.in_flight(), 0u);
}

// ---- controls

TEST(Intake, AHaltLeavesDecidedIdsAndWhatWasHandedOverAsTheyAre) {
  World world;
  const intake::v1::Intent decided = IntentOf(IdAt(kNowMs, 1));
  world.Decide(OutcomeRecordOf(decided, 1));
  world.Submit(IntentOf(IdAt(kNowMs, 2)));
  ASSERT_EQ(world.log.records.size(), 1u);
  Halt(world, crossing::v1::Halt::SCOPE_GLOBAL);
  world.Deliver(world.log.Delivered(0, 7));
  world.Tick();
  EXPECT_EQ(world.last().status(), Receipt::STATUS_ACCEPTED);
  world.Submit(decided);
  world.Tick();
  EXPECT_EQ(world.last().status(), Receipt::STATUS_ACCEPTED);
  EXPECT_TRUE(world.last().replayed());
}

TEST(Intake, AHaltOfASellerStopsNoOffersOfOthers) {
  World world;
  Halt(world, crossing::v1::Halt::SCOPE_SELLER, "toko-1");
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  EXPECT_EQ(world.log.records.size(), 1u) << "nobody attests who sells it";
  const intake::v1::Intent intent = IntentOf(IdAt(kNowMs, 2));
  world.Sells(intent.offer_id(), "toko-2");
  world.Submit(intent);
  EXPECT_EQ(world.log.records.size(), 2u);
}

TEST(Intake, AHaltThatIsLiftedLetsTheSameIdIn) {
  World world;
  Halt(world, crossing::v1::Halt::SCOPE_GLOBAL);
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  world.Tick();
  EXPECT_EQ(world.last().reason(), intake::v1::REASON_SALES_HALTED);
  EXPECT_TRUE(world.log.records.empty());
  world.intake.SetControls(std::make_shared<const controls::Controls>());
  world.Submit(IntentOf(IdAt(kNowMs, 1)));
  EXPECT_EQ(world.log.records.size(), 1u);
}

// A transport may submit, open and close from within OnOutbox.
class ReentrantSession : public FakeSession {
 public:
  using FakeSession::FakeSession;
  void OnOutbox() override {
    FakeSession::OnOutbox();
    if (on_outbox) std::exchange(on_outbox, nullptr)();
  }
  std::function<void()> on_outbox;
};

TEST(IntakeSessions, CallsFromWithinOnOutboxAreHarmless) {
  World world;
  ReentrantSession first(PrincipalOf(5));
  ReentrantSession second(PrincipalOf(6));
  Intake::SessionKey first_key = world.intake.Open(&first, true);
  Intake::SessionKey second_key = world.intake.Open(&second, true);
  auto refused = FrameOf(IntentOf(IdAt(0, 1)));
  first.on_outbox = [&] {
    world.intake.Close(second_key);
    ASSERT_TRUE(world.intake.Submit(first_key, refused, kNowMs).ok());
  };
  ASSERT_TRUE(world.intake.Submit(first_key, refused, kNowMs).ok());
  ASSERT_TRUE(world.intake.Submit(second_key, refused, kNowMs).ok());
  world.Tick();
  EXPECT_EQ(first.receipts.size(), 1u);
  EXPECT_TRUE(second.receipts.empty());
  EXPECT_EQ(world.intake.NextDueMs(), 0) << "something waits: tick again at once";
  world.Tick();
  EXPECT_EQ(first.receipts.size(), 2u);
  EXPECT_EQ(world.intake.NextDueMs(), -1);
}

TEST(IntakeRooms, TapsAreJudgedByTheirRoom) {
  World world;
  Rooms rooms;
  RoomHints hints(&rooms, [](const std::string&, intake::v1::OfferHint*) {});
  intake::v1::RoomRecord record;
  record.set_room_id("open");
  rooms.Apply("open", record.SerializeAsString(), kNowMs);
  record.set_offer_id("offer-1");
  rooms.Apply(RoomKey("open", "offer-1"), record.SerializeAsString(), kNowMs);
  rooms.Apply("closed", "", kNowMs);
  struct Row {
    const char* room;
    const char* offer;
    intake::v1::Reason admitted;
    intake::v1::Reason refused;
  };
  uint64_t number = 1;
  for (const bool known : {false, true}) {
    const auto unknown =
        known ? intake::v1::REASON_SESSION_NOT_LIVE : intake::v1::REASON_LOG_UNAVAILABLE;
    if (known) rooms.SetKnown();
    for (const Row& row : {Row{"", "offer-1", {}, {}}, Row{"open", "offer-1", {}, {}},
                           Row{"open", "offer-2", intake::v1::REASON_OFFER_NOT_IN_SESSION,
                               intake::v1::REASON_OFFER_NOT_IN_SESSION},
                           Row{"closed", "offer-1", intake::v1::REASON_SESSION_NOT_LIVE,
                               intake::v1::REASON_SESSION_NOT_LIVE},
                           Row{"nobody's", "offer-1", {}, unknown}}) {
      for (const bool refuse : {false, true}) {
        world.intake.SetRooms(&rooms, &hints, refuse);
        auto intent = IntentOf(IdAt(kNowMs, number++), row.offer);
        intent.set_room_id(row.room);
        world.Submit(intent);
        const size_t records = world.log.records.size();
        world.Tick();
        const intake::v1::Reason due = refuse ? row.refused : row.admitted;
        const bool answered = !world.session.receipts.empty() &&
                              world.session.receipts.back().intent_id() == intent.intent_id();
        EXPECT_EQ(answered, due != intake::v1::REASON_UNSPECIFIED) << row.room << row.offer;
        if (answered) {
          EXPECT_EQ(world.session.receipts.back().reason(), due) << row.room;
        } else {
          EXPECT_EQ(world.log.records.size(), records);
        }
      }
    }
  }
}

// What was decided is told again, whatever became of its room.
TEST(IntakeRooms, AResendAfterTheRoomsEndIsAnsweredAsBefore) {
  World world;
  Rooms rooms;
  RoomHints hints(&rooms, [](const std::string&, intake::v1::OfferHint*) {});
  rooms.Apply("closed", "", kNowMs);
  world.intake.SetRooms(&rooms, &hints, true);
  auto intent = IntentOf(IdAt(kNowMs, 1));
  intent.set_room_id("closed");
  world.Decide(OutcomeRecordOf(intent, 1));
  world.Submit(intent);
  world.Tick();
  ASSERT_EQ(world.session.receipts.size(), 1u);
  EXPECT_TRUE(world.session.receipts[0].replayed());
}

TEST(IntakeRooms, AWatcherThatClosesIsForgotten) {
  World world;
  Rooms rooms;
  RoomHints hints(&rooms, [](const std::string&, intake::v1::OfferHint*) {});
  world.intake.SetRooms(&rooms, &hints, false);
  intake::v1::ClientFrame frame;
  frame.add_watch_room_ids("r");
  ASSERT_TRUE(world.intake.Submit(world.key, frame, kNowMs).ok());
  EXPECT_EQ(hints.audiences(), 1u);
  rooms.Apply("r", "", kNowMs);
  hints.OnRoom({Rooms::Change::Kind::kClosed, "r", {}});
  EXPECT_GE(world.intake.NextDueMs(), 0);
  EXPECT_GT(world.Tick(), 0u);
  EXPECT_EQ(world.intake.NextDueMs(), -1);
  world.intake.Close(world.key);
  EXPECT_EQ(hints.audiences(), 0u);
}

}  // namespace
}  // namespace jembatan::gateway
