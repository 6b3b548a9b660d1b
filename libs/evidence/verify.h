#pragma once

// Verify: whether a bundle says the truth, from its bytes and the auditor's key alone: no network,
// no secrets. Everything is made anew from the sealed records: leaves, roots, signatures, figures,
// decisions, report. Pure; any thread.

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/evidence/articles.h"
#include "libs/evidence/figures.h"
#include "libs/ledger/note.h"

namespace jembatan::evidence {

struct Verified {
  Scope scope;
  // Whose signatures were looked for; text is NoteVerifier's.
  std::string auditor;
  uint64_t checkpoint_size = 0;
  int64_t sealed_ms = 0;
  uint64_t records = 0;
  Judgements judgements;
  // Only if the ledger held: otherwise there is nothing to reckon with.
  Figures figures;
};

// auditor: the key that is trusted; nullopt: that which the bundle names. INVALID_ARGUMENT: the
// bytes are no bundle.
absl::StatusOr<Verified> Verify(std::string_view bytes,
                                const std::optional<ledger::NoteVerifier>& auditor);

// Adds figures and report, made from the other files, and the manifest. FAILED_PRECONDITION with
// the first fault: they do not make a bundle that would be found as sealed.
absl::Status Complete(const Scope& scope, const ledger::NoteVerifier& auditor, Files* files);

}  // namespace jembatan::evidence
