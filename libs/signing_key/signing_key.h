#pragma once

// The file with the key that signs notes: an auditor's checkpoints, a marketplace's attestations.
// Start-up only.

#include <string>

#include "absl/status/statusor.h"

#include "libs/ledger/note.h"

namespace jembatan::signing_key {

// Reads the file, or makes it, for its owner alone, with a new key of that name when there is none.
// FAILED_PRECONDITION: the key in it has another name, under which nobody would find its
// signatures.
absl::StatusOr<ledger::NoteSigner> Load(const std::string& path, const std::string& name);

}  // namespace jembatan::signing_key
