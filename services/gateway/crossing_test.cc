#include "services/gateway/crossing.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "libs/base/testing/plant_unknown_fields.h"
#include "libs/base/timestamp.h"
#include "libs/intent/intent.h"

namespace jembatan::gateway {
namespace {

using google::protobuf::util::MessageDifferencer;

constexpr int64_t kIdMs = 1'800'000'000'123;
constexpr int64_t kPosition = 0x5A5A5A5A;  // five bytes that nothing else holds

struct Crossed {
  Crossed() {
    id = base::Uuid::MakeV7(kIdMs, 1, 2);
    principal.viewer = {.id = "CANARY-viewer",
                        .region = "CANARY-region",
                        .shop_consent = true,
                        .consent_version = "consent-3",
                        .expires_ms = kIdMs + 77'777};
    identity::BuyerRef buyer;
    buyer.bytes.fill(0xb1);
    principal.buyers = identity::BuyerRefs(buyer);
    intent.set_intent_id(id.ToString());
    intent.set_offer_id("offer-1");
    intent.set_quantity(3);
    intent.mutable_price_seen()->set_currency("IDR");
    intent.mutable_price_seen()->set_amount_minor(2'500'000);
    intent.set_price_version("price-9");
    intent.set_room_id("CANARY-room");
    intent.set_stream_position_ms(kPosition);
    intent.set_campaign_id("campaign-4");
    intent.set_attribution("attribution-5");
    intent.set_voucher_ref("voucher-6");
    base::SetMs(1'111'111'111'222, intent.mutable_client_time());
  }

  void Run(crossing::v1::PurchaseIntent* out) const {
    Cross(intent, id, intent::Fingerprint(intent), principal, {"shop", "gateway-1"}, out);
  }

  base::Uuid id;
  Principal principal;
  intake::v1::Intent intent;
};

offers::Offer Kopi() {
  offers::Offer offer;
  offer.told.set_offer_id("kopi");
  offer.told.set_marketplace_id("toko");
  offer.told.set_seller_id("toko-1");
  offer.told.set_title("Kopi Gayo");
  offer.told.mutable_price()->set_currency("IDR");
  offer.told.mutable_price()->set_amount_minor(250);
  offer.told.set_price_version("v1");
  offer.told.set_stock(crossing::v1::Offer::STOCK_OPEN);
  offer.told.set_sold(7);
  base::SetMs(1'000, offer.told.mutable_sale_starts_at());
  base::SetMs(2'000, offer.told.mutable_sale_ends_at());
  return offer;
}

TEST(ToHint, TellsWhatViewersMayKnow) {
  offers::Offer offer = Kopi();
  intake::v1::OfferHint hint;
  hint.set_local(true);
  ToHint(offer, 1'000, &hint);
  EXPECT_EQ(hint.ShortDebugString(),
            "offer_id: \"kopi\" stock: STOCK_OPEN price { currency: \"IDR\" amount_minor: 250 } "
            "price_version: \"v1\" title: \"Kopi Gayo\" sold: 7 sale_starts_at { seconds: 1 } "
            "sale_ends_at { seconds: 2 }");
  offer.goods = std::make_shared<const goods::Goods>(goods::Goods{.local = true});
  ToHint(offer, 1'000, &hint);
  EXPECT_TRUE(hint.local()) << "attested";
}

TEST(ToHint, TheSalesWindowIsJudgedByTheClock) {
  using Hint = intake::v1::OfferHint;
  using Told = crossing::v1::Offer;
  const struct {
    Told::Stock stock;
    int64_t now_ms;
    Hint::Stock told;
  } cases[] = {
      {Told::STOCK_OPEN, 999, Hint::STOCK_NOT_STARTED},
      {Told::STOCK_SOLD_OUT, 999, Hint::STOCK_CLOSED},
      {Told::STOCK_OPEN, 1'999, Hint::STOCK_OPEN},
      {Told::STOCK_LOW, 1'999, Hint::STOCK_LOW},
      {Told::STOCK_SOLD_OUT, 1'999, Hint::STOCK_CLOSED},
      {Told::STOCK_UNSPECIFIED, 1'999, Hint::STOCK_UNSPECIFIED},
      {Told::STOCK_OPEN, 2'000, Hint::STOCK_CLOSED},
  };
  for (const auto& c : cases) {
    offers::Offer offer = Kopi();
    offer.told.set_stock(c.stock);
    Hint hint;
    ToHint(offer, c.now_ms, &hint);
    EXPECT_EQ(hint.stock(), c.told) << c.stock << " at " << c.now_ms;
  }
}

TEST(Crossing, NothingOfTheSocialSideCrosses) {
  Crossed crossed;
  crossing::v1::PurchaseIntent out;
  crossed.Run(&out);
  std::string bytes = out.SerializeAsString();
  std::string readable = out.ShortDebugString();

  EXPECT_THAT(bytes, ::testing::Not(::testing::HasSubstr("CANARY")));
  // Numbers, as any encoding of the record or a readable form would hold them.
  intake::v1::Intent position;
  position.set_stream_position_ms(kPosition);
  std::string position_bytes = position.SerializeAsString().substr(1);
  EXPECT_THAT(bytes, ::testing::Not(::testing::HasSubstr(position_bytes)));
  std::string time_bytes = crossed.intent.client_time().SerializeAsString();
  EXPECT_THAT(bytes, ::testing::Not(::testing::HasSubstr(time_bytes)));
  for (int64_t number : {kPosition, int64_t{1'111'111'111}, int64_t{222'000'000}}) {
    EXPECT_THAT(readable, ::testing::Not(::testing::HasSubstr(std::to_string(number))));
  }
}

// The decoder drops them; even if it did not, they would not get further.
TEST(Crossing, FieldsThatNoContractHasDoNotCross) {
  Crossed crossed;
  base::PlantUnknownFields(&crossed.intent, "CANARY");
  crossing::v1::PurchaseIntent out;
  crossed.Run(&out);
  EXPECT_THAT(out.SerializeAsString(), ::testing::Not(::testing::HasSubstr("CANARY")));
}

TEST(ToIntake, FieldsThatNoContractHasDoNotComeBackAndAreCounted) {
  crossing::v1::OutcomeRecord outcome;
  outcome.mutable_outcome()->set_order_id("order-1");
  uint64_t planted = base::PlantUnknownFields(&outcome, "CANARY");
  planted += base::PlantUnknownFields(outcome.mutable_outcome(), "CANARY");
  EXPECT_EQ(UnknownFieldsIn(outcome), planted);
  const intake::v1::Outcome told = ToIntake(outcome.outcome());
  EXPECT_EQ(told.order_id(), "order-1");
  EXPECT_THAT(told.SerializeAsString(), ::testing::Not(::testing::HasSubstr("CANARY")));

  crossing::v1::OutcomeRecord open;
  planted = base::PlantUnknownFields(&open, "CANARY");
  planted += base::PlantUnknownFields(open.mutable_open(), "CANARY");
  EXPECT_EQ(UnknownFieldsIn(open), planted);

  crossing::v1::OutcomeRecord claim;
  planted = base::PlantUnknownFields(claim.mutable_claim(), "CANARY");
  EXPECT_EQ(UnknownFieldsIn(claim), planted);
}

TEST(ToOrderState, FieldsThatNoContractHasAreCounted) {
  crossing::v1::OrderStateRecord record;
  EXPECT_EQ(UnknownFieldsIn(record), 0u);
  const uint64_t planted = base::PlantUnknownFields(&record, "CANARY");
  EXPECT_EQ(UnknownFieldsIn(record), planted);
}

TEST(Crossing, WhatCrossesIsExactlyThis) {
  Crossed crossed;
  crossing::v1::PurchaseIntent out;
  crossed.Run(&out);
  EXPECT_EQ(out.intent_id(), crossed.id.ToString());
  EXPECT_EQ(out.buyer_ref(), std::string(32, '\xb1'));
  EXPECT_EQ(out.offer_id(), "offer-1");
  EXPECT_EQ(out.quantity(), 3u);
  EXPECT_EQ(out.price_seen().currency(), "IDR");
  EXPECT_EQ(out.price_seen().amount_minor(), 2'500'000);
  EXPECT_EQ(out.price_version(), "price-9");
  EXPECT_EQ(out.campaign_id(), "campaign-4");
  EXPECT_EQ(out.attribution(), "attribution-5");
  EXPECT_EQ(out.voucher_ref(), "voucher-6");
  EXPECT_EQ(out.marketplace_id(), "shop");
  EXPECT_TRUE(out.consent_given());
  EXPECT_EQ(out.consent_version(), "consent-3");
  EXPECT_EQ(out.accepted_by(), "gateway-1");
  EXPECT_EQ(base::ToMs(out.deadline()), kIdMs + 120'000);
  EXPECT_EQ(out.fingerprint(), intent::Fingerprint(crossed.intent));
  EXPECT_THAT(out.traceparent(), ::testing::MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-00"));
}

TEST(Crossing, EveryFieldIsAssigned) {
  Crossed crossed;
  crossing::v1::PurchaseIntent out;
  crossed.Run(&out);
  const auto* descriptor = out.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    EXPECT_TRUE(out.GetReflection()->HasField(out, descriptor->field(i)))
        << descriptor->field(i)->name();
  }
}

TEST(Crossing, AReusedMessageHoldsNothingOfItsFormerIntent) {
  Crossed full;
  crossing::v1::PurchaseIntent reused;
  full.Run(&reused);

  Crossed bare;
  bare.id = base::Uuid::MakeV7(kIdMs + 1, 3, 4);
  bare.principal.viewer.shop_consent = false;
  bare.principal.viewer.consent_version.clear();
  bare.intent.Clear();
  bare.intent.set_intent_id(bare.id.ToString());
  bare.intent.mutable_price_seen();
  bare.Run(&reused);
  crossing::v1::PurchaseIntent fresh;
  bare.Run(&fresh);
  EXPECT_TRUE(MessageDifferencer::Equals(reused, fresh));
}

TEST(Crossing, CopiesOfAnIntentShareATraceAndOthersDoNot) {
  Crossed crossed;
  crossing::v1::PurchaseIntent first;
  crossing::v1::PurchaseIntent copy;
  crossed.Run(&first);
  crossed.intent.set_stream_position_ms(1);
  crossed.Run(&copy);
  EXPECT_EQ(first.traceparent(), copy.traceparent());
  crossed.intent.set_quantity(4);
  crossed.Run(&copy);
  EXPECT_NE(first.traceparent(), copy.traceparent());
}

}  // namespace
}  // namespace jembatan::gateway
