#include "libs/base/text.h"

#include <random>
#include <string>

#include <gtest/gtest.h>
#include <simdjson.h>

namespace jembatan::base {
namespace {

using std::string_literals::operator""s;

TEST(TextTest, HexIsLowerCase) {
  EXPECT_EQ(Hex(""), "");
  EXPECT_EQ(Hex("\0\x0f\xa5\xff"s), "000fa5ff");
}

// RFC 4648 section 10, and the two letters in which the alphabets differ.
TEST(TextTest, Base64OfTheRfc) {
  const struct {
    std::string bytes, url, standard;
  } kRows[] = {
      {"", "", ""},
      {"f", "Zg", "Zg=="},
      {"fo", "Zm8", "Zm8="},
      {"foo", "Zm9v", "Zm9v"},
      {"foob", "Zm9vYg", "Zm9vYg=="},
      {"fooba", "Zm9vYmE", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
      {"\xfb\xff\xfe", "-__-", "+//+"},
      {"\0\0"s, "AAA", "AAA="},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(Base64UrlEncode(row.bytes), row.url);
    EXPECT_EQ(Base64Encode(row.bytes), row.standard);
    std::string decoded = "stale";
    EXPECT_TRUE(Base64UrlDecode(row.url, &decoded)) << row.url;
    EXPECT_EQ(decoded, row.bytes);
    decoded = "stale";
    EXPECT_TRUE(Base64Decode(row.standard, &decoded)) << row.standard;
    EXPECT_EQ(decoded, row.bytes);
  }
}

TEST(TextTest, Base64DecodeRefusesWhatNoEncoderMakes) {
  const std::string kRefused[] = {
      "Zg",   "Zg=", "Zg===", "Zm9vYg", "-__-", "Zm9v\n", " Zm9v", "Zm9v====", "=",
      "Zh==",  // stray bits after one byte
      "Zm9=",  // stray bits after two
  };
  for (const std::string& text : kRefused) {
    std::string decoded = "stale";
    EXPECT_FALSE(Base64Decode(text, &decoded)) << text;
    EXPECT_EQ(decoded, "");
  }
}

TEST(TextTest, Base64UrlDecodeRefusesWhatNoEncoderMakes) {
  const std::string kRefused[] = {
      "Zg==",                     // padding
      "Zm8=", "Z",      "Zm9vY",  // lengths
      "+//+", "Zm9v\n", " Zm9v", "Zm 9v", "Zm9v\0"s, "Zm9v.", "Zm9\xc3\xa9",
      "Zh",   // stray bits after one byte
      "Zm9",  // stray bits after two
  };
  for (const std::string& text : kRefused) {
    std::string decoded = "stale";
    EXPECT_FALSE(Base64UrlDecode(text, &decoded)) << text;
    EXPECT_EQ(decoded, "");
  }
}

TEST(TextTest, Utf8Table) {
  const struct {
    std::string bytes;
    bool valid;
  } kRows[] = {
      {"", true},
      {"plain ASCII of more than eight bytes", true},
      {"\0\x7f"s, true},
      {"\xc2\x80", true},
      {"\xdf\xbf", true},
      {"\xe0\xa0\x80", true},
      {"\xed\x9f\xbf", true},
      {"\xee\x80\x80", true},
      {"\xef\xbf\xbf", true},
      {"\xf0\x90\x80\x80", true},
      {"\xf4\x8f\xbf\xbf", true},
      {"12345678\xc3\xa9", true},
      {"1234567\xc3\xa9", true},
      {"\x80", false},
      {"\xc0\x80", false},  // overlong
      {"\xc1\xbf", false},
      {"\xe0\x9f\xbf", false},
      {"\xf0\x8f\xbf\xbf", false},
      {"\xed\xa0\x80", false},  // surrogates
      {"\xed\xbf\xbf", false},
      {"\xf4\x90\x80\x80", false},  // beyond U+10FFFF
      {"\xf5\x80\x80\x80", false},
      {"\xff", false},
      {"\xc3", false},  // cut off
      {"\xe2\x82", false},
      {"\xf0\x9f\x98", false},
      {"12345678\xc3", false},
      {"\xe2\x28\xa1", false},
      {"\xe2\x82\x28", false},
      {"\xf0\x9f\x98\x28", false},
  };
  for (const auto& row : kRows) EXPECT_EQ(IsUtf8(row.bytes), row.valid) << Hex(row.bytes);
}

TEST(TextTest, Utf8SequenceLengthCountsTheFirstSequenceOnly) {
  EXPECT_EQ(Utf8SequenceLength(""), 0u);
  EXPECT_EQ(Utf8SequenceLength("a\xff"), 1u);
  EXPECT_EQ(Utf8SequenceLength("\xc3\xa9\xff"), 2u);
  EXPECT_EQ(Utf8SequenceLength("\xe2\x82\xac\xff"), 3u);
  EXPECT_EQ(Utf8SequenceLength("\xf0\x9f\x98\x80\xff"), 4u);
}

// Short strings over the bytes at which the rules change, against another implementation.
TEST(TextTest, Utf8AgreesWithSimdjson) {
  const std::string kEdges =
      "a\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5"
      "\xff";
  std::mt19937 random(20261212);
  for (int round = 0; round < 200'000; ++round) {
    std::string bytes(random() % 12, '\0');
    for (char& byte : bytes) byte = kEdges[random() % kEdges.size()];
    ASSERT_EQ(IsUtf8(bytes), simdjson::validate_utf8(bytes)) << Hex(bytes);
  }
}

TEST(TextTest, JsonEscapes) {
  std::string json = "x";
  AppendJsonEscaped("a\"b\\c\nd\te\x01\r\x1f\x7f é"s, &json);
  EXPECT_EQ(json, R"(xa\"b\\c\nd\te\u0001\u000d\u001f)"
                  "\x7f é");
}

TEST(TextTest, Lists) {
  using List = std::vector<std::string>;
  EXPECT_EQ(SplitList(""), List{});
  EXPECT_EQ(SplitList(" , ,"), List{});
  EXPECT_EQ(SplitList("a"), List{"a"});
  EXPECT_EQ(SplitList(" a,b b ,,c"), (List{"a", "b b", "c"}));
}

TEST(TextTest, Money) {
  const struct {
    const char* currency;
    int64_t amount_minor;
    const char* text;
  } kRows[] = {
      {"IDR", 2'500'000, "Rp 25.000"}, {"IDR", 100, "Rp 1"},
      {"IDR", 99'900, "Rp 999"},       {"IDR", 100'000, "Rp 1.000"},
      {"IDR", 5, "Rp 0,05"},           {"IDR", 123'456'789, "Rp 1.234.567,89"},
      {"USD", 1'250, "USD 12.50"},
  };
  for (const auto& row : kRows) EXPECT_EQ(MoneyText(row.currency, row.amount_minor), row.text);
}

}  // namespace
}  // namespace jembatan::base
