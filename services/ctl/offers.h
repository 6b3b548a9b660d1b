#pragma once

// What the offers commands make of text: an offers file in, a listing out. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "jembatan/orders/v1/orders.pb.h"
#include "services/ctl/catalog_grpc.h"

namespace jembatan::ctl {

// A JSON array of objects with the keys of the marketplace's own offers file: offer_id, title,
// seller_id, currency, amount_minor, price_version, stock, buyer_limit, total_limit,
// sale_starts_ms, sale_ends_ms, and those of libs/goods/facts_json.h. Whether an offer is a good
// one is the marketplace's to say.
absl::StatusOr<std::vector<OfferToLoad>> ParseOffersFile(std::string_view json);

std::string OffersTable(const std::vector<OfferEntry>& entries);

}  // namespace jembatan::ctl
