#include "libs/identity/token.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include <openssl/ec.h>

#include "libs/base/text.h"
#include "libs/identity/token_signature.h"

namespace jembatan::identity {
namespace {

constexpr char kIssuer[] = "https://app.example";
constexpr char kAudience[] = "jembatan";
constexpr int64_t kNowMs = 1'702'339'200'000;  // 2023-12-12T00:00:00Z

Viewer SomeViewer() { return {"viewer-1", "ID", true, "2023-11", kNowMs + 600'000}; }

// An issuer with one key of each algorithm that signs whatever it is given.
class Issuer {
 public:
  Issuer()
      : ec_(*Signer::Generate(Algorithm::kEs256, "ec")),
        ed_(*Signer::Generate(Algorithm::kEdDsa, "ed")),
        keys_(*KeySet::FromJwks(Jwks())) {}

  std::string Jwks() const {
    std::string ec = ec_.jwks();
    std::string ed = ed_.jwks();
    size_t list = ed.find('[') + 1;
    return ec.substr(0, ec.size() - 2) + "," + ed.substr(list);
  }
  const Signer& signer(Algorithm algorithm) const {
    return algorithm == Algorithm::kEs256 ? ec_ : ed_;
  }
  const KeySet& keys() const { return keys_; }

  // A well signed token of these two JSON texts, whatever they say.
  std::string Token(Algorithm algorithm, std::string_view header, std::string_view claims) const {
    std::string input = base::Base64UrlEncode(header) + "." + base::Base64UrlEncode(claims);
    absl::StatusOr<Key> key = PrivateKeyFromPem(signer(algorithm).private_pem());
    absl::StatusOr<std::string> signature = MakeSignature(algorithm, key->get(), input);
    return input + "." + base::Base64UrlEncode(*signature);
  }
  absl::StatusOr<Viewer> Verify(std::string_view token) const {
    return keys_.Verify(token, kIssuer, kAudience, kNowMs);
  }

 private:
  Signer ec_;
  Signer ed_;
  KeySet keys_;
};

const Issuer& TheIssuer() {
  static const Issuer issuer;
  return issuer;
}

constexpr char kEcHeader[] = R"({"alg":"ES256","kid":"ec","typ":"JWT"})";
constexpr char kEdHeader[] = R"({"alg":"EdDSA","kid":"ed","typ":"JWT"})";

// Good claims with one member replaced, or left out when the value is empty.
std::string Claims(const std::string& name = "", const std::string& value = "") {
  std::vector<std::pair<std::string, std::string>> members = {
      {"iss", "\"https://app.example\""},
      {"aud", "\"jembatan\""},
      {"sub", "\"viewer-1\""},
      {"exp", "1702339800"},
      {"iat", "1702339200"},
      {"region", "\"ID\""},
      {"shop_consent", "true"},
      {"shop_consent_version", "\"2023-11\""}};
  std::string json;
  bool found = false;
  for (auto& [key, text] : members) {
    if (key == name) {
      text = value;
      found = true;
    }
    if (!text.empty()) json += (json.empty() ? "\"" : ",\"") + key + "\":" + text;
  }
  if (!found && !value.empty()) json += ",\"" + name + "\":" + value;
  return "{" + json + "}";
}

std::string Message(const absl::StatusOr<Viewer>& viewer) {
  return viewer.ok() ? "" : std::string(base::Std(viewer.status().message()));
}

TEST(Token, RoundTrips) {
  for (Algorithm algorithm : {Algorithm::kEs256, Algorithm::kEdDsa}) {
    const Signer& signer = TheIssuer().signer(algorithm);
    for (const Viewer& viewer :
         {SomeViewer(), Viewer{"v\xc3\xa9\"\\/", "MY", false, "", kNowMs + 1'000},
          Viewer{std::string(128, 'x'), "ID", false, "v", kNowMs + 86'400'000},
          Viewer{"backend", "", false, "", kNowMs + 1'000, true}}) {
      absl::StatusOr<std::string> token = signer.Sign(viewer, kIssuer, kAudience, kNowMs);
      ASSERT_TRUE(token.ok()) << token.status();
      absl::StatusOr<Viewer> read = TheIssuer().Verify(*token);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(read->id, viewer.id);
      EXPECT_EQ(read->region, viewer.region);
      EXPECT_EQ(read->shop_consent, viewer.shop_consent);
      EXPECT_EQ(read->consent_version, viewer.consent_version);
      EXPECT_EQ(read->expires_ms, viewer.expires_ms);
      EXPECT_EQ(read->manages_rooms, viewer.manages_rooms);
    }
  }
}

TEST(Token, PemRoundTrips) {
  for (Algorithm algorithm : {Algorithm::kEs256, Algorithm::kEdDsa}) {
    const Signer& signer = TheIssuer().signer(algorithm);
    std::string kid = algorithm == Algorithm::kEs256 ? "ec" : "ed";
    absl::StatusOr<Signer> again = Signer::FromPem(signer.private_pem(), kid);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->jwks(), signer.jwks());
    absl::StatusOr<std::string> token = again->Sign(SomeViewer(), kIssuer, kAudience, kNowMs);
    EXPECT_TRUE(TheIssuer().Verify(*token).ok());
  }
}

TEST(Token, GoodTokens) {
  struct Row {
    std::string header;
    std::string claims;
  };
  for (const Row& row : {
           Row{kEcHeader, Claims()},
           Row{R"({"alg":"ES256","kid":"ec"})", Claims()},
           Row{R"({"typ":"at+jwt","alg":"ES256","kid":"ec","x5t":"unread"})", Claims()},
           Row{kEcHeader, Claims("aud", R"(["other","jembatan"])")},
           Row{kEcHeader, Claims("iat", "")},
           Row{kEcHeader, Claims("nbf", "1702339230")},  // Just within the leeway.
           Row{kEcHeader, Claims("exp", "1702339200.5")},
           Row{kEcHeader, Claims("exp", "1.7023398e9")},
           Row{kEcHeader, Claims("jti", R"({"any":["thing",null,1e3]})")},
           Row{kEcHeader, Claims("roles", R"(["other"])")},
           Row{kEcHeader, "  " + Claims() + "\n"},
       }) {
    absl::StatusOr<Viewer> viewer =
        TheIssuer().Verify(TheIssuer().Token(Algorithm::kEs256, row.header, row.claims));
    EXPECT_TRUE(viewer.ok()) << row.header << row.claims << viewer.status();
  }
}

TEST(Token, ExpiresToTheMillisecond) {
  std::string token = TheIssuer().Token(Algorithm::kEdDsa, kEdHeader, Claims());
  const KeySet& keys = TheIssuer().keys();
  constexpr int64_t kExpiresMs = 1'702'339'800'000;
  EXPECT_TRUE(keys.Verify(token, kIssuer, kAudience, kExpiresMs - 1).ok());
  EXPECT_FALSE(keys.Verify(token, kIssuer, kAudience, kExpiresMs).ok());
  // Issued at kNowMs: a gateway's clock may run behind the issuer's by the leeway.
  EXPECT_TRUE(keys.Verify(token, kIssuer, kAudience, kNowMs - kClockLeewayMs).ok());
  EXPECT_FALSE(keys.Verify(token, kIssuer, kAudience, kNowMs - kClockLeewayMs - 1).ok());
}

struct BadText {
  std::string text;
  std::string message;
};

void ExpectRefused(const std::string& token, const BadText& bad) {
  absl::StatusOr<Viewer> viewer = TheIssuer().Verify(token);
  ASSERT_FALSE(viewer.ok()) << bad.text;
  EXPECT_EQ(viewer.status().code(), absl::StatusCode::kUnauthenticated) << bad.text;
  EXPECT_NE(Message(viewer).find(bad.message), std::string::npos)
      << bad.text << "\nsays: " << Message(viewer);
  EXPECT_LT(Message(viewer).size(), 80u);
}

// All of these are well signed by the key that the kid names, or by ES256 without one.
TEST(Token, BadHeaders) {
  for (const BadText& bad : std::vector<BadText>{
           {R"({"alg":"none","kid":"ec"})", "alg is not that of the key"},
           {R"({"alg":"None","kid":"ec"})", "alg is not that of the key"},
           {R"({"alg":"","kid":"ec"})", "alg is not that of the key"},
           {R"({"alg":"HS256","kid":"ec"})", "alg is not that of the key"},
           {R"({"alg":"RS256","kid":"ec"})", "alg is not that of the key"},
           {R"({"alg":"ES384","kid":"ec"})", "alg is not that of the key"},
           {R"({"alg":"es256","kid":"ec"})", "alg is not that of the key"},
           {R"({"alg":"EdDSA","kid":"ec"})", "alg is not that of the key"},
           {R"({"alg":"ES256","kid":"ed"})", "alg is not that of the key"},
           {R"({"alg":["ES256"],"kid":"ec"})", "alg is not that of the key"},
           {R"({"kid":"ec"})", "alg is not that of the key"},
           {R"({"alg":"ES256"})", "kid is required"},
           {R"({"alg":"ES256","kid":null})", "kid is required"},
           {R"({"alg":"ES256","kid":1})", "kid is required"},
           {R"({"alg":"ES256","kid":""})", "no key of this kid"},
           {R"({"alg":"ES256","kid":"EC"})", "no key of this kid"},
           {R"({"alg":"ES256","kid":"../ec"})", "no key of this kid"},
           {R"({"alg":"ES256","kid":"ec","crit":["exp"]})", "has crit"},
           {R"({"alg":"ES256","kid":"ec","crit":[]})", "has crit"},
           {R"({"alg":"ES256","kid":"ec","b64":false,"crit":["b64"]})", "has crit"},
           {R"({"alg":"ES256","kid":"ec","jwk":{"kty":"EC"}})", "has jwk"},
           {R"({"alg":"ES256","kid":"ec","jku":"https://evil.example"})", "has jku"},
           {R"({"alg":"ES256","kid":"ec","x5u":"https://evil.example"})", "has x5u"},
           {R"({"alg":"ES256","kid":"ec","x5c":[]})", "has x5c"},
           {R"({"alg":"ES256","kid":"ec","zip":"DEF"})", "has zip"},
           {R"({"alg":"ES256","kid":"ec","typ":"jose"})", "another typ"},
           {R"({"alg":"ES256","kid":"ec","typ":null})", "another typ"},
           {R"({"alg":"ES256","alg":"ES256","kid":"ec"})", "a name is given twice"},
           {R"({"alg":"ES256","kid":"ec","kid":"ec"})", "a name is given twice"},
           {R"({"alg":"ES256","k\u0069d":"ec","kid":"ec"})", "a name is given twice"},
           {R"(["ES256"])", "not a JSON object"},
           {R"("ES256")", "not a JSON object"},
           {"", "not JSON"},
           {R"({"alg":"ES256","kid":"ec"}x)", "not JSON"},
           {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"a\":\"\xff\"}", "not JSON"},
           {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"a\":\"" + std::string(1'000, 'a') + "\"}",
            "longer than 1024 bytes"},
           {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"a\":" + std::string(20, '[') +
                std::string(20, ']') + "}",
            "not JSON"},
       }) {
    ExpectRefused(TheIssuer().Token(Algorithm::kEs256, bad.text, Claims()), bad);
  }
}

TEST(Token, BadClaims) {
  for (const BadText& bad : std::vector<BadText>{
           {"", "not JSON"},
           {"null", "not a JSON object"},
           {"[]", "not a JSON object"},
           {"{}", "iss: required"},
           {Claims() + "{}", "not JSON"},
           {Claims("iss", ""), "iss: required"},
           {Claims("iss", "[\"https://app.example\"]"), "iss: required"},
           {Claims("iss", "\"https://app.example/\""), "iss: another issuer"},
           {Claims("iss", "\"\""), "iss: another issuer"},
           {Claims("aud", ""), "aud: required"},
           {Claims("aud", "\"other\""), "aud: another audience"},
           {Claims("aud", "\"jembatan2\""), "aud: another audience"},
           {Claims("aud", "[]"), "aud: another audience"},
           {Claims("aud", "[\"a\",\"b\"]"), "aud: another audience"},
           {Claims("aud", "[\"jembatan\",1]"), "aud: not a string"},
           {Claims("aud", "{\"jembatan\":1}"), "aud: not a string"},
           {Claims("exp", ""), "exp: required"},
           {Claims("exp", "\"1702339800\""), "exp: required"},
           {Claims("exp", "null"), "exp: required"},
           {Claims("exp", "true"), "exp: required"},
           {Claims("exp", "-1"), "exp: required"},
           {Claims("exp", "1e300"), "exp: required"},
           {Claims("exp", "99999999999999999999"), "not JSON"},
           {Claims("exp", "1702339200"), "exp: the token has expired"},
           {Claims("exp", "1"), "exp: the token has expired"},
           {Claims("nbf", "1702339231"), "nbf: the token is not valid yet"},
           {Claims("nbf", "\"1\""), "nbf: not a NumericDate"},
           {Claims("nbf", "null"), "nbf: not a NumericDate"},
           {Claims("iat", "1702339231"), "iat: the token is not valid yet"},
           {Claims("iat", "[]"), "iat: not a NumericDate"},
           {Claims("sub", ""), "sub: required"},
           {Claims("sub", "1"), "sub: required"},
           {Claims("sub", "\"\""), "sub: required"},
           {Claims("sub", "\"" + std::string(129, 'x') + "\""), "sub: required"},
           {Claims("sub", "\"a\\nb\""), "sub: required"},
           {Claims("sub", "\"a\\u0000\""), "sub: required"},
           {Claims("sub", "\"a\\u007f\""), "sub: required"},
           {Claims("sub", "\"\xff\""), "not JSON"},
           {Claims("region", ""), "region: required"},
           {Claims("region", "\"id\""), "region: required"},
           {Claims("region", "\"IDN\""), "region: required"},
           {Claims("region", "62"), "region: required"},
           {Claims("shop_consent", ""), "shop_consent: required"},
           {Claims("shop_consent", "\"true\""), "shop_consent: required"},
           {Claims("shop_consent", "1"), "shop_consent: required"},
           {Claims("shop_consent_version", ""), "shop_consent_version: required"},
           {Claims("shop_consent_version", "\"\""), "shop_consent_version: required"},
           {Claims("shop_consent_version", "3"), "shop_consent_version: not a string"},
           {Claims("shop_consent_version", "\"" + std::string(65, 'x') + "\""),
            "shop_consent_version: not 1 to 64"},
           {Claims("roles", "\"rooms\""), "roles: not a list"},
           {Claims("roles", "[\"rooms\",1]"), "roles: not a list"},
           {R"({"roles":["other"],)" + Claims("region", "").substr(1), "region: required"},
           {R"({"roles":["other"],)" + Claims("shop_consent", "").substr(1),
            "shop_consent: required"},
           {R"({"roles":["rooms"],)" + Claims("shop_consent", "1").substr(1),
            "shop_consent: required"},
           {R"({"roles":["rooms"],)" + Claims("region", "\"id\"").substr(1), "region: required"},
           {R"({"sub":"other",)" + Claims().substr(1), "a name is given twice"},
           {Claims("extra", R"({"a":1,"a":2})"), "a name is given twice"},
       }) {
    ExpectRefused(TheIssuer().Token(Algorithm::kEs256, kEcHeader, bad.text), bad);
    ExpectRefused(TheIssuer().Token(Algorithm::kEdDsa, kEdHeader, bad.text), bad);
  }
  // Half a surrogate pair: whether the parser or the check of sub notices does not matter.
  for (const char* half : {"\"\\ud800\"", "\"\\udc00\""}) {
    ExpectRefused(TheIssuer().Token(Algorithm::kEs256, kEcHeader, Claims("sub", half)), {half, ""});
  }
}

TEST(Token, ABackEndNeedsNoRegionAndNoConsent) {
  const std::string backend = R"({"iss":"https://app.example","aud":"jembatan","sub":"backend",)"
                              R"("exp":1702339800,"roles":["other","rooms"]})";
  absl::StatusOr<Viewer> read =
      TheIssuer().Verify(TheIssuer().Token(Algorithm::kEs256, kEcHeader, backend));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->manages_rooms);
  EXPECT_FALSE(read->shop_consent);
  read = TheIssuer().Verify(TheIssuer().Token(Algorithm::kEs256, kEcHeader, Claims()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->manages_rooms) << "a viewer";
}

TEST(Token, BadShapes) {
  std::string good = TheIssuer().Token(Algorithm::kEs256, kEcHeader, Claims());
  ASSERT_TRUE(TheIssuer().Verify(good).ok());
  size_t first = good.find('.');
  size_t second = good.rfind('.');
  std::string header = good.substr(0, first);
  std::string claims = good.substr(first + 1, second - first - 1);
  std::string signature = good.substr(second + 1);
  std::string other = TheIssuer().Token(Algorithm::kEs256, kEcHeader, Claims("jti", "\"2\""));
  for (const BadText& bad : std::vector<BadText>{
           {"", "three parts"},
           {".", "three parts"},
           {"..", "not JSON"},
           {"...", "three parts"},
           {header, "three parts"},
           {header + "." + claims, "three parts"},
           {header + "." + claims + ".", "signature is not good"},
           {header + ".." + signature, "signature is not good"},
           {"." + claims + "." + signature, "not JSON"},
           {good + ".", "three parts"},
           {"." + good, "three parts"},
           {good + "." + signature, "three parts"},
           {good + "=", "not base64url"},
           {good + "==", "not base64url"},
           {header + "=." + claims + "." + signature, "not base64url"},
           {good + "\n", "not base64url"},
           {" " + good, "not base64url"},
           {"Bearer " + good, "not base64url"},
           {header + ". " + claims + "." + signature, "not base64url"},
           {header + "." + claims + "." + signature.substr(0, 40), "signature is not good"},
           {header + "." + claims + "." + signature + "AA", "signature is not good"},
           {header + "." + claims + "." + other.substr(other.rfind('.') + 1),
            "signature is not good"},
           {header + "." + base::Base64UrlEncode(Claims("sub", "\"viewer-2\"")) + "." + signature,
            "signature is not good"},
           {base::Base64UrlEncode(R"({"alg":"ES256","kid":"ec"})") + "." + claims + "." + signature,
            "signature is not good"},
           {base::Base64UrlEncode(kEdHeader) + "." + claims + "." + signature,
            "signature is not good"},
           {good + std::string(kTokenBytes, 'A'), "longer than 4096"},
           {std::string(kTokenBytes + 1, '.'), "longer than 4096"},
           {std::string(100, '\0'), "three parts"},
       }) {
    ExpectRefused(bad.text, bad);
    absl::StatusOr<Viewer> viewer = TheIssuer().Verify(bad.text);
    EXPECT_EQ(Message(viewer).find(signature.substr(0, 8)), std::string::npos);
  }
}

// The DER form that OpenSSL itself speaks is no JOSE signature.
TEST(Token, DerSignatureIsRefused) {
  std::string good = TheIssuer().Token(Algorithm::kEs256, kEcHeader, Claims());
  std::string raw;
  ASSERT_TRUE(base::Base64UrlDecode(good.substr(good.rfind('.') + 1), &raw));
  std::string der = std::string("\x30\x44\x02\x20", 4) + raw.substr(0, 32) +
                    std::string("\x02\x20", 2) + raw.substr(32);
  ExpectRefused(good.substr(0, good.rfind('.') + 1) + base::Base64UrlEncode(der),
                {"DER", "signature is not good"});
}

TEST(Token, EveryBitCounts) {
  for (Algorithm algorithm : {Algorithm::kEs256, Algorithm::kEdDsa}) {
    absl::StatusOr<std::string> token =
        TheIssuer().signer(algorithm).Sign(SomeViewer(), kIssuer, kAudience, kNowMs);
    ASSERT_TRUE(TheIssuer().Verify(*token).ok());
    for (size_t bit = 0; bit < 8 * token->size(); ++bit) {
      std::string flipped = *token;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      EXPECT_FALSE(TheIssuer().Verify(flipped).ok()) << "bit " << bit;
    }
    for (size_t size = 0; size < token->size(); ++size) {
      EXPECT_FALSE(TheIssuer().Verify(token->substr(0, size)).ok()) << "size " << size;
    }
  }
}

TEST(Token, AnotherIssuersKeyOfTheSameNameIsRefused) {
  absl::StatusOr<Signer> stranger = Signer::Generate(Algorithm::kEs256, "ec");
  absl::StatusOr<std::string> token = stranger->Sign(SomeViewer(), kIssuer, kAudience, kNowMs);
  ExpectRefused(*token, {"stranger", "signature is not good"});
}

TEST(Signer, SignsNothingThatVerifyRefuses) {
  const Signer& signer = TheIssuer().signer(Algorithm::kEdDsa);
  auto with = [](auto change) {
    Viewer viewer = SomeViewer();
    change(viewer);
    return viewer;
  };
  for (const Viewer& viewer : {
           with([](Viewer& v) { v.id.clear(); }),
           with([](Viewer& v) { v.id = "a\nb"; }),
           with([](Viewer& v) { v.id = "\xff"; }),
           with([](Viewer& v) { v.id = std::string(129, 'x'); }),
           with([](Viewer& v) { v.region = "id"; }),
           with([](Viewer& v) { v.consent_version.clear(); }),
           with([](Viewer& v) { v.expires_ms = -1; }),
       }) {
    EXPECT_FALSE(signer.Sign(viewer, kIssuer, kAudience, kNowMs).ok());
  }
  EXPECT_FALSE(signer.Sign(SomeViewer(), "", kAudience, kNowMs).ok());
  EXPECT_FALSE(signer.Sign(SomeViewer(), kIssuer, "\n", kNowMs).ok());
  EXPECT_FALSE(Signer::Generate(Algorithm::kEs256, "").ok());
  EXPECT_FALSE(Signer::Generate(Algorithm::kEs256, "a\"b").ok());
}

TEST(Signer, BadPem) {
  std::string pem = TheIssuer().signer(Algorithm::kEs256).private_pem();
  // A P-384 key, and one behind a pass phrase.
  Key p384(EVP_EC_gen("P-384"));
  for (const std::string& bad :
       {std::string(), std::string("x"), pem.substr(0, pem.size() / 2), PrivateKeyToPem(p384.get()),
        std::string("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE "
                    "KEY-----\n")}) {
    EXPECT_FALSE(Signer::FromPem(bad, "k").ok()) << bad;
  }
}

TEST(KeySet, BadKeySets) {
  const std::string ec = R"("kty":"EC","crv":"P-256",)"
                         R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                         R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")";
  const std::string ed =
      R"("kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")";
  auto one = [](const std::string& members) { return "{\"keys\":[{" + members + "}]}"; };
  ASSERT_TRUE(KeySet::FromJwks(one(ec + R"(,"kid":"a")")).ok());
  ASSERT_TRUE(KeySet::FromJwks(one(ed + R"(,"kid":"a","alg":"EdDSA","use":"sig")")).ok());
  std::string many;
  for (int i = 0; i < 17; ++i) {
    many += (i == 0 ? "{" : ",{") + ed + ",\"kid\":\"k" + std::to_string(i) + "\"}";
  }
  for (const BadText& bad : std::vector<BadText>{
           {"", "JWKS: not JSON"},
           {"[]", "JWKS: not a JSON object"},
           {"{}", "\"keys\" is required"},
           {R"({"keys":{}})", "\"keys\" is required"},
           {R"({"keys":[]})", "no keys"},
           {R"({"keys":[],"keys":[]})", "a name is given twice"},
           {R"({"keys":[1]})", "keys[0]: not an object"},
           {one(ec), "keys[0]: kid"},
           {one(ec + R"(,"kid":"")"), "keys[0]: kid"},
           {one(ec + R"(,"kid":"a b")"), "keys[0]: kid"},
           {one(ec + R"(,"kid":"a","alg":"ES384")"), "alg does not fit"},
           {one(ec + R"(,"kid":"a","alg":null)"), "alg does not fit"},
           {one(ed + R"(,"kid":"a","alg":"ES256")"), "alg does not fit"},
           {one(ec + R"(,"kid":"a","use":"enc")"), "use is not sig"},
           {one(ec + R"(,"kid":"a","d":"AA")"), "private key"},
           {one(R"("kid":"a","kty":"oct","k":"AA")"), "neither EC P-256 nor OKP Ed25519"},
           {one(R"("kid":"a","kty":"RSA","n":"AA","e":"AQAB")"), "neither EC"},
           {one(R"("kid":"a","kty":"EC","crv":"P-384","x":"AA","y":"AA")"), "neither EC"},
           {one(R"("kid":"a","kty":"OKP","crv":"X25519","x":"AA")"), "neither EC"},
           {one(R"("kid":"a","kty":"EC","crv":"P-256","x":"AA","y":"AA")"), "not 32 bytes"},
           {one(R"("kid":"a","kty":"OKP","crv":"Ed25519")"), "not 32 bytes"},
           {one(R"("kid":"a",)" + ec.substr(0, ec.size() - 2) + "4\""), "not a point"},
           {one(R"("kid":"a",)" + ec.substr(0, ec.size() - 2) + "1\""), "not 32 bytes"},
           {one(R"("kid":"a",)" + ec.substr(0, ec.size() - 3) + "b0\""), "not a point"},
           {"{\"keys\":[{" + ec + R"(,"kid":"a"},{)" + ed + R"(,"kid":"a"}]})",
            "keys[1]: kid is given twice"},
           {"{\"keys\":[" + many + "]}", "more than 16 keys"},
           {std::string(65 * 1024, ' '), "longer than 64 KiB"},
       }) {
    absl::StatusOr<KeySet> keys = KeySet::FromJwks(bad.text);
    ASSERT_FALSE(keys.ok()) << bad.text;
    EXPECT_NE(base::Std(keys.status().message()).find(bad.message), std::string_view::npos)
        << bad.text << keys.status();
  }
}

}  // namespace
}  // namespace jembatan::identity
