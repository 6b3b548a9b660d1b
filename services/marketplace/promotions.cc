#include "services/marketplace/promotions.h"

#include <utility>

#include "libs/base/status.h"

namespace jembatan::marketplace {
namespace {

Campaign ReadCampaign(const sqlite::Statement& row) {
  Campaign campaign;
  campaign.campaign_id = row.Text(0);
  campaign.total_limit = row.Int(1);
  campaign.buyer_limit = row.Int(2);
  campaign.starts_ms = row.Int(3);
  campaign.ends_ms = row.Int(4);
  campaign.sold = row.Int(5);
  return campaign;
}

Voucher ReadVoucher(const sqlite::Statement& row) {
  Voucher voucher;
  voucher.voucher_ref = row.Text(0);
  voucher.amount.currency = row.Text(1);
  voucher.amount.amount_minor = row.Int(2);
  voucher.offer_id = row.Text(3);
  voucher.campaign_id = row.Text(4);
  voucher.uses = row.Int(5);
  voucher.buyer_uses = row.Int(6);
  voucher.starts_ms = row.Int(7);
  voucher.ends_ms = row.Int(8);
  voucher.used = row.Int(9);
  return voucher;
}

// The only row of a statement whose values are bound; empty: there is none.
template <typename Value>
absl::StatusOr<std::optional<Value>> OneRow(sqlite::Statement& statement,
                                            Value (*read)(const sqlite::Statement& row)) {
  const sqlite::ScopedReset reset(statement);
  JEMB_ASSIGN_OR_RETURN(const bool found, statement.Step());
  if (!found) return std::optional<Value>();
  return std::optional<Value>(read(statement));
}

template <typename Value>
absl::StatusOr<std::vector<Value>> AllRows(sqlite::Statement& statement,
                                           Value (*read)(const sqlite::Statement& row)) {
  const sqlite::ScopedReset reset(statement);
  std::vector<Value> values;
  while (true) {
    JEMB_ASSIGN_OR_RETURN(const bool found, statement.Step());
    if (!found) return values;
    values.push_back(read(statement));
  }
}

int64_t ReadNumber(const sqlite::Statement& row) { return row.Int(0); }

Taken ReadTaken(const sqlite::Statement& row) {
  return {std::string(row.Text(0)), std::string(row.Text(1)), row.Int(2)};
}

}  // namespace

absl::StatusOr<Promotions> Promotions::Prepare(sqlite::Database& database) {
  constexpr std::string_view kCampaign =
      "SELECT campaign_id, total_limit, buyer_limit, starts_ms, ends_ms, sold FROM campaigns ";
  constexpr std::string_view kVoucher =
      "SELECT voucher_ref, currency, amount_minor, offer_id, campaign_id, uses, buyer_uses, "
      "starts_ms, ends_ms, used FROM vouchers ";
  Promotions promotions;
  const struct {
    sqlite::Statement* statement;
    std::string sql;
  } statements[] = {
      {&promotions.select_campaign_, std::string(kCampaign) + "WHERE campaign_id = ?"},
      {&promotions.select_campaigns_, std::string(kCampaign) + "ORDER BY campaign_id"},
      {&promotions.upsert_campaign_,
       "INSERT INTO campaigns(campaign_id, total_limit, buyer_limit, starts_ms, ends_ms, sold) "
       "VALUES(?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET total_limit = excluded.total_limit, "
       "buyer_limit = excluded.buyer_limit, starts_ms = excluded.starts_ms, "
       "ends_ms = excluded.ends_ms"},
      {&promotions.sell_campaign_, "UPDATE campaigns SET sold = sold + ? WHERE campaign_id = ?"},
      {&promotions.select_units_,
       "SELECT quantity FROM campaign_units WHERE campaign_id = ? AND buyer_ref = ?"},
      {&promotions.add_units_,
       "INSERT INTO campaign_units(campaign_id, buyer_ref, quantity) VALUES(?1, ?2, max(?3, 0)) "
       "ON CONFLICT DO UPDATE SET quantity = quantity + ?3"},
      {&promotions.select_voucher_, std::string(kVoucher) + "WHERE voucher_ref = ?"},
      {&promotions.select_vouchers_, std::string(kVoucher) + "ORDER BY voucher_ref"},
      {&promotions.upsert_voucher_,
       "INSERT INTO vouchers(voucher_ref, currency, amount_minor, offer_id, campaign_id, uses, "
       "buyer_uses, starts_ms, ends_ms, used) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 0) "
       "ON CONFLICT DO UPDATE SET currency = excluded.currency, "
       "amount_minor = excluded.amount_minor, offer_id = excluded.offer_id, "
       "campaign_id = excluded.campaign_id, uses = excluded.uses, "
       "buyer_uses = excluded.buyer_uses, starts_ms = excluded.starts_ms, "
       "ends_ms = excluded.ends_ms"},
      {&promotions.use_voucher_, "UPDATE vouchers SET used = used + ? WHERE voucher_ref = ?"},
      {&promotions.select_uses_,
       "SELECT uses FROM voucher_uses WHERE voucher_ref = ? AND buyer_ref = ?"},
      {&promotions.add_uses_,
       "INSERT INTO voucher_uses(voucher_ref, buyer_ref, uses) VALUES(?1, ?2, max(?3, 0)) "
       "ON CONFLICT DO UPDATE SET uses = uses + ?3"},
      {&promotions.insert_taken_,
       "INSERT INTO taken(seq, campaign_id, voucher_ref, discount_minor) VALUES(?, ?, ?, ?)"},
      {&promotions.select_taken_,
       "SELECT campaign_id, voucher_ref, discount_minor FROM taken WHERE seq = ?"},
  };
  for (const auto& [statement, sql] : statements) {
    JEMB_ASSIGN_OR_RETURN(*statement, database.Prepare(sql));
  }
  return promotions;
}

absl::StatusOr<std::optional<Campaign>> Promotions::FindCampaign(std::string_view campaign_id) {
  select_campaign_.Bind(campaign_id);
  return OneRow(select_campaign_, ReadCampaign);
}

absl::StatusOr<std::optional<Voucher>> Promotions::FindVoucher(std::string_view voucher_ref) {
  select_voucher_.Bind(voucher_ref);
  return OneRow(select_voucher_, ReadVoucher);
}

absl::StatusOr<int64_t> Promotions::UnitsOf(std::string_view campaign_id,
                                            std::string_view buyer_ref) {
  select_units_.Bind(campaign_id, sqlite::Blob{buyer_ref});
  JEMB_ASSIGN_OR_RETURN(const std::optional<int64_t> units, OneRow(select_units_, ReadNumber));
  return units.value_or(0);
}

absl::StatusOr<int64_t> Promotions::UsesOf(std::string_view voucher_ref,
                                           std::string_view buyer_ref) {
  select_uses_.Bind(voucher_ref, sqlite::Blob{buyer_ref});
  JEMB_ASSIGN_OR_RETURN(const std::optional<int64_t> uses, OneRow(select_uses_, ReadNumber));
  return uses.value_or(0);
}

absl::Status Promotions::Take(int64_t seq, const Taken& taken, std::string_view buyer_ref,
                              int64_t quantity) {
  insert_taken_.Bind(seq, std::string_view(taken.campaign_id), std::string_view(taken.voucher_ref),
                     taken.discount_minor);
  JEMB_RETURN_IF_ERROR(insert_taken_.Run());
  return Add(taken, buyer_ref, quantity, 1);
}

absl::StatusOr<Taken> Promotions::TakenBy(int64_t seq) {
  select_taken_.Bind(seq);
  JEMB_ASSIGN_OR_RETURN(std::optional<Taken> taken, OneRow(select_taken_, ReadTaken));
  return taken.has_value() ? *std::move(taken) : Taken();
}

absl::Status Promotions::GiveBack(const Taken& taken, std::string_view buyer_ref,
                                  int64_t quantity) {
  return Add(taken, buyer_ref, -quantity, -1);
}

absl::Status Promotions::Add(const Taken& taken, std::string_view buyer_ref, int64_t quantity,
                             int64_t uses) {
  if (!taken.campaign_id.empty()) {
    sell_campaign_.Bind(quantity, std::string_view(taken.campaign_id));
    JEMB_RETURN_IF_ERROR(sell_campaign_.Run());
    add_units_.Bind(std::string_view(taken.campaign_id), sqlite::Blob{buyer_ref}, quantity);
    JEMB_RETURN_IF_ERROR(add_units_.Run());
  }
  if (taken.voucher_ref.empty()) return absl::OkStatus();
  use_voucher_.Bind(uses, std::string_view(taken.voucher_ref));
  JEMB_RETURN_IF_ERROR(use_voucher_.Run());
  add_uses_.Bind(std::string_view(taken.voucher_ref), sqlite::Blob{buyer_ref}, uses);
  return add_uses_.Run();
}

absl::Status Promotions::Load(const Campaign& campaign) {
  upsert_campaign_.Bind(std::string_view(campaign.campaign_id), campaign.total_limit,
                        campaign.buyer_limit, campaign.starts_ms, campaign.ends_ms);
  return upsert_campaign_.Run();
}

absl::Status Promotions::Load(const Voucher& voucher) {
  upsert_voucher_.Bind(std::string_view(voucher.voucher_ref),
                       std::string_view(voucher.amount.currency), voucher.amount.amount_minor,
                       std::string_view(voucher.offer_id), std::string_view(voucher.campaign_id),
                       voucher.uses, voucher.buyer_uses, voucher.starts_ms, voucher.ends_ms);
  return upsert_voucher_.Run();
}

absl::StatusOr<std::vector<Campaign>> Promotions::Campaigns() {
  select_campaigns_.Reset();
  return AllRows(select_campaigns_, ReadCampaign);
}

absl::StatusOr<std::vector<Voucher>> Promotions::Vouchers() {
  select_vouchers_.Reset();
  return AllRows(select_vouchers_, ReadVoucher);
}

}  // namespace jembatan::marketplace
