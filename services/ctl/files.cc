#include "services/ctl/files.h"

#include <cerrno>
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
  ssize_t written = write(descriptor, content.data(), content.size());
  if (close(descriptor) != 0 || written != static_cast<ssize_t>(content.size())) {
    unlink(path.c_str());
    return base::Unavailable("cannot write " + path);
  }
  return absl::OkStatus();
}

}  // namespace jembatan::ctl
