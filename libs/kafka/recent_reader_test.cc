#include "libs/kafka/recent_reader.h"

#include <string>

#include "libs/kafka/testing/cluster_test.h"
#include "libs/kafka/testing/produce.h"

namespace jembatan::kafka {
namespace {

using testing::kTopic;

class RecentReaderTest : public testing::ClusterTest {
 protected:
  RecentReaderTest() : ClusterTest(/*partitions=*/2) {}

  void Start(std::chrono::milliseconds reach) {
    auto admin = Admin::Create(config_, context_);
    ASSERT_TRUE(admin.ok()) << admin.status();
    admin_ = *std::move(admin);
    RecentReader::Options options;
    options.reader = {.cluster = config_, .topic = kTopic, .fetch_min_bytes = 1};
    options.partitions = 2;
    options.reach = reach;
    reader_ = std::make_unique<RecentReader>(options, *admin_, context_,
                                             [this](std::span<const Record> records) {
                                               for (const Record& record : records)
                                                 read_ += std::string(record.value) + " ";
                                             });
    ASSERT_TRUE(reader_->Start().ok());
  }
  void TearDown() override {
    admin_.reset();
    reader_.reset();
  }
  void Append(int32_t partition, const std::string& value) {
    testing::Produce(config_.brokers, kTopic, partition, "key", value);
  }
  bool Read(const std::string& what) {
    return testing::RunUntil(context_, [&] { return read_ == what; });
  }

  std::unique_ptr<Admin> admin_;
  std::string read_;
  std::unique_ptr<RecentReader> reader_;
};

TEST_F(RecentReaderTest, ReadsWhatIsThereAndWhatComes) {
  Append(0, "a");
  Start(std::chrono::minutes(1));
  EXPECT_FALSE(reader_->caught_up());
  EXPECT_TRUE(Read("a ")) << read_;
  EXPECT_TRUE(testing::RunUntil(context_, [&] { return reader_->caught_up(); }));
  Append(1, "b");
  EXPECT_TRUE(Read("a b ")) << read_;
}

TEST_F(RecentReaderTest, AnEmptyTopicIsReadAtOnce) {
  Start(std::chrono::minutes(1));
  EXPECT_TRUE(testing::RunUntil(context_, [&] { return reader_->caught_up(); }));
  EXPECT_EQ(read_, "");
}

TEST_F(RecentReaderTest, AClusterThatDoesNotAnswerIsAskedAgain) {
  Append(0, "a");
  cluster_->FailListOffsets(/*NOT_COORDINATOR=*/16, 2);
  Start(std::chrono::minutes(1));
  EXPECT_TRUE(Read("a ")) << read_;
}

}  // namespace
}  // namespace jembatan::kafka
