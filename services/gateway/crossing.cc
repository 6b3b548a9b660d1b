#include "services/gateway/crossing.h"

#include "libs/base/check.h"
#include "libs/base/text.h"
#include "libs/crossing/time.h"
#include "libs/intent/intent.h"

namespace jembatan::gateway {
namespace {

// W3C trace context, version 00: trace id and parent id, both from the fingerprint; not sampled, so
// that whoever receives it decides.
void SetTraceparent(const std::string& fingerprint, std::string* traceparent) {
  constexpr char kDigits[] = "0123456789abcdef";
  constexpr size_t kTraceIdBytes = 16;
  constexpr size_t kParentIdBytes = 8;
  JEMB_CHECK(fingerprint.size() >= kTraceIdBytes + kParentIdBytes);
  traceparent->assign("00-");
  for (size_t i = 0; i < kTraceIdBytes + kParentIdBytes; ++i) {
    if (i == kTraceIdBytes) traceparent->push_back('-');
    auto byte = static_cast<uint8_t>(fingerprint[i]);
    traceparent->push_back(kDigits[byte >> 4]);
    traceparent->push_back(kDigits[byte & 0xf]);
  }
  traceparent->append("-00");
}

}  // namespace

// Every field is assigned and none cleared: Clear() would free the nested messages of a reused
// message and pay for them again with each intent. A test holds that no field is forgotten.
void Cross(const intake::v1::Intent& intent, const base::Uuid& id, const std::string& fingerprint,
           const Principal& principal, const CrossingContext& context,
           crossing::v1::PurchaseIntent* crossing) {
  std::string_view buyer = principal.buyer.view();
  crossing->set_intent_id(intent.intent_id());
  crossing->mutable_buyer_ref()->assign(buyer);
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
  crossing::SetMs(intent::DeadlineMs(id), crossing->mutable_deadline());
  crossing->set_fingerprint(fingerprint);
  SetTraceparent(fingerprint, crossing->mutable_traceparent());
}

}  // namespace jembatan::gateway
