#pragma once

// Catalog: the marketplace's operator port as commands see it: blocking calls with a deadline. One
// thread; ends with its last call.

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "jembatan/orders/v1/catalog.pb.h"

namespace jembatan::ctl {

// Entries of a kind sent in one call.
inline constexpr int kEntriesPerCall = 512;

struct Loaded {
  uint32_t inserted = 0;
  uint32_t replaced = 0;
};

// target is host:port. Sends what fits into one call at once: campaigns first, that offers and
// vouchers name, and each offer with its goods and terms, which stand in the offers' order.
absl::StatusOr<Loaded> LoadCatalog(const std::string& target,
                                   const orders::v1::LoadOffersRequest& all, int timeout_ms);

using OfferEntry = orders::v1::ListOffersResponse::Entry;
absl::StatusOr<std::vector<OfferEntry>> ListOffers(const std::string& target, int timeout_ms);

absl::StatusOr<orders::v1::ListPromotionsResponse> ListPromotions(const std::string& target,
                                                                  int timeout_ms);

}  // namespace jembatan::ctl
