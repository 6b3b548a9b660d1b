#include "services/ctl/goods_file.h"

#include <simdjson.h>

#include "libs/base/status.h"

namespace jembatan::ctl {
namespace {

using ShipsFrom = policy::Goods::ShipsFrom;

// Each false if the key is none of theirs, or the value of another type or range.
bool SetText(std::string_view key, const simdjson::dom::element& value, policy::Goods* goods) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return false;
  if (key == "origin_country") return goods->origin_country = text, true;
  if (key == "hs_code") return goods->hs_code = text, true;
  if (key == "fob_currency") return goods->fob_currency = text, true;
  if (key == "seller_licence") return goods->seller_licence = text, true;
  if (key != "ships_from" || (text != "home" && text != "abroad")) return false;
  goods->ships_from = text == "home" ? ShipsFrom::kHome : ShipsFrom::kAbroad;
  return true;
}

bool SetNumber(std::string_view key, const simdjson::dom::element& value, policy::Goods* goods) {
  int64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS || number < 0) return false;
  if (key == "fob_minor") return goods->fob_minor = number, true;
  if (key == "licence_expires_ms") return goods->licence_expires_ms = number, true;
  return false;
}

}  // namespace

absl::StatusOr<GoodsByOffer> ParseGoodsFile(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  if (parser.parse(json.data(), json.size()).get(array) != simdjson::SUCCESS) {
    return base::InvalidArgument("not a JSON array");
  }
  GoodsByOffer offers;
  size_t number = 0;
  for (const simdjson::dom::element element : array) {
    const std::string place = "offer " + std::to_string(++number) + ": ";
    simdjson::dom::object object;
    std::string_view offer_id;
    if (element.get(object) != simdjson::SUCCESS ||
        object["offer_id"].get(offer_id) != simdjson::SUCCESS || offer_id.empty()) {
      return base::InvalidArgument(place + "not an object with an offer_id");
    }
    auto [entry, is_new] = offers.try_emplace(std::string(offer_id));
    if (!is_new) return base::InvalidArgument(place + "told twice");
    for (const auto& [key, value] : object) {
      policy::Goods* goods = &entry->second;
      if (key == "offer_id" || SetText(key, value, goods) || SetNumber(key, value, goods)) continue;
      return base::InvalidArgument(place + "bad or unknown key \"" + std::string(key) + "\"");
    }
  }
  return offers;
}

}  // namespace jembatan::ctl
