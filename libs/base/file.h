#pragma once

// Files that are read whole: keys, certificates, configuration, offers, histories. Any thread.

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace jembatan::base {

// INVALID_ARGUMENT "cannot read PATH: why" or "PATH is longer than N bytes".
absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t bytes_max);

}  // namespace jembatan::base
