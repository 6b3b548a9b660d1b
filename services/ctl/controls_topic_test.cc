#include "services/ctl/controls_topic.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "gtest/gtest.h"

#include "libs/controls/testing/make_controls.h"
#include "libs/kafka/testing/mock_cluster.h"

namespace jembatan::ctl {
namespace {

using controls::testing::MakeHalt;
using crossing::v1::Halt;

class ControlsTopicTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto cluster = kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(2));
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    cluster_ = *std::move(cluster);
    access_.cluster.brokers = cluster_->bootstrap();
  }

  std::unique_ptr<kafka::testing::MockCluster> cluster_;
  ControlsAccess access_;
};

TEST_F(ControlsTopicTest, WhatIsPublishedIsInForceAndTellsItsOffset) {
  auto empty = ReadControls(access_);
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_EQ(empty->revision(), 0u);
  auto halted = PublishControl(access_, MakeHalt(1, Halt::SCOPE_GLOBAL));
  ASSERT_TRUE(halted.ok()) << halted.status();
  EXPECT_EQ(halted->offset, 0);
  auto resumed = PublishControl(access_, MakeHalt(2, Halt::SCOPE_GLOBAL, "", false));
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_EQ(resumed->offset, 1);
  auto now = ReadControls(access_);
  ASSERT_TRUE(now.ok());
  EXPECT_EQ(now->VersionOf("halt/global"), 2u);
}

TEST_F(ControlsTopicTest, WhatWouldNotBeObeyedIsNotWritten) {
  ASSERT_TRUE(PublishControl(access_, MakeHalt(2, Halt::SCOPE_GLOBAL)).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(
      PublishControl(access_, MakeHalt(2, Halt::SCOPE_GLOBAL, "", false)).status()));
  const std::string path = std::filesystem::path(::testing::TempDir()) / "ctl-operators.jwks";
  auto signer = identity::Signer::Generate(identity::Algorithm::kEdDsa, "ani");
  ASSERT_TRUE(signer.ok());
  std::ofstream(path) << signer->jwks();
  access_.operator_keys = path;
  access_.operators_needed = 1;
  crossing::v1::Control halt = MakeHalt(3, Halt::SCOPE_GLOBAL);
  EXPECT_TRUE(absl::IsFailedPrecondition(PublishControl(access_, halt).status()));
  controls::testing::Sign(*signer, &halt);
  auto published = PublishControl(access_, halt);
  ASSERT_TRUE(published.ok()) << published.status();
  EXPECT_EQ(published->offset, 1) << "the unsigned one was written";
}

}  // namespace
}  // namespace jembatan::ctl
