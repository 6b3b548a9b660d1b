#include "libs/kafka/admin.h"

#include <chrono>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "libs/base/status.h"
#include "libs/kafka/producer.h"
#include "libs/kafka/testing/mock_cluster.h"
#include "libs/kafka/testing/run_until.h"

namespace jembatan::kafka {
namespace {

using testing::MockCluster;
using testing::RunUntil;

constexpr int kTimeoutMs = 3000;

class AdminTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto cluster = MockCluster::Create(1, JembatanTopics(6));
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    cluster_ = *std::move(cluster);
    config_.brokers = cluster_->bootstrap();
    auto admin = Admin::Create(config_, context_);
    ASSERT_TRUE(admin.ok()) << admin.status();
    admin_ = *std::move(admin);
  }

  Admin::OffsetCallback Into(absl::StatusOr<int64_t>* result) {
    *result = absl::UnknownError("no answer");
    return [result](absl::StatusOr<int64_t> offset) { *result = std::move(offset); };
  }
  bool Answered(const absl::StatusOr<int64_t>& result) {
    return RunUntil(context_, [&] { return !absl::IsUnknown(result.status()); });
  }

  boost::asio::io_context context_{1};
  std::unique_ptr<MockCluster> cluster_;
  ClusterConfig config_;
  std::unique_ptr<Admin> admin_;
};

TEST_F(AdminTest, KnowsBeginningAndEnd) {
  ProducerOptions options;
  options.cluster = config_;
  auto producer = Producer::Create(options, context_, [](std::span<const Delivery>) {});
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE((*producer)->Produce(kIntentsTopic, 2, "key", "value", 0).ok());
  }
  ASSERT_TRUE(RunUntil(context_, [&] { return (*producer)->outstanding() == 0; }));
  absl::StatusOr<int64_t> begin;
  absl::StatusOr<int64_t> end;
  absl::StatusOr<int64_t> empty;
  absl::StatusOr<int64_t> time;
  admin_->BeginOffset(kIntentsTopic, 2, Into(&begin));
  admin_->EndOffset(kIntentsTopic, 2, Into(&end));
  admin_->EndOffset(kIntentsTopic, 3, Into(&empty));
  admin_->OffsetAtTime(kIntentsTopic, 2, 1, Into(&time));
  ASSERT_TRUE(Answered(begin) && Answered(end) && Answered(empty) && Answered(time));
  ASSERT_TRUE(begin.ok() && end.ok() && empty.ok() && time.ok())
      << begin.status() << end.status() << empty.status() << time.status();
  EXPECT_EQ(*begin, 0);
  EXPECT_EQ(*end, 12);
  EXPECT_EQ(*empty, 0);
  // A mock cluster: the beginning.
  EXPECT_EQ(*time, 0);
}

TEST_F(AdminTest, UnknownPartitionIsAnError) {
  absl::StatusOr<int64_t> end;
  admin_->EndOffset(kIntentsTopic, 99, Into(&end));
  ASSERT_TRUE(Answered(end));
  EXPECT_FALSE(end.ok());
}

TEST_F(AdminTest, LooksAtATopicAsItIsNow) {
  absl::StatusOr<TopicLook> look;
  const auto looked = [&](const std::string& topic) {
    look = absl::UnknownError("no answer");
    admin_->Look(topic, [&](absl::StatusOr<TopicLook> answer) { look = std::move(answer); });
    return RunUntil(context_, [&] { return !absl::IsUnknown(look.status()); });
  };
  ASSERT_TRUE(looked(kIntentsTopic));
  ASSERT_TRUE(look.ok()) << look.status();
  EXPECT_EQ(look->partitions, 6);
  const std::string id = look->id;
  EXPECT_NE(id, "");
  ASSERT_TRUE(looked(kIntentsTopic));
  ASSERT_TRUE(look.ok()) << look.status();
  EXPECT_EQ(look->id, id);
  ASSERT_TRUE(cluster_->RemakeTopic(kIntentsTopic, 9).ok());
  ASSERT_TRUE(looked(kIntentsTopic));
  ASSERT_TRUE(look.ok()) << look.status();
  EXPECT_EQ(look->partitions, 9);
  EXPECT_NE(look->id, id);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(looked("absent"));
    EXPECT_TRUE(absl::IsNotFound(look.status())) << look.status();
  }
}

TEST_F(AdminTest, DestroyingDropsCallbacks) {
  bool called = false;
  admin_->EndOffset(kIntentsTopic, 0, [&](absl::StatusOr<int64_t>) { called = true; });
  admin_.reset();
  testing::RunFor(context_, std::chrono::milliseconds(50));
  EXPECT_FALSE(called);
}

TEST_F(AdminTest, CheckTopicsComparesWhatTheClusterTells) {
  EXPECT_TRUE(CheckTopics(config_, JembatanTopics(6), Profile::kDev, kTimeoutMs).ok());
  const absl::Status partitions =
      CheckTopics(config_, JembatanTopics(5), Profile::kDev, kTimeoutMs);
  EXPECT_TRUE(absl::IsFailedPrecondition(partitions));
  for (const TopicSpec& topic : JembatanTopics(5)) {
    if (topic.partitions == 1) continue;  // whatever the others have
    EXPECT_NE(base::ToString(partitions).find(topic.name + ": the number of partitions is 6"),
              std::string::npos)
        << partitions;
  }
  EXPECT_TRUE(absl::IsFailedPrecondition(
      CheckTopics(config_, JembatanTopics(6), Profile::kProduction, kTimeoutMs)));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      CheckTopics(config_, {{"absent", 1, {}}}, Profile::kDev, kTimeoutMs)));
}

TEST_F(AdminTest, CreateTopicsLeavesExistingOnesAlone) {
  EXPECT_TRUE(CreateTopics(config_, JembatanTopics(6), Profile::kDev, kTimeoutMs).ok());
  // The mock cluster cannot create by request, and that is said.
  const absl::Status status = CreateTopics(config_, {{"absent", 1, {}}}, Profile::kDev, kTimeoutMs);
  EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
}

TEST_F(AdminTest, SilentClusterIsUnavailable) {
  cluster_->SetDown(1, true);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(absl::IsUnavailable(CheckTopics(config_, JembatanTopics(6), Profile::kDev, 300)));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
}

}  // namespace
}  // namespace jembatan::kafka
