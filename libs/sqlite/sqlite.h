#pragma once

// A small RAII layer over SQLite's C API: a connection, a prepared statement, a transaction. Errors
// are values; nothing throws.
//
// One owner at a time: a Database and its statements are used under the owner's mutex. Statements
// end before their Database.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace jembatan::sqlite {

// Bytes to bind as a BLOB; a std::string_view binds as TEXT.
struct Blob {
  std::string_view bytes;
};

class Statement {
 public:
  Statement() = default;

  // Binds from the first parameter on. Text and blobs are not copied: they must stay as they are
  // until Reset.
  template <typename... Values>
  void Bind(const Values&... values) {
    Reset();
    int index = 0;
    (BindOne(++index, values), ...);
  }

  // To the next row: false after the last one, when the statement is reset by itself.
  absl::StatusOr<bool> Step();
  // Runs a statement that yields no row.
  absl::Status Run();
  void Reset();

  // Columns of the current row, from 0; views hold until the next Step or Reset.
  int64_t Int(int column) const;
  std::string_view Text(int column) const;
  std::string_view Bytes(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  void BindOne(int index, int64_t value);
  void BindOne(int index, int value) { BindOne(index, static_cast<int64_t>(value)); }
  void BindOne(int index, uint32_t value) { BindOne(index, static_cast<int64_t>(value)); }
  void BindOne(int index, std::string_view text);
  void BindOne(int index, Blob blob);

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Resets a statement at the end of a scope, so that a row found does not keep the read open.
class ScopedReset {
 public:
  explicit ScopedReset(Statement& statement) : statement_(statement) {}
  ~ScopedReset() { statement_.Reset(); }
  ScopedReset(const ScopedReset&) = delete;
  ScopedReset& operator=(const ScopedReset&) = delete;

 private:
  Statement& statement_;
};

class Database {
 public:
  Database() = default;

  // Opens or creates the file.
  static absl::StatusOr<Database> Open(const std::string& path);

  // One or more statements whose rows do not matter.
  absl::Status Execute(const char* sql);
  // The one value that a query or pragma yields; empty if it yields none.
  absl::StatusOr<std::string> Query(const std::string& sql);
  absl::StatusOr<Statement> Prepare(std::string_view sql);
  // Rows changed by the last statement.
  int64_t changes() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };

  std::unique_ptr<sqlite3, Close> database_;
};

// A write transaction: rolled back at the end of its scope unless Commit succeeded.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {}
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Takes the write lock.
  absl::Status Begin();
  absl::Status Commit();

 private:
  Database& database_;
  bool open_ = false;
};

}  // namespace jembatan::sqlite
