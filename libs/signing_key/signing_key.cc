#include "libs/signing_key/signing_key.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

#include "libs/base/file.h"
#include "libs/base/status.h"

namespace jembatan::signing_key {
namespace {

constexpr size_t kKeyFileBytes = 4'096;

absl::Status CreateSecret(const std::string& path, const std::string& content) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  bool written = file >= 0 && write(file, content.data(), content.size()) ==
                                  static_cast<ssize_t>(content.size());
  written = written && fsync(file) == 0;
  const int error = errno;
  if (file >= 0) close(file);
  if (written) return absl::OkStatus();
  // Half a key is none.
  if (file >= 0) unlink(path.c_str());
  return base::FailedPrecondition("cannot write " + path + ": " + std::strerror(error));
}

}  // namespace

absl::StatusOr<ledger::NoteSigner> Load(const std::string& path, const std::string& name) {
  if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    JEMB_ASSIGN_OR_RETURN(ledger::NoteSigner made, ledger::NoteSigner::Generate(name));
    JEMB_RETURN_IF_ERROR(CreateSecret(path, made.private_text() + "\n"));
    return made;
  }
  JEMB_ASSIGN_OR_RETURN(const std::string text, base::ReadWholeFile(path, kKeyFileBytes));
  std::string_view key = text;
  while (key.ends_with('\n')) key.remove_suffix(1);
  absl::StatusOr<ledger::NoteSigner> signer = ledger::NoteSigner::Parse(key);
  if (!signer.ok()) return base::InvalidArgument(path + " holds no signing key of signed notes");
  if (signer->verifier().name() != name) {
    return base::FailedPrecondition(path + " holds the key of " + signer->verifier().name() +
                                    ", not of " + name);
  }
  return signer;
}

}  // namespace jembatan::signing_key
