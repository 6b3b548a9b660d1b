#include "libs/ledger/checkpoint.h"

#include "gtest/gtest.h"

namespace jembatan::ledger {
namespace {

constexpr char kText[] =
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

TEST(Checkpoint, FormOfTheSpecification) {
  const auto checkpoint = ParseCheckpoint(kText);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint->size, 20852163u);
  EXPECT_EQ(HashText(checkpoint->root), "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
  EXPECT_EQ(FormatCheckpoint(*checkpoint), kText);
}

TEST(Checkpoint, ExtensionsAreKept) {
  const std::string text = std::string(kText) + "time 17\nmore\n";
  const auto checkpoint = ParseCheckpoint(text);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->extensions, (std::vector<std::string>{"time 17", "more"}));
  EXPECT_EQ(FormatCheckpoint(*checkpoint), text);
}

TEST(Checkpoint, Refused) {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  const std::string kRows[] = {
      "",
      "o\n",
      "o\n1\n",
      "\n1\n" + root,
      "o\n01\n" + root,
      "o\n-1\n" + root,
      "o\n+1\n" + root,
      "o\n9223372036854775808\n" + root,
      "o\n1\nCsUY\n",
      "o\n1\n" + root.substr(0, root.size() - 1),
      "o\n1\n" + root + "\n",
      "o\n1\n" + root + "no line end",
  };
  for (const std::string& text : kRows) EXPECT_FALSE(ParseCheckpoint(text).ok()) << text;
}

}  // namespace
}  // namespace jembatan::ledger
