#pragma once

// What a marketplace attests about its offers' goods, as a file for `policy explain` and `policy
// replay`: a JSON array of objects with offer_id and the keys of libs/goods/facts_json.h. Pure; any
// thread.

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/policy/decide.h"

namespace jembatan::ctl {

using GoodsByOffer = std::map<std::string, policy::Goods, std::less<>>;

// INVALID_ARGUMENT "offer N: why".
absl::StatusOr<GoodsByOffer> ParseGoodsFile(std::string_view json);

}  // namespace jembatan::ctl
