#pragma once

// The bridge's border post: PurchaseIntent -> Order, and the marketplace's results and offers ->
// what the core and the topics are told. One of the only two places that name types of two zones;
// its test lists what must not cross (consent text version, accepting gateway, trace of the social
// side). Pure; any thread.

#include <string>
#include <string_view>
#include <vector>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "jembatan/crossing/v1/order_state.pb.h"
#include "jembatan/orders/v1/order_states.pb.h"
#include "jembatan/orders/v1/orders.pb.h"
#include "services/bridge/events.h"

namespace jembatan::bridge {

// Fills *order (cleared first).
void ToOrder(const crossing::v1::PurchaseIntent& intent, orders::v1::Order* order);

// The same as bytes, for a link to the marketplace's page.
std::string OrderBytes(const crossing::v1::PurchaseIntent& intent);

// Hosts that continue_url and invoice_url may name ("host" or "host:port"); others are dropped from
// the outcome and counted. Empty: any.
struct UrlRule {
  std::vector<std::string> hosts;
  uint64_t dropped = 0;
};
bool MayName(const UrlRule& urls, std::string_view url);

// A result of PlaceOrders, into *decision (whatever it held; reusing one spares its allocations).
// A result that cannot be understood (STATE_UNSPECIFIED, or a newer marketplace's state) decides
// nothing, and denies nothing either: it is unclear, and to be tried again.
void ToDecision(const orders::v1::OrderResult& result, UrlRule* urls, Decision* decision);

// An answer of GetOrders. A state that decides nothing cannot be remembered: it is unclear too.
Finding ToFinding(const orders::v1::GetOrdersResponse::Answer& answer, UrlRule* urls);

// An offer as the marketplace tells it -> its record in the offers topic: how much is left becomes
// a word, and limits stay behind.
void ToOfferRecord(const orders::v1::Offer& offer, const std::string& marketplace_id,
                   crossing::v1::Offer* record);

// How an order fares -> its record in the topic of order states, without told_from. False:
// no key of ours, no time, or a word that only a newer bridge knows; then nobody is told.
bool ToOrderStateRecord(const orders::v1::OrderState& state, const std::string& marketplace_id,
                        crossing::v1::OrderStateRecord* record);

// Fields of a marketplace's answer that orders.v1 does not have; nothing carries them further.
uint64_t UnknownFieldsIn(const orders::v1::FenceResponse& response);
uint64_t UnknownFieldsIn(const orders::v1::PlaceOrdersResponse& response);
uint64_t UnknownFieldsIn(const orders::v1::GetOrdersResponse& response);
uint64_t UnknownFieldsIn(const orders::v1::WatchOffersResponse& response);
uint64_t UnknownFieldsIn(const orders::v1::WatchOrderStatesResponse& response);

}  // namespace jembatan::bridge
