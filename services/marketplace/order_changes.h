#pragma once

// OrderChanges: what became of orders after they were placed, in the order in which it happened, as
// the store has written it. It reads over a connection of its own, so that who watches never keeps
// an order waiting.
//
// Owned by the service; ends before the store. Thread-safe.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/base/ids.h"
#include "libs/sqlite/sqlite.h"
#include "services/marketplace/order.h"

namespace jembatan::marketplace {

struct OrderChange {
  // Its place among all changes, from 1.
  int64_t place = 0;
  base::Uuid intent_id;
  std::string buyer_ref;
  Payment payment = Payment::kNone;
  int64_t changed_ms = 0;
};

class OrderChanges {
 public:
  static absl::StatusOr<std::unique_ptr<OrderChanges>> Open(const std::string& database);

  // The place before the first change at or after since_ms; before those to come if there is none.
  absl::StatusOr<int64_t> PlaceBefore(int64_t since_ms);
  // Up to limit changes behind a place.
  absl::StatusOr<std::vector<OrderChange>> After(int64_t place, int64_t limit);

 private:
  OrderChanges(sqlite::Database database, sqlite::Statement select_place,
               sqlite::Statement select_changes);

  std::mutex mutex_;
  sqlite::Database database_;
  sqlite::Statement select_place_;
  sqlite::Statement select_changes_;
};

}  // namespace jembatan::marketplace
