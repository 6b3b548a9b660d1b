#pragma once

// Offers as a JSON file: an array of objects with the keys offer_id, title, seller_id, currency,
// amount_minor, price_version, stock, buyer_limit, total_limit, sale_starts_ms and sale_ends_ms, of
// which offer_id, title, currency, amount_minor and stock are required, and with the keys of
// libs/goods/facts_json.h what is known of the goods. Start-up only.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "services/marketplace/order.h"

namespace jembatan::marketplace {

absl::StatusOr<std::vector<Offer>> ReadOffersFile(const std::string& path);

// name stands for the source in errors.
absl::StatusOr<std::vector<Offer>> ParseOffers(const std::string& name, std::string_view json);

}  // namespace jembatan::marketplace
