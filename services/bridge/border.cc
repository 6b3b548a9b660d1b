#include "services/bridge/border.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "libs/base/ids.h"
#include "libs/base/unknown_fields.h"
#include "libs/crossing/link_host.h"
#include "libs/identity/buyer_ref.h"
#include "services/bridge/limits.h"

namespace jembatan::bridge {
namespace {

using crossing::v1::Outcome;
using orders::v1::OrderResult;

std::string Allowed(const std::string& url, UrlRule* urls) {
  if (url.empty()) return url;
  if (MayName(*urls, url)) return url;
  ++urls->dropped;
  return {};
}

Outcome::State StateOf(OrderResult::State state) {
  switch (state) {
    case OrderResult::STATE_ORDERED:
      return Outcome::STATE_ORDERED;
    case OrderResult::STATE_HANDED_OFF:
      return Outcome::STATE_HANDED_OFF;
    case OrderResult::STATE_REJECTED:
      return Outcome::STATE_REJECTED;
    case OrderResult::STATE_EXPIRED:
      return Outcome::STATE_EXPIRED;
    case OrderResult::STATE_UNSPECIFIED:
    case OrderResult::STATE_RETRY:
    case orders::v1::OrderResult_State_OrderResult_State_INT_MIN_SENTINEL_DO_NOT_USE_:
    case orders::v1::OrderResult_State_OrderResult_State_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Outcome::STATE_UNSPECIFIED;
}

// Reasons share numbers across the contracts; one that crossing does not know becomes UNSPECIFIED.
crossing::v1::Reason ReasonOf(orders::v1::Reason reason) {
  int number = static_cast<int>(reason);
  return crossing::v1::Reason_IsValid(number) ? static_cast<crossing::v1::Reason>(number)
                                              : crossing::v1::REASON_UNSPECIFIED;
}

void FillOutcome(const OrderResult& result, UrlRule* urls, Outcome* outcome) {
  outcome->set_state(StateOf(result.state()));
  outcome->set_reason(ReasonOf(result.reason()));
  outcome->set_order_id(result.order_id());
  outcome->set_continue_url(Allowed(result.continue_url(), urls));
  outcome->set_invoice_url(Allowed(result.invoice_url(), urls));
  if (result.has_price()) {
    outcome->mutable_price()->set_currency(result.price().currency());
    outcome->mutable_price()->set_amount_minor(result.price().amount_minor());
  }
  if (result.has_hold_expires_at()) {
    base::CopyTime(result.hold_expires_at(), outcome->mutable_hold_expires_at());
  }
  outcome->set_fingerprint(result.fingerprint());
  outcome->set_sequence(result.sequence());
}

crossing::v1::Offer::Stock StockOf(const orders::v1::Offer& offer) {
  uint64_t left = offer.stock();
  if (offer.total_limit() > 0) {
    left = std::min(left, offer.total_limit() - std::min(offer.total_limit(), offer.sold()));
  }
  if (left == 0) return crossing::v1::Offer::STOCK_SOLD_OUT;
  const bool low = left <= kLowUnits || left < (left + offer.sold()) / kLowShare;
  return low ? crossing::v1::Offer::STOCK_LOW : crossing::v1::Offer::STOCK_OPEN;
}

uint64_t UnknownFieldsOf(const OrderResult& result) {
  uint64_t count = base::OwnUnknownFields(result);
  if (result.has_price()) count += base::OwnUnknownFields(result.price());
  if (result.has_hold_expires_at()) count += base::OwnUnknownFields(result.hold_expires_at());
  return count;
}

}  // namespace

bool MayName(const UrlRule& urls, std::string_view url) {
  const std::string_view host = crossing::LinkHost(url);
  const bool registered = urls.hosts.empty() ||
                          std::find(urls.hosts.begin(), urls.hosts.end(), host) != urls.hosts.end();
  return !host.empty() && registered;
}

std::string OrderBytes(const crossing::v1::PurchaseIntent& intent) {
  orders::v1::Order order;
  ToOrder(intent, &order);
  return order.SerializeAsString();
}

void ToOrder(const crossing::v1::PurchaseIntent& intent, orders::v1::Order* order) {
  order->Clear();
  order->set_intent_id(intent.intent_id());
  order->set_buyer_ref(intent.buyer_ref());
  order->set_offer_id(intent.offer_id());
  order->set_quantity(intent.quantity());
  if (intent.has_price_seen()) {
    order->mutable_price_seen()->set_currency(intent.price_seen().currency());
    order->mutable_price_seen()->set_amount_minor(intent.price_seen().amount_minor());
  }
  order->set_price_version(intent.price_version());
  order->set_campaign_id(intent.campaign_id());
  order->set_attribution(intent.attribution());
  order->set_voucher_ref(intent.voucher_ref());
  order->set_fingerprint(intent.fingerprint());
  base::CopyTime(intent.deadline(), order->mutable_deadline());
}

void ToDecision(const OrderResult& result, UrlRule* urls, Decision* decision) {
  decision->index = result.index();
  decision->retry = StateOf(result.state()) == Outcome::STATE_UNSPECIFIED;
  decision->unclear = decision->retry && result.state() != OrderResult::STATE_RETRY;
  decision->retry_after_ms = result.retry_after_ms();
  decision->outcome.Clear();
  if (!decision->retry) FillOutcome(result, urls, &decision->outcome);
}

Finding ToFinding(const orders::v1::GetOrdersResponse::Answer& answer, UrlRule* urls) {
  Finding finding;
  finding.found = answer.found();
  finding.unclear = finding.found && StateOf(answer.result().state()) == Outcome::STATE_UNSPECIFIED;
  if (finding.found && !finding.unclear) FillOutcome(answer.result(), urls, &finding.outcome);
  return finding;
}

void ToOfferRecord(const orders::v1::Offer& offer, const std::string& marketplace_id,
                   crossing::v1::Offer* record) {
  record->Clear();
  record->set_offer_id(offer.offer_id());
  record->set_marketplace_id(marketplace_id);
  record->set_seller_id(offer.seller_id());
  record->set_title(offer.title());
  record->mutable_price()->set_currency(offer.price().currency());
  record->mutable_price()->set_amount_minor(offer.price().amount_minor());
  record->set_price_version(offer.price_version());
  record->set_stock(StockOf(offer));
  record->set_sold(offer.sold());
  if (offer.has_sale_starts_at()) {
    base::CopyTime(offer.sale_starts_at(), record->mutable_sale_starts_at());
  }
  if (offer.has_sale_ends_at()) {
    base::CopyTime(offer.sale_ends_at(), record->mutable_sale_ends_at());
  }
  record->set_attestation(offer.attestation());
}

bool ToOrderStateRecord(const orders::v1::OrderState& state, const std::string& marketplace_id,
                        crossing::v1::OrderStateRecord* record) {
  using Record = crossing::v1::OrderStateRecord;
  using State = orders::v1::OrderState;
  constexpr std::pair<State::State, Record::State> kWords[] = {
      {State::STATE_PAID, Record::STATE_PAID},
      {State::STATE_CANCELLED, Record::STATE_CANCELLED},
      {State::STATE_HOLD_EXPIRED, Record::STATE_HOLD_EXPIRED}};
  record->Clear();
  const auto* word =
      std::ranges::find(kWords, state.state(), [](const auto& each) { return each.first; });
  if (word == std::end(kWords)) return false;
  record->set_state(word->second);
  const bool ours = base::Uuid::ParseV7(state.intent_id()).has_value() &&
                    state.buyer_ref().size() == identity::BuyerRef().view().size();
  if (!ours || !state.has_changed_at()) return false;
  record->set_intent_id(state.intent_id());
  record->set_buyer_ref(state.buyer_ref());
  base::CopyTime(state.changed_at(), record->mutable_changed_at());
  record->set_marketplace_id(marketplace_id);
  return true;
}

uint64_t UnknownFieldsIn(const orders::v1::FenceResponse& response) {
  return base::OwnUnknownFields(response);
}

uint64_t UnknownFieldsIn(const orders::v1::PlaceOrdersResponse& response) {
  uint64_t count = base::OwnUnknownFields(response);
  for (const OrderResult& result : response.results()) count += UnknownFieldsOf(result);
  return count;
}

uint64_t UnknownFieldsIn(const orders::v1::GetOrdersResponse& response) {
  uint64_t count = base::OwnUnknownFields(response);
  for (const orders::v1::GetOrdersResponse::Answer& answer : response.answers()) {
    count += base::OwnUnknownFields(answer);
    if (answer.has_result()) count += UnknownFieldsOf(answer.result());
  }
  return count;
}

uint64_t UnknownFieldsIn(const orders::v1::WatchOffersResponse& response) {
  uint64_t count = base::OwnUnknownFields(response);
  for (const orders::v1::Offer& offer : response.offers()) {
    count += base::OwnUnknownFields(offer);
    if (offer.has_price()) count += base::OwnUnknownFields(offer.price());
    for (const auto* time : {&offer.sale_starts_at(), &offer.sale_ends_at()}) {
      count += base::OwnUnknownFields(*time);
    }
  }
  return count;
}

uint64_t UnknownFieldsIn(const orders::v1::WatchOrderStatesResponse& response) {
  uint64_t count = base::OwnUnknownFields(response);
  for (const orders::v1::OrderState& state : response.states()) {
    count += base::OwnUnknownFields(state);
    if (state.has_changed_at()) count += base::OwnUnknownFields(state.changed_at());
  }
  return count;
}

}  // namespace jembatan::bridge
