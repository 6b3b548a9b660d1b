#include "libs/sqlite/file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "libs/base/status.h"
#include "libs/base/text.h"

namespace jembatan::sqlite {
namespace {

// The same error, saying which file it is about.
absl::Status About(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(),
                      base::Absl(path + ": " + std::string(base::Std(status.message()))));
}

absl::Status CheckForm(Database& database, const std::string& path, const Form& form) {
  const absl::StatusOr<std::string> application = database.Query("PRAGMA application_id");
  if (!application.ok()) return About(path, application.status());
  const absl::StatusOr<std::string> version = database.Query("PRAGMA user_version");
  if (!version.ok()) return About(path, version.status());
  // The first that reads the schema, which may be damaged beyond the header.
  const absl::StatusOr<std::string> tables = database.Query("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return About(path, tables.status());
  if (*tables == "0" && *application == "0" && *version == "0") {
    return database.Execute(form.create);
  }
  if (*application != form.application_id) {
    return base::FailedPrecondition(path + " is not " + form.what);
  }
  if (*version != form.user_version) {
    return base::FailedPrecondition(path + " has schema version " + *version +
                                    "; this program knows " + form.user_version);
  }
  const absl::StatusOr<std::string> sound = database.Query("PRAGMA quick_check(1)");
  if (!sound.ok()) return About(path, sound.status());
  if (*sound != "ok") return base::FailedPrecondition(path + " is damaged: " + *sound);
  return absl::OkStatus();
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

absl::Status SetPragma(Database& database, const std::string& pragma, const std::string& expected) {
  JEMB_ASSIGN_OR_RETURN(const std::string value, database.Query("PRAGMA " + pragma));
  if (value == expected) return absl::OkStatus();
  return base::FailedPrecondition("sqlite: PRAGMA " + pragma + " gave " + value);
}

absl::StatusOr<Database> OpenFile(const std::string& path, const Form& form) {
  absl::StatusOr<Database> database = Database::Open(path);
  if (!database.ok()) return About(path, database.status());
  // First of all, because it looks at the file's header only.
  JEMB_RETURN_IF_ERROR(CheckForm(*database, path, form));
  JEMB_RETURN_IF_ERROR(SetPragma(*database, "journal_mode = WAL", "wal"));
  JEMB_RETURN_IF_ERROR(database->Execute("PRAGMA synchronous = FULL"));
  JEMB_RETURN_IF_ERROR(SetPragma(*database, "synchronous", "2"));
  return database;
}

absl::StatusOr<Database> OpenReader(const std::string& path) {
  absl::StatusOr<Database> database = Database::Open(path);
  if (!database.ok()) return About(path, database.status());
  JEMB_RETURN_IF_ERROR(database->Execute("PRAGMA query_only = ON; PRAGMA busy_timeout = 1000"));
  return database;
}

}  // namespace jembatan::sqlite
