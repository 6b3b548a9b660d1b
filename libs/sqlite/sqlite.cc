#include "libs/sqlite/sqlite.h"

#include <sqlite3.h>

#include "libs/base/check.h"
#include "libs/base/status.h"

namespace jembatan::sqlite {
namespace {

// SQLite's vocabulary of errors, as far as callers treat them differently.
absl::Status ToStatus(sqlite3* database, int code) {
  const std::string message =
      std::string("sqlite: ") +
      (database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code));
  switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return absl::OkStatus();
    case SQLITE_FULL:
      return base::ResourceExhausted(message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:
      return base::Unavailable(message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return base::FailedPrecondition(message);
    default:
      return base::Internal(message);
  }
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  absl::Status status = ToStatus(sqlite3_db_handle(statement_.get()), code);
  Reset();
  if (!status.ok()) return status;
  return false;
}

absl::Status Statement::Run() {
  const absl::StatusOr<bool> row = Step();
  if (!row.ok()) return row.status();
  JEMB_CHECK(!*row);
  return absl::OkStatus();
}

void Statement::Reset() { sqlite3_reset(statement_.get()); }

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string_view Statement::Text(int column) const {
  const auto* text = sqlite3_column_text(statement_.get(), column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::string_view Statement::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes),
          static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

// A bind fails only for an index that the statement does not have: a programmer's error.
void Statement::BindOne(int index, int64_t value) {
  JEMB_CHECK(sqlite3_bind_int64(statement_.get(), index, value) == SQLITE_OK);
}

void Statement::BindOne(int index, std::string_view text) {
  // A null pointer would bind NULL instead of empty text.
  const char* data = text.data() != nullptr ? text.data() : "";
  JEMB_CHECK(sqlite3_bind_text64(statement_.get(), index, data, text.size(), SQLITE_STATIC,
                                 SQLITE_UTF8) == SQLITE_OK);
}

void Statement::BindOne(int index, Blob blob) {
  const char* data = blob.bytes.data() != nullptr ? blob.bytes.data() : "";
  JEMB_CHECK(sqlite3_bind_blob64(statement_.get(), index, data, blob.bytes.size(), SQLITE_STATIC) ==
             SQLITE_OK);
}

void Database::Close::operator()(sqlite3* database) const {
  // Waits for statements that are still there instead of leaking.
  sqlite3_close_v2(database);
}

absl::StatusOr<Database> Database::Open(const std::string& path) {
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &opened,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database;
  database.database_.reset(opened);
  if (code != SQLITE_OK) return ToStatus(opened, code);
  return database;
}

absl::Status Database::Execute(const char* sql) {
  return ToStatus(database_.get(), sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr));
}

absl::StatusOr<std::string> Database::Query(const std::string& sql) {
  JEMB_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  JEMB_ASSIGN_OR_RETURN(const bool row, statement.Step());
  return row ? std::string(statement.Text(0)) : std::string();
}

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return ToStatus(database_.get(), code);
  Statement statement;
  statement.statement_.reset(prepared);
  return statement;
}

int64_t Database::changes() const { return sqlite3_changes64(database_.get()); }

Transaction::~Transaction() {
  // After some errors SQLite has rolled back by itself, and there is nothing left to do.
  if (open_) database_.Execute("ROLLBACK").IgnoreError();
}

absl::Status Transaction::Begin() {
  JEMB_RETURN_IF_ERROR(database_.Execute("BEGIN IMMEDIATE"));
  open_ = true;
  return absl::OkStatus();
}

absl::Status Transaction::Commit() {
  JEMB_RETURN_IF_ERROR(database_.Execute("COMMIT"));
  open_ = false;
  return absl::OkStatus();
}

}  // namespace jembatan::sqlite
