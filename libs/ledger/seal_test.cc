#include "libs/ledger/seal.h"

#include "gtest/gtest.h"

namespace jembatan::ledger {
namespace {

Hash Filled(uint8_t byte) {
  Hash hash;
  hash.fill(byte);
  return hash;
}

Seal Example() {
  return {1'790'000'000'123,
          {{{"jembatan.intents.v1", 0}, 0, 12, 12, Filled(1)},
           {{"jembatan.intents.v1", 10}, 5, 5, 0, Filled(2)},
           {{"jembatan.outcomes.v1", 2}, 7, 900, 800, Filled(3)}}};
}

constexpr char kText[] =
    "jembatan seal v1\n"
    "1790000000123\n"
    "jembatan.intents.v1 0 0 12 12 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"
    "jembatan.intents.v1 10 5 5 0 AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n"
    "jembatan.outcomes.v1 2 7 900 800 AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=\n";

// Seals that were signed must be readable for ever.
TEST(Seal, TheFormStays) { EXPECT_EQ(FormatSeal(Example()), kText); }

TEST(Seal, ReadsWhatItWrites) {
  const auto seal = ParseSeal(kText);
  ASSERT_TRUE(seal.ok()) << seal.status();
  EXPECT_EQ(*seal, Example());
  EXPECT_EQ(*ParseSeal("jembatan seal v1\n5\n"), (Seal{5, {}}));
}

TEST(Seal, WhatIsReadFormatsAgainAsItWas) {
  const std::string text = kText;
  int read = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'0', '9', ' ', '\n', '-', 'A', '='}) {
      std::string changed = text;
      changed[i] = c;
      const auto seal = ParseSeal(changed);
      if (!seal.ok()) continue;
      ++read;
      EXPECT_EQ(FormatSeal(*seal), changed) << "byte " << i;
    }
  }
  EXPECT_GT(read, 100);
}

TEST(Seal, HeadsAreFoundByTheirLog) {
  const Seal seal = Example();
  EXPECT_EQ(HeadOf(seal, {"jembatan.intents.v1", 10}), &seal.heads[1]);
  EXPECT_EQ(HeadOf(seal, {"jembatan.intents.v1", 1}), nullptr);
  EXPECT_EQ(HeadOf(seal, {"zzz", 0}), nullptr);
}

TEST(Seal, Refused) {
  const std::string root = " AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";
  const std::string begin = "jembatan seal v1\n5\n";
  const std::string kRows[] = {
      "",
      "jembatan seal v2\n5\n",
      "jembatan seal v1\n",
      "jembatan seal v1\n05\n",
      begin + "t 0 0 1 1" + root.substr(0, root.size() - 1),  // no line end
      begin + "t 0 0 1" + root,                               // a number too few
      begin + "t 0 0 1 1 1" + root,                           // one too many
      begin + "t 0 0 1 -1" + root,
      begin + "t 2147483648 0 1 1" + root,
      begin + "../t 0 0 1 1" + root,
      begin + ".. 0 0 1 1" + root,
      begin + "t 1 0 1 1" + root + "t 0 0 1 1" + root,  // out of order
      begin + "t 0 0 1 1" + root + "t 0 0 1 1" + root,  // twice
      begin + "\n",
  };
  for (const std::string& text : kRows) EXPECT_FALSE(ParseSeal(text).ok()) << text;
}

}  // namespace
}  // namespace jembatan::ledger
