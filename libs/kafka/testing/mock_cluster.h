#pragma once

// MockCluster: librdkafka's in-process Kafka, with injectable errors and delays. Keeps at most 5
// MiB or 100,000 records of each partition and nothing on disk. It serves tests and
// jembatan-devbroker. Owned by one thread; its own threads serve the clients. Destroying it closes
// its ports.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/kafka/config.h"

namespace jembatan::kafka::testing {

class MockCluster {
 public:
  static absl::StatusOr<std::unique_ptr<MockCluster>> Create(int brokers,
                                                             const std::vector<TopicSpec>& topics);
  ~MockCluster();

  // host:port list for clients.
  std::string bootstrap() const;

  // The next `count` Produce requests fail with NOT_ENOUGH_REPLICAS, REQUEST_TIMED_OUT, ....
  void FailProduces(int rdkafka_error, int count);
  // No further Produce request fails.
  void MendProduces();
  // The next `count` OffsetCommit requests fail with UNKNOWN_MEMBER_ID, ....
  void FailCommits(int rdkafka_error, int count);
  // The next `count` ListOffsets requests fail.
  void FailListOffsets(int rdkafka_error, int count);
  // What metadata says of the topic from now on: UNKNOWN_TOPIC_OR_PART as if it were missing,
  // TOPIC_AUTHORIZATION_FAILED, ..., or NO_ERROR. Produce requests are not touched by it.
  void SetTopicError(const std::string& topic, int rdkafka_error);
  // Makes the topic anew, empty, with another number of partitions.
  absl::Status RemakeTopic(const std::string& topic, int partitions);
  // The partition begins at the offset from now on, as after retention; what lies before is gone.
  void DeleteRecords(const std::string& topic, int32_t partition, int64_t before_offset);
  // Round trip added to every answer of the broker (1-based).
  void SetRtt(int broker, int rtt_ms);
  void SetDown(int broker, bool down);
  // The group's coordinator is the broker (1-based) from now on. The mock answers for the group
  // wherever it is asked; a real broker that is not the coordinator does not:
  void SetCoordinator(const std::string& group, int broker);
  // The next `count` OffsetFetch requests to the broker fail with NOT_COORDINATOR, ....
  void FailOffsetFetches(int broker, int rdkafka_error, int count);

 private:
  class Impl;
  explicit MockCluster(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace jembatan::kafka::testing
