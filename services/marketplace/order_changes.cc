#include "services/marketplace/order_changes.h"

#include <utility>

#include "libs/base/status.h"
#include "libs/sqlite/file.h"
#include "services/marketplace/rows.h"

namespace jembatan::marketplace {

OrderChanges::OrderChanges(sqlite::Database database, sqlite::Statement select_place,
                           sqlite::Statement select_changes)
    : database_(std::move(database)),
      select_place_(std::move(select_place)),
      select_changes_(std::move(select_changes)) {}

absl::StatusOr<std::unique_ptr<OrderChanges>> OrderChanges::Open(const std::string& database) {
  JEMB_ASSIGN_OR_RETURN(sqlite::Database reader, sqlite::OpenReader(database));
  // The last place of all, or the one before the first that is wanted.
  JEMB_ASSIGN_OR_RETURN(
      sqlite::Statement place,
      reader.Prepare("SELECT coalesce((SELECT min(place) - 1 FROM order_changes "
                     "WHERE changed_ms >= ?), (SELECT max(place) FROM order_changes), 0)"));
  JEMB_ASSIGN_OR_RETURN(
      sqlite::Statement changes,
      reader.Prepare("SELECT c.place, r.intent_id, r.buyer_ref, c.payment, c.changed_ms "
                     "FROM order_changes c JOIN results r ON r.seq = c.seq "
                     "WHERE c.place > ? ORDER BY c.place LIMIT ?"));
  return std::unique_ptr<OrderChanges>(
      new OrderChanges(std::move(reader), std::move(place), std::move(changes)));
}

absl::StatusOr<int64_t> OrderChanges::PlaceBefore(int64_t since_ms) {
  const std::scoped_lock lock(mutex_);
  select_place_.Bind(since_ms);
  const sqlite::ScopedReset reset(select_place_);
  JEMB_ASSIGN_OR_RETURN(const bool row, select_place_.Step());
  return row ? select_place_.Int(0) : 0;
}

absl::StatusOr<std::vector<OrderChange>> OrderChanges::After(int64_t place, int64_t limit) {
  const std::scoped_lock lock(mutex_);
  select_changes_.Bind(place, limit);
  const sqlite::ScopedReset reset(select_changes_);
  std::vector<OrderChange> changes;
  while (true) {
    JEMB_ASSIGN_OR_RETURN(const bool row, select_changes_.Step());
    if (!row) return changes;
    changes.push_back({.place = select_changes_.Int(0),
                       .intent_id = FromBytes(select_changes_.Bytes(1)),
                       .buyer_ref = std::string(select_changes_.Bytes(2)),
                       .payment = static_cast<Payment>(select_changes_.Int(3)),
                       .changed_ms = select_changes_.Int(4)});
  }
}

}  // namespace jembatan::marketplace
