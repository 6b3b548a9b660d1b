#include "services/marketplace/offers_file.h"

#include <algorithm>

#include <simdjson.h>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/goods/facts_json.h"
#include "services/marketplace/decide.h"
#include "services/marketplace/limits.h"

namespace jembatan::marketplace {
namespace {

namespace dom = simdjson::dom;

struct TextKey {
  std::string_view name;
  std::string* value;
};

struct NumberKey {
  std::string_view name;
  int64_t* value;
};

// One offer; the status tells the key that is wrong.
absl::Status ParseOffer(const dom::object& object, Offer* offer) {
  const TextKey texts[] = {{"offer_id", &offer->offer_id},
                           {"title", &offer->title},
                           {"seller_id", &offer->seller_id},
                           {"currency", &offer->price.currency},
                           {"price_version", &offer->price_version}};
  const NumberKey numbers[] = {
      {"amount_minor", &offer->price.amount_minor}, {"stock", &offer->stock},
      {"buyer_limit", &offer->buyer_limit},         {"total_limit", &offer->total_limit},
      {"sale_starts_ms", &offer->sale_starts_ms},   {"sale_ends_ms", &offer->sale_ends_ms}};
  goods::Goods known;
  // A stock that is not given is an error, as an empty title is.
  offer->stock = -1;
  for (const auto& [key, value] : object) {
    const auto is_key = [name = key](const auto& known) { return known.name == name; };
    const auto text = std::find_if(std::begin(texts), std::end(texts), is_key);
    const auto number = std::find_if(std::begin(numbers), std::end(numbers), is_key);
    std::string_view string;
    if (text != std::end(texts) && value.get(string) == simdjson::SUCCESS) {
      *text->value = string;
    } else if (number != std::end(numbers) && value.get(*number->value) == simdjson::SUCCESS) {
      continue;
    } else if (!goods::SetFact(key, value, &known)) {
      return base::InvalidArgument("bad or unknown key \"" + std::string(key) + "\"");
    }
  }
  offer->attested = std::make_shared<const Attested>(Attested{std::move(known), 0, {}});
  return CheckOffer(*offer);
}

}  // namespace

absl::StatusOr<std::vector<Offer>> ReadOffersFile(const std::string& path) {
  JEMB_ASSIGN_OR_RETURN(const std::string json, base::ReadWholeFile(path, kMaxOffersFileBytes));
  return ParseOffers(path, json);
}

absl::StatusOr<std::vector<Offer>> ParseOffers(const std::string& name, std::string_view json) {
  dom::parser parser;
  dom::array array;
  const auto error = parser.parse(json.data(), json.size()).get(array);
  if (error != simdjson::SUCCESS) {
    return base::InvalidArgument(name + ": not a JSON array: " + simdjson::error_message(error));
  }
  std::vector<Offer> offers;
  for (const dom::element element : array) {
    const std::string place = name + ": offer " + std::to_string(offers.size() + 1) + ": ";
    dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      return base::InvalidArgument(place + "not an object");
    }
    Offer offer;
    const absl::Status status = ParseOffer(object, &offer);
    if (!status.ok()) {
      return base::InvalidArgument(place + std::string(base::Std(status.message())));
    }
    offers.push_back(std::move(offer));
    if (offers.size() > kMaxOffers) return base::InvalidArgument(name + ": too many offers");
  }
  return offers;
}

}  // namespace jembatan::marketplace
