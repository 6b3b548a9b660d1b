#include "libs/signing_key/signing_key.h"

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"

namespace jembatan::signing_key {
namespace {

class SigningKey : public testing::Test {
 protected:
  SigningKey() : path_(testing::TempDir() + "/signing_key_test.key") {
    std::filesystem::remove(path_);
  }
  ~SigningKey() override { std::filesystem::remove(path_); }
  const std::string path_;
};

TEST_F(SigningKey, IsMadeOnceForItsOwnerAlone) {
  const auto made = Load(path_, "auditor.example");
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(std::filesystem::status(path_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto found = Load(path_, "auditor.example");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->verifier().text(), made->verifier().text());
}

TEST_F(SigningKey, Refused) {
  ASSERT_TRUE(Load(path_, "auditor.example").ok());
  EXPECT_EQ(Load(path_, "other.example").status().message(),
            path_ + " holds the key of auditor.example, not of other.example");
  std::ofstream(path_) << "nothing of the kind";
  EXPECT_EQ(Load(path_, "auditor.example").status().message(),
            path_ + " holds no signing key of signed notes");
  EXPECT_FALSE(Load("/nowhere/key", "auditor.example").ok());
  EXPECT_FALSE(Load(path_ + "2", "not a name").ok());
}

}  // namespace
}  // namespace jembatan::signing_key
