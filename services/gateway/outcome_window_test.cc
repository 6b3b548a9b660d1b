#include "services/gateway/outcome_window.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "jembatan/crossing/v1/reason.pb.h"
#include "libs/base/testing/plant_unknown_fields.h"
#include "libs/base/timestamp.h"
#include "libs/crossing/testing/newer_field.h"
#include "services/gateway/crossing.h"
#include "services/gateway/testing/fake_intake.h"

namespace jembatan::gateway {
namespace {

using crossing::v1::Outcome;
using crossing::v1::OutcomeRecord;
using testing::BuyerOf;
using testing::IdAt;
using testing::IntentOf;
using testing::kNowMs;
using testing::OutcomeRecordOf;
using Answers = intake::v1::GetOutcomesResponse;

constexpr int64_t kDoneMs = 120'000 + 10'000;  // from an id's time to its deadline + M
constexpr int64_t kReachMs = 5'000 + 10'000;   // F + M

struct Reader {
  explicit Reader(size_t capacity = 1'000)
      : window({.partitions = 2, .marketplaces = {"shop"}, .capacity = capacity}) {
    window.StartPartition(0, 0, 0);
    window.StartPartition(1, 0, 0);
  }
  OutcomeWindow::Fed Feed(const OutcomeRecord& record) {
    return window.Feed(0, offset++, record.SerializeAsString());
  }
  OutcomeWindow window;
  int64_t offset = 0;
};

OutcomeRecord OpenRecord(uint64_t token, int64_t progress_ms,
                         const std::string& marketplace = "shop") {
  OutcomeRecord record;
  record.set_token(token);
  record.set_marketplace_id(marketplace);
  base::SetMs(progress_ms, record.mutable_open()->mutable_progress());
  return record;
}

OutcomeRecord ReusedOf(const intake::v1::Intent& intent, uint8_t buyer) {
  OutcomeRecord record = OutcomeRecordOf(intent, buyer, Outcome::STATE_REJECTED);
  record.mutable_outcome()->set_reason(crossing::v1::REASON_ID_REUSED);
  return record;
}

TEST(OutcomeWindow, AFinalIsToldOnceAndFoundByItsBuyerOnly) {
  Reader reader;
  auto intent = IntentOf(IdAt(kNowMs, 1));
  OutcomeWindow::Fed fed = reader.Feed(OutcomeRecordOf(intent, 1));
  ASSERT_NE(fed.final, nullptr);
  EXPECT_EQ(fed.final->buyer, BuyerOf(1));
  EXPECT_EQ(fed.final->partition, 0);
  EXPECT_EQ(fed.final->intent_offset, 7);
  EXPECT_EQ(fed.intent_offset, 7);
  EXPECT_EQ(fed.intent_append_ms, kNowMs);
  EXPECT_EQ(reader.window.Find(BuyerOf(1), IdAt(kNowMs, 1)), fed.final);
  EXPECT_EQ(reader.window.Find(BuyerOf(2), IdAt(kNowMs, 1)), nullptr);
  EXPECT_EQ(reader.window.Find(BuyerOf(1), IdAt(kNowMs, 2)), nullptr);

  // The bridge repeats it for a copy: nothing new, but the forecast hears of it.
  OutcomeWindow::Fed again = reader.Feed(OutcomeRecordOf(intent, 1));
  EXPECT_EQ(again.final, nullptr);
  EXPECT_EQ(again.intent_offset, 7);
  EXPECT_EQ(reader.window.size(), 1u);
}

std::string OrderStateOf(uint8_t buyer, const base::Uuid& id,
                         crossing::v1::OrderStateRecord::State state, int64_t changed_ms) {
  crossing::v1::OrderStateRecord record;
  record.set_intent_id(id.ToString());
  record.set_buyer_ref(std::string(BuyerOf(buyer).view()));
  record.set_state(state);
  base::SetMs(changed_ms, record.mutable_changed_at());
  return record.SerializeAsString();
}

TEST(OutcomeWindow, HowAnOrderFaresIsToldWithItsFinal) {
  using Record = crossing::v1::OrderStateRecord;
  using Told = intake::v1::Outcome;
  Reader reader;
  const base::Uuid id = IdAt(kNowMs, 1);
  reader.Feed(OutcomeRecordOf(IntentOf(id), 1));
  const FinalPtr before = reader.window.Find(BuyerOf(1), id);
  bool readable = false;
  const auto feed = [&](uint8_t buyer, Record::State state, int64_t changed_ms) {
    return reader.window.FeedOrderState(OrderStateOf(buyer, id, state, changed_ms), &readable);
  };
  const FinalPtr paid = feed(1, Record::STATE_PAID, kNowMs + 2'000);
  ASSERT_NE(paid, nullptr);
  EXPECT_TRUE(readable);
  EXPECT_EQ(paid->outcome.state(), Told::STATE_ORDERED);
  EXPECT_EQ(paid->outcome.order_state(), Told::ORDER_STATE_PAID);
  EXPECT_EQ(base::ToMs(paid->outcome.order_state_at()), kNowMs + 2'000);
  EXPECT_EQ(reader.window.Find(BuyerOf(1), id), paid);
  EXPECT_EQ(before->outcome.order_state(), Told::ORDER_STATE_UNSPECIFIED) << "sessions hold it";
  // Told again, or late.
  EXPECT_EQ(feed(1, Record::STATE_PAID, kNowMs + 2'000), nullptr);
  EXPECT_EQ(feed(1, Record::STATE_HOLD_EXPIRED, kNowMs + 1'000), nullptr);
  // A refund, a stranger's, and a word of tomorrow.
  EXPECT_EQ(feed(1, Record::STATE_CANCELLED, kNowMs + 3'000)->outcome.order_state(),
            Told::ORDER_STATE_CANCELLED);
  EXPECT_EQ(feed(2, Record::STATE_PAID, kNowMs + 4'000), nullptr);
  EXPECT_TRUE(readable);
  EXPECT_EQ(feed(1, static_cast<Record::State>(99), kNowMs + 5'000), nullptr);
  EXPECT_FALSE(readable);
}

TEST(OutcomeWindow, WhatWasNotOrderedDoesNotFare) {
  Reader reader;
  const base::Uuid id = IdAt(kNowMs, 1);
  reader.Feed(OutcomeRecordOf(IntentOf(id), 1, Outcome::STATE_REJECTED));
  bool readable = false;
  const std::string paid =
      OrderStateOf(1, id, crossing::v1::OrderStateRecord::STATE_PAID, kNowMs + 1);
  EXPECT_EQ(reader.window.FeedOrderState(paid, &readable), nullptr);
  EXPECT_EQ(reader.window.FeedOrderState("rubbish", &readable), nullptr);
  EXPECT_FALSE(readable);
}

TEST(OutcomeWindow, AFinalThatFaredOtherwiseIsForgottenInItsTurn) {
  Reader reader(/*capacity=*/1);
  const base::Uuid id = IdAt(kNowMs, 1);
  reader.Feed(OutcomeRecordOf(IntentOf(id), 1));
  bool readable = false;
  const std::string paid =
      OrderStateOf(1, id, crossing::v1::OrderStateRecord::STATE_PAID, kNowMs + 1);
  ASSERT_NE(reader.window.FeedOrderState(paid, &readable), nullptr);
  reader.Feed(OutcomeRecordOf(IntentOf(IdAt(kNowMs, 2)), 1));
  EXPECT_EQ(reader.window.Find(BuyerOf(1), id), nullptr);
  EXPECT_EQ(reader.window.FeedOrderState(paid, &readable), nullptr);
}

TEST(OutcomeWindow, UnconfirmedIsToldButNeverRememberedNorOverAFinal) {
  Reader reader;
  auto intent = IntentOf(IdAt(kNowMs, 1));
  auto unconfirmed = OutcomeRecordOf(intent, 1, Outcome::STATE_UNCONFIRMED);
  OutcomeWindow::Fed fed = reader.Feed(unconfirmed);
  ASSERT_NE(fed.final, nullptr);
  EXPECT_EQ(fed.intent_offset, -1) << "it is not served yet";
  EXPECT_EQ(reader.window.size(), 0u);
  EXPECT_NE(reader.Feed(OutcomeRecordOf(intent, 1)).final, nullptr);
  EXPECT_EQ(reader.Feed(unconfirmed).final, nullptr);
}

TEST(OutcomeWindow, ASecondBodysRefusalStandsBesideTheFirstsFinal) {
  Reader reader;
  auto first = IntentOf(IdAt(kNowMs, 1), "offer-1", 1);
  auto second = IntentOf(IdAt(kNowMs, 1), "offer-1", 2);
  EXPECT_NE(reader.Feed(ReusedOf(second, 1)).final, nullptr);
  EXPECT_EQ(reader.window.Find(BuyerOf(1), IdAt(kNowMs, 1)), nullptr);
  FinalPtr ordered = reader.Feed(OutcomeRecordOf(first, 1)).final;
  EXPECT_EQ(reader.window.Find(BuyerOf(1), IdAt(kNowMs, 1)), ordered);
  FinalPtr refused = reader.window.Find(BuyerOf(1), IdAt(kNowMs, 1), intent::Fingerprint(second));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->outcome.reason(), intake::v1::REASON_ID_REUSED);
}

TEST(OutcomeWindow, OneIdRemembersABoundedNumberOfBodies) {
  Reader reader;
  for (uint32_t quantity = 1; quantity <= 50; ++quantity) {
    EXPECT_NE(reader.Feed(ReusedOf(IntentOf(IdAt(kNowMs, 1), "o", quantity), 1)).final, nullptr);
  }
  EXPECT_EQ(reader.window.size(), 8u);
  FinalPtr first = reader.Feed(OutcomeRecordOf(IntentOf(IdAt(kNowMs, 1), "o", 51), 1)).final;
  EXPECT_EQ(reader.window.Find(BuyerOf(1), IdAt(kNowMs, 1)), first);
}

TEST(OutcomeWindow, ASucceededOwnersRecordsAreVoid) {
  Reader reader;
  reader.Feed(OpenRecord(0, kNowMs));
  reader.Feed(OpenRecord(1, kNowMs));
  auto intent = IntentOf(IdAt(kNowMs, 1));
  EXPECT_EQ(reader.Feed(OutcomeRecordOf(intent, 1)).final, nullptr);
  EXPECT_EQ(reader.Feed(OpenRecord(0, kNowMs + 500'000)).progress_ms, -1);
  EXPECT_EQ(reader.window.VerdictWithout(0, BuyerOf(1), IdAt(kNowMs, 1)), Answers::VERDICT_NOT_YET);
  EXPECT_EQ(reader.window.size(), 0u);
  EXPECT_EQ(reader.window.unreadable(), 0u);
}

TEST(OutcomeWindow, OtherMarketplacesAreAnotherScope) {
  Reader reader;
  auto record = OutcomeRecordOf(IntentOf(IdAt(kNowMs, 1)), 1);
  record.set_marketplace_id("other");
  EXPECT_EQ(reader.Feed(record).final, nullptr);
  EXPECT_EQ(reader.Feed(OpenRecord(3, kNowMs + kDoneMs + 1, "other")).progress_ms, -1);
  EXPECT_EQ(reader.window.VerdictWithout(0, BuyerOf(1), IdAt(kNowMs, 1)), Answers::VERDICT_NOT_YET);
}

TEST(OutcomeWindow, AReadingThatBeganTooLateBeginsAgain) {
  Reader reader;
  reader.window.SetCaughtUp(0);
  reader.window.SetCaughtUp(1);
  reader.window.StartPartition(0, 100, kNowMs - kReachMs);
  auto intent = IntentOf(IdAt(kNowMs, 1));
  OutcomeRecord record = OutcomeRecordOf(intent, 1);
  record.set_token(60);
  OutcomeWindow::Fed fed = reader.window.Feed(0, 100, record.SerializeAsString());
  EXPECT_EQ(fed.read_again_from, 60);
  EXPECT_EQ(fed.final, nullptr);

  reader.window.StartPartition(0, 60, kNowMs - kReachMs);
  EXPECT_TRUE(reader.window.ready()) << "all gateways begin again at once: none may turn unready";
  EXPECT_NE(reader.window.Feed(0, 100, record.SerializeAsString()).final, nullptr);
}

// A rolling upgrade: bridges are newer than this gateway.
TEST(OutcomeWindow, AFinalThatOnlyANewerGatewayCouldTellIsNeverNone) {
  Reader reader;
  auto intent = IntentOf(IdAt(kNowMs, 1));
  for (int state : {0, 99}) {
    auto record = OutcomeRecordOf(intent, 1, static_cast<Outcome::State>(state));
    OutcomeWindow::Fed fed = reader.Feed(record);
    EXPECT_EQ(fed.final, nullptr) << state;
    EXPECT_FALSE(fed.unreadable) << state;
    EXPECT_EQ(fed.intent_offset, 7) << "the forecast hears that it was served";
  }
  reader.Feed(OpenRecord(0, kNowMs + kDoneMs + 1));
  EXPECT_EQ(reader.window.unreadable(), 2u);
  EXPECT_EQ(reader.window.size(), 1u);
  EXPECT_EQ(reader.window.Find(BuyerOf(1), IdAt(kNowMs, 1)), nullptr);
  EXPECT_EQ(reader.window.Find(BuyerOf(1), IdAt(kNowMs, 1), intent::Fingerprint(intent)), nullptr);
  EXPECT_EQ(reader.window.VerdictWithout(0, BuyerOf(1), IdAt(kNowMs, 1)), Answers::VERDICT_NOT_YET);
  EXPECT_EQ(reader.window.VerdictWithout(0, BuyerOf(2), IdAt(kNowMs, 1)), Answers::VERDICT_NONE);
}

TEST(OutcomeWindow, WhatANewerBridgeAddsChangesNothing) {
  Reader reader;
  auto record = OutcomeRecordOf(IntentOf(IdAt(kNowMs, 1)), 1, Outcome::STATE_REJECTED);
  record.mutable_outcome()->set_reason(static_cast<crossing::v1::Reason>(999));
  crossing::testing::AddNewerField(record.mutable_outcome());
  crossing::testing::AddNewerField(&record);
  FinalPtr told = reader.Feed(record).final;
  ASSERT_NE(told, nullptr);
  EXPECT_EQ(told->outcome.state(), intake::v1::Outcome::STATE_REJECTED);
  EXPECT_EQ(told->outcome.reason(), intake::v1::REASON_UNSPECIFIED);
  EXPECT_FALSE(crossing::testing::HasNewerField(told->outcome)) << "nothing unknown is passed on";
  // A body that only a newer bridge writes: neither an outcome nor an open.
  OutcomeRecord body;
  body.set_marketplace_id("shop");
  crossing::testing::AddNewerField(&body);
  OutcomeWindow::Fed fed = reader.Feed(body);
  EXPECT_TRUE(!fed.final && !fed.unreadable && fed.read_again_from < 0 && fed.progress_ms < 0);
}

TEST(OutcomeWindow, WhatCannotBeReadIsCountedAndIgnored) {
  Reader reader;
  auto good = OutcomeRecordOf(IntentOf(IdAt(kNowMs, 1)), 1);
  auto bad_id = good;
  bad_id.mutable_outcome()->set_intent_id("x");
  auto short_buyer = good;
  short_buyer.mutable_outcome()->set_buyer_ref("short");
  for (const auto& record : {bad_id, short_buyer}) {
    OutcomeWindow::Fed fed = reader.Feed(record);
    EXPECT_EQ(fed.final, nullptr);
    EXPECT_TRUE(fed.unreadable);
  }
  EXPECT_TRUE(reader.window.Feed(0, reader.offset, "\xff\xff garbage").unreadable);
  EXPECT_EQ(reader.window.unreadable(), 3u);
  EXPECT_EQ(reader.window.size(), 0u);
}

TEST(OutcomeWindow, FieldsThatTheContractDoesNotHaveAreCountedAndToldToNobody) {
  Reader reader;
  auto record = OutcomeRecordOf(IntentOf(IdAt(kNowMs, 1)), 1);
  const uint64_t planted = base::PlantUnknownFields(record.mutable_outcome(), "CANARY");
  const FinalPtr final = reader.Feed(record).final;
  ASSERT_NE(final, nullptr);
  EXPECT_EQ(final->outcome.SerializeAsString().find("CANARY"), std::string::npos);
  EXPECT_EQ(reader.window.unknown_fields(), planted);
  EXPECT_EQ(reader.window.unreadable(), 0u);
}

TEST(OutcomeWindow, ReadyWhenEveryPartitionHasCaughtUp) {
  Reader reader;
  EXPECT_FALSE(reader.window.ready());
  reader.window.SetCaughtUp(1);
  EXPECT_FALSE(reader.window.ready());
  reader.window.SetCaughtUp(0);
  EXPECT_TRUE(reader.window.ready());
}

TEST(OutcomeWindow, NoneOnlyWhenCertain) {
  struct Case {
    const char* what;
    int64_t floor_ms;
    int64_t progress_ms;  // -1: no open
    int partition;
    Answers::Verdict verdict;
  };
  const Case cases[] = {
      {"no open yet", 0, -1, 0, Answers::VERDICT_NOT_YET},
      {"progress at deadline + M", 0, kNowMs + kDoneMs, 0, Answers::VERDICT_NOT_YET},
      {"progress beyond", 0, kNowMs + kDoneMs + 1, 0, Answers::VERDICT_NONE},
      {"the other partition", 0, kNowMs + kDoneMs + 1, 1, Answers::VERDICT_NOT_YET},
      {"partition unknown", 0, kNowMs + kDoneMs + 1, -1, Answers::VERDICT_NOT_YET},
      {"partition out of range", 0, kNowMs + kDoneMs + 1, 2, Answers::VERDICT_NOT_YET},
      {"reach just enough", kNowMs - kReachMs, kNowMs + kDoneMs + 1, 0, Answers::VERDICT_NONE},
      {"reach too short", kNowMs - kReachMs + 1, kNowMs + kDoneMs + 1, 0,
       Answers::VERDICT_FORGOTTEN},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    Reader reader;
    reader.window.StartPartition(0, 0, c.floor_ms);
    if (c.progress_ms >= 0) reader.Feed(OpenRecord(0, c.progress_ms));
    EXPECT_EQ(reader.window.VerdictWithout(c.partition, BuyerOf(1), IdAt(kNowMs, 1)), c.verdict);
  }
}

TEST(OutcomeWindow, ProgressReadBeforeABeginAgainDoesNotCountYet) {
  Reader reader;
  reader.Feed(OpenRecord(0, kNowMs + kDoneMs + 1));
  // The earlier part, whose finals it speaks of, has yet to be read.
  reader.window.StartPartition(0, 0, 0);
  EXPECT_EQ(reader.window.VerdictWithout(0, BuyerOf(1), IdAt(kNowMs, 1)), Answers::VERDICT_NOT_YET);
  reader.Feed(OpenRecord(0, kNowMs + kDoneMs + 1));
  EXPECT_EQ(reader.window.VerdictWithout(0, BuyerOf(1), IdAt(kNowMs, 1)), Answers::VERDICT_NONE);
}

TEST(OutcomeWindow, EvictionTurnsNoneIntoForgotten) {
  Reader reader(2);
  reader.Feed(OpenRecord(0, kNowMs + 1'000'000));
  for (int64_t i = 0; i < 3; ++i) {
    reader.Feed(OutcomeRecordOf(IntentOf(IdAt(kNowMs + i, 1)), 1));
  }
  EXPECT_EQ(reader.window.size(), 2u);
  EXPECT_EQ(reader.window.Find(BuyerOf(1), IdAt(kNowMs, 1)), nullptr);
  EXPECT_NE(reader.window.Find(BuyerOf(1), IdAt(kNowMs + 1, 1)), nullptr);
  EXPECT_EQ(reader.window.VerdictWithout(0, BuyerOf(1), IdAt(kNowMs, 1)),
            Answers::VERDICT_FORGOTTEN);
  EXPECT_EQ(reader.window.VerdictWithout(0, BuyerOf(1), IdAt(kNowMs, 9)),
            Answers::VERDICT_FORGOTTEN);
  EXPECT_EQ(reader.window.VerdictWithout(0, BuyerOf(1), IdAt(kNowMs + 1, 9)),
            Answers::VERDICT_NONE);
}

TEST(OutcomeWindow, EveryFieldThatIsToldIsTold) {
  Outcome outcome;
  outcome.set_intent_id("id");
  outcome.set_buyer_ref(std::string(32, '\x01'));
  outcome.set_offer_id("offer");
  outcome.set_state(Outcome::STATE_REJECTED);
  outcome.set_reason(crossing::v1::REASON_PRICE_CHANGED);
  outcome.set_order_id("order");
  outcome.set_continue_url("https://shop.example/continue");
  outcome.set_invoice_url("https://shop.example/invoice");
  outcome.mutable_price()->set_currency("IDR");
  outcome.mutable_price()->set_amount_minor(5);
  base::SetMs(kNowMs, outcome.mutable_hold_expires_at());
  outcome.set_fingerprint(std::string(32, 'f'));

  intake::v1::Outcome expected;
  expected.set_intent_id("id");
  expected.set_offer_id("offer");
  expected.set_state(intake::v1::Outcome::STATE_REJECTED);
  expected.set_reason(intake::v1::REASON_PRICE_CHANGED);
  expected.set_order_id("order");
  expected.set_continue_url("https://shop.example/continue");
  expected.set_invoice_url("https://shop.example/invoice");
  expected.mutable_price()->set_currency("IDR");
  expected.mutable_price()->set_amount_minor(5);
  base::SetMs(kNowMs, expected.mutable_hold_expires_at());
  expected.set_fingerprint(std::string(32, 'f'));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(ToIntake(outcome), expected));

  outcome.clear_price();
  outcome.clear_hold_expires_at();
  EXPECT_FALSE(ToIntake(outcome).has_price());
  EXPECT_FALSE(ToIntake(outcome).has_hold_expires_at());
}

TEST(OutcomeWindow, ReasonsAndStatesKeepNumberAndName) {
  const auto* reasons = crossing::v1::Reason_descriptor();
  for (int i = 0; i < reasons->value_count(); ++i) {
    Outcome outcome;
    outcome.set_reason(static_cast<crossing::v1::Reason>(reasons->value(i)->number()));
    EXPECT_EQ(intake::v1::Reason_Name(ToIntake(outcome).reason()), reasons->value(i)->name());
  }
  const auto* states = Outcome::State_descriptor();
  for (int i = 0; i < states->value_count(); ++i) {
    Outcome outcome;
    outcome.set_state(static_cast<Outcome::State>(states->value(i)->number()));
    EXPECT_EQ(intake::v1::Outcome::State_Name(ToIntake(outcome).state()), states->value(i)->name());
  }
  Outcome newer;
  newer.set_reason(static_cast<crossing::v1::Reason>(9'999));
  EXPECT_EQ(ToIntake(newer).reason(), intake::v1::REASON_UNSPECIFIED);
}

}  // namespace
}  // namespace jembatan::gateway
