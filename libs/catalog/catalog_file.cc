#include "libs/catalog/catalog_file.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include <simdjson.h>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "libs/goods/facts_json.h"
#include "libs/goods/goods.h"

namespace jembatan::catalog {
namespace {

namespace dom = simdjson::dom;
using orders::v1::Campaign;
using orders::v1::LoadOffersRequest;
using orders::v1::Offer;
using orders::v1::SaleTerms;
using orders::v1::Voucher;

constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
constexpr uint64_t kMost32 = std::numeric_limits<uint32_t>::max();

template <typename Message>
struct TextKey {
  std::string_view name;
  void (*set)(Message* message, std::string text);
};
template <typename Message>
struct NumberKey {
  std::string_view name;
  uint64_t most;
  void (*set)(Message* message, uint64_t number);
};

// False if the key is none of these, or the value of another type or range.
template <typename Texts, typename Numbers, typename Message>
bool SetKey(std::string_view key, const dom::element& value, const Texts& texts,
            const Numbers& numbers, Message* message) {
  const auto is_key = [key](const auto& known) { return known.name == key; };
  const auto text = std::find_if(std::begin(texts), std::end(texts), is_key);
  if (text != std::end(texts)) {
    std::string_view given;
    if (value.get(given) != simdjson::SUCCESS) return false;
    text->set(message, std::string(given));
    return true;
  }
  const auto number = std::find_if(std::begin(numbers), std::end(numbers), is_key);
  if (number == std::end(numbers)) return false;
  uint64_t given = 0;
  if (value.get(given) != simdjson::SUCCESS || given > number->most) return false;
  number->set(message, given);
  return true;
}

// 0 stands for none.
template <typename Message>
void SetTime(uint64_t unix_ms, Message* message,
             google::protobuf::Timestamp* (Message::*mutable_time)()) {
  if (unix_ms > 0) base::SetMs(static_cast<int64_t>(unix_ms), (message->*mutable_time)());
}

constexpr TextKey<Offer> kOfferTexts[] = {
    {"offer_id", [](Offer* o, std::string text) { o->set_offer_id(std::move(text)); }},
    {"title", [](Offer* o, std::string text) { o->set_title(std::move(text)); }},
    {"seller_id", [](Offer* o, std::string text) { o->set_seller_id(std::move(text)); }},
    {"currency",
     [](Offer* o, std::string text) { o->mutable_price()->set_currency(std::move(text)); }},
    {"price_version", [](Offer* o, std::string text) { o->set_price_version(std::move(text)); }},
};
constexpr NumberKey<Offer> kOfferNumbers[] = {
    {"amount_minor", kMost,
     [](Offer* o, uint64_t n) { o->mutable_price()->set_amount_minor(static_cast<int64_t>(n)); }},
    {"stock", kMost, [](Offer* o, uint64_t n) { o->set_stock(n); }},
    {"buyer_limit", kMost32,
     [](Offer* o, uint64_t n) { o->set_buyer_limit(static_cast<uint32_t>(n)); }},
    {"total_limit", kMost, [](Offer* o, uint64_t n) { o->set_total_limit(n); }},
    {"sale_starts_ms", kMost,
     [](Offer* o, uint64_t n) { SetTime(n, o, &Offer::mutable_sale_starts_at); }},
    {"sale_ends_ms", kMost,
     [](Offer* o, uint64_t n) { SetTime(n, o, &Offer::mutable_sale_ends_at); }},
};

constexpr TextKey<SaleTerms> kTermsTexts[] = {
    {"campaign_id", [](SaleTerms* t, std::string text) { t->set_campaign_id(std::move(text)); }},
};
constexpr NumberKey<SaleTerms> kTermsNumbers[] = {
    {"order_limit", kMost32,
     [](SaleTerms* t, uint64_t n) { t->set_order_limit(static_cast<uint32_t>(n)); }},
    {"price_grace_ms", kMost32,
     [](SaleTerms* t, uint64_t n) { t->set_price_grace_ms(static_cast<uint32_t>(n)); }},
};

constexpr TextKey<Campaign> kCampaignTexts[] = {
    {"campaign_id", [](Campaign* c, std::string text) { c->set_campaign_id(std::move(text)); }},
};
constexpr NumberKey<Campaign> kCampaignNumbers[] = {
    {"total_limit", kMost, [](Campaign* c, uint64_t n) { c->set_total_limit(n); }},
    {"buyer_limit", kMost32,
     [](Campaign* c, uint64_t n) { c->set_buyer_limit(static_cast<uint32_t>(n)); }},
    {"starts_ms", kMost,
     [](Campaign* c, uint64_t n) { SetTime(n, c, &Campaign::mutable_starts_at); }},
    {"ends_ms", kMost, [](Campaign* c, uint64_t n) { SetTime(n, c, &Campaign::mutable_ends_at); }},
};

constexpr TextKey<Voucher> kVoucherTexts[] = {
    {"voucher_ref", [](Voucher* v, std::string text) { v->set_voucher_ref(std::move(text)); }},
    {"currency",
     [](Voucher* v, std::string text) { v->mutable_amount()->set_currency(std::move(text)); }},
    {"offer_id", [](Voucher* v, std::string text) { v->set_offer_id(std::move(text)); }},
    {"campaign_id", [](Voucher* v, std::string text) { v->set_campaign_id(std::move(text)); }},
};
constexpr NumberKey<Voucher> kVoucherNumbers[] = {
    {"amount_minor", kMost,
     [](Voucher* v, uint64_t n) {
       v->mutable_amount()->set_amount_minor(static_cast<int64_t>(n));
     }},
    {"uses", kMost, [](Voucher* v, uint64_t n) { v->set_uses(n); }},
    {"buyer_uses", kMost32,
     [](Voucher* v, uint64_t n) { v->set_buyer_uses(static_cast<uint32_t>(n)); }},
    {"starts_ms", kMost,
     [](Voucher* v, uint64_t n) { SetTime(n, v, &Voucher::mutable_starts_at); }},
    {"ends_ms", kMost, [](Voucher* v, uint64_t n) { SetTime(n, v, &Voucher::mutable_ends_at); }},
};

absl::Status BadKey(std::string_view key) {
  return base::InvalidArgument("bad or unknown key \"" + std::string(key) + "\"");
}

orders::v1::Goods ToWire(const goods::Goods& goods, const std::string& offer_id) {
  using goods::Goods;
  orders::v1::Goods wire;
  wire.set_offer_id(offer_id);
  wire.set_origin_country(goods.origin_country);
  if (goods.ships_from == Goods::ShipsFrom::kHome) {
    wire.set_ships_from(orders::v1::Goods::SHIPS_FROM_HOME);
  } else if (goods.ships_from == Goods::ShipsFrom::kAbroad) {
    wire.set_ships_from(orders::v1::Goods::SHIPS_FROM_ABROAD);
  }
  wire.set_hs_code(goods.hs_code);
  if (!goods.fob_currency.empty() || goods.fob_minor != 0) {
    wire.mutable_fob()->set_currency(goods.fob_currency);
    wire.mutable_fob()->set_amount_minor(goods.fob_minor);
  }
  wire.set_seller_licence(goods.seller_licence);
  if (goods.licence_expires_ms != goods::kForEver) {
    base::SetMs(goods.licence_expires_ms, wire.mutable_licence_expires_at());
  }
  if (goods.seller_tier == Goods::SellerTier::kUmkm) {
    wire.set_seller_tier(orders::v1::Goods::SELLER_TIER_UMKM);
  } else if (goods.seller_tier == Goods::SellerTier::kOther) {
    wire.set_seller_tier(orders::v1::Goods::SELLER_TIER_OTHER);
  }
  wire.set_local(goods.local);
  return wire;
}

// Each adds one entry to the request; the status tells the key that is wrong.

absl::Status AddOffer(const dom::object& object, LoadOffersRequest* request) {
  Offer* offer = request->add_offers();
  SaleTerms terms;
  goods::Goods known;
  bool has_stock = false;
  for (const auto& [key, value] : object) {
    has_stock = has_stock || key == "stock";
    if (SetKey(key, value, kOfferTexts, kOfferNumbers, offer)) continue;
    if (SetKey(key, value, kTermsTexts, kTermsNumbers, &terms)) continue;
    if (!goods::SetFact(key, value, &known)) return BadKey(key);
  }
  if (offer->offer_id().empty() || offer->price().currency().empty() || !has_stock) {
    return base::InvalidArgument("offer_id, currency, amount_minor and stock are required");
  }
  if (known != goods::Goods()) *request->add_goods() = ToWire(known, offer->offer_id());
  if (terms.ByteSizeLong() > 0) {
    terms.set_offer_id(offer->offer_id());
    *request->add_sale_terms() = std::move(terms);
  }
  return absl::OkStatus();
}

absl::Status AddCampaign(const dom::object& object, LoadOffersRequest* request) {
  Campaign* campaign = request->add_campaigns();
  for (const auto& [key, value] : object) {
    if (!SetKey(key, value, kCampaignTexts, kCampaignNumbers, campaign)) return BadKey(key);
  }
  if (campaign->campaign_id().empty()) return base::InvalidArgument("campaign_id is required");
  return absl::OkStatus();
}

absl::Status AddVoucher(const dom::object& object, LoadOffersRequest* request) {
  Voucher* voucher = request->add_vouchers();
  for (const auto& [key, value] : object) {
    if (!SetKey(key, value, kVoucherTexts, kVoucherNumbers, voucher)) return BadKey(key);
  }
  if (voucher->voucher_ref().empty() || voucher->amount().currency().empty()) {
    return base::InvalidArgument("voucher_ref, currency and amount_minor are required");
  }
  return absl::OkStatus();
}

struct Section {
  // Of the array, and of one entry in an error.
  std::string_view name;
  std::string_view entry;
  absl::Status (*add)(const dom::object& object, LoadOffersRequest* request);
};
constexpr Section kOffers{"offers", "offer", AddOffer};
constexpr Section kSections[] = {
    kOffers, {"campaigns", "campaign", AddCampaign}, {"vouchers", "voucher", AddVoucher}};

absl::Status AddAll(const Section& section, const dom::array& array, LoadOffersRequest* request) {
  int number = 0;
  for (const dom::element element : array) {
    const std::string place = std::string(section.entry) + " " + std::to_string(++number) + ": ";
    dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      return base::InvalidArgument(place + "not an object");
    }
    const absl::Status added = section.add(object, request);
    if (!added.ok()) {
      return base::InvalidArgument(place + std::string(base::Std(added.message())));
    }
  }
  return absl::OkStatus();
}

absl::Status AddSections(const dom::object& object, LoadOffersRequest* request) {
  for (const auto& [key, value] : object) {
    const auto section =
        std::find_if(std::begin(kSections), std::end(kSections),
                     [name = key](const Section& known) { return known.name == name; });
    dom::array array;
    if (section == std::end(kSections) || value.get(array) != simdjson::SUCCESS) return BadKey(key);
    JEMB_RETURN_IF_ERROR(AddAll(*section, array, request));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LoadOffersRequest> ParseCatalogFile(std::string_view json) {
  dom::parser parser;
  dom::element root;
  const auto error = parser.parse(json.data(), json.size()).get(root);
  if (error != simdjson::SUCCESS) {
    return base::InvalidArgument(std::string("not JSON: ") + simdjson::error_message(error));
  }
  LoadOffersRequest request;
  dom::array array;
  dom::object object;
  if (root.get(array) == simdjson::SUCCESS) {
    JEMB_RETURN_IF_ERROR(AddAll(kOffers, array, &request));
  } else if (root.get(object) == simdjson::SUCCESS) {
    JEMB_RETURN_IF_ERROR(AddSections(object, &request));
  } else {
    return base::InvalidArgument("neither an array of offers nor an object");
  }
  return request;
}

}  // namespace jembatan::catalog
