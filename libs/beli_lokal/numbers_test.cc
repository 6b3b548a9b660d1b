#include "libs/beli_lokal/numbers.h"

#include <gtest/gtest.h>

#include "libs/evidence/html.h"

namespace jembatan::beli_lokal {
namespace {

constexpr Language kId = Language::kIndonesian;
constexpr Language kEn = Language::kEnglish;

TEST(Numbers, AreGroupedAsTheLanguageDoes) {
  EXPECT_EQ(evidence::NumberText(0, kId), "0");
  EXPECT_EQ(evidence::NumberText(999, kId), "999");
  EXPECT_EQ(evidence::NumberText(1'234'567, kId), "1.234.567");
  EXPECT_EQ(evidence::NumberText(1'234'567, kEn), "1,234,567");
  // More than sixty-four bits hold.
  EXPECT_EQ(evidence::Digits(Minor(18'446'744'073'709'551'615U) * 1'000),
            "18446744073709551615000");
}

TEST(Numbers, SharesAreRoundedToTenths) {
  EXPECT_EQ(evidence::ShareText(0, 0, kId), "–");
  EXPECT_EQ(evidence::ShareText(0, 7, kId), "0,0 %");
  EXPECT_EQ(evidence::ShareText(7, 7, kEn), "100.0 %");
  EXPECT_EQ(evidence::ShareText(1, 3, kEn), "33.3 %");
  EXPECT_EQ(evidence::ShareText(2, 3, kId), "66,7 %");
  EXPECT_EQ(PointsText(Permille(2, 3) - Permille(1, 3), kId), "+33,4 poin");
  EXPECT_EQ(PointsText(-4, kEn), "−0.4 points");
  EXPECT_EQ(PointsText(0, kEn), "0.0 points");
  EXPECT_EQ(SignedText(-1'200, kId), "−1.200");
  EXPECT_EQ(SignedText(12, kEn), "+12");
}

TEST(Numbers, MoneyIsWholeMinorUnits) {
  EXPECT_EQ(MoneyText("IDR", 6'500'000, kId), "Rp 65.000");
  EXPECT_EQ(MoneyText("IDR", 6'500'005, kId), "Rp 65.000,05");
  EXPECT_EQ(MoneyText("USD", 100'000, kEn), "USD 1,000.00");
  EXPECT_EQ(MoneyText("JPY", 1'500, kId), "JPY 1.500");
  EXPECT_EQ(MoneyText("?", 1'500, kEn), "? 1,500 (minor units)");
  EXPECT_EQ(ValueText({}, kId), "–");
  const Sales all{.orders = 3, .units = 3, .value = {{"IDR", 20'000}, {"USD", 500}}};
  const Sales part{.orders = 1, .units = 1, .value = {{"IDR", 5'000}}};
  EXPECT_EQ(ValueText(all, kEn), "Rp 200; USD 5.00");
  EXPECT_EQ(ValueShareText(part, all, kEn), "25.0 %; 0.0 %");
}

TEST(Numbers, ATokenCannotWriteIntoATerminal) {
  EXPECT_EQ(TokenText("kreator-é"), "kreator-é");
  EXPECT_EQ(TokenText("a\x1b[2Jb\n"), "a?[2Jb?");
  EXPECT_EQ(TokenText("a\xc2\x9b"
                      "b"),
            "a?b");
  EXPECT_EQ(TokenText("\xff"), "ff");
  EXPECT_EQ(Shortened("kopi é gayo", 6), "kopi …");
  EXPECT_EQ(Shortened("kopi é", 6), "kopi é");
}

}  // namespace
}  // namespace jembatan::beli_lokal
