#pragma once

// A database file: who may open it, whose it is, and how the connection must be set. Start-up only.

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/sqlite/sqlite.h"

namespace jembatan::sqlite {

// The one process that owns a database file, by a lock on FILE.lock that the kernel drops when the
// process ends, however it ends.
class FileLock {
 public:
  FileLock() = default;
  ~FileLock();
  FileLock(FileLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  FileLock& operator=(FileLock&&) = delete;

  // Fails with one line if another process or object holds it.
  static absl::StatusOr<FileLock> Take(const std::string& database_path);

 private:
  int descriptor_ = -1;
};

// What a database file must be.
struct Form {
  // "a database of the marketplace", for the refusal of another program's file.
  std::string what;
  // As SQLite's pragmas of these names give them.
  std::string application_id;
  std::string user_version;
  // Makes the tables, and sets both pragmas, in one transaction.
  const char* create;
};

// Opens the file, makes it if there is none, and refuses one that is damaged, of another program or
// of another schema version. Durable: WAL with synchronous=FULL. Checks the whole file, which takes
// about a second per gigabyte.
absl::StatusOr<Database> OpenFile(const std::string& path, const Form& form);

// A second connection that only reads, for long reads beside the writer.
absl::StatusOr<Database> OpenReader(const std::string& path);

// A pragma that answers with the value it has taken: FAILED_PRECONDITION if that is another.
absl::Status SetPragma(Database& database, const std::string& pragma, const std::string& expected);

}  // namespace jembatan::sqlite
