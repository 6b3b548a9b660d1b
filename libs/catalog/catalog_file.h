#pragma once

// The file in which an operator says what a reference marketplace sells: JSON, either an array of
// offers or an object with the arrays "offers", "campaigns" and "vouchers", each optional.
//
//   offers: offer_id, title, seller_id, currency, amount_minor, price_version, stock, buyer_limit,
//     total_limit, sale_starts_ms, sale_ends_ms; order_limit, campaign_id, price_grace_ms; and what
//     libs/goods/facts_json.h tells of the goods. offer_id, currency, amount_minor and stock are
//     required.
//   campaigns: campaign_id (required), total_limit, buyer_limit, starts_ms, ends_ms.
//   vouchers: voucher_ref, currency, amount_minor (required), offer_id, campaign_id, uses,
//     buyer_uses, starts_ms, ends_ms.
//
// Times are Unix milliseconds, 0 or absent for none. What the keys mean says catalog.proto; whether
// an offer is a good one is the marketplace's to say. Pure; any thread.

#include <string_view>

#include "absl/status/statusor.h"

#include "jembatan/orders/v1/catalog.pb.h"

namespace jembatan::catalog {

// INVALID_ARGUMENT names the place and the key.
absl::StatusOr<orders::v1::LoadOffersRequest> ParseCatalogFile(std::string_view json);

}  // namespace jembatan::catalog
