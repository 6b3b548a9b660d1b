#include "services/ctl/files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "libs/base/status.h"

namespace jembatan::ctl {

absl::Status CreateFile(const std::string& path, std::string_view content, bool secret) {
  const int descriptor =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, secret ? 0600 : 0644);
  if (descriptor < 0) {
    if (errno == EEXIST) return base::FailedPrecondition(path + " exists and is left as it is");
    return base::Unavailable("cannot create " + path + ": " + std::strerror(errno));
  }
  // One call writes at most two GiB.
  std::string_view rest = content;
  while (!rest.empty()) {
    const ssize_t written = write(descriptor, rest.data(), rest.size());
    if (written <= 0) break;
    rest.remove_prefix(static_cast<size_t>(written));
  }
  if (close(descriptor) != 0 || !rest.empty()) {
    unlink(path.c_str());
    return base::Unavailable("cannot write " + path);
  }
  return absl::OkStatus();
}

absl::Status ReplaceSecret(const std::string& path, std::string_view content) {
  const std::string next = path + ".new";
  JEMB_RETURN_IF_ERROR(CreateFile(next, content, /*secret=*/true));
  const int old = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  const int made = open(next.c_str(), O_WRONLY | O_CLOEXEC);
  const bool kept = made >= 0 && fsync(made) == 0 && rename(next.c_str(), path.c_str()) == 0;
  if (made >= 0) close(made);
  if (kept && old >= 0) {
    const off_t size = lseek(old, 0, SEEK_END);
    const std::string zeros(static_cast<size_t>(std::max<off_t>(size, 0)), '\0');
    if (pwrite(old, zeros.data(), zeros.size(), 0) > 0) fsync(old);
  }
  if (old >= 0) close(old);
  if (kept) return absl::OkStatus();
  unlink(next.c_str());
  return base::Unavailable("cannot replace " + path + ": " + std::strerror(errno));
}

}  // namespace jembatan::ctl
