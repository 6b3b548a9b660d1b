#pragma once

// The signature layer of tokens: raw bytes and OpenSSL keys, no JSON. Internal to this folder; its
// own header so that published vectors whose payloads are no claims of ours can be checked. The
// keys are immutable and may be shared by all threads.

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include <openssl/evp.h>

#include "libs/identity/token.h"

namespace jembatan::identity {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

inline constexpr size_t kCoordinateBytes = 32;  // of P-256, and an Ed25519 public key
inline constexpr size_t kSignatureBytes = 64;   // r || s, and an Ed25519 signature

// Name in a token's header.
std::string_view AlgorithmName(Algorithm algorithm);

// Public keys. Each coordinate is 32 bytes; a point off the curve is INVALID_ARGUMENT.
absl::StatusOr<Key> EcPublicKey(std::string_view x, std::string_view y);
absl::StatusOr<Key> Ed25519PublicKey(std::string_view x);

absl::StatusOr<Key> GenerateKey(Algorithm algorithm);
// P-256 or Ed25519, unencrypted; never asks for a pass phrase.
absl::StatusOr<Key> PrivateKeyFromPem(std::string_view pem);
std::string PrivateKeyToPem(EVP_PKEY* key);
// By the type of the key: P-256 or Ed25519.
absl::StatusOr<Algorithm> AlgorithmOf(EVP_PKEY* key);
// The public half as coordinates; y is empty for Ed25519.
struct PublicPoint {
  std::string x;
  std::string y;
};
PublicPoint PublicPointOf(EVP_PKEY* key, Algorithm algorithm);

// False for anything but a good signature of exactly 64 bytes.
bool VerifySignature(Algorithm algorithm, EVP_PKEY* key, std::string_view input,
                     std::string_view signature);
absl::StatusOr<std::string> MakeSignature(Algorithm algorithm, EVP_PKEY* key,
                                          std::string_view input);

}  // namespace jembatan::identity
