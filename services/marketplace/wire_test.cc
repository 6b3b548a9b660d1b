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
