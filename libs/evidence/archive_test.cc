#include "libs/evidence/archive.h"

#include "gtest/gtest.h"

namespace jembatan::evidence {
namespace {

const Files kFiles = {{"a/b", "content"}, {"empty", ""}, {"z", std::string(100'000, 'z')}};

TEST(Archive, SameFilesAreTheSameBytes) {
  const std::string bytes = Pack(kFiles).value();
  EXPECT_EQ(bytes, Pack(kFiles).value());
  Faults faults;
  EXPECT_EQ(Unpack(bytes, &faults).value(), kFiles);
  EXPECT_TRUE(faults.empty()) << faults.front().place << ": " << faults.front().what;
}

TEST(Archive, WithoutFilesThereIsNone) { EXPECT_TRUE(absl::IsInvalidArgument(Pack({}).status())); }

TEST(Archive, AnyByteChangedShows) {
  const std::string bytes = Pack({{"a", "content"}, {"b", "more"}}).value();
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const char bit : {'\x01', '\x20', '\x80'}) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ bit);
      Faults faults;
      EXPECT_TRUE(!Unpack(changed, &faults).ok() || !faults.empty()) << i;
    }
  }
}

TEST(Archive, AnyEndCutOffShows) {
  const std::string bytes = Pack({{"a", "content"}}).value();
  for (size_t size = 0; size < bytes.size(); ++size) {
    Faults faults;
    EXPECT_TRUE(!Unpack(std::string_view(bytes).substr(0, size), &faults).ok() || !faults.empty())
        << size;
  }
}

TEST(Archive, WhatIsLeftOfADamagedFileIsGiven) {
  std::string bytes = Pack({{"a", "content"}}).value();
  bytes[bytes.find("content")] = 'C';
  Faults faults;
  EXPECT_EQ(Unpack(bytes, &faults).value().at("a"), "Content");
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_EQ(faults[0].place, "a");
  EXPECT_EQ(faults[1].place, "the archive");
}

}  // namespace
}  // namespace jembatan::evidence
