#pragma once

// Checkpoint: the head of a log in the form of C2SP tlog-checkpoint: origin, size, root, and lines
// of extension; signed as a note. Pure; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/ledger/hash.h"

namespace jembatan::ledger {

struct Checkpoint {
  // Names the log; not empty, one line.
  std::string origin;
  uint64_t size = 0;
  Hash root{};
  // Not empty, one line each.
  std::vector<std::string> extensions{};

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// The text to be signed.
std::string FormatCheckpoint(const Checkpoint& checkpoint);
// INVALID_ARGUMENT for a text that FormatCheckpoint does not make.
absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text);

}  // namespace jembatan::ledger
