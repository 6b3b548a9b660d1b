#pragma once

// NoteKeys: whose signature under what is attested about goods is believed: the keys of
// marketplaces, each named after its marketplace. A marketplace may have several while it changes
// from one to the next. May be shared by all threads
// once it is put together.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/goods/attestation.h"
#include "libs/ledger/note.h"

namespace jembatan::goods {

class NoteKeys {
 public:
  // Nobody's: no note is believed.
  NoteKeys() = default;
  // A verifier key of signed notes a line; empty lines and those that begin with # count for
  // nothing. INVALID_ARGUMENT "line N: why".
  static absl::StatusOr<NoteKeys> Parse(std::string_view text);

  // Believes whom the other believes as well.
  void Add(const NoteKeys& other);

  // What the note says, if the marketplace has signed it and it speaks of this offer of it.
  // UNAUTHENTICATED: no key of the marketplace signed it; INVALID_ARGUMENT: it is no attestation,
  // or one of something else.
  absl::StatusOr<Attestation> Open(std::string_view note, const std::string& marketplace_id,
                                   std::string_view offer_id) const;

  bool empty() const { return keys_.empty(); }

 private:
  std::map<std::string, std::vector<ledger::NoteVerifier>> keys_;
};

}  // namespace jembatan::goods
