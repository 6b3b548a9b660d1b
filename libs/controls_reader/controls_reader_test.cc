#include "libs/controls_reader/controls_reader.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "libs/controls/testing/make_controls.h"
#include "libs/kafka/producer.h"
#include "libs/kafka/testing/mock_cluster.h"
#include "libs/kafka/testing/run_until.h"

namespace jembatan::controls {
namespace {

using crossing::v1::Halt;
using kafka::testing::RunUntil;

class ReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto cluster = kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(2));
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    cluster_ = *std::move(cluster);
    config_.brokers = cluster_->bootstrap();
    auto producer = kafka::Producer::Create(
        {.cluster = config_}, context_,
        [this](std::span<const kafka::Delivery> done) { delivered_ += done.size(); });
    ASSERT_TRUE(producer.ok()) << producer.status();
    producer_ = *std::move(producer);
  }

  void Append(const std::string& key, const std::string& value) {
    ASSERT_TRUE(producer_->Produce(kafka::kControlsTopic, 0, key, value, 0).ok());
    const size_t wanted = delivered_ + 1;
    ASSERT_TRUE(RunUntil(context_, [&] { return delivered_ >= wanted; }));
  }
  void Append(const crossing::v1::Control& control) {
    const testing::ControlRecord record = testing::RecordOf(control);
    Append(record.key, record.value);
  }

  void StartReader() {
    reader_ =
        std::make_unique<ControlsReader>(config_, Operators{}, "test", registry_, context_,
                                         [this](const Snapshot& now) { told_.push_back(now); });
    ASSERT_TRUE(reader_->Start().ok());
  }
  Way WayNow() const { return told_.back()->WayOf({}, testing::kIssuedMs); }

  // The metric of a scrape, by the end of its name.
  double Metric(const std::string& name) {
    for (const auto& family : registry_.Collect()) {
      if (family.name != "jembatan_test_" + name) continue;
      const prometheus::ClientMetric& metric = family.metric.front();
      return metric.gauge.value + metric.counter.value;
    }
    return -1;
  }

  prometheus::Registry registry_;
  boost::asio::io_context context_{1};
  std::unique_ptr<kafka::testing::MockCluster> cluster_;
  kafka::ClusterConfig config_;
  std::unique_ptr<kafka::Producer> producer_;
  size_t delivered_ = 0;
  std::vector<Snapshot> told_;
  std::unique_ptr<ControlsReader> reader_;
};

TEST_F(ReaderTest, TellsNothingBeforeItHasReadWhatIsThere) {
  Append(testing::MakeHalt(1, Halt::SCOPE_GLOBAL));
  Append(testing::MakeHalt(2, Halt::SCOPE_GLOBAL, "", false));
  Append(testing::MakeHalt(3, Halt::SCOPE_GLOBAL));
  StartReader();
  ASSERT_TRUE(RunUntil(context_, [&] { return !told_.empty(); }));
  ASSERT_NE(told_.front(), nullptr);
  EXPECT_EQ(told_.front()->revision(), 3u);
  EXPECT_EQ(WayNow(), Way::kHalted);
}

TEST_F(ReaderTest, TellsOfAnEmptyTopicAndOfWhatComesLater) {
  StartReader();
  ASSERT_TRUE(RunUntil(context_, [&] { return !told_.empty(); }));
  EXPECT_EQ(WayNow(), Way::kOrder);
  Append(testing::MakeHalt(1, Halt::SCOPE_GLOBAL));
  ASSERT_TRUE(RunUntil(context_, [&] { return told_.back()->revision() == 1; }));
  EXPECT_EQ(WayNow(), Way::kHalted);
  EXPECT_EQ(Metric("controls_revision"), 2);
  EXPECT_EQ(Metric("controls_refused_total"), 0);
}

TEST_F(ReaderTest, WhatIsRefusedIsCountedAndChangesNothing) {
  StartReader();
  Append("halt/global@1-0", "nonsense");
  Append(testing::MakeHalt(2, Halt::SCOPE_GLOBAL));
  Append(testing::MakeHalt(1, Halt::SCOPE_GLOBAL, "", false));
  Append(testing::MakeHalt(1, Halt::SCOPE_OFFER, "o"));
  ASSERT_TRUE(RunUntil(context_, [&] { return !told_.empty() && told_.back()->revision() == 4; }));
  EXPECT_EQ(WayNow(), Way::kHalted);
  EXPECT_EQ(Metric("controls_refused_total"), 2);
}

TEST(LoadOperators, RefusesWhatCannotBeKept) {
  auto none = LoadOperators("", 2);
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->keys, nullptr);
  EXPECT_FALSE(LoadOperators("/nonexistent.jwks", 2).ok());
  const std::string path = std::filesystem::path(::testing::TempDir()) / "operators.jwks";
  auto signer = identity::Signer::Generate(identity::Algorithm::kEdDsa, "ani");
  ASSERT_TRUE(signer.ok());
  std::ofstream(path) << signer->jwks();
  EXPECT_FALSE(LoadOperators(path, 2).ok()) << "one key, two operators";
  auto one = LoadOperators(path, 1);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->keys->size(), 1u);
  std::ofstream(path) << "{}";
  EXPECT_FALSE(LoadOperators(path, 1).ok());
}

}  // namespace
}  // namespace jembatan::controls
