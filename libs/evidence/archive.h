#pragma once

// Archive: a bundle's files as one ZIP file that any program opens, and back. Files lie in it
// uncompressed, in the order of their names, all with one date and no further data: the same files
// are the same bytes. Its comment ends in the SHA-256 of everything before that, so that a byte
// changed anywhere shows, also where no file's content lies. Pure; any thread.

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/evidence/fault.h"

namespace jembatan::evidence {

// Contents by name.
using Files = std::map<std::string, std::string, std::less<>>;

// RESOURCE_EXHAUSTED: they are more than a bundle may hold. INVALID_ARGUMENT: there are none.
absl::StatusOr<std::string> Pack(const Files& files);

// Everything that can still be read, and a fault for everything that cannot or is not as Pack would
// have made it. INVALID_ARGUMENT: it is no ZIP file at all.
absl::StatusOr<Files> Unpack(std::string_view bytes, Faults* faults);

}  // namespace jembatan::evidence
