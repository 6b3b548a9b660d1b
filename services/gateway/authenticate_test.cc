#include "services/gateway/authenticate.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace jembatan::gateway {
namespace {

constexpr int64_t kNow = 1'800'000'000'000;

identity::BuyerKey KeyOf(char digit) {
  return *identity::BuyerKey::FromHex(std::string(64, digit));
}

class AuthenticateTest : public ::testing::Test {
 protected:
  AuthenticateTest()
      : signer_(*identity::Signer::Generate(identity::Algorithm::kEdDsa, "key1")),
        authenticator_(*identity::KeySet::FromJwks(signer_.jwks()),
                       std::make_shared<identity::BuyerKeys>(KeyOf('1')), "issuer", "audience") {}

  std::string Token(std::string_view viewer, int64_t expires_ms) {
    identity::Viewer claims;
    claims.id = viewer;
    claims.region = "ID";
    claims.expires_ms = expires_ms;
    return *signer_.Sign(claims, "issuer", "audience", kNow);
  }

  identity::Signer signer_;
  Authenticator authenticator_;
};

TEST_F(AuthenticateTest, MakesThePrincipalAndRemembersIt) {
  const std::string token = Token("viewer", kNow + 60'000);
  const auto first = authenticator_.Authenticate(token, kNow);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ((*first)->viewer.id, "viewer");
  EXPECT_EQ(*(*first)->buyers.At(kNow), KeyOf('1').RefOf("viewer"));
  const auto again = authenticator_.Authenticate(token, kNow + 1'000);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(first->get(), again->get());
}

TEST_F(AuthenticateTest, RememberedPrincipalsGetTheNewKeysToo) {
  const std::string token = Token("viewer", kNow + 60'000);
  ASSERT_TRUE(authenticator_.Authenticate(token, kNow).ok());
  const int64_t from_ms = kNow + identity::kAnnounceMs;
  const identity::BuyerKeys rotated =
      *identity::BuyerKeys(KeyOf('1')).Rotated(KeyOf('2'), from_ms, kNow);
  authenticator_.SetBuyerKeys(std::make_shared<identity::BuyerKeys>(rotated));
  const std::string other = Token("other", kNow + 60'000);
  for (const auto& [text, name] : {std::pair{token, "viewer"}, std::pair{other, "other"}}) {
    const auto principal = authenticator_.Authenticate(text, kNow);
    ASSERT_TRUE(principal.ok());
    EXPECT_EQ(*(*principal)->buyers.At(from_ms - 1), KeyOf('1').RefOf(name));
    EXPECT_EQ(*(*principal)->buyers.At(from_ms), KeyOf('2').RefOf(name));
  }
}

TEST_F(AuthenticateTest, RememberedTokensExpireToo) {
  const std::string token = Token("viewer", kNow + 60'000);
  ASSERT_TRUE(authenticator_.Authenticate(token, kNow).ok());
  EXPECT_TRUE(authenticator_.Authenticate(token, kNow + 59'999).ok());
  const auto late = authenticator_.Authenticate(token, kNow + 60'000);
  EXPECT_EQ(late.status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(AuthenticateTest, OneFlippedCharacterIsAnotherToken) {
  std::string token = Token("viewer", kNow + 60'000);
  ASSERT_TRUE(authenticator_.Authenticate(token, kNow).ok());
  char& flipped = token[token.find('.') + 3];
  flipped = flipped == 'A' ? 'B' : 'A';
  const auto tampered = authenticator_.Authenticate(token, kNow);
  EXPECT_EQ(tampered.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(std::string(tampered.status().message()).find(token), std::string::npos);
}

TEST_F(AuthenticateTest, EmptyAndOverlongTokensAreRefused) {
  EXPECT_FALSE(authenticator_.Authenticate("", kNow).ok());
  EXPECT_FALSE(authenticator_.Authenticate(std::string(identity::kTokenBytes + 1, 'a'), kNow).ok());
}

TEST(AuthenticateText, BearerOf) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"Bearer abc", "abc"}, {"bearer  abc ", "abc"}, {"BEARER abc", "abc"},
      {"Basic abc", ""},     {"Bearer", ""},          {"", ""},
      {"Bearerabc", ""},
  };
  for (const auto& [header, token] : table) EXPECT_EQ(BearerOf(header), token) << header;
}

TEST(AuthenticateText, ParseProtocols) {
  struct Row {
    std::string header;
    std::optional<intent::Encoding> encoding;
    std::string token;
  };
  const std::vector<Row> table = {
      {"", std::nullopt, ""},
      {"chat", std::nullopt, ""},
      {"jembatan.v1.proto", intent::Encoding::kProto, ""},
      {"chat, jembatan.v1.json", intent::Encoding::kJson, ""},
      {"jembatan.v1.json,jembatan.v1.proto", intent::Encoding::kJson, ""},
      {" jembatan.bearer.a.b.c , jembatan.v1.proto", intent::Encoding::kProto, "a.b.c"},
      {"jembatan.v1.JSON", std::nullopt, ""},
      {"jembatan.v1.json.bearer", std::nullopt, ""},
      {",,,", std::nullopt, ""},
  };
  for (const Row& row : table) {
    const OfferedProtocols offered = ParseProtocols(row.header);
    EXPECT_EQ(offered.encoding, row.encoding) << row.header;
    EXPECT_EQ(offered.token, row.token) << row.header;
  }
}

}  // namespace
}  // namespace jembatan::gateway
