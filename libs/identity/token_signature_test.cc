#include "libs/identity/token_signature.h"

#include <string>

#include "gtest/gtest.h"

#include "libs/base/text.h"

namespace jembatan::identity {
namespace {

std::string Decoded(std::string_view text) {
  std::string bytes;
  EXPECT_TRUE(base::Base64UrlDecode(text, &bytes)) << text;
  return bytes;
}

// RFC 8037, appendix A.4: Ed25519.
TEST(TokenSignature, Rfc8037) {
  absl::StatusOr<Key> key =
      Ed25519PublicKey(Decoded("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
  ASSERT_TRUE(key.ok());
  std::string signature = Decoded(
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  const std::string input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  EXPECT_TRUE(VerifySignature(Algorithm::kEdDsa, key->get(), input, signature));
  EXPECT_FALSE(VerifySignature(Algorithm::kEdDsa, key->get(), input + "x", signature));
  // Signing is deterministic: the same vector the other way, from the key of appendix A.1 as PKCS
  // #8.
  absl::StatusOr<Key> secret = PrivateKeyFromPem(
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
      "-----END PRIVATE KEY-----\n");
  ASSERT_TRUE(secret.ok());
  absl::StatusOr<std::string> made = MakeSignature(Algorithm::kEdDsa, secret->get(), input);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(*made, signature);
}

// RFC 7515, appendix A.3: ES256.
TEST(TokenSignature, Rfc7515) {
  absl::StatusOr<Key> key = EcPublicKey(Decoded("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                                        Decoded("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
  ASSERT_TRUE(key.ok());
  std::string signature = Decoded(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  const std::string input =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"
      "NvbS9pc19yb290Ijp0cnVlfQ";
  EXPECT_TRUE(VerifySignature(Algorithm::kEs256, key->get(), input, signature));
  EXPECT_FALSE(VerifySignature(Algorithm::kEs256, key->get(), input + "x", signature));
}

TEST(TokenSignature, RoundTripsAndRefusesEveryOtherShape) {
  for (Algorithm algorithm : {Algorithm::kEs256, Algorithm::kEdDsa}) {
    absl::StatusOr<Key> key = GenerateKey(algorithm);
    ASSERT_TRUE(key.ok());
    absl::StatusOr<std::string> made = MakeSignature(algorithm, key->get(), "input");
    ASSERT_TRUE(made.ok());
    const std::string& good = *made;
    ASSERT_EQ(good.size(), kSignatureBytes);
    EXPECT_TRUE(VerifySignature(algorithm, key->get(), "input", good));
    for (const std::string& bad :
         {std::string(), good.substr(1), good.substr(0, 63), good + good[0], good + good,
          std::string(64, '\0'), std::string(64, '\xff'),
          good.substr(0, 32) + std::string(32, '\0'), std::string(32, '\0') + good.substr(32),
          good.substr(32) + good.substr(0, 32)}) {
      EXPECT_FALSE(VerifySignature(algorithm, key->get(), "input", bad)) << base::Hex(bad);
    }
    for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
      std::string flipped = good;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      EXPECT_FALSE(VerifySignature(algorithm, key->get(), "input", flipped)) << bit;
    }
  }
}

// r and s keep their leading zeros: each is short in one signature of 256.
TEST(TokenSignature, ShortNumbersArePadded) {
  absl::StatusOr<Key> key = GenerateKey(Algorithm::kEs256);
  ASSERT_TRUE(key.ok());
  int padded = 0;
  for (int i = 0; i < 20'000 && padded < 2; ++i) {
    absl::StatusOr<std::string> made = MakeSignature(Algorithm::kEs256, key->get(), "input");
    ASSERT_TRUE(made.ok());
    ASSERT_EQ(made->size(), kSignatureBytes);
    if ((*made)[0] != '\0' && (*made)[32] != '\0') continue;
    ++padded;
    EXPECT_TRUE(VerifySignature(Algorithm::kEs256, key->get(), "input", *made));
  }
  EXPECT_EQ(padded, 2);
}

TEST(TokenSignature, KeysAreChecked) {
  std::string x = Decoded("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
  std::string y = Decoded("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
  EXPECT_FALSE(EcPublicKey(y, x).ok());
  EXPECT_FALSE(EcPublicKey(x, x).ok());
  EXPECT_FALSE(EcPublicKey(x.substr(1), y).ok());
  EXPECT_FALSE(EcPublicKey(x, y + "0").ok());
  EXPECT_FALSE(EcPublicKey(std::string(32, '\0'), std::string(32, '\0')).ok());
  EXPECT_FALSE(EcPublicKey("", "").ok());
  EXPECT_FALSE(Ed25519PublicKey("").ok());
  EXPECT_FALSE(Ed25519PublicKey(x.substr(1)).ok());
}

}  // namespace
}  // namespace jembatan::identity
