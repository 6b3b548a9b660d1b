#include "libs/identity/buyer_ref.h"

#include <string>

#include "gtest/gtest.h"

#include "libs/base/text.h"

namespace jembatan::identity {
namespace {

constexpr char kKeyText[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

std::string RefText(const std::string& key, std::string_view viewer) {
  absl::StatusOr<BuyerKey> made = BuyerKey::FromHex(key);
  EXPECT_TRUE(made.ok()) << made.status();
  return base::Hex(made->RefOf(viewer).view());
}

TEST(BuyerRef, Rfc4231) {
  // HMAC pads a short key with zeros: cases 1 and 2 hold with their keys padded to our 32 bytes.
  std::string zeros(24, '0');
  std::string case_1;
  for (int i = 0; i < 20; ++i) case_1 += "0b";
  EXPECT_EQ(RefText(case_1 + zeros, "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(RefText("4a656665" + std::string(56, '0'), "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(BuyerRef, KnownAnswers) {
  // printf viewer-1 | openssl dgst -sha256 -mac HMAC -macopt hexkey:<kKeyText>
  EXPECT_EQ(RefText(kKeyText, "viewer-1"),
            "7e2dc717f1db97523d594ddd553ee575815f7e629aabc782db03bb6b8b11c306");
  EXPECT_EQ(RefText(kKeyText, ""),
            "d38b42096d80f45f826b44a9d5607de72496a415d3f4a1a8c88e3bb9da8dc1cb");
}

TEST(BuyerRef, MarketplacesDoNotShare) {
  std::string other = kKeyText;
  other[0] = '1';
  EXPECT_NE(RefText(kKeyText, "viewer-1"), RefText(other, "viewer-1"));
  EXPECT_NE(RefText(kKeyText, "viewer-1"), RefText(kKeyText, "viewer-2"));
}

TEST(BuyerKey, ReadsAKeyFile) {
  std::string upper = kKeyText;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const std::string& text :
       {std::string(kKeyText), upper, std::string(kKeyText) + "\n", " \t\r\n" + upper + "\r\n"}) {
    EXPECT_EQ(RefText(text, "viewer-1"), RefText(kKeyText, "viewer-1")) << text;
  }
}

TEST(BuyerKey, RefusesAnythingElseAndRepeatsNothing) {
  std::string key = kKeyText;
  std::string inner = key;
  inner[30] = ' ';
  std::string letter = key;
  letter[63] = 'g';
  for (const std::string& text :
       {std::string(), std::string("\n"), key.substr(1), key + "0", key.substr(2), key + key, inner,
        letter, "0x" + key.substr(2), std::string(64, '\0')}) {
    absl::StatusOr<BuyerKey> made = BuyerKey::FromHex(text);
    ASSERT_FALSE(made.ok()) << text;
    EXPECT_EQ(made.status().message(), "a buyer key is 64 hexadecimal characters");
  }
}

}  // namespace
}  // namespace jembatan::identity
