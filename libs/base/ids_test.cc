#include "libs/base/ids.h"

#include <string>

#include <absl/hash/hash_testing.h>
#include <gtest/gtest.h>

namespace jembatan::base {
namespace {

// The UUIDv7 example of RFC 9562, appendix A.6: 2022-02-22T19:22:22.000Z.
constexpr char kRfcExample[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

TEST(UuidTest, ReadsTheExampleOfTheRfc) {
  auto id = Uuid::ParseV7(kRfcExample);
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->high, 0x017f22e279b07cc3u);
  EXPECT_EQ(id->low, 0x98c4dc0c0c07398fu);
  EXPECT_EQ(id->unix_ms(), 1645557742000);
  EXPECT_EQ(id->ToString(), kRfcExample);
}

TEST(UuidTest, MakesTheExampleOfTheRfc) {
  Uuid id = Uuid::MakeV7(1645557742000, 0xcc3, 0x18c4dc0c0c07398f);
  EXPECT_EQ(id.ToString(), kRfcExample);
}

TEST(UuidTest, ParseTakesCanonicalTextOnly) {
  const char* refused[] = {
      "",
      "017f22e2-79b0-7cc3-98c4-dc0c0c07398",    // one short
      "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",  // one long
      "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",   // upper case
      "017f22e2079b0-7cc3-98c4-dc0c0c07398f",   // a digit for a dash
      "017f22e-279b0-7cc3-98c4-dc0c0c07398f",   // a dash too early
      "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",   // braces
      "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",   // no digit
      "017f22e2-79b0-7cc3-98c4-dc0c0c0739\xc3\xa9",
      "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",  // version 4
      "017f22e2-79b0-0cc3-98c4-dc0c0c07398f",  // version 0
      "017f22e2-79b0-7cc3-18c4-dc0c0c07398f",  // variant 0xx
      "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",  // variant 110
      "00000000-0000-0000-0000-000000000000",
  };
  for (const char* text : refused) EXPECT_FALSE(Uuid::ParseV7(text).has_value()) << text;
  for (char variant : {'8', '9', 'a', 'b'}) {
    std::string text = kRfcExample;
    text[19] = variant;
    EXPECT_TRUE(Uuid::ParseV7(text).has_value()) << text;
  }
}

TEST(UuidTest, SurplusRandomBitsTouchNeitherTimeNorVersion) {
  for (int64_t ms : {int64_t{0}, int64_t{1}, (int64_t{1} << 48) - 1}) {
    for (uint64_t random : {uint64_t{0}, ~uint64_t{0}}) {
      Uuid id = Uuid::MakeV7(ms, random, random);
      EXPECT_EQ(id.unix_ms(), ms);
      EXPECT_EQ(Uuid::ParseV7(id.ToString()), id);
    }
  }
}

TEST(UuidDeathTest, ATimeBeyond48BitsIsAProgrammersError) {
  EXPECT_DEATH(Uuid::MakeV7(int64_t{1} << 48, 0, 0), "check failed");
  EXPECT_DEATH(Uuid::MakeV7(-1, 0, 0), "check failed");
}

TEST(UuidTest, OrdersByTimeFirst) {
  EXPECT_LT(Uuid::MakeV7(1, ~uint64_t{0}, ~uint64_t{0}), Uuid::MakeV7(2, 0, 0));
  EXPECT_LT(Uuid::MakeV7(2, 0, 0), Uuid::MakeV7(2, 0, 1));
}

TEST(UuidTest, EqualIdsHashAlikeAndOthersNot) {
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(
      {Uuid{}, Uuid{0, 1}, Uuid{1, 0}, Uuid{1, 1}, Uuid::MakeV7(1645557742000, 1, 2)}));
}

}  // namespace
}  // namespace jembatan::base
