#include "services/gateway/authenticate.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include <openssl/sha.h>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "services/gateway/limits.h"

namespace jembatan::gateway {
namespace {

constexpr std::string_view kProtoProtocol = "jembatan.v1.proto";
constexpr std::string_view kJsonProtocol = "jembatan.v1.json";
constexpr std::string_view kBearerEntry = "jembatan.bearer.";
constexpr std::string_view kBearerScheme = "bearer ";

std::string_view Strip(std::string_view text) {
  return base::Std(absl::StripAsciiWhitespace(base::Absl(text)));
}

}  // namespace

Authenticator::Authenticator(identity::KeySet keys, Keyring buyer_keys, std::string issuer,
                             std::string audience)
    : keys_(std::move(keys)),
      issuer_(std::move(issuer)),
      audience_(std::move(audience)),
      buyer_keys_(std::move(buyer_keys)) {}

absl::StatusOr<PrincipalPtr> Authenticator::Authenticate(std::string_view token, int64_t now_ms) {
  if (token.empty()) return base::Unauthenticated("no bearer token");
  if (token.size() > identity::kTokenBytes) return base::Unauthenticated("the token is too long");
  Digest digest;
  SHA256(reinterpret_cast<const uint8_t*>(token.data()), token.size(), digest.data());
  if (PrincipalPtr known = Recall(digest, now_ms)) return known;
  JEMB_ASSIGN_OR_RETURN(identity::Viewer viewer, keys_.Verify(token, issuer_, audience_, now_ms));
  PrincipalPtr principal = MakePrincipal(std::move(viewer), BuyerKeys());
  Remember(digest, principal);
  return principal;
}

void Authenticator::SetBuyerKeys(Keyring buyer_keys) {
  base::MutexLock lock(&mutex_);
  buyer_keys_ = std::move(buyer_keys);
  for (Verified* verified : {&young_, &old_}) {
    for (auto& [digest, principal] : *verified) {
      principal = MakePrincipal(principal->viewer, buyer_keys_);
    }
  }
}

Keyring Authenticator::BuyerKeys() {
  base::MutexLock lock(&mutex_);
  return buyer_keys_;
}

PrincipalPtr Authenticator::Recall(const Digest& digest, int64_t now_ms) {
  base::MutexLock lock(&mutex_);
  for (const Verified* verified : {&young_, &old_}) {
    auto found = verified->find(digest);
    if (found != verified->end() && !Expired(*found->second, now_ms)) return found->second;
  }
  return nullptr;
}

void Authenticator::Remember(const Digest& digest, PrincipalPtr principal) {
  base::MutexLock lock(&mutex_);
  if (young_.size() >= kVerifiedTokens) {
    old_ = std::move(young_);
    young_.clear();
  }
  young_.insert_or_assign(digest, std::move(principal));
}

bool Expired(const Principal& principal, int64_t now_ms) {
  return now_ms >= principal.viewer.expires_ms;
}

std::string_view BearerOf(std::string_view authorization) {
  authorization = Strip(authorization);
  if (!absl::StartsWithIgnoreCase(base::Absl(authorization), base::Absl(kBearerScheme))) return {};
  return Strip(authorization.substr(kBearerScheme.size()));
}

OfferedProtocols ParseProtocols(std::string_view header) {
  OfferedProtocols offered;
  while (!header.empty()) {
    const size_t comma = header.find(',');
    const std::string_view entry = Strip(header.substr(0, comma));
    header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
    if (entry.starts_with(kBearerEntry)) {
      offered.token = entry.substr(kBearerEntry.size());
    } else if (!offered.encoding && entry == kProtoProtocol) {
      offered.encoding = intent::Encoding::kProto;
    } else if (!offered.encoding && entry == kJsonProtocol) {
      offered.encoding = intent::Encoding::kJson;
    }
  }
  return offered;
}

std::string_view ProtocolName(intent::Encoding encoding) {
  return encoding == intent::Encoding::kProto ? kProtoProtocol : kJsonProtocol;
}

}  // namespace jembatan::gateway
