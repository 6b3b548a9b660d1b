#include "services/bridge/policy_file.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <unistd.h>

#include "gtest/gtest.h"

#include "libs/base/text.h"
#include "libs/policy/testing.h"

namespace jembatan::bridge {
namespace {

using policy::testing::kConsent;
using policy::testing::RuleText;

class PolicyFileTest : public testing::Test {
 protected:
  void TearDown() override {
    std::remove(path_.c_str());
    std::remove((path_ + ".new").c_str());
  }
  // As `jembatan-ctl policy apply` does it.
  void Replace(const std::string& text) {
    std::ofstream(path_ + ".new") << text;
    ASSERT_EQ(std::rename((path_ + ".new").c_str(), path_.c_str()), 0);
  }

  const std::string path_ =
      testing::TempDir() + "policy_file_test." + std::to_string(getpid()) + ".toml";
  PolicyFile file_{path_};
};

TEST_F(PolicyFileTest, IsTakenOnceForEachChange) {
  Replace(kConsent);
  auto first = file_.Look();
  ASSERT_TRUE(first && first->ok());
  EXPECT_EQ((**first)->rules.size(), 1u);
  EXPECT_FALSE(file_.Look());
  Replace(kConsent + RuleText("shops", "marketplaces", "ids = [\"toko\"]"));
  auto second = file_.Look();
  ASSERT_TRUE(second && second->ok());
  EXPECT_EQ((**second)->rules.size(), 2u);
  EXPECT_FALSE(file_.Look());
}

TEST_F(PolicyFileTest, WhyItIsRefusedIsToldOnce) {
  Replace(kConsent + RuleText("shops", "marketplaces", "ids = []"));
  auto refused = file_.Look();
  ASSERT_TRUE(refused);
  EXPECT_EQ(base::Std(refused->status().message()), path_ + ":12: ids: is empty");
  EXPECT_FALSE(file_.Look());
}

TEST_F(PolicyFileTest, AFileThatGoesAndComesIsNoticed) {
  auto none = file_.Look();
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->ok());
  EXPECT_FALSE(file_.Look());
  Replace(kConsent);
  EXPECT_TRUE(file_.Look().value().ok());
  std::remove(path_.c_str());
  EXPECT_FALSE(file_.Look().value().ok());
  EXPECT_FALSE(file_.Look());
}

}  // namespace
}  // namespace jembatan::bridge
