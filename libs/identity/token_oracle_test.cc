// ES256 tokens against libcpp-jwt, both ways. It has no EdDSA.

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include <jwt/jwt.hpp>
#include <openssl/pem.h>

#include "libs/base/clock.h"
#include "libs/identity/token.h"
#include "libs/identity/token_signature.h"

namespace jembatan::identity {
namespace {

constexpr char kIssuer[] = "https://app.example";
constexpr char kAudience[] = "jembatan";

std::string PublicPem(const std::string& private_pem) {
  absl::StatusOr<Key> key = PrivateKeyFromPem(private_pem);
  EXPECT_TRUE(key.ok());
  std::unique_ptr<BIO, decltype(&BIO_free_all)> memory(BIO_new(BIO_s_mem()), BIO_free_all);
  EXPECT_EQ(PEM_write_bio_PUBKEY(memory.get(), key->get()), 1);
  char* text = nullptr;
  long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<size_t>(size)};
}

TEST(TokenOracle, CppJwtReadsOurs) {
  absl::StatusOr<Signer> signer = Signer::Generate(Algorithm::kEs256, "k1");
  ASSERT_TRUE(signer.ok());
  int64_t now_ms = base::WallMs();  // The oracle reads the clock by itself.
  Viewer viewer{"viewer \"1\" \\ \xc3\xa9", "ID", true, "v3", now_ms + 600'000};
  for (int i = 0; i < 20; ++i) {
    absl::StatusOr<std::string> token = signer->Sign(viewer, kIssuer, kAudience, now_ms);
    ASSERT_TRUE(token.ok());
    std::error_code error;
    auto read = jwt::decode(*token, jwt::params::algorithms({"ES256"}), error,
                            jwt::params::secret(PublicPem(signer->private_pem())),
                            jwt::params::issuer(kIssuer), jwt::params::aud(kAudience),
                            jwt::params::verify(true));
    ASSERT_FALSE(error) << error.message();
    EXPECT_EQ(read.payload().get_claim_value<std::string>("sub"), viewer.id);
    EXPECT_EQ(read.payload().get_claim_value<bool>("shop_consent"), true);
    EXPECT_EQ(read.payload().get_claim_value<int64_t>("exp"), viewer.expires_ms / 1000);
    EXPECT_EQ(read.header().create_json_obj()["kid"], "k1");
  }
}

TEST(TokenOracle, WeReadCppJwts) {
  absl::StatusOr<Signer> signer = Signer::Generate(Algorithm::kEs256, "k1");
  ASSERT_TRUE(signer.ok());
  absl::StatusOr<KeySet> keys = KeySet::FromJwks(signer->jwks());
  ASSERT_TRUE(keys.ok());
  int64_t now_ms = 1'702'339'200'000;
  for (int i = 0; i < 20; ++i) {
    jwt::jwt_object object{jwt::params::algorithm("ES256"),
                           jwt::params::secret(signer->private_pem()),
                           jwt::params::headers({{"kid", "k1"}})};
    object.add_claim("iss", kIssuer)
        .add_claim("aud", kAudience)
        .add_claim("sub", "viewer-" + std::to_string(i))
        .add_claim("exp", now_ms / 1000 + 600)
        .add_claim("region", "ID")
        .add_claim("shop_consent", false);
    absl::StatusOr<Viewer> viewer = keys->Verify(object.signature(), kIssuer, kAudience, now_ms);
    ASSERT_TRUE(viewer.ok()) << viewer.status();
    EXPECT_EQ(viewer->id, "viewer-" + std::to_string(i));
    EXPECT_EQ(viewer->expires_ms, now_ms + 600'000);
    EXPECT_FALSE(viewer->shop_consent);
  }
}

}  // namespace
}  // namespace jembatan::identity
