#pragma once

// Files that commands read and make: whole, bounded, secrets for their owner alone and never over
// an existing one. Any thread.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace jembatan::ctl {

inline constexpr size_t kFileBytes = size_t{16} << 20;

absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

// Creates the file; FAILED_PRECONDITION if it exists.
absl::Status CreateFile(const std::string& path, std::string_view content, bool secret);

}  // namespace jembatan::ctl
