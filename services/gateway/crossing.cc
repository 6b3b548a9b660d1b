#include "services/gateway/crossing.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "libs/base/unknown_fields.h"
#include "libs/intent/intent.h"

namespace jembatan::gateway {
namespace {

using CrossingOutcome = crossing::v1::Outcome;
using IntakeOutcome = intake::v1::Outcome;

IntakeOutcome::State ToState(CrossingOutcome::State state) {
  switch (state) {
    case CrossingOutcome::STATE_ORDERED:
      return IntakeOutcome::STATE_ORDERED;
    case CrossingOutcome::STATE_HANDED_OFF:
      return IntakeOutcome::STATE_HANDED_OFF;
    case CrossingOutcome::STATE_REJECTED:
      return IntakeOutcome::STATE_REJECTED;
    case CrossingOutcome::STATE_EXPIRED:
      return IntakeOutcome::STATE_EXPIRED;
    case CrossingOutcome::STATE_UNCONFIRMED:
      return IntakeOutcome::STATE_UNCONFIRMED;
    case CrossingOutcome::STATE_UNSPECIFIED:
    case crossing::v1::Outcome_State_Outcome_State_INT_MIN_SENTINEL_DO_NOT_USE_:
    case crossing::v1::Outcome_State_Outcome_State_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return IntakeOutcome::STATE_UNSPECIFIED;
}

// A reason has one number in every contract (tested); one from a newer bridge is left out.
intake::v1::Reason ToReason(int number) {
  if (!intake::v1::Reason_IsValid(number)) return intake::v1::REASON_UNSPECIFIED;
  return static_cast<intake::v1::Reason>(number);
}

intake::v1::OfferHint::Stock StockAt(const crossing::v1::Offer& offer, int64_t now_ms) {
  using Hint = intake::v1::OfferHint;
  if (offer.has_sale_ends_at() && now_ms >= base::ToMs(offer.sale_ends_at())) {
    return Hint::STOCK_CLOSED;
  }
  if (offer.stock() == crossing::v1::Offer::STOCK_SOLD_OUT) return Hint::STOCK_CLOSED;
  if (offer.has_sale_starts_at() && now_ms < base::ToMs(offer.sale_starts_at())) {
    return Hint::STOCK_NOT_STARTED;
  }
  if (offer.stock() == crossing::v1::Offer::STOCK_LOW) return Hint::STOCK_LOW;
  return offer.stock() == crossing::v1::Offer::STOCK_OPEN ? Hint::STOCK_OPEN
                                                          : Hint::STOCK_UNSPECIFIED;
}

// W3C trace context, version 00: trace id and parent id, both from the fingerprint; not sampled, so
// that whoever receives it decides.
void SetTraceparent(const std::string& fingerprint, std::string* traceparent) {
  constexpr size_t kTraceIdBytes = 16;
  constexpr size_t kParentIdBytes = 8;
  JEMB_CHECK(fingerprint.size() >= kTraceIdBytes + kParentIdBytes);
  std::string_view bytes = fingerprint;
  traceparent->assign("00-");
  traceparent->append(base::Hex(bytes.substr(0, kTraceIdBytes)));
  traceparent->push_back('-');
  traceparent->append(base::Hex(bytes.substr(kTraceIdBytes, kParentIdBytes)));
  traceparent->append("-00");
}

}  // namespace

// Every field is assigned and none cleared: Clear() would free the nested messages of a reused
// message and pay for them again with each intent. A test holds that no field is forgotten.
void Cross(const intake::v1::Intent& intent, const base::Uuid& id, const std::string& fingerprint,
           const Principal& principal, const CrossingContext& context,
           crossing::v1::PurchaseIntent* crossing) {
  const identity::BuyerRef* buyer = principal.BuyersAt(context.market).At(id.unix_ms());
  JEMB_CHECK(buyer != nullptr);
  crossing->set_intent_id(intent.intent_id());
  crossing->mutable_buyer_ref()->assign(buyer->view());
  crossing->set_offer_id(intent.offer_id());
  crossing->set_quantity(intent.quantity());
  crossing->mutable_price_seen()->set_currency(intent.price_seen().currency());
  crossing->mutable_price_seen()->set_amount_minor(intent.price_seen().amount_minor());
  crossing->set_price_version(intent.price_version());
  crossing->set_campaign_id(intent.campaign_id());
  crossing->set_attribution(intent.attribution());
  crossing->set_voucher_ref(intent.voucher_ref());
  crossing->set_marketplace_id(context.marketplace_id);
  crossing->set_consent_given(principal.viewer.shop_consent);
  crossing->set_consent_version(principal.viewer.consent_version);
  crossing->set_accepted_by(context.accepted_by);
  base::SetMs(intent::DeadlineMs(id), crossing->mutable_deadline());
  crossing->set_fingerprint(fingerprint);
  SetTraceparent(fingerprint, crossing->mutable_traceparent());
}

IntakeOutcome ToIntake(const CrossingOutcome& outcome) {
  IntakeOutcome told;
  told.set_intent_id(outcome.intent_id());
  told.set_state(ToState(outcome.state()));
  told.set_fingerprint(outcome.fingerprint());
  told.set_reason(ToReason(outcome.reason()));
  told.set_order_id(outcome.order_id());
  told.set_continue_url(outcome.continue_url());
  told.set_invoice_url(outcome.invoice_url());
  if (outcome.has_price()) {
    told.mutable_price()->set_currency(outcome.price().currency());
    told.mutable_price()->set_amount_minor(outcome.price().amount_minor());
  }
  if (outcome.has_hold_expires_at()) {
    base::CopyTime(outcome.hold_expires_at(), told.mutable_hold_expires_at());
  }
  told.set_offer_id(outcome.offer_id());
  return told;
}

void ToHint(const offers::Offer& offer, int64_t now_ms, intake::v1::OfferHint* hint) {
  const crossing::v1::Offer& told = offer.told;
  hint->Clear();
  hint->set_offer_id(told.offer_id());
  hint->set_stock(StockAt(told, now_ms));
  hint->mutable_price()->set_currency(told.price().currency());
  hint->mutable_price()->set_amount_minor(told.price().amount_minor());
  hint->set_price_version(told.price_version());
  hint->set_title(told.title());
  hint->set_sold(told.sold());
  if (told.has_sale_starts_at()) {
    base::CopyTime(told.sale_starts_at(), hint->mutable_sale_starts_at());
  }
  if (told.has_sale_ends_at()) base::CopyTime(told.sale_ends_at(), hint->mutable_sale_ends_at());
  hint->set_local(offer.goods != nullptr && offer.goods->local);
}

uint64_t UnknownFieldsIn(const crossing::v1::OutcomeRecord& record) {
  uint64_t count = base::OwnUnknownFields(record);
  if (record.has_claim()) count += base::OwnUnknownFields(record.claim());
  if (record.has_open()) {
    count += base::OwnUnknownFields(record.open());
    if (record.open().has_progress()) count += base::OwnUnknownFields(record.open().progress());
  }
  if (!record.has_outcome()) return count;
  const CrossingOutcome& outcome = record.outcome();
  count += base::OwnUnknownFields(outcome);
  if (outcome.has_price()) count += base::OwnUnknownFields(outcome.price());
  for (const auto* time :
       {&outcome.hold_expires_at(), &outcome.intent_append_time(), &outcome.decided_at()}) {
    count += base::OwnUnknownFields(*time);
  }
  return count;
}

std::optional<OrderStateTold> ToOrderState(const crossing::v1::OrderStateRecord& record) {
  using Record = crossing::v1::OrderStateRecord;
  constexpr std::pair<Record::State, IntakeOutcome::OrderState> kWords[] = {
      {Record::STATE_PAID, IntakeOutcome::ORDER_STATE_PAID},
      {Record::STATE_CANCELLED, IntakeOutcome::ORDER_STATE_CANCELLED},
      {Record::STATE_HOLD_EXPIRED, IntakeOutcome::ORDER_STATE_HOLD_EXPIRED}};
  const auto* word =
      std::ranges::find(kWords, record.state(), [](const auto& each) { return each.first; });
  if (word == std::end(kWords)) return std::nullopt;
  OrderStateTold told;
  told.state = word->second;
  const std::optional<base::Uuid> id = base::Uuid::ParseV7(record.intent_id());
  if (!id || record.buyer_ref().size() != told.buyer.bytes.size()) return std::nullopt;
  std::copy(record.buyer_ref().begin(), record.buyer_ref().end(), told.buyer.bytes.begin());
  told.id = *id;
  told.changed_ms = base::ToMs(record.changed_at());
  return told;
}

uint64_t UnknownFieldsIn(const crossing::v1::OrderStateRecord& record) {
  return base::OwnUnknownFields(record) + base::OwnUnknownFields(record.changed_at()) +
         base::OwnUnknownFields(record.told_from());
}

}  // namespace jembatan::gateway
