#pragma once

// Promotions: campaigns and vouchers, what was sold by them, and what each buyer has had of them,
// as rows that the store's transactions read and write. Nothing is cached: a transaction that is
// rolled back leaves nothing behind.
//
// Owned by the store and used under its mutex, within its transactions; ends before its database.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/sqlite/sqlite.h"
#include "services/marketplace/order.h"

namespace jembatan::marketplace {

// What an order took beside its offer's goods.
struct Taken {
  // Empty: none.
  std::string campaign_id;
  std::string voucher_ref;
  int64_t discount_minor = 0;

  bool nothing() const { return campaign_id.empty() && voucher_ref.empty(); }
};

class Promotions {
 public:
  // The tables are there already.
  static absl::StatusOr<Promotions> Prepare(sqlite::Database& database);

  // Empty: unknown.
  absl::StatusOr<std::optional<Campaign>> FindCampaign(std::string_view campaign_id);
  absl::StatusOr<std::optional<Voucher>> FindVoucher(std::string_view voucher_ref);
  // Units of the campaign that the buyer holds, and the buyer's orders that use the voucher.
  absl::StatusOr<int64_t> UnitsOf(std::string_view campaign_id, std::string_view buyer_ref);
  absl::StatusOr<int64_t> UsesOf(std::string_view voucher_ref, std::string_view buyer_ref);

  // An order, by its place in the ledger, takes so many units of its campaign and uses its voucher.
  absl::Status Take(int64_t seq, const Taken& taken, std::string_view buyer_ref, int64_t quantity);
  // What it took; nothing() if it took nothing.
  absl::StatusOr<Taken> TakenBy(int64_t seq);
  absl::Status GiveBack(const Taken& taken, std::string_view buyer_ref, int64_t quantity);

  // Inserts or replaces; what was sold or used stays.
  absl::Status Load(const Campaign& campaign);
  absl::Status Load(const Voucher& voucher);
  // All of them, in the order of their ids.
  absl::StatusOr<std::vector<Campaign>> Campaigns();
  absl::StatusOr<std::vector<Voucher>> Vouchers();

 private:
  // Adds to what was taken, with a negative sign to give it back.
  absl::Status Add(const Taken& taken, std::string_view buyer_ref, int64_t quantity, int64_t uses);

  sqlite::Statement select_campaign_;
  sqlite::Statement select_campaigns_;
  sqlite::Statement upsert_campaign_;
  sqlite::Statement sell_campaign_;
  sqlite::Statement select_units_;
  sqlite::Statement add_units_;
  sqlite::Statement select_voucher_;
  sqlite::Statement select_vouchers_;
  sqlite::Statement upsert_voucher_;
  sqlite::Statement use_voucher_;
  sqlite::Statement select_uses_;
  sqlite::Statement add_uses_;
  sqlite::Statement insert_taken_;
  sqlite::Statement select_taken_;
};

}  // namespace jembatan::marketplace
