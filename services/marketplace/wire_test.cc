#include "services/marketplace/wire.h"

#include <limits>

#include "libs/base/testing/plant_unknown_fields.h"
#include "services/marketplace/decide.h"
#include "services/marketplace/testing.h"

namespace jembatan::marketplace {
namespace {

TEST(WireTest, AnOfferSurvivesTheRoundTrip) {
  Offer offer = testing::MakeOffer("kopi", 7, 3);
  offer.total_limit = 50;
  offer.sale_starts_ms = testing::kNowMs;
  offer.sale_ends_ms = testing::kNowMs + 1'001;
  orders::v1::Offer wire;
  ToWire(offer, &wire);
  EXPECT_EQ(FromWire(wire), offer);
  ToWire(testing::MakeOffer("kopi", 7), &(wire = {}));
  EXPECT_FALSE(wire.has_sale_starts_at());
  EXPECT_FALSE(wire.has_sale_ends_at());
}

TEST(WireTest, PromotionsSurviveTheRoundTrip) {
  const Campaign campaign{.campaign_id = "1212",
                          .total_limit = 100,
                          .buyer_limit = 2,
                          .starts_ms = testing::kNowMs,
                          .ends_ms = testing::kNowMs + 1'001,
                          .sold = 0};
  orders::v1::Campaign campaign_wire;
  ToWire(campaign, &campaign_wire);
  EXPECT_EQ(FromWire(campaign_wire), campaign);
  const Voucher voucher{.voucher_ref = "hemat",
                        .amount = {"IDR", 500'000},
                        .offer_id = "kopi",
                        .campaign_id = "1212",
                        .uses = 100,
                        .buyer_uses = 1,
                        .starts_ms = testing::kNowMs,
                        .ends_ms = testing::kNowMs + 1'001,
                        .used = 0};
  orders::v1::Voucher voucher_wire;
  ToWire(voucher, &voucher_wire);
  EXPECT_EQ(FromWire(voucher_wire), voucher);
}

TEST(WireTest, GoodsAndTermsBelongToAnOfferOnce) {
  orders::v1::LoadOffersRequest request;
  ToWire(testing::MakeOffer("kopi", 7), request.add_offers());
  ToWire(testing::MakeOffer("teh", 7), request.add_offers());
  request.add_goods()->set_offer_id("teh");
  orders::v1::SaleTerms* terms = request.add_sale_terms();
  terms->set_offer_id("kopi");
  terms->set_order_limit(2);
  terms->set_campaign_id("1212");
  terms->set_price_grace_ms(5'000);
  const auto catalog = FromWire(request);
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_EQ(catalog->offers[0].attested, nullptr);
  EXPECT_NE(catalog->offers[1].attested, nullptr);
  EXPECT_EQ(catalog->offers[0].order_limit, 2);
  EXPECT_EQ(catalog->offers[0].campaign_id, "1212");
  EXPECT_EQ(catalog->offers[0].price_grace_ms, 5'000);
  for (const char* stray : {"kopi", "kopiah"}) {
    orders::v1::LoadOffersRequest bad = request;
    bad.add_sale_terms()->set_offer_id(stray);
    EXPECT_TRUE(absl::IsInvalidArgument(FromWire(bad).status())) << stray;
  }
  request.add_goods()->set_offer_id("teh");
  EXPECT_TRUE(absl::IsInvalidArgument(FromWire(request).status()));
}

template <typename Request>
void EveryPlantedFieldIsCounted() {
  Request request;
  EXPECT_EQ(UnknownFieldsIn(request), 0u);
  const uint64_t planted = base::PlantUnknownFields(&request, "CANARY");
  EXPECT_EQ(UnknownFieldsIn(request), planted) << request.GetTypeName();
}

TEST(WireTest, FieldsThatTheContractDoesNotHaveAreCounted) {
  EveryPlantedFieldIsCounted<orders::v1::FenceRequest>();
  EveryPlantedFieldIsCounted<orders::v1::PlaceOrdersRequest>();
  EveryPlantedFieldIsCounted<orders::v1::PlaceOrderRequest>();
  EveryPlantedFieldIsCounted<orders::v1::GetOrdersRequest>();
  EveryPlantedFieldIsCounted<orders::v1::WatchOffersRequest>();
}

TEST(WireTest, NumbersThatDoNotFitAreRefusedNotWrapped) {
  orders::v1::Offer wire;
  ToWire(testing::MakeOffer("kopi", 1), &wire);
  wire.set_stock(std::numeric_limits<uint64_t>::max());
  EXPECT_FALSE(CheckOffer(FromWire(wire)).ok());
  wire.set_stock(1);
  wire.set_total_limit(std::numeric_limits<uint64_t>::max());
  EXPECT_FALSE(CheckOffer(FromWire(wire)).ok());
}

TEST(WireTest, DeadlinesAreFlooredAndImpossibleOnesAreNone) {
  const struct {
    int64_t seconds;
    int32_t nanos;
    int64_t deadline_ms;
  } cases[] = {
      {1'780'000'000, 999'999'999, 1'780'000'000'999},
      {0, 0, 0},
      {-1, 0, 0},
      {std::numeric_limits<int64_t>::max(), 0, 0},
      {253'402'300'800, 0, 0},
      {1, -1, 0},
      {1, 1'000'000'000, 0},
  };
  for (const auto& c : cases) {
    orders::v1::Order order;
    order.mutable_deadline()->set_seconds(c.seconds);
    order.mutable_deadline()->set_nanos(c.nanos);
    EXPECT_EQ(FromWire(order).deadline_ms, c.deadline_ms) << c.seconds << " " << c.nanos;
  }
  EXPECT_EQ(FromWire(orders::v1::Order()).deadline_ms, 0);
}

TEST(WireTest, AResultTellsOnlyWhatItHas) {
  Result result;
  result.state = orders::v1::OrderResult::STATE_REJECTED;
  result.reason = orders::v1::REASON_ITEM_UNAVAILABLE;
  orders::v1::OrderResult wire;
  ToWire(result, &wire);
  EXPECT_FALSE(wire.has_price());
  EXPECT_FALSE(wire.has_hold_expires_at());
  result.price = {"IDR", 5};
  result.hold_expires_ms = 1'500;
  ToWire(result, &wire);
  EXPECT_EQ(wire.price().amount_minor(), 5);
  EXPECT_EQ(wire.hold_expires_at().nanos(), 500'000'000);
}

TEST(WireTest, OnlyAnOrderHasASequence) {
  Result result;
  result.state = orders::v1::OrderResult::STATE_REJECTED;
  result.seq = 7;
  orders::v1::OrderResult refused;
  ToWire(result, &refused);
  EXPECT_EQ(refused.sequence(), 0u);
  result.state = orders::v1::OrderResult::STATE_ORDERED;
  orders::v1::OrderResult ordered;
  ToWire(result, &ordered);
  EXPECT_EQ(ordered.sequence(), 7u);
}

TEST(WireTest, WhatANewerBridgeAddsIsPassedOver) {
  const auto add = [](google::protobuf::Message* message) {
    message->GetReflection()->MutableUnknownFields(message)->AddLengthDelimited(900, "new");
  };
  orders::v1::PlaceOrdersRequest request;
  orders::v1::Order* order = request.add_orders();
  order->set_intent_id("id");
  order->set_quantity(2);
  add(order);
  request.mutable_fencing()->set_token(7);
  add(request.mutable_fencing());
  orders::v1::PlaceOrdersRequest read;
  ASSERT_TRUE(read.ParseFromString(request.SerializeAsString()));
  EXPECT_EQ(FromWire(read.orders(0)).intent_id, "id");
  EXPECT_EQ(FromWire(read.orders(0)).quantity, 2u);
  EXPECT_EQ(FromWire(read.fencing()).token, 7u);
}

}  // namespace
}  // namespace jembatan::marketplace
