#include "services/bridge/policy_file.h"

#include <sys/stat.h>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/policy/limits.h"
#include "libs/policy/parse.h"

namespace jembatan::bridge {
namespace {

int64_t Ns(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

std::optional<PolicyFile::Taken> PolicyFile::Look() {
  // Before the reading: what is written during it shows as another state at the next look.
  State state = Stat();
  if (seen_ == state) return std::nullopt;
  seen_ = state;
  return Read();
}

PolicyFile::State PolicyFile::Stat() const {
  struct stat info = {};
  if (stat(path_.c_str(), &info) != 0) return {};
  return {.inode = info.st_ino,
          .bytes = info.st_size,
          .modified_ns = Ns(info.st_mtim),
          .changed_ns = Ns(info.st_ctim)};
}

PolicyFile::Taken PolicyFile::Read() const {
  JEMB_ASSIGN_OR_RETURN(const std::string text, base::ReadWholeFile(path_, policy::kFileBytes));
  JEMB_ASSIGN_OR_RETURN(policy::Policy parsed, policy::ParsePolicy(path_, text));
  return std::make_shared<const policy::Policy>(std::move(parsed));
}

}  // namespace jembatan::bridge
