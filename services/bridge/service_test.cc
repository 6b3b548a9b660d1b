// The service on the in-process Kafka, without a marketplace: what it does about a log that is not
// as it left it.

#include "services/bridge/service.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "gtest/gtest.h"

#include "libs/kafka/consumer.h"
#include "libs/kafka/producer.h"
#include "libs/kafka/testing/mock_cluster.h"
#include "libs/kafka/testing/run_until.h"
#include "libs/runtime/admin_client.h"

namespace jembatan::bridge {
namespace {

using kafka::testing::RunUntil;

constexpr int kPartitions = 2;
// The in-process Kafka takes about this long to hand a group on.
constexpr int kSessionMs = 4'000;
constexpr auto kPatience = std::chrono::seconds(20);

bool Eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

// A member of the bridges' group that commits one offset and leaves.
class Committer final : public kafka::GroupHandler {
 public:
  Committer(const std::string& brokers, boost::asio::io_context& context) {
    kafka::GroupOptions options;
    options.cluster.brokers = brokers;
    options.group_id = Options().group;
    options.topic = kafka::kIntentsTopic;
    options.session_timeout_ms = kSessionMs;
    consumer_ = *kafka::GroupConsumer::Create(options, context, this);
    consumer_->Subscribe();
  }
  void OnAssigned(std::span<const kafka::PartitionStart> partitions) override {
    assigned_ += static_cast<int>(partitions.size());
  }
  void OnRevoked(std::span<const int32_t> /*partitions*/, bool /*lost*/,
                 std::function<void()> done) override {
    done();
  }
  void OnRecords(std::span<const kafka::Record> /*records*/) override {}
  void OnPartitionEnd(int32_t /*partition*/, int64_t /*next_offset*/) override {}
  void OnError(int32_t /*partition*/, const absl::Status& /*status*/) override {}

  bool CommitAndLeave(int32_t partition, int64_t offset, boost::asio::io_context& context) {
    bool left = false;
    if (!RunUntil(context, [this] { return assigned_ == kPartitions; })) return false;
    consumer_->Commit(partition, offset, [&](const absl::Status& status) {
      EXPECT_TRUE(status.ok()) << status;
      consumer_->Close([&left] { left = true; });
    });
    return RunUntil(context, [&left] { return left; });
  }

 private:
  std::unique_ptr<kafka::GroupConsumer> consumer_;
  int assigned_ = 0;
};

class BridgeService : public testing::Test {
 protected:
  void SetUp() override {
    auto cluster = kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(kPartitions));
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    cluster_ = *std::move(cluster);
  }

  void Append(int32_t partition, int records) {
    kafka::ProducerOptions options;
    options.cluster.brokers = cluster_->bootstrap();
    auto producer =
        *kafka::Producer::Create(options, context_, [](std::span<const kafka::Delivery>) {});
    for (int i = 0; i < records; ++i) {
      ASSERT_TRUE(producer->Produce(kafka::kIntentsTopic, partition, "offer", "garbage", 0).ok());
    }
    ASSERT_TRUE(RunUntil(context_, [&] { return producer->outstanding() == 0; }));
  }

  std::unique_ptr<Service> StartBridge() {
    Options options;
    options.brokers = cluster_->bootstrap();
    options.orders_target = "127.0.0.1:1";
    options.admin_listen = "127.0.0.1:0";
    options.partitions = kPartitions;
    options.session_timeout_ms = kSessionMs;
    options.topic_watch_ms = 50;
    auto service = std::make_unique<Service>(options);
    const absl::Status started = service->Start();
    EXPECT_TRUE(started.ok()) << started;
    return service;
  }

  static std::string Get(const Service& service, const std::string& path) {
    auto reply =
        runtime::HttpGet("http://127.0.0.1:" + std::to_string(service.admin_port()) + path);
    return reply.ok() ? reply->body : std::string();
  }

  boost::asio::io_context context_{1};
  std::unique_ptr<kafka::testing::MockCluster> cluster_;
};

TEST_F(BridgeService, AnOffsetThatIsGoneStopsItsPartitionAndNamesTheGap) {
  Append(1, 10);
  ASSERT_TRUE(Committer(cluster_->bootstrap(), context_).CommitAndLeave(1, 5, context_));
  cluster_->DeleteRecords(kafka::kIntentsTopic, 1, 8);
  auto bridge = StartBridge();
  std::string ready;
  EXPECT_TRUE(Eventually([&] {
    ready = Get(*bridge, "/readyz");
    return ready.find(
               "partition 1 has stopped: offsets 5 to 7 are gone from the log, which begins "
               "at 8; committed is 5\n") != std::string::npos;
  })) << ready;
  const std::string metrics = Get(*bridge, "/metrics");
  EXPECT_NE(metrics.find("\njembatan_bridge_partitions_stopped_total 1\n"), std::string::npos)
      << metrics;
  // Not skipped either.
  EXPECT_NE(metrics.find("\njembatan_bridge_intents_total 0\n"), std::string::npos) << metrics;
  bridge->Stop();
}

TEST_F(BridgeService, ATopicMadeAnewStopsAllPartitionsUntilARestart) {
  for (const char* topic : {kafka::kIntentsTopic, kafka::kOutcomesTopic}) {
    auto bridge = StartBridge();
    const auto ready_is = [&](const std::string& beginning) {
      std::string ready;
      EXPECT_TRUE(Eventually([&] {
        ready = Get(*bridge, "/readyz");
        return ready.starts_with(beginning);
      })) << ready;
    };
    EXPECT_TRUE(Eventually([&] {
      return Get(*bridge, "/metrics").find("\njembatan_bridge_partitions 2\n") != std::string::npos;
    }));
    ASSERT_TRUE(cluster_->RemakeTopic(topic, kPartitions).ok());
    ready_is("nothing is worked on: " + std::string(topic) + " was made anew: its id is ");
    std::string metrics;
    EXPECT_TRUE(Eventually([&] {
      metrics = Get(*bridge, "/metrics");
      return metrics.find("\njembatan_bridge_partitions 0\n") != std::string::npos;
    }));
    EXPECT_NE(metrics.find("\njembatan_bridge_partitions_stopped_total 2\n"), std::string::npos);
    Append(0, 3);
    bridge->Stop();
    bridge = StartBridge();
    ready_is("the stream to the marketplace is down\n");
    bridge->Stop();
  }
}

TEST_F(BridgeService, AnotherNumberOfPartitionsStopsAll) {
  auto bridge = StartBridge();
  ASSERT_TRUE(cluster_->RemakeTopic(kafka::kIntentsTopic, kPartitions + 1).ok());
  std::string ready;
  EXPECT_TRUE(Eventually([&] {
    ready = Get(*bridge, "/readyz");
    return ready == "nothing is worked on: jembatan.intents.v1 has 3 partitions instead of 2\n";
  })) << ready;
  bridge->Stop();
}

TEST_F(BridgeService, WithoutAMarketplaceThatIsTheReason) {
  auto bridge = StartBridge();
  std::string ready;
  EXPECT_TRUE(Eventually([&] {
    ready = Get(*bridge, "/readyz");
    return ready == "the stream to the marketplace is down\n";
  })) << ready;
  EXPECT_FALSE(bridge->ready());
  bridge->Stop();
}

}  // namespace
}  // namespace jembatan::bridge
