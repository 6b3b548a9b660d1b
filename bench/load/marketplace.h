#pragma once

// MarketplaceReader: what a run needs of the marketplace's admin port: the offers on sale with
// their stock, and the ledger of results. Parsing is pure and apart from fetching, which blocks;
// used by main before the first tap and after the last.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "bench/load/frames.h"
#include "bench/load/invariants.h"

namespace jembatan::load {

// Rows asked for at once, and rows kept at most.
inline constexpr int kLedgerPage = 5'000;
inline constexpr size_t kLedgerRowsMax = 20'000'000;

struct ListedOffer {
  OfferOnSale sale;
  OfferStock stock;
  std::string title;
};

// The answer of GET /offers.
absl::StatusOr<std::vector<ListedOffer>> ParseOffers(std::string_view ndjson);

// One page of GET /ledger: its rows are appended to *rows. offers maps an id to its index in the
// run.
absl::Status ParseLedger(std::string_view ndjson,
                         const absl::flat_hash_map<std::string, uint16_t>& offers,
                         std::vector<LedgerRow>* rows);

class MarketplaceReader {
 public:
  // url: http://host:port of the admin port.
  explicit MarketplaceReader(std::string url);

  absl::StatusOr<std::vector<ListedOffer>> Offers() const;
  // Every row after seq, in order.
  absl::StatusOr<std::vector<LedgerRow>> LedgerAfter(
      uint64_t seq, const absl::flat_hash_map<std::string, uint16_t>& offers) const;
  // The highest seq there is; 0: none.
  absl::StatusOr<uint64_t> LedgerEnd() const;

 private:
  absl::StatusOr<std::string> Get(const std::string& target) const;

  std::string url_;
};

}  // namespace jembatan::load
