#pragma once

// Authentication of every transport: where the bearer token is found, and what it proves. A token
// is verified once (~120 us) and remembered until it expires, by its SHA-256 and within a bound,
// because unary callers send theirs with every request.
//
// The Authenticator is owned by the composition and shared by all shards and gRPC's threads: its
// memory of tokens is locked, the keys are immutable. The parsers are pure.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

#include "libs/base/mutex.h"
#include "libs/identity/buyer_keys.h"
#include "libs/identity/token.h"
#include "libs/intent/codec.h"
#include "services/gateway/session.h"

namespace jembatan::gateway {

using PrincipalPtr = std::shared_ptr<const Principal>;

class Authenticator {
 public:
  Authenticator(identity::KeySet keys, Keyring buyer_keys, std::string issuer,
                std::string audience);

  // UNAUTHENTICATED with a reason in English that never repeats the token.
  absl::StatusOr<PrincipalPtr> Authenticate(std::string_view token, int64_t now_ms);
  // Pseudonyms are made with these from now on; remembered ones are made anew.
  void SetBuyerKeys(Keyring buyer_keys);

 private:
  using Digest = std::array<uint8_t, 32>;
  using Verified = absl::flat_hash_map<Digest, PrincipalPtr>;

  PrincipalPtr Recall(const Digest& digest, int64_t now_ms);
  Keyring BuyerKeys();
  void Remember(const Digest& digest, PrincipalPtr principal);

  const identity::KeySet keys_;
  const std::string issuer_;
  const std::string audience_;
  base::Mutex mutex_;
  Keyring buyer_keys_ ABSL_GUARDED_BY(mutex_);
  // Two generations: when the younger is full it becomes the older and the older is dropped.
  Verified young_ ABSL_GUARDED_BY(mutex_);
  Verified old_ ABSL_GUARDED_BY(mutex_);
};

// The token has stopped speaking for the viewer; as strict as the verifier.
bool Expired(const Principal& principal, int64_t now_ms);

// The token of "Bearer <token>"; empty if the header says something else.
std::string_view BearerOf(std::string_view authorization);

// What a client offers in Sec-WebSocket-Protocol.
struct OfferedProtocols {
  // Of the first subprotocol that is served; none: nothing offered is.
  std::optional<intent::Encoding> encoding;
  // Browsers cannot set headers: their token comes as the entry jembatan.bearer.<token>.
  std::string_view token;
};
OfferedProtocols ParseProtocols(std::string_view header);
std::string_view ProtocolName(intent::Encoding encoding);

}  // namespace jembatan::gateway
