#pragma once

// The keys under which JSON files of offers tell about their goods: origin_country, ships_from
// ("home" or "abroad"), hs_code, fob_currency, fob_minor, seller_licence, licence_expires_ms,
// seller_tier ("umkm" or "other") and local (true or false), each optional. Pure; any thread.

#include <string_view>

#include <simdjson.h>

#include "libs/goods/goods.h"

namespace jembatan::goods {

// False: the key is none of these, or its value of another type or range.
bool SetFact(std::string_view key, const simdjson::dom::element& value, Goods* goods);

}  // namespace jembatan::goods
