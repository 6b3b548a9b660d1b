#pragma once

// Bearer tokens: JWT (RFC 7519) signed with ES256 or EdDSA (Ed25519), verified offline against a
// set of public keys (JWKS, RFC 7517). The algorithm is fixed per key: `none`, algorithm confusion,
// and keys inside the token (jwk, jku, x5u) are refused. Verification costs ~120 us of CPU: once
// per connection, not per message. KeySet is immutable after loading and may be shared by all
// threads; a Signer belongs to one thread.
//
// Claims: sub (viewer, 1 to 128 bytes), iss, aud (string or list), exp, nbf and iat (optional),
// region (ISO 3166-1 alpha-2), shop_consent (boolean), shop_consent_version (string, required when
// consent is true), roles (optional; a list of strings of which "rooms" means something: an app's
// back end that manages live rooms; it has no need of region and shop_consent).

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace jembatan::identity {

inline constexpr size_t kTokenBytes = 4096;
// How far an issuer's clock may run ahead (nbf, iat); an expired token is never forgiven.
inline constexpr int64_t kClockLeewayMs = 30'000;

struct Viewer {
  std::string id;
  std::string region;
  bool shop_consent = false;
  std::string consent_version;
  // After this wall time the token no longer speaks for the viewer.
  int64_t expires_ms = 0;
  // It is the app's back end and may open live rooms and pin offers in them.
  bool manages_rooms = false;
};

class KeySet {
 public:
  // JWKS text: kty EC (P-256, alg ES256) or OKP (Ed25519, alg EdDSA), each with a unique kid. At
  // most 16 keys.
  static absl::StatusOr<KeySet> FromJwks(std::string_view json);
  KeySet(KeySet&&) noexcept;
  KeySet& operator=(KeySet&&) noexcept;
  ~KeySet();

  // Verifies signature and claims. UNAUTHENTICATED with one reason in English otherwise; the reason
  // never repeats the token.
  absl::StatusOr<Viewer> Verify(std::string_view token, std::string_view issuer,
                                std::string_view audience, int64_t now_ms) const;
  // Whether the signature of a statement, which is no token, is good by the key of that kid. The
  // statement must begin with something that no token can, so that neither passes for the other.
  bool VerifyStatement(std::string_view kid, std::string_view statement,
                       std::string_view signature) const;
  size_t size() const;

 private:
  struct Impl;
  explicit KeySet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

enum class Algorithm { kEs256, kEdDsa };

// Signs tokens for development and load tests; a production issuer is the app's own.
class Signer {
 public:
  // A fresh key pair.
  static absl::StatusOr<Signer> Generate(Algorithm algorithm, std::string kid);
  // PEM as private_pem() wrote it; the algorithm follows from the key.
  static absl::StatusOr<Signer> FromPem(std::string_view pem, std::string kid);
  Signer(Signer&&) noexcept;
  Signer& operator=(Signer&&) noexcept;
  ~Signer();

  absl::StatusOr<std::string> Sign(const Viewer& viewer, std::string_view issuer,
                                   std::string_view audience, int64_t now_ms) const;
  // 64 bytes; see KeySet::VerifyStatement.
  absl::StatusOr<std::string> SignStatement(std::string_view statement) const;
  const std::string& kid() const;
  std::string private_pem() const;
  // {"keys":[...]} with this one public key.
  std::string jwks() const;

 private:
  struct Impl;
  explicit Signer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace jembatan::identity
