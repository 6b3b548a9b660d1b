#pragma once

// Manifest: what a bundle is about, and the digest of each of its files. A text with one way of
// writing it:
//
//   jembatan evidence v1
//   from 1795716000000                 Unix time in milliseconds: intents appended then or later
//   to 1795719600000                   and before then
//   auditor NAME+HASH+KEY              who signed the checkpoints (libs/ledger/note.h)
//   operators 2                        so many must have signed a control; 0: none need to
//   host pay.example                   where links may lead; none: anywhere
//   subject HEX                        the one buyer it is about; absent: everybody
//   file NAME BYTES DIGEST             for each other file; SHA-256, base64
//
// Pure; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/evidence/archive.h"
#include "libs/ledger/hash.h"

namespace jembatan::evidence {

inline constexpr std::string_view kManifestName = "manifest.txt";

// What a bundle is about.
struct Scope {
  int64_t from_ms = 0;
  int64_t to_ms = 0;
  std::string auditor;
  uint64_t operators_needed = 0;
  // Sorted.
  std::vector<std::string> hosts;
  // 32 bytes; empty: everybody's.
  std::string subject;

  bool HasIntent(int64_t append_ms) const { return from_ms <= append_ms && append_ms < to_ms; }
  friend bool operator==(const Scope&, const Scope&) = default;
};

struct ListedFile {
  std::string name;
  uint64_t bytes = 0;
  ledger::Hash digest{};

  friend bool operator==(const ListedFile&, const ListedFile&) = default;
};

struct Manifest {
  Scope scope;
  // By name.
  std::vector<ListedFile> files;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

std::string FormatManifest(const Manifest& manifest);
// INVALID_ARGUMENT, with the line, for a text that FormatManifest does not make.
absl::StatusOr<Manifest> ParseManifest(std::string_view text);

// A pseudonym of 32 bytes from lower-case hexadecimal. INVALID_ARGUMENT for anything else.
absl::StatusOr<std::string> ParseBuyerRef(std::string_view hex);

// The manifest of the files, which do not hold one yet.
Manifest ManifestOf(Scope scope, const Files& files);
// What differs between the two; the manifest itself is not listed.
void CheckListed(const Manifest& manifest, const Files& files, Faults* faults);

}  // namespace jembatan::evidence
