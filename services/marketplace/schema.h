#pragma once

// The database file: who may open it, what is in it, and how the connection must be set. Start-up
// only.

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "services/marketplace/sqlite.h"

namespace jembatan::marketplace {

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

// Opens the file, makes it if there is none, and refuses one that is damaged, of another program or
// of another schema version. Durable: WAL with synchronous=FULL. Checks the whole file, which takes
// about a second per gigabyte.
absl::StatusOr<Database> OpenDatabase(const std::string& path, int max_pages);

// A second connection that only reads, for long reads beside the writer.
absl::StatusOr<Database> OpenReader(const std::string& path);

}  // namespace jembatan::marketplace
