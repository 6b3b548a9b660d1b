#pragma once

// Catalog: the marketplace's operator port as commands see it: blocking calls with a deadline. One
// thread; ends with its last call.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "jembatan/orders/v1/catalog.pb.h"

namespace jembatan::ctl {

// Offers sent or asked for in one call.
inline constexpr int kOffersPerCall = 512;

struct Loaded {
  uint32_t inserted = 0;
  uint32_t replaced = 0;
};

struct OfferToLoad {
  orders::v1::Offer offer;
  // Absent: nothing is known of its goods.
  std::optional<orders::v1::Goods> goods;
};

// target is host:port.
absl::StatusOr<Loaded> LoadOffers(const std::string& target, const std::vector<OfferToLoad>& offers,
                                  int timeout_ms);

using OfferEntry = orders::v1::ListOffersResponse::Entry;
absl::StatusOr<std::vector<OfferEntry>> ListOffers(const std::string& target, int timeout_ms);

}  // namespace jembatan::ctl
