#pragma once

// Admin: asks a cluster about topics and offsets and creates topics. Calls are asynchronous on the
// io_context given (callbacks there), except the two blocking ones at the end, which are for
// start-up and command lines.
//
// Owned by the service; io_context's thread only, but the blocking calls. Destroying it drops
// pending callbacks.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <boost/asio/io_context.hpp>

#include "libs/kafka/config.h"

namespace jembatan::kafka {

// A topic as the cluster tells it at a moment.
struct TopicLook {
  int partitions = 0;
  // Given at its creation, and never again to another topic; empty: the cluster tells none.
  std::string id = {};
};

class Admin {
 public:
  using OffsetCallback = std::function<void(absl::StatusOr<int64_t>)>;
  using LookCallback = std::function<void(absl::StatusOr<TopicLook>)>;

  static absl::StatusOr<std::unique_ptr<Admin>> Create(const ClusterConfig& cluster,
                                                       boost::asio::io_context& context);
  ~Admin();

  // The offset that the next record of the partition will get (the high watermark).
  void EndOffset(const std::string& topic, int32_t partition, OffsetCallback done);
  // The first offset of the partition that is still in the log.
  void BeginOffset(const std::string& topic, int32_t partition, OffsetCallback done);
  // The first offset whose record was appended at or after unix_ms; the end offset if there is
  // none. librdkafka's mock cluster has no time index: there the beginning is returned, which reads
  // more and misses nothing.
  void OffsetAtTime(const std::string& topic, int32_t partition, int64_t unix_ms,
                    OffsetCallback done);
  // The topic at present. NOT_FOUND: there is no such topic, and it is not created by asking.
  void Look(const std::string& topic, LookCallback done);

 private:
  class Impl;
  explicit Admin(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Rules a cluster must keep before a service starts (design: production refuses RF < 3,
// min.insync.replicas < 2, unclean election, CreateTime, another partition count).
enum class Profile { kDev, kProduction };
// "dev", as services' flags have it; any other name is the strict one.
inline Profile ProfileNamed(std::string_view name) {
  return name == "dev" ? Profile::kDev : Profile::kProduction;
}

// Creates what is missing of the topics; existing ones are left as they are. Blocks up to
// timeout_ms.
absl::Status CreateTopics(const ClusterConfig& cluster, const std::vector<TopicSpec>& topics,
                          Profile profile, int timeout_ms);

// Compares the cluster with the definition. OK, or FAILED_PRECONDITION listing every difference, or
// UNAVAILABLE when the cluster, or its controller, does not answer within timeout_ms.
absl::Status CheckTopics(const ClusterConfig& cluster, const std::vector<TopicSpec>& topics,
                         Profile profile, int timeout_ms);

}  // namespace jembatan::kafka
