#include "services/marketplace/decide.h"

#include <algorithm>
#include <limits>
#include <string>

#include "libs/base/id_text.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "services/marketplace/limits.h"

namespace jembatan::marketplace {
namespace {

using orders::v1::OrderResult;

bool IsCurrency(std::string_view text) {
  return text.size() == 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// A fingerprint of another length is none: it would tell no two bodies apart.
std::string_view ReadFingerprint(const Order& order) {
  return order.fingerprint.size() == kFingerprintBytes ? order.fingerprint : std::string_view();
}

bool IsWellFormed(const Order& order) {
  return !ReadFingerprint(order).empty() && IsId(order.offer_id) && order.quantity > 0 &&
         IsCurrency(order.price_seen.currency) && order.price_seen.amount_minor > 0 &&
         order.price_version.size() <= kMaxPriceVersionBytes && order.deadline_ms > 0;
}

bool IsPrice(const Order& order, const Money& price, std::string_view version) {
  return order.price_seen == price &&
         (order.price_version.empty() || order.price_version == version);
}

// The unit price at which the order is taken; null: the price seen does not hold. Who clicked at
// the former price pays no more than that, and no more than the present one either.
const Money* PriceOf(const Order& order, const Offer& offer, int64_t now_ms) {
  if (IsPrice(order, offer.price, offer.price_version)) return &offer.price;
  const FormerPrice& former = offer.former;
  if (now_ms >= former.until_ms || !IsPrice(order, former.price, former.version)) return nullptr;
  if (former.price.currency != offer.price.currency) return nullptr;
  return former.price.amount_minor < offer.price.amount_minor ? &former.price : &offer.price;
}

// Before, within or after a window of which 0 is no bound.
Reason WindowRefusal(int64_t starts_ms, int64_t ends_ms, int64_t now_ms) {
  if (now_ms < starts_ms) return orders::v1::REASON_FLASH_NOT_STARTED;
  if (ends_ms > 0 && now_ms >= ends_ms) return orders::v1::REASON_FLASH_ENDED;
  return orders::v1::REASON_UNSPECIFIED;
}

bool IsBeyond(int64_t limit, int64_t units) { return limit > 0 && units > limit; }

bool VoucherHolds(const Voucher& voucher, const Offer& offer, const Facts& facts) {
  return (voucher.offer_id.empty() || voucher.offer_id == offer.offer_id) &&
         (voucher.campaign_id.empty() || voucher.campaign_id == offer.campaign_id) &&
         voucher.amount.currency == offer.price.currency &&
         WindowRefusal(voucher.starts_ms, voucher.ends_ms, facts.now_ms) ==
             orders::v1::REASON_UNSPECIFIED &&
         !IsBeyond(voucher.uses, voucher.used + 1) &&
         !IsBeyond(voucher.buyer_uses, facts.voucher_uses + 1);
}

// Why the order cannot be had of what there is; REASON_UNSPECIFIED: it can.
Reason LimitRefusal(const Order& order, const Offer& offer, const Facts& facts) {
  const int64_t quantity = order.quantity;
  const Campaign* campaign = facts.campaign;
  if (IsBeyond(offer.buyer_limit, facts.buyer_total + quantity) ||
      (campaign != nullptr && IsBeyond(campaign->buyer_limit, facts.campaign_units + quantity))) {
    return orders::v1::REASON_BUYER_LIMIT_TOTAL;
  }
  if (IsBeyond(offer.total_limit, offer.sold + quantity) ||
      (campaign != nullptr && IsBeyond(campaign->total_limit, campaign->sold + quantity))) {
    return orders::v1::REASON_CAMPAIGN_LIMIT_REACHED;
  }
  if (!order.voucher_ref.empty() &&
      (facts.voucher == nullptr || !VoucherHolds(*facts.voucher, offer, facts))) {
    return orders::v1::REASON_VOUCHER_INVALID;
  }
  return quantity > offer.stock ? orders::v1::REASON_OUT_OF_STOCK : orders::v1::REASON_UNSPECIFIED;
}

// The same of everything. *price: at which it can be had.
Reason Refusal(const Order& order, const Facts& facts, const Money** price) {
  const Offer* offer = facts.offer;
  if (order.quantity > kMaxQuantity) return orders::v1::REASON_QUANTITY_EXCEEDED;
  if (offer == nullptr) return orders::v1::REASON_ITEM_UNAVAILABLE;
  if (IsBeyond(offer->order_limit, order.quantity)) return orders::v1::REASON_QUANTITY_EXCEEDED;
  Reason closed = WindowRefusal(offer->sale_starts_ms, offer->sale_ends_ms, facts.now_ms);
  if (closed == orders::v1::REASON_UNSPECIFIED && facts.campaign != nullptr) {
    closed = WindowRefusal(facts.campaign->starts_ms, facts.campaign->ends_ms, facts.now_ms);
  }
  if (closed != orders::v1::REASON_UNSPECIFIED) return closed;
  *price = PriceOf(order, *offer, facts.now_ms);
  if (*price == nullptr) return orders::v1::REASON_PRICE_CHANGED;
  return LimitRefusal(order, *offer, facts);
}

Decision Refuse(Decision decision, State state, Reason reason) {
  decision.result.state = state;
  decision.result.reason = reason;
  return decision;
}

// The first body under an id stands, whatever comes later under the same id.
Decision DecideAgain(const Order& order, const Result& stored) {
  const std::string_view fingerprint = ReadFingerprint(order);
  Decision decision;
  decision.result.fingerprint = stored.fingerprint;
  if (fingerprint == stored.fingerprint) {
    decision.result = stored;
    decision.result.replayed = true;
    return decision;
  }
  return Refuse(std::move(decision), OrderResult::STATE_REJECTED,
                fingerprint.empty() ? orders::v1::REASON_MALFORMED : orders::v1::REASON_ID_REUSED);
}

}  // namespace

Decision Decide(const Order& order, const Facts& facts) {
  if (facts.stored != nullptr) return DecideAgain(order, *facts.stored);
  Decision decision;
  Result& result = decision.result;
  result.decided_ms = facts.now_ms;
  result.fingerprint = ReadFingerprint(order);
  decision.remember = ReadKey(order.key()).has_value();
  if (!decision.remember || !IsWellFormed(order)) {
    return Refuse(std::move(decision), OrderResult::STATE_REJECTED, orders::v1::REASON_MALFORMED);
  }
  result.offer_id = order.offer_id;
  result.quantity = order.quantity;
  if (facts.offer != nullptr) result.price = facts.offer->price;
  if (facts.now_ms > order.deadline_ms) {
    return Refuse(std::move(decision), OrderResult::STATE_EXPIRED,
                  orders::v1::REASON_DEADLINE_PASSED);
  }
  const Money* price = nullptr;
  const Reason reason = Refusal(order, facts, &price);
  if (reason != orders::v1::REASON_UNSPECIFIED) {
    return Refuse(std::move(decision), OrderResult::STATE_REJECTED, reason);
  }
  result.state = OrderResult::STATE_ORDERED;
  result.price = *price;
  if (facts.voucher != nullptr) {
    decision.discount_minor =
        std::min(facts.voucher->amount.amount_minor, price->amount_minor * order.quantity);
  }
  result.hold_expires_ms = facts.now_ms + facts.hold_ms;
  result.payment = Payment::kUnpaid;
  return decision;
}

std::optional<base::Uuid> ReadKey(const Key& key) {
  if (key.buyer_ref.size() != kBuyerRefBytes) return std::nullopt;
  return base::Uuid::ParseV7(key.intent_id);
}

bool IsId(std::string_view text) { return base::IsIdText(text, kMaxOfferIdBytes); }

absl::Status CheckOffer(const Offer& offer) {
  if (!IsId(offer.offer_id)) {
    return base::InvalidArgument("an offer_id is 1 to 64 of [A-Za-z0-9._:-]");
  }
  const auto text_fits = [](const std::string& text, size_t most) {
    return text.size() <= most && base::IsUtf8(text);
  };
  const char* wrong = nullptr;
  if (offer.title.empty() || !text_fits(offer.title, kMaxTitleBytes)) wrong = "title";
  if (!text_fits(offer.seller_id, kMaxSellerIdBytes)) wrong = "seller_id";
  if (!text_fits(offer.price_version, kMaxPriceVersionBytes)) wrong = "price_version";
  if (!IsCurrency(offer.price.currency)) wrong = "currency";
  if (offer.price.amount_minor <= 0 || offer.price.amount_minor > kMaxAmountMinor) {
    wrong = "amount_minor";
  }
  if (offer.stock < 0 || offer.stock > kMaxStock) wrong = "stock";
  if (offer.buyer_limit < 0 || offer.buyer_limit > std::numeric_limits<uint32_t>::max()) {
    wrong = "buyer_limit";
  }
  if (offer.total_limit < 0 || offer.total_limit > kMaxStock) wrong = "total_limit";
  if (offer.sale_starts_ms < 0) wrong = "sale_starts";
  if (offer.sale_ends_ms < 0) wrong = "sale_ends";
  if (offer.order_limit < 0 || offer.order_limit > kMaxQuantity) wrong = "order_limit";
  if (!offer.campaign_id.empty() && !IsId(offer.campaign_id)) wrong = "campaign_id";
  if (offer.price_grace_ms < 0 || offer.price_grace_ms > kMaxPriceGraceMs) wrong = "price_grace_ms";
  if (wrong == nullptr) return absl::OkStatus();
  return base::InvalidArgument("offer " + offer.offer_id + ": bad " + wrong);
}

absl::Status CheckCampaign(const Campaign& campaign) {
  if (!IsId(campaign.campaign_id)) {
    return base::InvalidArgument("a campaign_id is 1 to 64 of [A-Za-z0-9._:-]");
  }
  const char* wrong = nullptr;
  if (campaign.total_limit < 0 || campaign.total_limit > kMaxStock) wrong = "total_limit";
  if (campaign.buyer_limit < 0) wrong = "buyer_limit";
  if (campaign.starts_ms < 0) wrong = "starts";
  if (campaign.ends_ms < 0) wrong = "ends";
  if (wrong == nullptr) return absl::OkStatus();
  return base::InvalidArgument("campaign " + campaign.campaign_id + ": bad " + wrong);
}

absl::Status CheckVoucher(const Voucher& voucher) {
  if (!IsId(voucher.voucher_ref)) {
    return base::InvalidArgument("a voucher_ref is 1 to 64 of [A-Za-z0-9._:-]");
  }
  const char* wrong = nullptr;
  if (!IsCurrency(voucher.amount.currency)) wrong = "currency";
  if (voucher.amount.amount_minor <= 0 || voucher.amount.amount_minor > kMaxAmountMinor) {
    wrong = "amount_minor";
  }
  if (!voucher.offer_id.empty() && !IsId(voucher.offer_id)) wrong = "offer_id";
  if (!voucher.campaign_id.empty() && !IsId(voucher.campaign_id)) wrong = "campaign_id";
  if (voucher.uses < 0 || voucher.uses > kMaxStock) wrong = "uses";
  if (voucher.buyer_uses < 0) wrong = "buyer_uses";
  if (voucher.starts_ms < 0) wrong = "starts";
  if (voucher.ends_ms < 0) wrong = "ends";
  if (wrong == nullptr) return absl::OkStatus();
  return base::InvalidArgument("voucher " + voucher.voucher_ref + ": bad " + wrong);
}

absl::Status CheckFencing(const Fencing& fencing) {
  if (fencing.topic_version.empty() || fencing.topic_version.size() > kMaxTopicVersionBytes) {
    return base::InvalidArgument("fencing.topic_version is 1 to 128 bytes");
  }
  if (fencing.token > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return base::InvalidArgument("fencing.token is an offset: below 2^63");
  }
  return absl::OkStatus();
}

}  // namespace jembatan::marketplace
