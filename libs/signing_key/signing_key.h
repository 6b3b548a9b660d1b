#pragma once

// The key that signs checkpoints. Start-up only.

#include <string>

#include "absl/status/statusor.h"

#include "libs/ledger/note.h"

namespace jembatan::auditor {

// Reads the file, or makes it, for its owner alone, with a new key of that name when there is none.
// FAILED_PRECONDITION: the key in it has another name, under which nobody would find its
// signatures.
absl::StatusOr<ledger::NoteSigner> LoadSigningKey(const std::string& path, const std::string& name);

}  // namespace jembatan::auditor
