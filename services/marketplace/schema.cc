#include "services/marketplace/schema.h"

#include "libs/base/status.h"
#include "services/marketplace/limits.h"

namespace jembatan::marketplace {
namespace {

// results: one row per (buyer_ref, intent_id), refusals too, in commit order. Its unique index
// leads with the intent's id, which begins with its time, so that inserts touch few pages; the key
// is the same. An order's number follows from seq. offers: the checks are a second defence behind
// Decide.
constexpr const char* kCreate = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE settings(
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE offers(
  offer_id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  seller_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount_minor INTEGER NOT NULL,
  price_version TEXT NOT NULL,
  stock INTEGER NOT NULL CHECK(stock >= 0),
  sold INTEGER NOT NULL CHECK(sold >= 0),
  initial_stock INTEGER NOT NULL CHECK(initial_stock = stock + sold),
  buyer_limit INTEGER NOT NULL,
  total_limit INTEGER NOT NULL,
  sale_starts_ms INTEGER NOT NULL,
  sale_ends_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE results(
  seq INTEGER PRIMARY KEY,
  intent_id BLOB NOT NULL,
  buyer_ref BLOB NOT NULL,
  fingerprint BLOB NOT NULL,
  state INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  offer_id TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  currency TEXT NOT NULL,
  amount_minor INTEGER NOT NULL,
  decided_ms INTEGER NOT NULL,
  hold_expires_ms INTEGER NOT NULL,
  order_id TEXT NOT NULL,
  continue_url TEXT NOT NULL,
  payment INTEGER NOT NULL,
  paid_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX results_by_key ON results(intent_id, buyer_ref);
CREATE INDEX results_on_hold ON results(hold_expires_ms) WHERE payment = 0;
CREATE TABLE buyer_totals(
  offer_id TEXT NOT NULL,
  buyer_ref BLOB NOT NULL,
  quantity INTEGER NOT NULL CHECK(quantity >= 0),
  PRIMARY KEY(offer_id, buyer_ref)
) STRICT, WITHOUT ROWID;
CREATE TABLE fences(
  topic_version TEXT NOT NULL,
  partition INTEGER NOT NULL,
  token INTEGER NOT NULL,
  PRIMARY KEY(topic_version, partition)
) STRICT, WITHOUT ROWID;
INSERT INTO settings(name, value) VALUES('checkout_key', randomblob(32));
PRAGMA application_id = 1246577229;
PRAGMA user_version = 1;
COMMIT;
)sql";

// Beside the first version's tables. attestations: text is what is known of an offer's goods, note
// the same, signed. sale_terms: what of an offer came later than its table. campaign_units and
// voucher_uses: what each buyer has. order_changes: when orders were paid or cancelled, for a day.
// taken: what an order, by its place in results, has of both;
// orders without have no row.
constexpr const char* kAdd = R"sql(
CREATE TABLE IF NOT EXISTS attestations(
  offer_id TEXT PRIMARY KEY,
  text TEXT NOT NULL,
  note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sale_terms(
  offer_id TEXT PRIMARY KEY,
  order_limit INTEGER NOT NULL,
  campaign_id TEXT NOT NULL,
  price_grace_ms INTEGER NOT NULL,
  former_currency TEXT NOT NULL,
  former_amount_minor INTEGER NOT NULL,
  former_version TEXT NOT NULL,
  former_until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS campaigns(
  campaign_id TEXT PRIMARY KEY,
  total_limit INTEGER NOT NULL,
  buyer_limit INTEGER NOT NULL,
  starts_ms INTEGER NOT NULL,
  ends_ms INTEGER NOT NULL,
  sold INTEGER NOT NULL CHECK(sold >= 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS campaign_units(
  campaign_id TEXT NOT NULL,
  buyer_ref BLOB NOT NULL,
  quantity INTEGER NOT NULL CHECK(quantity >= 0),
  PRIMARY KEY(campaign_id, buyer_ref)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vouchers(
  voucher_ref TEXT PRIMARY KEY,
  currency TEXT NOT NULL,
  amount_minor INTEGER NOT NULL,
  offer_id TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  uses INTEGER NOT NULL,
  buyer_uses INTEGER NOT NULL,
  starts_ms INTEGER NOT NULL,
  ends_ms INTEGER NOT NULL,
  used INTEGER NOT NULL CHECK(used >= 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS voucher_uses(
  voucher_ref TEXT NOT NULL,
  buyer_ref BLOB NOT NULL,
  uses INTEGER NOT NULL CHECK(uses >= 0),
  PRIMARY KEY(voucher_ref, buyer_ref)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS order_changes(
  place INTEGER PRIMARY KEY AUTOINCREMENT,
  seq INTEGER NOT NULL,
  payment INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS order_changes_by_time ON order_changes(changed_ms);
CREATE TABLE IF NOT EXISTS taken(
  seq INTEGER PRIMARY KEY,
  campaign_id TEXT NOT NULL,
  voucher_ref TEXT NOT NULL,
  discount_minor INTEGER NOT NULL CHECK(discount_minor >= 0)
) STRICT;
)sql";

// "JMBM": marks the file as one of a Jembatan marketplace.
const sqlite::Form kForm{"a database of the marketplace", "1246577229", "1", kCreate};

}  // namespace

absl::StatusOr<sqlite::Database> OpenDatabase(const std::string& path, int max_pages) {
  JEMB_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::OpenFile(path, kForm));
  JEMB_RETURN_IF_ERROR(database.Execute(kAdd));
  JEMB_RETURN_IF_ERROR(
      database.Execute(("PRAGMA cache_size = -" + std::to_string(kCacheKib)).c_str()));
  JEMB_RETURN_IF_ERROR(sqlite::SetPragma(database,
                                         "wal_autocheckpoint = " + std::to_string(kCheckpointPages),
                                         std::to_string(kCheckpointPages)));
  JEMB_RETURN_IF_ERROR(sqlite::SetPragma(database,
                                         "journal_size_limit = " + std::to_string(kMaxWalBytes),
                                         std::to_string(kMaxWalBytes)));
  if (max_pages > 0) {
    const absl::StatusOr<std::string> bound =
        database.Query("PRAGMA max_page_count = " + std::to_string(max_pages));
    if (!bound.ok()) return bound.status();
  }
  return database;
}

}  // namespace jembatan::marketplace
