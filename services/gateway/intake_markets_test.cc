// One gateway, two marketplaces: whose an offer is decides the pseudonym, the scope and the answer.

#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "services/gateway/intake.h"
#include "services/gateway/testing/fake_intake.h"

namespace jembatan::gateway {
namespace {

using intake::v1::Receipt;
using testing::FakeLog;
using testing::FakeSession;
using testing::FrameOf;
using testing::IdAt;
using testing::IntentOf;
using testing::kNowMs;
using testing::OutcomeRecordOf;
using testing::PrincipalOf;
using Answers = intake::v1::GetOutcomesResponse;

identity::BuyerKey KeyOf(char digit) {
  return *identity::BuyerKey::FromHex(std::string(64, digit));
}

Keyring::Keys KeysOf(char digit) { return std::make_shared<identity::BuyerKeys>(KeyOf(digit)); }

std::shared_ptr<const registry::Registry> TwoOfThem() {
  std::vector<registry::Marketplace> marketplaces(2);
  marketplaces[0].id = "shop";
  marketplaces[0].offers = {"shop-"};
  marketplaces[1].id = "pasar";
  marketplaces[1].offers = {"pasar-"};
  return std::make_shared<const registry::Registry>(std::move(marketplaces));
}

class IntakeMarkets : public ::testing::Test {
 protected:
  IntakeMarkets() : session_(PrincipalOf(1)) {
    window_.StartPartition(0, 0, 0);
    intake_.SetBuyerKeys(Keyring({KeysOf('1'), KeysOf('2')}));
    key_ = intake_.Open(&session_, true);
  }

  static IntakeOptions Options() {
    IntakeOptions options;
    options.registry = TwoOfThem();
    options.partitions = 1;
    return options;
  }
  void Submit(const intake::v1::Intent& intent) {
    ASSERT_TRUE(intake_.Submit(key_, FrameOf(intent), kNowMs).ok());
    intake_.EndTick(kNowMs);
  }
  crossing::v1::PurchaseIntent Crossed(size_t i) const {
    crossing::v1::PurchaseIntent intent;
    EXPECT_TRUE(intent.ParseFromString(log_.records.at(i).value));
    return intent;
  }
  FinalPtr Feed(const crossing::v1::OutcomeRecord& record) {
    FinalPtr final = window_.Feed(0, window_offset_++, record.SerializeAsString()).final;
    if (final) intake_.OnFinal(final);
    intake_.EndTick(kNowMs);
    return final;
  }
  Answers::Verdict Ask(const base::Uuid& id, const std::string& offer) {
    intake::v1::GetOutcomesRequest request;
    request.add_queries()->set_intent_id(id.ToString());
    request.mutable_queries(0)->set_offer_id(offer);
    Answers answers;
    intake_.Answer(session_.principal(), request, &answers);
    return answers.answers(0).verdict();
  }

  FakeLog log_;
  OutcomeWindow window_{{.partitions = 1, .marketplaces = {"shop", "pasar"}, .capacity = 1'000}};
  LagForecast lag_{2};
  Intake intake_{Options(), &log_, &window_, &lag_};
  FakeSession session_;
  Intake::SessionKey key_ = 0;
  int64_t window_offset_ = 0;
};

TEST_F(IntakeMarkets, EachGetsItsOwnPseudonym) {
  Submit(IntentOf(IdAt(kNowMs, 1), "shop-1"));
  Submit(IntentOf(IdAt(kNowMs, 2), "pasar-1"));
  ASSERT_EQ(log_.records.size(), 2u);
  EXPECT_EQ(Crossed(0).marketplace_id(), "shop");
  EXPECT_EQ(Crossed(0).buyer_ref(), std::string(KeyOf('1').RefOf("viewer-1").view()));
  EXPECT_EQ(Crossed(1).marketplace_id(), "pasar");
  EXPECT_EQ(Crossed(1).buyer_ref(), std::string(KeyOf('2').RefOf("viewer-1").view()));
}

TEST_F(IntakeMarkets, AnOfferOfNobodyIsRefused) {
  Submit(IntentOf(IdAt(kNowMs, 1), "kopi"));
  ASSERT_EQ(session_.receipts.size(), 1u);
  EXPECT_EQ(session_.receipts[0].status(), Receipt::STATUS_REFUSED);
  EXPECT_EQ(session_.receipts[0].reason(), intake::v1::REASON_MARKETPLACE_NOT_REGISTERED);
  EXPECT_TRUE(log_.records.empty());
}

TEST_F(IntakeMarkets, OutcomesOfBothAreToldAndFound) {
  uint64_t number = 1;
  for (const auto& [offer, marketplace, digit] :
       {std::tuple{"shop-1", "shop", '1'}, std::tuple{"pasar-1", "pasar", '2'}}) {
    const auto intent = IntentOf(IdAt(kNowMs, number++), offer);
    auto record = OutcomeRecordOf(intent, 1);
    record.set_marketplace_id(marketplace);
    record.mutable_outcome()->set_buyer_ref(std::string(KeyOf(digit).RefOf("viewer-1").view()));
    ASSERT_NE(Feed(record), nullptr);
    ASSERT_FALSE(session_.outcomes.empty());
    EXPECT_EQ(session_.outcomes.back().intent_id(), intent.intent_id());
    const auto id = *base::Uuid::ParseV7(intent.intent_id());
    EXPECT_EQ(Ask(id, offer), Answers::VERDICT_OUTCOME);
    EXPECT_EQ(Ask(id, ""), Answers::VERDICT_OUTCOME) << "looked for at each";
  }
}

// What one has finished says nothing of the other's intents.
TEST_F(IntakeMarkets, NoneNeedsTheProgressOfItsOwn) {
  crossing::v1::OutcomeRecord open;
  open.set_marketplace_id("shop");
  base::SetMs(kNowMs + 200'000, open.mutable_open()->mutable_progress());
  Feed(open);
  EXPECT_EQ(Ask(IdAt(kNowMs, 5), "shop-1"), Answers::VERDICT_NONE);
  EXPECT_EQ(Ask(IdAt(kNowMs, 5), "pasar-1"), Answers::VERDICT_NOT_YET);
  EXPECT_EQ(Ask(IdAt(kNowMs, 5), "kopi"), Answers::VERDICT_NOT_YET);
}

TEST_F(IntakeMarkets, StaleKeysOfOneStopOnlyItsOwn) {
  intake_.SetBuyerKeys(Keyring({KeysOf('1'), nullptr}));
  Submit(IntentOf(IdAt(kNowMs, 1), "pasar-1"));
  ASSERT_EQ(session_.receipts.size(), 1u);
  EXPECT_EQ(session_.receipts[0].reason(), intake::v1::REASON_LOG_UNAVAILABLE);
  Submit(IntentOf(IdAt(kNowMs, 2), "shop-1"));
  EXPECT_EQ(log_.records.size(), 1u);
}

// A backlog of one is no reason to refuse the other, in the same partition.
TEST_F(IntakeMarkets, OneThatStandsStillShutsNobodyElsesDoor) {
  lag_.OnAccepted(ScopeOf(1, 0, 1), "pasar-1", 1, kNowMs - 118'001);
  Submit(IntentOf(IdAt(kNowMs, 1), "pasar-1"));
  ASSERT_EQ(session_.receipts.size(), 1u);
  EXPECT_EQ(session_.receipts[0].reason(), intake::v1::REASON_MARKETPLACE_UNAVAILABLE);
  Submit(IntentOf(IdAt(kNowMs, 2), "shop-1"));
  EXPECT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(intake_.counts().by_market[1].refused, 1u);
  EXPECT_EQ(intake_.counts().by_market[0].refused, 0u);
}

}  // namespace
}  // namespace jembatan::gateway
