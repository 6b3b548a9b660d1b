#pragma once

// Between the contract's messages and the marketplace's values: the only file that knows both.
// Whatever does not fit becomes a value that Decide or the Check functions refuse. Pure; any
// thread.

#include "absl/status/statusor.h"

#include "jembatan/orders/v1/catalog.pb.h"
#include "jembatan/orders/v1/order_states.pb.h"
#include "jembatan/orders/v1/orders.pb.h"
#include "services/marketplace/order.h"
#include "services/marketplace/order_changes.h"

namespace jembatan::marketplace {

// Views the message.
Fencing FromWire(const orders::v1::Fencing& fencing);
Order FromWire(const orders::v1::Order& order);
// sold, initial_stock, former and attested stay empty: the store keeps them.
Offer FromWire(const orders::v1::Offer& offer);
goods::Goods FromWire(const orders::v1::Goods& goods);
Campaign FromWire(const orders::v1::Campaign& campaign);
Voucher FromWire(const orders::v1::Voucher& voucher);
// INVALID_ARGUMENT for goods or terms of an offer that is not among them, or is told of twice.
absl::StatusOr<Catalog> FromWire(const orders::v1::LoadOffersRequest& request);

// Fields of a call that the contract does not have; nothing carries them further.
uint64_t UnknownFieldsIn(const orders::v1::FenceRequest& request);
uint64_t UnknownFieldsIn(const orders::v1::PlaceOrdersRequest& request);
uint64_t UnknownFieldsIn(const orders::v1::PlaceOrderRequest& request);
uint64_t UnknownFieldsIn(const orders::v1::GetOrdersRequest& request);
uint64_t UnknownFieldsIn(const orders::v1::WatchOffersRequest& request);
uint64_t UnknownFieldsIn(const orders::v1::WatchOrderStatesRequest& request);

// From when on; without a time: only what is to come.
int64_t SinceMs(const orders::v1::WatchOrderStatesRequest& request);

void ToWire(const Offer& offer, orders::v1::Offer* wire);
void ToWire(const Campaign& campaign, orders::v1::Campaign* wire);
void ToWire(const Voucher& voucher, orders::v1::Voucher* wire);
void ToWire(const OrderChange& change, orders::v1::OrderState* wire);
// Without index and intent_id, which the request tells.
void ToWire(const Result& result, orders::v1::OrderResult* wire);

}  // namespace jembatan::marketplace
