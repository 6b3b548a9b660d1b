#include "libs/ledger/note.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/ledger/hash.h"
#include "libs/ledger/numbers.h"

namespace jembatan::ledger {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kKeyHashBytes = 4;
constexpr size_t kSignatureBytes = 64;
constexpr char kEd25519 = '\1';
constexpr std::string_view kPrivatePrefix = "PRIVATE+KEY+";
// An em dash and a blank begin a signature's line.
constexpr std::string_view kDash = "\xe2\x80\x94 ";

const uint8_t* Unsigned(std::string_view bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

std::string KeyHashOf(const std::string& name, const std::string& public_bytes) {
  Hasher hasher;
  const Hash hash = hasher.Sha256({name, "\n", {&kEd25519, 1}, public_bytes});
  return std::string(BytesOf(hash).substr(0, kKeyHashBytes));
}

bool IsKeyName(std::string_view name) {
  return !name.empty() && base::IsUtf8(name) && std::none_of(name.begin(), name.end(), [](char c) {
    return c == '+' || static_cast<uint8_t>(c) <= ' ' || c == '\x7f';
  });
}

bool IsNoteText(std::string_view text) {
  return text.ends_with('\n') && base::IsUtf8(text) &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<uint8_t>(c) < ' ' && c != '\n'; });
}

// The parts of "name+hash+base64(0x01 || key)"; nullopt if it is not of that form. The hash is
// returned as it stands.
struct KeyParts {
  std::string name;
  std::string_view hash;
  std::string key;
};
std::optional<KeyParts> SplitKey(std::string_view text) {
  const auto name = TakeUntil(&text, '+');
  if (!name || !IsKeyName(*name)) return std::nullopt;
  const auto hash = TakeUntil(&text, '+');
  std::string bytes;
  if (!hash || !base::Base64Decode(text, &bytes)) return std::nullopt;
  if (bytes.size() != 1 + kKeyBytes || bytes.front() != kEd25519) return std::nullopt;
  return KeyParts{std::string(*name), *hash, bytes.substr(1)};
}

bool IsSigned(EVP_PKEY* key, std::string_view text, std::string_view signature) {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
  JEMB_CHECK(context != nullptr);
  const bool good = EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
                    EVP_DigestVerify(context.get(), Unsigned(signature), signature.size(),
                                     Unsigned(text), text.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

}  // namespace

NoteVerifier::NoteVerifier(std::string name, std::string public_bytes)
    : name_(std::move(name)),
      public_bytes_(std::move(public_bytes)),
      key_hash_(KeyHashOf(name_, public_bytes_)),
      key_(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Unsigned(public_bytes_),
                                       public_bytes_.size()),
           FreeNoteKey()) {
  JEMB_CHECK(key_ != nullptr);
}

absl::StatusOr<NoteVerifier> NoteVerifier::Parse(std::string_view text) {
  auto parts = SplitKey(text);
  if (parts) {
    NoteVerifier verifier(std::move(parts->name), std::move(parts->key));
    if (base::Hex(verifier.key_hash_) == parts->hash) return verifier;
  }
  return base::InvalidArgument("not a verifier key of a signed note, name+hash+base64");
}

std::string NoteVerifier::text() const {
  return name_ + "+" + base::Hex(key_hash_) + "+" + base::Base64Encode(kEd25519 + public_bytes_);
}

absl::StatusOr<std::string_view> NoteVerifier::Open(std::string_view note) const {
  const size_t split = note.rfind("\n\n");
  if (note.size() > kNoteBytesMax || split == std::string_view::npos || !note.ends_with('\n')) {
    return base::InvalidArgument("not a signed note");
  }
  const std::string_view text = note.substr(0, split + 1);
  std::string_view lines = note.substr(split + 2);
  if (!IsNoteText(text) || lines.empty()) return base::InvalidArgument("not a signed note");
  bool good = false;
  while (!lines.empty()) {
    std::string_view line = *TakeUntil(&lines, '\n');
    if (!line.starts_with(kDash))
      return base::InvalidArgument("not a signature: " + std::string(line));
    line.remove_prefix(kDash.size());
    const auto name = TakeUntil(&line, ' ');
    std::string bytes;
    if (!name || !IsKeyName(*name) || !base::Base64Decode(line, &bytes) ||
        bytes.size() <= kKeyHashBytes) {
      return base::InvalidArgument("a signature of the note is malformed");
    }
    const std::string_view signature = std::string_view(bytes).substr(kKeyHashBytes);
    if (*name != name_ || !bytes.starts_with(key_hash_)) continue;
    good = signature.size() == kSignatureBytes && IsSigned(key_.get(), text, signature);
    if (!good) return base::Unauthenticated("the signature of " + name_ + " is bad");
  }
  if (!good) return base::Unauthenticated("no signature of " + name_);
  return text;
}

NoteSigner::NoteSigner(std::string seed, std::shared_ptr<EVP_PKEY> key, NoteVerifier verifier)
    : seed_(std::move(seed)), key_(std::move(key)), verifier_(std::move(verifier)) {}

absl::StatusOr<NoteSigner> NoteSigner::FromSeed(std::string name, std::string seed) {
  if (!IsKeyName(name)) {
    return base::InvalidArgument("a key's name is not empty and has no plus or blank");
  }
  std::shared_ptr<EVP_PKEY> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Unsigned(seed), seed.size()),
      FreeNoteKey());
  std::string public_bytes(kKeyBytes, '\0');
  size_t size = public_bytes.size();
  JEMB_CHECK(key != nullptr &&
             EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<uint8_t*>(public_bytes.data()),
                                         &size) == 1);
  return NoteSigner(std::move(seed), std::move(key),
                    NoteVerifier(std::move(name), std::move(public_bytes)));
}

absl::StatusOr<NoteSigner> NoteSigner::Generate(std::string_view name) {
  std::string seed(kKeyBytes, '\0');
  if (RAND_bytes(reinterpret_cast<uint8_t*>(seed.data()), static_cast<int>(seed.size())) != 1) {
    return base::Internal("the system gives no random bytes");
  }
  return FromSeed(std::string(name), std::move(seed));
}

absl::StatusOr<NoteSigner> NoteSigner::Parse(std::string_view text) {
  if (text.starts_with(kPrivatePrefix)) {
    if (auto parts = SplitKey(text.substr(kPrivatePrefix.size()))) {
      absl::StatusOr<NoteSigner> signer = FromSeed(std::move(parts->name), std::move(parts->key));
      if (signer.ok() && base::Hex(signer->verifier_.key_hash_) == parts->hash) return signer;
    }
  }
  return base::InvalidArgument("not a signing key of signed notes, PRIVATE+KEY+name+hash+base64");
}

std::string NoteSigner::private_text() const {
  return std::string(kPrivatePrefix) + verifier_.name_ + "+" + base::Hex(verifier_.key_hash_) +
         "+" + base::Base64Encode(kEd25519 + seed_);
}

std::string NoteSigner::Sign(std::string_view text) const {
  JEMB_CHECK(IsNoteText(text));
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
  std::array<uint8_t, kSignatureBytes> signature;
  size_t size = signature.size();
  JEMB_CHECK(context != nullptr &&
             EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
             EVP_DigestSign(context.get(), signature.data(), &size, Unsigned(text), text.size()) ==
                 1 &&
             size == kSignatureBytes);
  std::string bytes = verifier_.key_hash_;
  bytes.append(signature.begin(), signature.end());
  std::string note(text);
  note += '\n';
  note += kDash;
  note += verifier_.name_ + " " + base::Base64Encode(bytes) + "\n";
  return note;
}

}  // namespace jembatan::ledger
