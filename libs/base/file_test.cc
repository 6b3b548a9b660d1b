#include "libs/base/file.h"

#include <fstream>

#include <gtest/gtest.h>

namespace jembatan::base {
namespace {

TEST(ReadWholeFile, UpToItsBound) {
  const std::string path = ::testing::TempDir() + "/file_test";
  std::ofstream(path, std::ios::binary) << std::string("a\0b\n", 4);
  auto content = ReadWholeFile(path, 4);
  ASSERT_TRUE(content.ok()) << content.status();
  EXPECT_EQ(*content, std::string("a\0b\n", 4));
  EXPECT_EQ(ReadWholeFile(path, 3).status().message(), path + " is longer than 3 bytes");
  EXPECT_EQ(ReadWholeFile("/dev/zero", 8).status().message(), "/dev/zero is longer than 8 bytes");
}

TEST(ReadWholeFile, SaysWhyItCannot) {
  EXPECT_EQ(ReadWholeFile("/nowhere/f", 9).status().message(),
            "cannot read /nowhere/f: No such file or directory");
  EXPECT_EQ(ReadWholeFile("/", 9).status().message(), "cannot read /: Is a directory");
}

}  // namespace
}  // namespace jembatan::base
