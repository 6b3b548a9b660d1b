#include "libs/kafka/producer.h"

#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/kafka/admin.h"
#include "libs/kafka/testing/cluster_test.h"

namespace jembatan::kafka {
namespace {

using std::chrono::milliseconds;
using testing::ClusterTest;
using testing::kTopic;
using testing::RunFor;
using testing::RunUntil;

constexpr int kPartitions = 3;

class ProducerTest : public ClusterTest {
 protected:
  ProducerTest() : ClusterTest(kPartitions) { options_.cluster = config_; }

  void Start() {
    auto producer = Producer::Create(options_, context_, [this](std::span<const Delivery> batch) {
      largest_batch_ = std::max(largest_batch_, batch.size());
      for (const Delivery& each : batch) {
        ++times_[each.opaque];
        deliveries_.push_back(each);
      }
    });
    ASSERT_TRUE(producer.ok()) << producer.status();
    producer_ = *std::move(producer);
  }

  // Produces one record and waits for it, so that connections and ids exist.
  void WarmUp() {
    ASSERT_TRUE(producer_->Produce(kTopic, 0, "key", "warm", kWarmOpaque).ok());
    ASSERT_TRUE(RunUntil(context_, [&] { return producer_->outstanding() == 0; }));
    ASSERT_TRUE(deliveries_.back().status.ok()) << deliveries_.back().status;
    deliveries_.clear();
    times_.clear();
  }

  int64_t EndOffset(int32_t partition) {
    auto admin = Admin::Create(options_.cluster, context_);
    int64_t end = -1;
    (*admin)->EndOffset(kTopic, partition, [&](absl::StatusOr<int64_t> offset) {
      EXPECT_TRUE(offset.ok()) << offset.status();
      end = offset.value_or(-2);
    });
    EXPECT_TRUE(RunUntil(context_, [&] { return end != -1; }));
    return end;
  }

  static constexpr uint64_t kWarmOpaque = ~uint64_t{0};

  ProducerOptions options_;
  std::vector<Delivery> deliveries_;
  std::map<uint64_t, int> times_;
  size_t largest_batch_ = 0;
  std::unique_ptr<Producer> producer_;
};

TEST_F(ProducerTest, DeliversEveryRecordOnceWithItsOffset) {
  Start();
  const int64_t before = base::WallMs();
  for (uint64_t i = 0; i < 90; ++i) {
    const auto partition = static_cast<int32_t>(i % kPartitions);
    ASSERT_TRUE(producer_->Produce(kTopic, partition, "key", "value", i).ok());
  }
  ASSERT_TRUE(RunUntil(context_, [&] { return producer_->outstanding() == 0; }));
  ASSERT_EQ(times_.size(), 90u);
  for (const Delivery& each : deliveries_) {
    EXPECT_TRUE(each.status.ok()) << each.status;
    EXPECT_EQ(each.persistence, Persistence::kPersisted);
    EXPECT_EQ(each.partition, static_cast<int32_t>(each.opaque % kPartitions));
    // Order of production is order of offsets within a partition.
    EXPECT_EQ(each.offset, static_cast<int64_t>(each.opaque / kPartitions));
    EXPECT_GE(each.append_time_ms, before - 1);
    EXPECT_LE(each.append_time_ms, base::WallMs());
  }
}

TEST_F(ProducerTest, HandsOnBoundedBatches) {
  Start();
  for (uint64_t i = 0; i < 5000; ++i) {
    ASSERT_TRUE(producer_->Produce(kTopic, 0, "key", "value", i).ok());
  }
  ASSERT_TRUE(RunUntil(context_, [&] { return producer_->outstanding() == 0; }));
  EXPECT_EQ(times_.size(), 5000u);
  EXPECT_EQ(deliveries_.size(), 5000u);
  EXPECT_LE(largest_batch_, 1024u);
  EXPECT_GT(largest_batch_, 1u);
}

TEST_F(ProducerTest, RetriesUnseenWhatTheBrokerRefusedForNow) {
  // All in one request.
  options_.linger_ms = 50;
  Start();
  WarmUp();
  cluster_->FailProduces(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 2);
  for (uint64_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(producer_->Produce(kTopic, 1, "key", "value", i).ok());
  }
  ASSERT_TRUE(RunUntil(context_, [&] { return producer_->outstanding() == 0; }));
  for (const Delivery& each : deliveries_) {
    EXPECT_TRUE(each.status.ok()) << each.status;
    EXPECT_EQ(each.offset, static_cast<int64_t>(each.opaque));
  }
  EXPECT_EQ(deliveries_.size(), 10u);
  EXPECT_EQ(EndOffset(1), 10);
}

TEST_F(ProducerTest, FinalRefusalIsNotPersisted) {
  Start();
  WarmUp();
  cluster_->FailProduces(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
  ASSERT_TRUE(producer_->Produce(kTopic, 1, "key", "value", 7).ok());
  ASSERT_TRUE(RunUntil(context_, [&] { return !deliveries_.empty(); }));
  EXPECT_EQ(deliveries_[0].opaque, 7u);
  EXPECT_TRUE(absl::IsPermissionDenied(deliveries_[0].status)) << deliveries_[0].status;
  EXPECT_EQ(deliveries_[0].persistence, Persistence::kNotPersisted);
}

TEST_F(ProducerTest, DuplicateIsNoProof) {
  Start();
  WarmUp();
  cluster_->FailProduces(RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER, 1);
  ASSERT_TRUE(producer_->Produce(kTopic, 0, "key", "value", 7).ok());
  ASSERT_TRUE(RunUntil(context_, [&] { return !deliveries_.empty(); }));
  EXPECT_FALSE(deliveries_[0].status.ok());
  EXPECT_EQ(deliveries_[0].persistence, Persistence::kPossiblyPersisted);
}

// The first request of a partition is refused for now, the second is taken: librdkafka then calls
// the first record delivered too, without an offset, though the log does not hold it.
TEST_F(ProducerTest, SuccessInferredFromALaterOneIsNoProof) {
  Start();
  WarmUp();
  cluster_->SetRtt(1, 100);
  cluster_->FailProduces(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 1);
  ASSERT_TRUE(producer_->Produce(kTopic, 1, "key", "value", 1).ok());
  RunFor(context_, milliseconds(40));
  ASSERT_TRUE(producer_->Produce(kTopic, 1, "key", "value", 2).ok());
  ASSERT_TRUE(RunUntil(context_, [&] { return producer_->outstanding() == 0; }));
  ASSERT_EQ(deliveries_.size(), 2u);
  for (const Delivery& each : deliveries_) {
    EXPECT_EQ(each.status.ok(), each.opaque == 2) << each.status;
    EXPECT_EQ(each.persistence,
              each.opaque == 2 ? Persistence::kPersisted : Persistence::kPossiblyPersisted);
  }
  EXPECT_EQ(EndOffset(1), 1);
}

TEST_F(ProducerTest, QueueIsBounded) {
  options_.queue_messages = 100;
  Start();
  WarmUp();
  cluster_->SetRtt(1, 300);
  for (uint64_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(producer_->Produce(kTopic, 0, "key", "value", i).ok());
  }
  const absl::Status refused = producer_->Produce(kTopic, 0, "key", "value", 100);
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_EQ(producer_->outstanding(), 100u);
  ASSERT_TRUE(RunUntil(context_, [&] { return producer_->outstanding() == 0; }));
  EXPECT_EQ(times_.size(), 100u);
  EXPECT_EQ(times_.count(100), 0u);
}

TEST_F(ProducerTest, NeverSentIsNotPersisted) {
  cluster_->SetDown(1, true);
  options_.message_timeout_ms = 500;
  Start();
  ASSERT_TRUE(producer_->Produce(kTopic, 0, "key", "value", 1).ok());
  ASSERT_TRUE(RunUntil(context_, [&] { return !deliveries_.empty(); }));
  EXPECT_TRUE(absl::IsDeadlineExceeded(deliveries_[0].status)) << deliveries_[0].status;
  EXPECT_EQ(deliveries_[0].persistence, Persistence::kNotPersisted);
}

TEST_F(ProducerTest, SentWithoutAnAnswerIsPossiblyPersisted) {
  options_.message_timeout_ms = 1000;
  Start();
  WarmUp();
  cluster_->SetRtt(1, 4000);
  ASSERT_TRUE(producer_->Produce(kTopic, 0, "key", "value", 1).ok());
  ASSERT_TRUE(RunUntil(context_, [&] { return !deliveries_.empty(); }));
  EXPECT_FALSE(deliveries_[0].status.ok());
  EXPECT_EQ(deliveries_[0].persistence, Persistence::kPossiblyPersisted);
  cluster_->SetRtt(1, 0);
}

TEST_F(ProducerTest, UnknownPlacesAreRefused) {
  Start();
  WarmUp();
  EXPECT_TRUE(absl::IsNotFound(producer_->Produce(kTopic, kPartitions, "key", "value", 1)));
  EXPECT_TRUE(absl::IsInvalidArgument(producer_->Produce(kTopic, -1, "key", "value", 1)));
  EXPECT_EQ(producer_->outstanding(), 0u);
}

TEST_F(ProducerTest, BadPropertyIsNamed) {
  options_.cluster.properties["no.such.property"] = "1";
  const auto producer = Producer::Create(options_, context_, [](std::span<const Delivery>) {});
  EXPECT_TRUE(absl::IsInvalidArgument(producer.status()));
  EXPECT_NE(base::ToString(producer.status()).find("no.such.property"), std::string::npos);
}

TEST_F(ProducerTest, FatalErrorAnswersEverythingOnceAndGoesOn) {
  Start();
  WarmUp();
  // Far beyond the grace for requests in flight: nothing of these is answered by the broker.
  cluster_->SetRtt(1, 3000);
  for (uint64_t i = 0; i < 2000; ++i) {
    const auto partition = static_cast<int32_t>(i % kPartitions);
    ASSERT_TRUE(producer_->Produce(kTopic, partition, "key", "value", i).ok());
  }
  RunFor(context_, milliseconds(50));
  const auto start = std::chrono::steady_clock::now();
  producer_->InjectFatalError();
  ASSERT_TRUE(RunUntil(context_, [&] { return producer_->rebuilds() == 1; }));
  cluster_->SetRtt(1, 0);
  ASSERT_TRUE(producer_->Produce(kTopic, 0, "key", "value", 5000).ok());
  ASSERT_TRUE(RunUntil(context_, [&] { return producer_->outstanding() == 0; }));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  RunFor(context_, milliseconds(50));
  EXPECT_EQ(times_.size(), 2001u);
  EXPECT_EQ(deliveries_.size(), 2001u);
  // The warm one is there.
  int64_t surely_persisted = 1;
  int64_t maybe_persisted = 1;
  for (const Delivery& each : deliveries_) {
    EXPECT_TRUE(each.opaque != 5000 || each.status.ok()) << each.status;
    EXPECT_EQ(each.status.ok(), each.persistence == Persistence::kPersisted) << each.status;
    // What had not left for the broker when the error came is known not to be there.
    if (each.persistence != Persistence::kNotPersisted) ++maybe_persisted;
    if (each.status.ok()) ++surely_persisted;
  }
  int64_t persisted = 0;
  for (int32_t partition = 0; partition < kPartitions; ++partition) {
    persisted += EndOffset(partition);
  }
  EXPECT_GE(persisted, surely_persisted);
  EXPECT_LE(persisted, maybe_persisted);
}

// Several threads produce without pause while instances come and go beneath them.
TEST_F(ProducerTest, RebuildsUnderConcurrentProducers) {
  Start();
  WarmUp();
  constexpr uint64_t kThreads = 3;
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> accepted{0};
  std::atomic<uint64_t> surprises{0};
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t i = 0; !stop; ++i) {
        const auto partition = static_cast<int32_t>(i % kPartitions);
        const absl::Status status =
            producer_->Produce(kTopic, partition, "key", "value", i * kThreads + t);
        if (status.ok()) {
          ++accepted;
        } else if (!absl::IsUnavailable(status) && !absl::IsResourceExhausted(status)) {
          ++surprises;
        }
        if (i % 64 == 0) std::this_thread::sleep_for(milliseconds(1));
      }
    });
  }
  for (uint64_t round = 1; round <= 2; ++round) {
    RunFor(context_, milliseconds(100));
    producer_->InjectFatalError();
    ASSERT_TRUE(RunUntil(context_, [&] { return producer_->rebuilds() == round; }));
    const size_t before = deliveries_.size();
    ASSERT_TRUE(RunUntil(
        context_, [&] { return deliveries_.size() > before && deliveries_.back().status.ok(); }));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(RunUntil(context_, [&] { return producer_->outstanding() == 0; }));
  EXPECT_EQ(surprises, 0u);
  EXPECT_EQ(deliveries_.size(), accepted);
  EXPECT_EQ(times_.size(), accepted);
}

TEST_F(ProducerTest, EndsWithRecordsOutstandingAndDeliversNoMore) {
  Start();
  WarmUp();
  cluster_->SetRtt(1, 1000);
  for (uint64_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(producer_->Produce(kTopic, 0, "key", "value", i).ok());
  }
  RunFor(context_, milliseconds(20));
  producer_.reset();
  RunFor(context_, milliseconds(20));
  EXPECT_TRUE(deliveries_.empty());
}

}  // namespace
}  // namespace jembatan::kafka
