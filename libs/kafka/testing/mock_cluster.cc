#include "libs/kafka/testing/mock_cluster.h"

#include <librdkafka/rdkafka.h>
// After rdkafka.h, whose types it uses without including it.
#include <chrono>
#include <thread>
#include <utility>

#include <librdkafka/rdkafka_mock.h>

#include "libs/base/status.h"
#include "libs/kafka/client.h"
#include "libs/kafka/status.h"

namespace jembatan::kafka::testing {
namespace {

constexpr int16_t kProduceRequest = 0;
constexpr int16_t kListOffsetsRequest = 2;
constexpr int16_t kOffsetCommitRequest = 8;
constexpr int16_t kOffsetFetchRequest = 9;

void FailRequests(rd_kafka_mock_cluster_t* cluster, int16_t request, int rdkafka_error, int count) {
  const std::vector<rd_kafka_resp_err_t> errors(static_cast<size_t>(count),
                                                static_cast<rd_kafka_resp_err_t>(rdkafka_error));
  rd_kafka_mock_push_request_errors_array(cluster, request, errors.size(), errors.data());
}

}  // namespace

class MockCluster::Impl {
 public:
  Impl(Client client, rd_kafka_mock_cluster_t* cluster)
      : client_(std::move(client)), cluster_(cluster) {}
  // The cluster lives on threads of the client: it goes first.
  ~Impl() { rd_kafka_mock_cluster_destroy(cluster_); }

  rd_kafka_mock_cluster_t* cluster() const { return cluster_; }

 private:
  const Client client_;
  rd_kafka_mock_cluster_t* const cluster_;
};

absl::StatusOr<std::unique_ptr<MockCluster>> MockCluster::Create(
    int brokers, const std::vector<TopicSpec>& topics) {
  ClusterConfig config;
  config.client_id = "mock-cluster";
  JEMB_ASSIGN_OR_RETURN(Client client, NewClient(RD_KAFKA_PRODUCER, config, {}, 0));
  rd_kafka_mock_cluster_t* cluster = rd_kafka_mock_cluster_new(client.get(), brokers);
  if (cluster == nullptr) return base::ResourceExhausted("the mock cluster cannot listen");
  auto impl = std::make_unique<Impl>(std::move(client), cluster);
  // Else a group's first member waits 3 s for others.
  rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0);
  // Requests about topics wait for one.
  rd_kafka_mock_set_controller_id(cluster, 1);
  for (const TopicSpec& topic : topics) {
    // The mock cluster clears its wake-up after it has looked for requests; one that comes in
    // between waits a whole second.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    JEMB_RETURN_IF_ERROR(
        StatusOf(rd_kafka_mock_topic_create(cluster, topic.name.c_str(), topic.partitions, brokers),
                 topic.name));
  }
  return std::unique_ptr<MockCluster>(new MockCluster(std::move(impl)));
}

MockCluster::MockCluster(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MockCluster::~MockCluster() = default;

std::string MockCluster::bootstrap() const {
  return rd_kafka_mock_cluster_bootstraps(impl_->cluster());
}

void MockCluster::FailProduces(int rdkafka_error, int count) {
  FailRequests(impl_->cluster(), kProduceRequest, rdkafka_error, count);
}

void MockCluster::MendProduces() {
  rd_kafka_mock_clear_request_errors(impl_->cluster(), kProduceRequest);
}

void MockCluster::FailCommits(int rdkafka_error, int count) {
  FailRequests(impl_->cluster(), kOffsetCommitRequest, rdkafka_error, count);
}

void MockCluster::FailListOffsets(int rdkafka_error, int count) {
  FailRequests(impl_->cluster(), kListOffsetsRequest, rdkafka_error, count);
}

void MockCluster::SetTopicError(const std::string& topic, int rdkafka_error) {
  rd_kafka_mock_topic_set_error(impl_->cluster(), topic.c_str(),
                                static_cast<rd_kafka_resp_err_t>(rdkafka_error));
}

absl::Status MockCluster::RemakeTopic(const std::string& topic, int partitions) {
  // A producer that asks for the topic in between makes the mock create it by itself.
  constexpr int kTries = 100;
  absl::Status status;
  for (int i = 0; i < kTries; ++i) {
    rd_kafka_mock_topic_delete(impl_->cluster(), topic.c_str());
    status = StatusOf(
        rd_kafka_mock_topic_create(impl_->cluster(), topic.c_str(), partitions, /*replicas=*/1),
        topic);
    if (status.ok()) break;
  }
  return status;
}

void MockCluster::DeleteRecords(const std::string& topic, int32_t partition,
                                int64_t before_offset) {
  rd_kafka_mock_partition_delete_records(impl_->cluster(), topic.c_str(), partition, before_offset);
}

void MockCluster::SetRtt(int broker, int rtt_ms) {
  rd_kafka_mock_broker_set_rtt(impl_->cluster(), broker, rtt_ms);
}

void MockCluster::SetDown(int broker, bool down) {
  if (down) {
    rd_kafka_mock_broker_set_down(impl_->cluster(), broker);
  } else {
    rd_kafka_mock_broker_set_up(impl_->cluster(), broker);
  }
}

void MockCluster::SetCoordinator(const std::string& group, int broker) {
  rd_kafka_mock_coordinator_set(impl_->cluster(), "group", group.c_str(), broker);
}

void MockCluster::FailOffsetFetches(int broker, int rdkafka_error, int count) {
  for (int i = 0; i < count; ++i) {
    rd_kafka_mock_broker_push_request_error_rtts(impl_->cluster(), broker, kOffsetFetchRequest,
                                                 size_t{1}, rdkafka_error, /*rtt_ms=*/0);
  }
}

}  // namespace jembatan::kafka::testing
