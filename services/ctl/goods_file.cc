#include "services/ctl/goods_file.h"

#include <simdjson.h>

#include "libs/base/status.h"
#include "libs/goods/facts_json.h"

namespace jembatan::ctl {
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
      if (key == "offer_id" || goods::SetFact(key, value, &entry->second)) continue;
      return base::InvalidArgument(place + "bad or unknown key \"" + std::string(key) + "\"");
    }
  }
  return offers;
}

}  // namespace jembatan::ctl
