#include "services/marketplace/decide.h"

#include <algorithm>
#include <limits>
#include <string>

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
  return !ReadFingerprint(order).empty() && IsOfferId(order.offer_id) && order.quantity > 0 &&
         IsCurrency(order.price_seen.currency) && order.price_seen.amount_minor > 0 &&
         order.price_version.size() <= kMaxPriceVersionBytes && order.deadline_ms > 0;
}

bool PriceHolds(const Order& order, const Offer& offer) {
  return order.price_seen == offer.price &&
         (order.price_version.empty() || order.price_version == offer.price_version);
}

// Why the order cannot be had; REASON_UNSPECIFIED: it can.
Reason Refusal(const Order& order, const Facts& facts) {
  const Offer* offer = facts.offer;
  const int64_t quantity = order.quantity;
  if (order.quantity > kMaxQuantity) return orders::v1::REASON_QUANTITY_EXCEEDED;
  if (offer == nullptr) return orders::v1::REASON_ITEM_UNAVAILABLE;
  if (facts.now_ms < offer->sale_starts_ms) return orders::v1::REASON_FLASH_NOT_STARTED;
  if (offer->sale_ends_ms > 0 && facts.now_ms >= offer->sale_ends_ms) {
    return orders::v1::REASON_FLASH_ENDED;
  }
  if (!PriceHolds(order, *offer)) return orders::v1::REASON_PRICE_CHANGED;
  if (offer->buyer_limit > 0 && facts.buyer_total + quantity > offer->buyer_limit) {
    return orders::v1::REASON_BUYER_LIMIT_TOTAL;
  }
  if (offer->total_limit > 0 && offer->sold + quantity > offer->total_limit) {
    return orders::v1::REASON_CAMPAIGN_LIMIT_REACHED;
  }
  if (quantity > offer->stock) return orders::v1::REASON_OUT_OF_STOCK;
  return orders::v1::REASON_UNSPECIFIED;
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
  const Reason reason = Refusal(order, facts);
  if (reason != orders::v1::REASON_UNSPECIFIED) {
    return Refuse(std::move(decision), OrderResult::STATE_REJECTED, reason);
  }
  result.state = OrderResult::STATE_ORDERED;
  result.hold_expires_ms = facts.now_ms + facts.hold_ms;
  result.payment = Payment::kUnpaid;
  return decision;
}

std::optional<base::Uuid> ReadKey(const Key& key) {
  if (key.buyer_ref.size() != kBuyerRefBytes) return std::nullopt;
  return base::Uuid::ParseV7(key.intent_id);
}

bool IsOfferId(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
  };
  return !text.empty() && text.size() <= kMaxOfferIdBytes &&
         std::all_of(text.begin(), text.end(), allowed);
}

absl::Status CheckOffer(const Offer& offer) {
  if (!IsOfferId(offer.offer_id)) {
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
  if (wrong == nullptr) return absl::OkStatus();
  return base::InvalidArgument("offer " + offer.offer_id + ": bad " + wrong);
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
