#include "services/marketplace/wire.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "libs/base/status.h"
#include "libs/base/timestamp.h"
#include "libs/base/unknown_fields.h"

namespace jembatan::marketplace {
namespace {

// 9999-12-31T23:59:59Z, the last second that a Timestamp may tell.
constexpr int64_t kLastSecond = 253'402'300'799;

// 0 for what is no time after 1970.
int64_t SafeMs(const google::protobuf::Timestamp& time) {
  if (time.seconds() < 0 || time.seconds() > kLastSecond) return 0;
  if (time.nanos() < 0 || time.nanos() > 999'999'999) return 0;
  return base::ToMs(time);
}

// What does not fit becomes a value that CheckOffer refuses.
int64_t ToSigned(uint64_t value) {
  return static_cast<int64_t>(
      std::min(value, static_cast<uint64_t>(std::numeric_limits<int64_t>::max())));
}

// The offer of each entry that tells of one; an error for one that is not there, or told of twice.
template <typename Entries, typename Add>
absl::Status AddToOffers(const Entries& entries, const char* what, std::vector<Offer>& offers,
                         const Add& add) {
  absl::flat_hash_map<std::string, Offer*> by_id;
  for (Offer& offer : offers) by_id.emplace(offer.offer_id, &offer);
  for (const auto& entry : entries) {
    const auto at = by_id.find(entry.offer_id());
    if (at == by_id.end()) {
      return base::InvalidArgument(std::string(what) + " of " + entry.offer_id() +
                                   ": told twice, or the offer is not loaded with them");
    }
    add(entry, at->second);
    by_id.erase(at);
  }
  return absl::OkStatus();
}

uint64_t UnknownFieldsOf(const orders::v1::Order& order) {
  uint64_t count = base::OwnUnknownFields(order);
  if (order.has_price_seen()) count += base::OwnUnknownFields(order.price_seen());
  if (order.has_deadline()) count += base::OwnUnknownFields(order.deadline());
  return count;
}

// Of a call that carries a token.
template <typename Request>
uint64_t UnknownFieldsOfCall(const Request& request) {
  const uint64_t own = base::OwnUnknownFields(request);
  return request.has_fencing() ? own + base::OwnUnknownFields(request.fencing()) : own;
}

}  // namespace

Fencing FromWire(const orders::v1::Fencing& fencing) {
  return {fencing.topic_version(), fencing.partition(), fencing.token()};
}

Order FromWire(const orders::v1::Order& order) {
  Order result;
  result.intent_id = order.intent_id();
  result.buyer_ref = order.buyer_ref();
  result.offer_id = order.offer_id();
  result.quantity = order.quantity();
  result.price_seen = {order.price_seen().currency(), order.price_seen().amount_minor()};
  result.price_version = order.price_version();
  result.voucher_ref = order.voucher_ref();
  result.fingerprint = order.fingerprint();
  result.deadline_ms = SafeMs(order.deadline());
  return result;
}

Offer FromWire(const orders::v1::Offer& offer) {
  Offer result;
  result.offer_id = offer.offer_id();
  result.title = offer.title();
  result.seller_id = offer.seller_id();
  result.price = {offer.price().currency(), offer.price().amount_minor()};
  result.price_version = offer.price_version();
  result.stock = ToSigned(offer.stock());
  result.buyer_limit = offer.buyer_limit();
  result.total_limit = ToSigned(offer.total_limit());
  if (offer.has_sale_starts_at()) result.sale_starts_ms = SafeMs(offer.sale_starts_at());
  if (offer.has_sale_ends_at()) result.sale_ends_ms = SafeMs(offer.sale_ends_at());
  return result;
}

goods::Goods FromWire(const orders::v1::Goods& wire) {
  using goods::Goods;
  Goods goods;
  goods.origin_country = wire.origin_country();
  if (wire.ships_from() == orders::v1::Goods::SHIPS_FROM_HOME) {
    goods.ships_from = Goods::ShipsFrom::kHome;
  } else if (wire.ships_from() == orders::v1::Goods::SHIPS_FROM_ABROAD) {
    goods.ships_from = Goods::ShipsFrom::kAbroad;
  }
  goods.hs_code = wire.hs_code();
  goods.fob_currency = wire.fob().currency();
  goods.fob_minor = wire.fob().amount_minor();
  goods.seller_licence = wire.seller_licence();
  if (wire.has_licence_expires_at()) goods.licence_expires_ms = SafeMs(wire.licence_expires_at());
  if (wire.seller_tier() == orders::v1::Goods::SELLER_TIER_UMKM) {
    goods.seller_tier = Goods::SellerTier::kUmkm;
  } else if (wire.seller_tier() == orders::v1::Goods::SELLER_TIER_OTHER) {
    goods.seller_tier = Goods::SellerTier::kOther;
  }
  goods.local = wire.local();
  return goods;
}

Campaign FromWire(const orders::v1::Campaign& campaign) {
  Campaign result;
  result.campaign_id = campaign.campaign_id();
  result.total_limit = ToSigned(campaign.total_limit());
  result.buyer_limit = campaign.buyer_limit();
  if (campaign.has_starts_at()) result.starts_ms = SafeMs(campaign.starts_at());
  if (campaign.has_ends_at()) result.ends_ms = SafeMs(campaign.ends_at());
  return result;
}

Voucher FromWire(const orders::v1::Voucher& voucher) {
  Voucher result;
  result.voucher_ref = voucher.voucher_ref();
  result.amount = {voucher.amount().currency(), voucher.amount().amount_minor()};
  result.offer_id = voucher.offer_id();
  result.campaign_id = voucher.campaign_id();
  result.uses = ToSigned(voucher.uses());
  result.buyer_uses = voucher.buyer_uses();
  if (voucher.has_starts_at()) result.starts_ms = SafeMs(voucher.starts_at());
  if (voucher.has_ends_at()) result.ends_ms = SafeMs(voucher.ends_at());
  return result;
}

absl::StatusOr<Catalog> FromWire(const orders::v1::LoadOffersRequest& request) {
  Catalog catalog;
  for (const auto& offer : request.offers()) catalog.offers.push_back(FromWire(offer));
  for (const auto& campaign : request.campaigns()) catalog.campaigns.push_back(FromWire(campaign));
  for (const auto& voucher : request.vouchers()) catalog.vouchers.push_back(FromWire(voucher));
  JEMB_RETURN_IF_ERROR(AddToOffers(
      request.goods(), "goods", catalog.offers, [](const orders::v1::Goods& goods, Offer* offer) {
        offer->attested = std::make_shared<const Attested>(Attested{FromWire(goods), 0, {}});
      }));
  JEMB_RETURN_IF_ERROR(AddToOffers(request.sale_terms(), "sale terms", catalog.offers,
                                   [](const orders::v1::SaleTerms& terms, Offer* offer) {
                                     offer->order_limit = terms.order_limit();
                                     offer->campaign_id = terms.campaign_id();
                                     offer->price_grace_ms = terms.price_grace_ms();
                                   }));
  return catalog;
}

uint64_t UnknownFieldsIn(const orders::v1::FenceRequest& request) {
  return UnknownFieldsOfCall(request);
}

uint64_t UnknownFieldsIn(const orders::v1::PlaceOrdersRequest& request) {
  uint64_t count = UnknownFieldsOfCall(request);
  for (const orders::v1::Order& order : request.orders()) count += UnknownFieldsOf(order);
  return count;
}

uint64_t UnknownFieldsIn(const orders::v1::PlaceOrderRequest& request) {
  const uint64_t count = UnknownFieldsOfCall(request);
  return request.has_order() ? count + UnknownFieldsOf(request.order()) : count;
}

uint64_t UnknownFieldsIn(const orders::v1::GetOrdersRequest& request) {
  uint64_t count = UnknownFieldsOfCall(request);
  for (const auto& key : request.keys()) count += base::OwnUnknownFields(key);
  return count;
}

uint64_t UnknownFieldsIn(const orders::v1::WatchOffersRequest& request) {
  return base::OwnUnknownFields(request);
}

uint64_t UnknownFieldsIn(const orders::v1::WatchOrderStatesRequest& request) {
  return base::OwnUnknownFields(request) + base::OwnUnknownFields(request.since());
}

int64_t SinceMs(const orders::v1::WatchOrderStatesRequest& request) {
  return request.has_since() ? SafeMs(request.since()) : std::numeric_limits<int64_t>::max();
}

void ToWire(const OrderChange& change, orders::v1::OrderState* wire) {
  wire->set_intent_id(change.intent_id.ToString());
  wire->set_buyer_ref(change.buyer_ref);
  switch (change.payment) {
    case Payment::kPaid:
      wire->set_state(orders::v1::OrderState::STATE_PAID);
      break;
    case Payment::kCancelled:
      wire->set_state(orders::v1::OrderState::STATE_HOLD_EXPIRED);
      break;
    case Payment::kWithdrawn:
      wire->set_state(orders::v1::OrderState::STATE_CANCELLED);
      break;
    case Payment::kNone:
    case Payment::kUnpaid:
      break;
  }
  base::SetMs(change.changed_ms, wire->mutable_changed_at());
}

void ToWire(const Offer& offer, orders::v1::Offer* wire) {
  wire->set_offer_id(offer.offer_id);
  wire->set_title(offer.title);
  wire->set_seller_id(offer.seller_id);
  wire->mutable_price()->set_currency(offer.price.currency);
  wire->mutable_price()->set_amount_minor(offer.price.amount_minor);
  wire->set_price_version(offer.price_version);
  wire->set_stock(static_cast<uint64_t>(offer.stock));
  wire->set_buyer_limit(static_cast<uint32_t>(offer.buyer_limit));
  wire->set_total_limit(static_cast<uint64_t>(offer.total_limit));
  if (offer.sale_starts_ms > 0) base::SetMs(offer.sale_starts_ms, wire->mutable_sale_starts_at());
  if (offer.sale_ends_ms > 0) base::SetMs(offer.sale_ends_ms, wire->mutable_sale_ends_at());
  wire->set_sold(static_cast<uint64_t>(offer.sold));
  if (offer.attested != nullptr) wire->set_attestation(offer.attested->note);
}

void ToWire(const Campaign& campaign, orders::v1::Campaign* wire) {
  wire->set_campaign_id(campaign.campaign_id);
  wire->set_total_limit(static_cast<uint64_t>(campaign.total_limit));
  wire->set_buyer_limit(static_cast<uint32_t>(campaign.buyer_limit));
  if (campaign.starts_ms > 0) base::SetMs(campaign.starts_ms, wire->mutable_starts_at());
  if (campaign.ends_ms > 0) base::SetMs(campaign.ends_ms, wire->mutable_ends_at());
}

void ToWire(const Voucher& voucher, orders::v1::Voucher* wire) {
  wire->set_voucher_ref(voucher.voucher_ref);
  wire->mutable_amount()->set_currency(voucher.amount.currency);
  wire->mutable_amount()->set_amount_minor(voucher.amount.amount_minor);
  wire->set_offer_id(voucher.offer_id);
  wire->set_campaign_id(voucher.campaign_id);
  wire->set_uses(static_cast<uint64_t>(voucher.uses));
  wire->set_buyer_uses(static_cast<uint32_t>(voucher.buyer_uses));
  if (voucher.starts_ms > 0) base::SetMs(voucher.starts_ms, wire->mutable_starts_at());
  if (voucher.ends_ms > 0) base::SetMs(voucher.ends_ms, wire->mutable_ends_at());
}

void ToWire(const Result& result, orders::v1::OrderResult* wire) {
  wire->set_state(result.state);
  wire->set_reason(result.reason);
  wire->set_order_id(result.order_id);
  wire->set_continue_url(result.continue_url);
  wire->set_invoice_url(result.invoice_url);
  if (!result.price.currency.empty()) {
    wire->mutable_price()->set_currency(result.price.currency);
    wire->mutable_price()->set_amount_minor(result.price.amount_minor);
  }
  if (result.hold_expires_ms > 0)
    base::SetMs(result.hold_expires_ms, wire->mutable_hold_expires_at());
  wire->set_replayed(result.replayed);
  wire->set_fingerprint(result.fingerprint);
  // The ledger's order is every offer's.
  if (result.state == orders::v1::OrderResult::STATE_ORDERED) {
    wire->set_sequence(static_cast<uint64_t>(result.seq));
  }
}

}  // namespace jembatan::marketplace
