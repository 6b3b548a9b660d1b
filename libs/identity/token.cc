#include "libs/identity/token.h"

#include <map>
#include <optional>
#include <utility>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/identity/claims.h"
#include "libs/identity/token_signature.h"

namespace jembatan::identity {
namespace {

constexpr size_t kMaxKeys = 16;
constexpr size_t kJwksBytes = 64 * 1024;
constexpr size_t kPemBytes = 16 * 1024;
constexpr size_t kHeaderBytes = 1024;

struct PublicKey {
  Algorithm algorithm;
  Key key;
};
using Keys = std::map<std::string, PublicKey, std::less<>>;

// The three parts of a compact JWS, still encoded.
struct Parts {
  std::string_view header;
  std::string_view claims;
  std::string_view signature;
  std::string_view signed_input;
};

std::optional<Parts> Split(std::string_view token) {
  size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  if (token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
               token.substr(second + 1), token.substr(0, second)};
}

// The key that the header names, if the header is one we accept.
absl::StatusOr<const PublicKey*> KeyOf(std::string_view header_json, const Keys& keys) {
  absl::StatusOr<StrictObject> header = StrictObject::Parse(header_json);
  if (!header.ok()) {
    return base::Unauthenticated("header: " + std::string(base::Std(header.status().message())));
  }
  for (const char* name : {"crit", "jwk", "jku", "x5u", "x5c", "zip", "enc"}) {
    if (header->Has(name)) return base::Unauthenticated(std::string("header: has ") + name);
  }
  if (header->Has("typ")) {
    std::optional<std::string_view> typ = header->Text("typ");
    if (typ != "JWT" && typ != "at+jwt") return base::Unauthenticated("header: another typ");
  }
  std::optional<std::string_view> kid = header->Text("kid");
  if (!kid) return base::Unauthenticated("header: kid is required, a string");
  auto found = keys.find(*kid);
  if (found == keys.end()) return base::Unauthenticated("header: no key of this kid");
  std::optional<std::string_view> alg = header->Text("alg");
  if (alg != AlgorithmName(found->second.algorithm)) {
    return base::Unauthenticated("header: alg is not that of the key");
  }
  return &found->second;
}

// A member of a JWK that, if present, must have one value.
bool AbsentOr(const simdjson::dom::object& jwk, std::string_view name, std::string_view value) {
  if (jwk.at_key(name).error() == simdjson::NO_SUCH_FIELD) return true;
  return StrictObject::Text(jwk, name) == value;
}

std::string Coordinate(const simdjson::dom::object& jwk, std::string_view name) {
  std::string bytes;
  if (!base::Base64UrlDecode(StrictObject::Text(jwk, name).value_or(""), &bytes)) bytes.clear();
  return bytes;
}

absl::StatusOr<PublicKey> ReadJwk(const simdjson::dom::object& jwk) {
  if (jwk.at_key("d").error() != simdjson::NO_SUCH_FIELD) {
    return base::InvalidArgument("holds a private key: publish the public half only");
  }
  std::optional<std::string_view> kty = StrictObject::Text(jwk, "kty");
  std::optional<std::string_view> crv = StrictObject::Text(jwk, "crv");
  PublicKey key{};
  if (kty == "EC" && crv == "P-256") {
    key.algorithm = Algorithm::kEs256;
    JEMB_ASSIGN_OR_RETURN(key.key, EcPublicKey(Coordinate(jwk, "x"), Coordinate(jwk, "y")));
  } else if (kty == "OKP" && crv == "Ed25519") {
    key.algorithm = Algorithm::kEdDsa;
    JEMB_ASSIGN_OR_RETURN(key.key, Ed25519PublicKey(Coordinate(jwk, "x")));
  } else {
    return base::InvalidArgument("neither EC P-256 nor OKP Ed25519");
  }
  if (!AbsentOr(jwk, "alg", AlgorithmName(key.algorithm))) {
    return base::InvalidArgument("alg does not fit kty and crv");
  }
  if (!AbsentOr(jwk, "use", "sig")) return base::InvalidArgument("use is not sig");
  return key;
}

absl::Status AddJwk(const simdjson::dom::element& element, Keys* keys) {
  simdjson::dom::object jwk;
  if (element.get(jwk)) return base::InvalidArgument("not an object");
  std::optional<std::string_view> kid = StrictObject::Text(jwk, "kid");
  if (!kid || !IsKid(*kid)) return base::InvalidArgument("kid: 1 to 64 of [A-Za-z0-9._-]");
  JEMB_ASSIGN_OR_RETURN(PublicKey key, ReadJwk(jwk));
  if (!keys->try_emplace(std::string(*kid), std::move(key)).second) {
    return base::InvalidArgument("kid is given twice");
  }
  return absl::OkStatus();
}

}  // namespace

struct KeySet::Impl {
  Keys keys;
};

KeySet::KeySet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KeySet::KeySet(KeySet&&) noexcept = default;
KeySet& KeySet::operator=(KeySet&&) noexcept = default;
KeySet::~KeySet() = default;

absl::StatusOr<KeySet> KeySet::FromJwks(std::string_view json) {
  if (json.size() > kJwksBytes) return base::InvalidArgument("JWKS: longer than 64 KiB");
  absl::StatusOr<StrictObject> set = StrictObject::Parse(json);
  if (!set.ok()) {
    return base::InvalidArgument("JWKS: " + std::string(base::Std(set.status().message())));
  }
  simdjson::dom::array list;
  if (set->object().at_key("keys").get(list)) {
    return base::InvalidArgument("JWKS: \"keys\" is required, a list");
  }
  if (list.size() == 0) return base::InvalidArgument("JWKS: no keys");
  if (list.size() > kMaxKeys) return base::InvalidArgument("JWKS: more than 16 keys");
  auto impl = std::make_unique<Impl>();
  size_t index = 0;
  for (simdjson::dom::element element : list) {
    if (absl::Status status = AddJwk(element, &impl->keys); !status.ok()) {
      return base::InvalidArgument("JWKS: keys[" + std::to_string(index) +
                                   "]: " + std::string(base::Std(status.message())));
    }
    ++index;
  }
  return KeySet(std::move(impl));
}

absl::StatusOr<Viewer> KeySet::Verify(std::string_view token, std::string_view issuer,
                                      std::string_view audience, int64_t now_ms) const {
  if (token.size() > kTokenBytes)
    return base::Unauthenticated("the token is longer than 4096 bytes");
  std::optional<Parts> parts = Split(token);
  if (!parts) return base::Unauthenticated("not a token of three parts");
  std::string header;
  std::string claims;
  std::string signature;
  bool decoded = base::Base64UrlDecode(parts->header, &header) &&
                 base::Base64UrlDecode(parts->claims, &claims) &&
                 base::Base64UrlDecode(parts->signature, &signature);
  if (!decoded) return base::Unauthenticated("a part of the token is not base64url");
  if (header.size() > kHeaderBytes) return base::Unauthenticated("header: longer than 1024 bytes");
  JEMB_ASSIGN_OR_RETURN(const PublicKey* key, KeyOf(header, impl_->keys));
  // Nothing of the claims is looked at before the signature has been found good.
  if (!VerifySignature(key->algorithm, key->key.get(), parts->signed_input, signature)) {
    return base::Unauthenticated("the signature is not good");
  }
  return ReadClaims(claims, issuer, audience, now_ms);
}

bool KeySet::VerifyStatement(std::string_view kid, std::string_view statement,
                             std::string_view signature) const {
  auto found = impl_->keys.find(kid);
  return found != impl_->keys.end() &&
         VerifySignature(found->second.algorithm, found->second.key.get(), statement, signature);
}

size_t KeySet::size() const { return impl_->keys.size(); }

struct Signer::Impl {
  Algorithm algorithm;
  std::string kid;
  Key key;
};

Signer::Signer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Signer::Signer(Signer&&) noexcept = default;
Signer& Signer::operator=(Signer&&) noexcept = default;
Signer::~Signer() = default;

absl::StatusOr<Signer> Signer::Generate(Algorithm algorithm, std::string kid) {
  if (!IsKid(kid)) return base::InvalidArgument("kid: 1 to 64 of [A-Za-z0-9._-]");
  JEMB_ASSIGN_OR_RETURN(Key key, GenerateKey(algorithm));
  return Signer(std::make_unique<Impl>(Impl{algorithm, std::move(kid), std::move(key)}));
}

absl::StatusOr<Signer> Signer::FromPem(std::string_view pem, std::string kid) {
  if (!IsKid(kid)) return base::InvalidArgument("kid: 1 to 64 of [A-Za-z0-9._-]");
  if (pem.size() > kPemBytes) return base::InvalidArgument("PEM: longer than 16 KiB");
  JEMB_ASSIGN_OR_RETURN(Key key, PrivateKeyFromPem(pem));
  JEMB_ASSIGN_OR_RETURN(Algorithm algorithm, AlgorithmOf(key.get()));
  return Signer(std::make_unique<Impl>(Impl{algorithm, std::move(kid), std::move(key)}));
}

absl::StatusOr<std::string> Signer::Sign(const Viewer& viewer, std::string_view issuer,
                                         std::string_view audience, int64_t now_ms) const {
  if (absl::Status status = CheckViewer(viewer); !status.ok()) {
    return base::InvalidArgument(std::string(base::Std(status.message())));
  }
  if (!IsPlainText(issuer, kIssuerBytes) || !IsPlainText(audience, kIssuerBytes)) {
    return base::InvalidArgument("iss and aud: 1 to 256 bytes of plain text");
  }
  if (now_ms < 0 || viewer.expires_ms < 0) return base::InvalidArgument("a time before 1970");
  std::string header = "{\"alg\":\"" + std::string(AlgorithmName(impl_->algorithm)) +
                       "\",\"kid\":\"" + impl_->kid + "\",\"typ\":\"JWT\"}";
  std::string token = base::Base64UrlEncode(header) + "." +
                      base::Base64UrlEncode(WriteClaims(viewer, issuer, audience, now_ms));
  JEMB_ASSIGN_OR_RETURN(std::string signature,
                        MakeSignature(impl_->algorithm, impl_->key.get(), token));
  return token + "." + base::Base64UrlEncode(signature);
}

absl::StatusOr<std::string> Signer::SignStatement(std::string_view statement) const {
  return MakeSignature(impl_->algorithm, impl_->key.get(), statement);
}

const std::string& Signer::kid() const { return impl_->kid; }

std::string Signer::private_pem() const { return PrivateKeyToPem(impl_->key.get()); }

std::string Signer::jwks() const {
  PublicPoint point = PublicPointOf(impl_->key.get(), impl_->algorithm);
  bool ec = impl_->algorithm == Algorithm::kEs256;
  std::string json = ec ? "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\""
                        : "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\"";
  json += ",\"x\":\"" + base::Base64UrlEncode(point.x) + "\"";
  if (ec) json += ",\"y\":\"" + base::Base64UrlEncode(point.y) + "\"";
  json += ",\"alg\":\"" + std::string(AlgorithmName(impl_->algorithm)) + "\"";
  json += ",\"use\":\"sig\",\"kid\":\"" + impl_->kid + "\"}]}";
  return json;
}

}  // namespace jembatan::identity
