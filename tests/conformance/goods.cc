#include "tests/conformance/goods.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <simdjson.h>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "tests/conformance/limits.h"

namespace jembatan::conformance {
namespace {

namespace dom = simdjson::dom;

constexpr int64_t kYearMs = int64_t{365} * 24 * 3600 * 1000;

// What the template asks for: so many offers of each role, and what sets them apart.
struct Role {
  std::string_view name;
  std::string_view title;
  int count;
  int64_t stock;
  int64_t buyer_limit = 0;
  int64_t total_limit = 0;
  // Years from now; 0: none.
  int sale_starts = 0;
  int sale_ends = 0;
};

constexpr Role kRoles[] = {
    {"plenty", "Kopi Gayo 250 g", 2, 1'000'000},
    {"few", "Batik tulis, jumlah terbatas", 16, 20},
    {"last-one", "Sepatu terakhir", 6, 1},
    {"buyer-limit", "Beras 5 kg, dua per pembeli", 2, 1'000, 2},
    {"total-limit", "Tiket, tiga seluruhnya", 1, 1'000, 0, 3},
    {"not-started", "Belum dijual", 1, 1'000, 0, 0, 1, 0},
    {"ended", "Sudah berakhir", 1, 1'000, 0, 0, 0, -1},
};

struct Entry {
  std::string role;
  std::string offer_id;
  std::string title;
  std::string seller_id;
  std::string currency;
  std::string price_version;
  int64_t amount_minor = 0;
  int64_t stock = -1;
  int64_t buyer_limit = 0;
  int64_t total_limit = 0;
  int64_t sale_starts_ms = 0;
  int64_t sale_ends_ms = 0;
};

std::string Line(const Role& role, std::string_view offer_id, int64_t now_ms) {
  std::string json = "  {\"role\": \"";
  const auto text = [&json](std::string_view key, std::string_view value) {
    json += "\", \"";
    json += key;
    json += "\": \"";
    json += value;
  };
  const auto number = [&json](std::string_view key, int64_t value) {
    json += ", \"";
    json += key;
    json += "\": ";
    json += std::to_string(value);
  };
  json += role.name;
  text("offer_id", offer_id);
  text("title", role.title);
  text("seller_id", "conformance");
  text("currency", "IDR");
  text("price_version", "v1");
  json += '"';
  number("amount_minor", 2'500'000);
  number("stock", role.stock);
  number("buyer_limit", role.buyer_limit);
  number("total_limit", role.total_limit);
  number("sale_starts_ms", role.sale_starts == 0 ? 0 : now_ms + role.sale_starts * kYearMs);
  number("sale_ends_ms", role.sale_ends == 0 ? 0 : now_ms + role.sale_ends * kYearMs);
  return json + "}";
}

// False if a key is not known or its value does not fit.
bool ReadEntry(const dom::object& object, Entry* entry) {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"role", &entry->role},         {"offer_id", &entry->offer_id},
      {"title", &entry->title},       {"seller_id", &entry->seller_id},
      {"currency", &entry->currency}, {"price_version", &entry->price_version}};
  const std::pair<std::string_view, int64_t*> numbers[] = {
      {"amount_minor", &entry->amount_minor},     {"stock", &entry->stock},
      {"buyer_limit", &entry->buyer_limit},       {"total_limit", &entry->total_limit},
      {"sale_starts_ms", &entry->sale_starts_ms}, {"sale_ends_ms", &entry->sale_ends_ms}};
  for (const auto& [key, value] : object) {
    const auto is_key = [name = key](const auto& known) { return known.first == name; };
    const auto text = std::find_if(std::begin(texts), std::end(texts), is_key);
    const auto number = std::find_if(std::begin(numbers), std::end(numbers), is_key);
    std::string_view string;
    if (text != std::end(texts) && value.get(string) == simdjson::SUCCESS) {
      *text->second = string;
    } else if (number == std::end(numbers) || value.get(*number->second) != simdjson::SUCCESS ||
               *number->second < 0) {
      return false;
    }
  }
  return !entry->role.empty() && !entry->offer_id.empty() && entry->currency.size() == 3 &&
         entry->amount_minor > 0 && entry->stock >= 0 &&
         entry->buyer_limit <= std::numeric_limits<uint32_t>::max();
}

orders::v1::Offer ToOffer(const Entry& entry) {
  orders::v1::Offer offer;
  offer.set_offer_id(entry.offer_id);
  offer.set_title(entry.title);
  offer.set_seller_id(entry.seller_id);
  offer.mutable_price()->set_currency(entry.currency);
  offer.mutable_price()->set_amount_minor(entry.amount_minor);
  offer.set_price_version(entry.price_version);
  offer.set_stock(static_cast<uint64_t>(entry.stock));
  offer.set_buyer_limit(static_cast<uint32_t>(entry.buyer_limit));
  offer.set_total_limit(static_cast<uint64_t>(entry.total_limit));
  if (entry.sale_starts_ms > 0) base::SetMs(entry.sale_starts_ms, offer.mutable_sale_starts_at());
  if (entry.sale_ends_ms > 0) base::SetMs(entry.sale_ends_ms, offer.mutable_sale_ends_at());
  return offer;
}

}  // namespace

absl::StatusOr<Goods> Goods::Read(const std::string& path) {
  JEMB_ASSIGN_OR_RETURN(const std::string json, base::ReadWholeFile(path, kMaxOffersFileBytes));
  return Parse(path, json);
}

absl::StatusOr<Goods> Goods::Parse(const std::string& name, std::string_view json) {
  dom::parser parser;
  dom::array array;
  if (parser.parse(json.data(), json.size()).get(array) != simdjson::SUCCESS) {
    return base::InvalidArgument(name + ": not a JSON array");
  }
  Goods goods;
  for (const dom::element element : array) {
    const size_t place = goods.all_.size();
    dom::object object;
    Entry entry;
    if (element.get(object) != simdjson::SUCCESS || !ReadEntry(object, &entry)) {
      return base::InvalidArgument(name + ": offer " + std::to_string(place + 1) +
                                   ": a key is missing, unknown or of the wrong kind");
    }
    goods.all_.push_back(ToOffer(entry));
    goods.by_role_[entry.role].push_back(place);
  }
  if (goods.Any("plenty") == nullptr) {
    return base::InvalidArgument(name + ": no offer has the role \"plenty\"");
  }
  return goods;
}

std::string Goods::Template(std::string_view stamp, int64_t now_ms) {
  std::string json;
  for (const Role& role : kRoles) {
    for (int i = 1; i <= role.count; ++i) {
      json += json.empty() ? "[\n" : ",\n";
      std::string offer_id = "jc-";
      offer_id += stamp;
      offer_id += '-';
      offer_id += role.name;
      offer_id += '-' + std::to_string(i);
      json += Line(role, offer_id, now_ms);
    }
  }
  return json + "\n]\n";
}

const orders::v1::Offer* Goods::Any(std::string_view role) const {
  const auto places = by_role_.find(role);
  return places == by_role_.end() ? nullptr : &all_[places->second.front()];
}

const orders::v1::Offer* Goods::Take(std::string_view role) {
  const auto places = by_role_.find(role);
  if (places == by_role_.end()) return nullptr;
  size_t& taken = taken_[std::string(role)];
  return taken == places->second.size() ? nullptr : &all_[places->second[taken++]];
}

}  // namespace jembatan::conformance
