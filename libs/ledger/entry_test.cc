#include "libs/ledger/entry.h"

#include "gtest/gtest.h"

#include "libs/base/text.h"

namespace jembatan::ledger {
namespace {

// The digest of this record by another tool:
//   printf '\0\0\0\3keyvalue' | sha256sum
TEST(Entry, DigestIsOverLengthKeyAndValue) {
  Hasher hasher;
  EXPECT_EQ(base::Hex(BytesOf(DigestOf(hasher, "key", "value"))),
            "9c55d2f17341fb6a429f7db5dc4fd77181d9258b92597392f1aac285eb65614b");
  EXPECT_NE(DigestOf(hasher, "keyv", "alue"), DigestOf(hasher, "key", "value"));
  EXPECT_NE(DigestOf(hasher, "", "keyvalue"), DigestOf(hasher, "keyvalue", ""));
}

// Leaves that were signed must be the same for ever.
TEST(Entry, TheFormStays) {
  LeafMaker maker({"t.v1", 258});
  Entry entry{.offset = 0x0102030405060708, .append_time_ms = 0x1122334455667788};
  entry.digest.fill(0xab);
  const std::string digest_hex = [] {
    std::string hex;
    for (int i = 0; i < 32; ++i) hex += "ab";
    return hex;
  }();
  EXPECT_EQ(base::Hex(maker.Make(entry)),
            "0104742e76310000010201020304050607081122334455667788" + digest_hex);
  // The next one begins anew.
  entry.offset = 1;
  EXPECT_EQ(base::Hex(maker.Make(entry)),
            "0104742e76310000010200000000000000011122334455667788" + digest_hex);
}

TEST(Entry, TopicNames) {
  for (const char* name : {"a", "jembatan.intents.v1", "A-b_c.9"}) EXPECT_TRUE(IsTopicName(name));
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("a b"),
        std::string("\xc3\xa9"), std::string(250, 'a')}) {
    EXPECT_FALSE(IsTopicName(name)) << name;
  }
}

}  // namespace
}  // namespace jembatan::ledger
