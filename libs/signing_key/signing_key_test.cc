#include "services/auditor/signing_key.h"

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"

namespace jembatan::auditor {
namespace {

class SigningKey : public testing::Test {
 protected:
  SigningKey() : path_(testing::TempDir() + "/auditor_signing_key") {
    std::filesystem::remove(path_);
  }
  ~SigningKey() override { std::filesystem::remove(path_); }
  const std::string path_;
};

TEST_F(SigningKey, IsMadeOnceForItsOwnerAlone) {
  const auto made = LoadSigningKey(path_, "auditor.example");
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(std::filesystem::status(path_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto found = LoadSigningKey(path_, "auditor.example");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->verifier().text(), made->verifier().text());
}

TEST_F(SigningKey, Refused) {
  ASSERT_TRUE(LoadSigningKey(path_, "auditor.example").ok());
  EXPECT_EQ(LoadSigningKey(path_, "other.example").status().message(),
            path_ + " holds the key of auditor.example, not of other.example");
  std::ofstream(path_) << "nothing of the kind";
  EXPECT_EQ(LoadSigningKey(path_, "auditor.example").status().message(),
            path_ + " holds no signing key of signed notes");
  EXPECT_FALSE(LoadSigningKey("/nowhere/key", "auditor.example").ok());
  EXPECT_FALSE(LoadSigningKey(path_ + "2", "not a name").ok());
}

}  // namespace
}  // namespace jembatan::auditor
