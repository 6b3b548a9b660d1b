#pragma once

// Ledger: every result in the order of commits, the offers, and the digests of an hour's orders, as
// JSON lines for auditors and the load generator's invariant check. It reads over a connection of
// its own, so that a long page never keeps an order waiting.
//
// Owned by the service; ends before the store. Thread-safe.

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/sqlite/sqlite.h"
#include "services/marketplace/offer_feed.h"
#include "services/marketplace/rows.h"

namespace jembatan::marketplace {

class Ledger {
 public:
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(const std::string& database);

  // Up to limit results with a greater seq, one JSON object a line.
  absl::StatusOr<std::string> Page(int64_t after, int64_t limit);
  // Digests of the orders whose ids are of that hour (libs/reconcile/answer.h).
  absl::StatusOr<std::string> OrderDigests(int64_t hour, const std::string& prefix);

 private:
  Ledger(sqlite::Database database, sqlite::Statement select_page, sqlite::Statement select_orders);

  std::mutex mutex_;
  sqlite::Database database_;
  sqlite::Statement select_page_;
  sqlite::Statement select_orders_;
};

// {"seq":..,"intent_id":..,"buyer_ref":hex,...} and a newline.
std::string ResultLine(const ResultRow& row);
// {"offer_id":..,"stock":..,"sold":..,"initial_stock":..,...} and a newline.
std::string OfferLine(const Offer& offer);
std::string OfferLines(const OfferFeed& feed);

// after and limit of "/ledger?after=SEQ&limit=N": absent ones get 0 and kMaxLedgerRows, a larger
// limit is cut. An error for anything else.
struct PageRequest {
  int64_t after = 0;
  int64_t limit = 0;
};
absl::StatusOr<PageRequest> ParsePageRequest(std::string_view target);

// hour and prefix of "/orders/digest?hour=H&prefix=HEX". An error for anything else.
struct DigestRequest {
  int64_t hour = -1;
  std::string prefix;
};
absl::StatusOr<DigestRequest> ParseDigestRequest(std::string_view target);

}  // namespace jembatan::marketplace
