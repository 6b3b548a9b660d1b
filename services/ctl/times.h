#pragma once

// Instants as flags give them. Pure; any thread.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace jembatan::ctl {

// "2026-11-25T00:00:00+07:00" in Unix milliseconds. INVALID_ARGUMENT that names the flag.
absl::StatusOr<int64_t> InstantMs(const char* flag, const std::string& text);

// An instant as they take it, in UTC.
std::string InstantText(int64_t unix_ms);

}  // namespace jembatan::ctl
