#include "libs/goods/facts_json.h"

#include <cstdint>

namespace jembatan::goods {
namespace {

using ShipsFrom = Goods::ShipsFrom;
using SellerTier = Goods::SellerTier;

bool SetText(std::string_view key, const simdjson::dom::element& value, Goods* goods) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return false;
  if (key == "origin_country") return goods->origin_country = text, true;
  if (key == "hs_code") return goods->hs_code = text, true;
  if (key == "fob_currency") return goods->fob_currency = text, true;
  if (key == "seller_licence") return goods->seller_licence = text, true;
  if (key == "ships_from") {
    goods->ships_from = text == "home" ? ShipsFrom::kHome : ShipsFrom::kAbroad;
    return text == "home" || text == "abroad";
  }
  if (key == "seller_tier") {
    goods->seller_tier = text == "umkm" ? SellerTier::kUmkm : SellerTier::kOther;
    return text == "umkm" || text == "other";
  }
  return false;
}

bool SetNumber(std::string_view key, const simdjson::dom::element& value, Goods* goods) {
  int64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS || number < 0) return false;
  if (key == "fob_minor") return goods->fob_minor = number, true;
  if (key == "licence_expires_ms") return goods->licence_expires_ms = number, true;
  return false;
}

}  // namespace

bool SetFact(std::string_view key, const simdjson::dom::element& value, Goods* goods) {
  if (key == "local") return value.get(goods->local) == simdjson::SUCCESS;
  return SetText(key, value, goods) || SetNumber(key, value, goods);
}

}  // namespace jembatan::goods
