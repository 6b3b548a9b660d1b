#include "services/marketplace/ledger.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "libs/base/json_line.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/ledger/hash.h"
#include "libs/reconcile/answer.h"
#include "libs/reconcile/order_set.h"
#include "libs/sqlite/file.h"
#include "services/marketplace/limits.h"

namespace jembatan::marketplace {
namespace {

constexpr size_t kLineBytes = 512;

// A name of the contract without its enum's prefix.
std::string_view WithoutPrefix(std::string_view name, std::string_view prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

std::string_view PaymentName(Payment payment) {
  switch (payment) {
    case Payment::kNone:
      return "";
    case Payment::kUnpaid:
      return "UNPAID";
    case Payment::kPaid:
      return "PAID";
    case Payment::kCancelled:
      return "CANCELLED";
    case Payment::kWithdrawn:
      return "WITHDRAWN";
  }
  return "";
}

// Calls take(name, value) for each parameter of the target; false: it is none of them.
template <typename Take>
bool EachParameter(std::string_view target, const Take& take) {
  const size_t question = target.find('?');
  std::string_view query;
  if (question != std::string_view::npos) query = target.substr(question + 1);
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    if (!take(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())))) return false;
  }
  return true;
}

// A whole number from 0; false: the text is none.
bool ReadNumber(std::string_view text, int64_t* value) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && stop == text.data() + text.size() && *value >= 0;
}

}  // namespace

Ledger::Ledger(sqlite::Database database, sqlite::Statement select_page,
               sqlite::Statement select_orders)
    : database_(std::move(database)),
      select_page_(std::move(select_page)),
      select_orders_(std::move(select_orders)) {}

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(const std::string& database) {
  JEMB_ASSIGN_OR_RETURN(sqlite::Database reader, sqlite::OpenReader(database));
  JEMB_ASSIGN_OR_RETURN(
      sqlite::Statement select,
      reader.Prepare(std::string(kSelectResults) + "WHERE seq > ? ORDER BY seq LIMIT ?"));
  JEMB_ASSIGN_OR_RETURN(sqlite::Statement orders,
                        reader.Prepare(std::string(kSelectResults) +
                                       "WHERE intent_id BETWEEN ? AND ? AND state = ?"));
  return std::unique_ptr<Ledger>(
      new Ledger(std::move(reader), std::move(select), std::move(orders)));
}

absl::StatusOr<std::string> Ledger::Page(int64_t after, int64_t limit) {
  const std::scoped_lock lock(mutex_);
  select_page_.Bind(after, limit);
  const sqlite::ScopedReset reset(select_page_);
  std::string page;
  while (true) {
    JEMB_ASSIGN_OR_RETURN(const bool row, select_page_.Step());
    if (!row) return page;
    page += ResultLine(ReadRow(select_page_));
  }
}

absl::StatusOr<std::string> Ledger::OrderDigests(int64_t hour, const std::string& prefix) {
  // Ids begin with their time, so that an hour's are neighbours.
  const auto first = ToBytes({static_cast<uint64_t>(hour * reconcile::kHourMs) << 16, 0});
  const auto last = ToBytes({(static_cast<uint64_t>((hour + 1) * reconcile::kHourMs) << 16) - 1,
                             std::numeric_limits<uint64_t>::max()});
  reconcile::OrderSet set;
  ledger::Hasher hasher;
  {
    const std::scoped_lock lock(mutex_);
    select_orders_.Bind(sqlite::Blob{{first.data(), first.size()}},
                        sqlite::Blob{{last.data(), last.size()}},
                        static_cast<int64_t>(orders::v1::OrderResult::STATE_ORDERED));
    const sqlite::ScopedReset reset(select_orders_);
    while (true) {
      JEMB_ASSIGN_OR_RETURN(const bool found, select_orders_.Step());
      if (!found) break;
      const ResultRow row = ReadRow(select_orders_);
      set.Add(reconcile::CommitmentOf(
          hasher, {row.intent_id, row.buyer_ref, row.result.fingerprint, row.result.order_id}));
    }
  }
  return reconcile::FormatAnswer(hour, prefix, &set);
}

std::string ResultLine(const ResultRow& row) {
  const Result& result = row.result;
  std::string_view reason;
  if (result.reason != orders::v1::REASON_UNSPECIFIED) {
    reason = WithoutPrefix(orders::v1::Reason_Name(result.reason), "REASON_");
  }
  base::JsonLine line;
  line.Add("seq", result.seq);
  line.Add("intent_id", row.intent_id.ToString());
  line.Add("buyer_ref", base::Hex(row.buyer_ref));
  line.Add("offer_id", result.offer_id);
  line.Add("quantity", result.quantity);
  line.Add("state", WithoutPrefix(orders::v1::OrderResult::State_Name(result.state), "STATE_"));
  line.Add("reason", reason);
  line.Add("order_id", result.order_id);
  line.Add("payment", PaymentName(result.payment));
  line.Add("decided_ms", result.decided_ms);
  line.Add("fingerprint", base::Hex(result.fingerprint));
  return std::move(line).Finish();
}

std::string OfferLine(const Offer& offer) {
  base::JsonLine line;
  line.Add("offer_id", offer.offer_id);
  line.Add("title", offer.title);
  line.Add("seller_id", offer.seller_id);
  line.Add("currency", offer.price.currency);
  line.Add("amount_minor", offer.price.amount_minor);
  line.Add("price_version", offer.price_version);
  line.Add("stock", offer.stock);
  line.Add("sold", offer.sold);
  line.Add("initial_stock", offer.initial_stock);
  line.Add("buyer_limit", offer.buyer_limit);
  line.Add("total_limit", offer.total_limit);
  line.Add("sale_starts_ms", offer.sale_starts_ms);
  line.Add("sale_ends_ms", offer.sale_ends_ms);
  return std::move(line).Finish();
}

std::string OfferLines(const OfferFeed& feed) {
  const OfferFeed::Changes all = feed.Snapshot();
  std::string lines;
  lines.reserve(all.offers.size() * kLineBytes);
  for (const OfferFeed::OfferPtr& offer : all.offers) lines += OfferLine(*offer);
  return lines;
}

absl::StatusOr<PageRequest> ParsePageRequest(std::string_view target) {
  PageRequest request{0, kMaxLedgerRows};
  const bool read = EachParameter(target, [&](std::string_view name, std::string_view text) {
    if (name == "after") return ReadNumber(text, &request.after);
    int64_t limit = 0;
    if (name != "limit" || !ReadNumber(text, &limit) || limit == 0) return false;
    request.limit = std::min(limit, kMaxLedgerRows);
    return true;
  });
  if (read) return request;
  return base::InvalidArgument("/ledger takes after=SEQ and limit=N");
}

absl::StatusOr<DigestRequest> ParseDigestRequest(std::string_view target) {
  DigestRequest request;
  const bool read = EachParameter(target, [&](std::string_view name, std::string_view text) {
    if (name == "hour") return ReadNumber(text, &request.hour);
    request.prefix = text;
    return name == "prefix" && reconcile::IsPrefix(text);
  });
  if (read && request.hour >= 0 && request.hour <= kMaxHour) return request;
  return base::InvalidArgument("/orders/digest takes hour=H, since 1970, and prefix=HEX");
}

}  // namespace jembatan::marketplace
