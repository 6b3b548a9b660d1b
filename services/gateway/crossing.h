#pragma once

// The gateway's border post: Intent -> PurchaseIntent, what leaves the social side, and Outcome ->
// Outcome, what comes back. One of the only two places that name types of two zones; its test lists
// what must not cross (viewer id, room, stream position, client time, region). Pure; any thread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "jembatan/crossing/v1/order_state.pb.h"
#include "jembatan/intake/v1/intake.pb.h"
#include "libs/base/ids.h"
#include "libs/identity/buyer_ref.h"
#include "libs/offers/catalogue.h"
#include "services/gateway/session.h"

namespace jembatan::gateway {

struct CrossingContext {
  std::string marketplace_id;
  // This gateway's instance name.
  std::string accepted_by;
  // The marketplace's number: whose pseudonym of the buyer it gets.
  size_t market = 0;
};

// The principal has a pseudonym at the id's time.
//
// Fills *crossing; whatever it held before is overwritten, so that a reused message costs no
// allocation. fingerprint is intent::Fingerprint(intent). The traceparent is a fresh one, made of
// the fingerprint: traces restart at the border, and all copies of an intent share one.
void Cross(const intake::v1::Intent& intent, const base::Uuid& id, const std::string& fingerprint,
           const Principal& principal, const CrossingContext& context,
           crossing::v1::PurchaseIntent* crossing);

// What of an outcome is told to its viewer.
intake::v1::Outcome ToIntake(const crossing::v1::Outcome& outcome);

// What viewers are told of an offer at an instant: the sale's window is judged by it.
void ToHint(const offers::Offer& offer, int64_t now_ms, intake::v1::OfferHint* hint);

// Fields of a record that crossing.v1 does not have; nothing carries them further.
uint64_t UnknownFieldsIn(const crossing::v1::OutcomeRecord& record);

// How an order fares, as its record tells.
struct OrderStateTold {
  identity::BuyerRef buyer;
  base::Uuid id;
  intake::v1::Outcome::OrderState state = intake::v1::Outcome::ORDER_STATE_UNSPECIFIED;
  int64_t changed_ms = 0;
};
// Empty when the record lacks what makes it somebody's, or says it in a word of a newer bridge.
std::optional<OrderStateTold> ToOrderState(const crossing::v1::OrderStateRecord& record);
uint64_t UnknownFieldsIn(const crossing::v1::OrderStateRecord& record);

}  // namespace jembatan::gateway
