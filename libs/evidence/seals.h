#pragma once

// Seals of a bundle: the seal that covers all its records, with the signed checkpoint over it; the
// last one before the window, if there was any; and the proofs that both are in their checkpoints'
// logs of seals and that the later log only grew out of the earlier one. Pure; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/evidence/archive.h"
#include "libs/ledger/checkpoint.h"
#include "libs/ledger/note.h"
#include "libs/ledger/seal.h"

namespace jembatan::evidence {

// One seal as a ledger gives it; its checkpoint is over all seals up to it.
struct Sealed {
  std::string seal;
  std::string checkpoint;
  // That the seal is the last leaf under the checkpoint.
  std::vector<ledger::Hash> inclusion;
};

struct Seals {
  std::optional<Sealed> begin;
  Sealed end;
  std::vector<ledger::Hash> consistency;
};

// One of the names that AddSeals gives.
bool IsSealsName(std::string_view name);
void AddSeals(const Seals& seals, Files* files);

// What the seals of good files say.
struct SealsRead {
  std::optional<ledger::Seal> begin;
  ledger::Seal end;
  ledger::Checkpoint checkpoint;
  // False: there are faults, and nothing above may be relied on.
  bool good = false;
};
SealsRead ReadSeals(const Files& files, const ledger::NoteVerifier& auditor, Faults* faults);

// The file of that name; a fault if there is none.
const std::string* Find(const Files& files, const std::string& name, Faults* faults);

}  // namespace jembatan::evidence
