#pragma once

// CommittedLookup: asks where a group has committed to, on a thread of its own, since
// rd_kafka_committed blocks. The request that does not block, ListConsumerGroupOffsets, finds the
// group's coordinator in a cache that librdkafka 2.15.1 never corrects: once the coordinator has
// moved, it fails for as long as it is repeated. rd_kafka_committed asks the coordinator that the
// membership itself keeps up with.
//
// Private to libs/kafka. Its owner's io_context's thread only, and destroyed before the client and
// the context; waits then for a question under way, at most kCommittedTimeoutMs.

#include <cstdint>
#include <functional>
#include <map>
#include <thread>

#include "absl/status/statusor.h"
#include <boost/asio/io_context.hpp>
#include <librdkafka/rdkafka.h>

namespace jembatan::kafka {

inline constexpr int kCommittedTimeoutMs = 1'000;

class CommittedLookup {
 public:
  // By partition; those without a committed offset are missing.
  using Answer = std::function<void(absl::StatusOr<std::map<int32_t, int64_t>>)>;

  explicit CommittedLookup(boost::asio::io_context& context) : context_(context) {}
  ~CommittedLookup();

  // The client must be a member of the group or about to become one. The answer is posted on the
  // context. One question at a time: another waits for the earlier one's end.
  void Ask(rd_kafka_t* client, const rd_kafka_topic_partition_list_t& partitions, Answer answer);

 private:
  boost::asio::io_context& context_;
  std::thread thread_;
};

}  // namespace jembatan::kafka
