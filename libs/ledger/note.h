#pragma once

// Signed notes (C2SP signed-note, Ed25519): a text, and below an empty line one or more signatures,
// each by a named key. Anybody's tools for transparency logs read them. Pure; the objects are
// immutable and may be shared by all threads.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include <openssl/evp.h>

namespace jembatan::ledger {

// A note longer than this is refused unread.
inline constexpr size_t kNoteBytesMax = size_t{1} << 20;

struct FreeNoteKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

// The public half of a key, "name+hash+base64".
class NoteVerifier {
 public:
  static absl::StatusOr<NoteVerifier> Parse(std::string_view text);

  const std::string& name() const { return name_; }
  // As Parse takes it.
  std::string text() const;

  // The note's text, if the note bears a good signature of this key; signatures by others count for
  // nothing. INVALID_ARGUMENT: not a note. UNAUTHENTICATED: no signature of this key, or a bad one.
  absl::StatusOr<std::string_view> Open(std::string_view note) const;

 private:
  friend class NoteSigner;
  NoteVerifier(std::string name, std::string public_bytes);

  std::string name_;
  std::string public_bytes_;
  // The first four bytes of SHA-256(name || "\n" || 0x01 || public key).
  std::string key_hash_;
  std::shared_ptr<EVP_PKEY> key_;
};

// The private half, "PRIVATE+KEY+name+hash+base64".
class NoteSigner {
 public:
  // INVALID_ARGUMENT: the name is empty, or holds a plus or white space.
  static absl::StatusOr<NoteSigner> Generate(std::string_view name);
  // Errors repeat nothing of the text.
  static absl::StatusOr<NoteSigner> Parse(std::string_view text);

  const NoteVerifier& verifier() const { return verifier_; }
  // A secret.
  std::string private_text() const;

  // The note of the text, which ends in a line end and is UTF-8 without other control characters.
  std::string Sign(std::string_view text) const;

 private:
  NoteSigner(std::string seed, std::shared_ptr<EVP_PKEY> key, NoteVerifier verifier);
  static absl::StatusOr<NoteSigner> FromSeed(std::string name, std::string seed);

  std::string seed_;
  std::shared_ptr<EVP_PKEY> key_;
  NoteVerifier verifier_;
};

}  // namespace jembatan::ledger
