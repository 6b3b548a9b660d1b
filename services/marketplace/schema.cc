#include "services/marketplace/schema.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "services/marketplace/limits.h"

namespace jembatan::marketplace {
namespace {

// "JMBM": marks the file as one of a Jembatan marketplace.
constexpr const char* kApplicationId = "1246577229";
constexpr const char* kSchemaVersion = "1";

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

// The same error, saying which file it is about.
absl::Status About(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(),
                      base::Absl(path + ": " + std::string(base::Std(status.message()))));
}

absl::Status CheckIdentity(Database& database, const std::string& path) {
  const absl::StatusOr<std::string> application = database.Query("PRAGMA application_id");
  if (!application.ok()) return About(path, application.status());
  JEMB_ASSIGN_OR_RETURN(const std::string version, database.Query("PRAGMA user_version"));
  JEMB_ASSIGN_OR_RETURN(const std::string tables,
                        database.Query("SELECT count(*) FROM sqlite_schema"));
  if (tables == "0" && *application == "0" && version == "0") {
    return database.Execute(kCreate);
  }
  if (*application != kApplicationId) {
    return base::FailedPrecondition(path + " is not a database of the marketplace");
  }
  if (version != kSchemaVersion) {
    return base::FailedPrecondition(path + " has schema version " + version +
                                    "; this program knows " + kSchemaVersion);
  }
  const absl::StatusOr<std::string> sound = database.Query("PRAGMA quick_check(1)");
  if (!sound.ok()) return About(path, sound.status());
  if (*sound != "ok") return base::FailedPrecondition(path + " is damaged: " + *sound);
  return absl::OkStatus();
}

// A pragma that answers with the value it has taken.
absl::Status Set(Database& database, const std::string& pragma, const std::string& expected) {
  JEMB_ASSIGN_OR_RETURN(const std::string value, database.Query("PRAGMA " + pragma));
  if (value == expected) return absl::OkStatus();
  return base::FailedPrecondition("sqlite: PRAGMA " + pragma + " gave " + value);
}

}  // namespace

FileLock::~FileLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::StatusOr<FileLock> FileLock::Take(const std::string& database_path) {
  const std::string path = database_path + ".lock";
  FileLock lock;
  lock.descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock.descriptor_ < 0) {
    return base::FailedPrecondition("cannot open " + path + ": " + std::strerror(errno));
  }
  if (flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    return base::FailedPrecondition(database_path + " is in use by another process");
  }
  return lock;
}

absl::StatusOr<Database> OpenDatabase(const std::string& path, int max_pages) {
  absl::StatusOr<Database> database = Database::Open(path);
  if (!database.ok()) return About(path, database.status());
  // First of all, because it looks at the file's header only.
  JEMB_RETURN_IF_ERROR(CheckIdentity(*database, path));
  JEMB_RETURN_IF_ERROR(Set(*database, "journal_mode = WAL", "wal"));
  JEMB_RETURN_IF_ERROR(database->Execute("PRAGMA synchronous = FULL"));
  JEMB_RETURN_IF_ERROR(Set(*database, "synchronous", "2"));
  JEMB_RETURN_IF_ERROR(
      database->Execute(("PRAGMA cache_size = -" + std::to_string(kCacheKib)).c_str()));
  JEMB_RETURN_IF_ERROR(Set(*database, "wal_autocheckpoint = " + std::to_string(kCheckpointPages),
                           std::to_string(kCheckpointPages)));
  JEMB_RETURN_IF_ERROR(Set(*database, "journal_size_limit = " + std::to_string(kMaxWalBytes),
                           std::to_string(kMaxWalBytes)));
  if (max_pages > 0) {
    const absl::StatusOr<std::string> bound =
        database->Query("PRAGMA max_page_count = " + std::to_string(max_pages));
    if (!bound.ok()) return bound.status();
  }
  return database;
}

absl::StatusOr<Database> OpenReader(const std::string& path) {
  absl::StatusOr<Database> database = Database::Open(path);
  if (!database.ok()) return About(path, database.status());
  JEMB_RETURN_IF_ERROR(database->Execute("PRAGMA query_only = ON; PRAGMA busy_timeout = 1000"));
  return database;
}

}  // namespace jembatan::marketplace
