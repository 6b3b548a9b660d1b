#pragma once

// Files that commands make: secrets for their owner alone, and never over an existing one. Any
// thread.

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace jembatan::ctl {

// The most that a file given to a command may hold.
inline constexpr size_t kFileBytes = size_t{16} << 20;

// Creates the file; FAILED_PRECONDITION if it exists.
absl::Status CreateFile(const std::string& path, std::string_view content, bool secret);

// Replaces a file of secrets in one step: who opens it gets the old content or the new one. The old
// content is then overwritten with zeros, which destroys it where the file system writes in place
// (a reader of that very moment sees them, and must read again). FAILED_PRECONDITION while another
// command replaces it.
absl::Status ReplaceSecret(const std::string& path, std::string_view content);

}  // namespace jembatan::ctl
