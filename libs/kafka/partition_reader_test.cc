#include <chrono>
#include <functional>
#include <map>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "libs/kafka/admin.h"
#include "libs/kafka/consumer.h"
#include "libs/kafka/producer.h"
#include "libs/kafka/testing/cluster_test.h"

namespace jembatan::kafka {
namespace {

using std::chrono::milliseconds;
using testing::ClusterTest;
using testing::kTopic;
using testing::RunFor;
using testing::RunUntil;

constexpr int kPartitions = 2;

class PartitionReaderTest : public ClusterTest, public ReaderHandler {
 protected:
  PartitionReaderTest() : ClusterTest(kPartitions) {}

  void SetUp() override {
    ReaderOptions options;
    options.cluster = config_;
    options.topic = kTopic;
    auto reader = PartitionReader::Create(options, context_, this);
    ASSERT_TRUE(reader.ok()) << reader.status();
    reader_ = *std::move(reader);
  }

  void OnRecords(std::span<const Record> records) override {
    for (const Record& each : records) {
      EXPECT_EQ(each.offset, next_[each.partition]) << each.partition;
      next_[each.partition] = each.offset + 1;
      ++seen_;
    }
    if (on_records_) on_records_();
  }
  void OnPartitionEnd(int32_t partition, int64_t next_offset) override {
    EXPECT_EQ(next_offset, next_[partition]);
    ends_.emplace_back(partition, next_offset);
  }
  void OnError(int32_t partition, const absl::Status& status) override {
    errors_[partition] = status;
  }

  void Start(int32_t partition, int64_t offset) {
    next_[partition] = offset;
    reader_->Start(partition, offset);
  }

  void Append(int32_t partition, int records, size_t value_bytes = 10) {
    ProducerOptions options;
    options.cluster = config_;
    auto producer = Producer::Create(options, context_, [](std::span<const Delivery> batch) {
      for (const Delivery& each : batch) EXPECT_TRUE(each.status.ok()) << each.status;
    });
    const std::string value(value_bytes, 'v');
    for (int i = 0; i < records; ++i) {
      ASSERT_TRUE((*producer)->Produce(kTopic, partition, "key", value, 0).ok());
    }
    ASSERT_TRUE(RunUntil(context_, [&] { return (*producer)->outstanding() == 0; }));
  }

  std::unique_ptr<PartitionReader> reader_;
  std::map<int32_t, int64_t> next_;
  std::vector<std::pair<int32_t, int64_t>> ends_;
  std::map<int32_t, absl::Status> errors_;
  int seen_ = 0;
  std::function<void()> on_records_;
};

TEST_F(PartitionReaderTest, ReadsFromWhereItIsTold) {
  Append(0, 100);
  Append(1, 100);
  Start(0, 0);
  Start(1, 70);
  ASSERT_TRUE(RunUntil(context_, [&] { return ends_.size() == 2; }));
  EXPECT_EQ(seen_, 130);
  // The end is told again after it has moved.
  ends_.clear();
  Append(0, 5);
  ASSERT_TRUE(RunUntil(context_, [&] { return !ends_.empty(); }));
  EXPECT_EQ(ends_.back(), (std::pair<int32_t, int64_t>{0, 105}));
  EXPECT_TRUE(errors_.empty());
}

TEST_F(PartitionReaderTest, StartsAnewFromAnOlderOffset) {
  Append(0, 20'000);
  Start(0, 0);
  // In the midst of reading, from within the handler and from without; OnRecords checks that the
  // very next record is the one asked for.
  int restarts = 0;
  on_records_ = [&] {
    if (restarts < 10 && next_[0] > 500) Start(0, ++restarts * 7);
  };
  ASSERT_TRUE(RunUntil(context_, [&] { return next_[0] == 20'000; }));
  EXPECT_EQ(restarts, 10);
  Start(0, 3);
  ASSERT_TRUE(RunUntil(context_, [&] { return next_[0] == 20'000; }));
  for (int i = 0; i < 50; ++i) {
    Start(0, i);
    RunFor(context_, milliseconds(i % 5));
  }
  ASSERT_TRUE(RunUntil(context_, [&] { return next_[0] == 20'000; }));
  EXPECT_TRUE(errors_.empty());
}

TEST_F(PartitionReaderTest, StopIsAtOnce) {
  Append(0, 5000);
  Start(0, 0);
  ASSERT_TRUE(RunUntil(context_, [&] { return seen_ > 0; }));
  reader_->Stop(0);
  const int seen = seen_;
  ends_.clear();
  RunFor(context_, milliseconds(100));
  EXPECT_EQ(seen_, seen);
  EXPECT_TRUE(ends_.empty());
  reader_->Stop(0);
  Start(0, 4990);
  EXPECT_TRUE(RunUntil(context_, [&] { return next_[0] == 5000; }));
}

TEST_F(PartitionReaderTest, WaitsForRecordsAtTheEnd) {
  Start(0, 0);
  ASSERT_TRUE(RunUntil(context_, [&] { return ends_.size() == 1; }));
  EXPECT_EQ(ends_[0].second, 0);
  Append(0, 1);
  EXPECT_TRUE(RunUntil(context_, [&] { return seen_ == 1; }));
}

TEST_F(PartitionReaderTest, OffsetsOutOfRangeAreTold) {
  // The mock cluster keeps 5 MiB of a partition: the first records are gone.
  Append(0, 8, 900'000);
  Append(1, 10);
  Start(0, 0);
  Start(1, 1000);
  ASSERT_TRUE(RunUntil(context_, [&] { return errors_.size() == 2; }));
  EXPECT_TRUE(absl::IsOutOfRange(errors_[0])) << errors_[0];
  EXPECT_TRUE(absl::IsOutOfRange(errors_[1])) << errors_[1];
  EXPECT_EQ(seen_, 0);
  // It can be told better.
  Start(1, 4);
  EXPECT_TRUE(RunUntil(context_, [&] { return next_[1] == 10; }));
}

TEST_F(PartitionReaderTest, ImpossiblePlacesAreTold) {
  Start(0, -5);
  ASSERT_TRUE(RunUntil(context_, [&] { return errors_.contains(0); }));
  EXPECT_FALSE(errors_[0].ok());
  Start(kPartitions + 3, 0);
  ASSERT_TRUE(RunUntil(context_, [&] { return errors_.contains(kPartitions + 3); }));
  EXPECT_TRUE(absl::IsNotFound(errors_[kPartitions + 3])) << errors_[kPartitions + 3];
}

}  // namespace
}  // namespace jembatan::kafka
