#pragma once

// The file of further librdkafka properties, behind every program's --kafka_config: security and
// the like, one "key=value" a line, '#' before a remark. Blocking; start-up only.

#include <map>
#include <string>

#include "absl/status/statusor.h"

#include "libs/kafka/config.h"

namespace jembatan::kafka {

// Empty path: none. The whole file is refused, with "PATH:LINE: why", for one line that is no
// key=value, names a property twice, or one that librdkafka does not know, whose value it does not
// take, or on which the promise rests (acks, idempotence, offsets). What is said holds no value:
// one may be a password.
absl::StatusOr<std::map<std::string, std::string>> ReadProperties(const std::string& path);

// The cluster as a service's flags name it. INVALID_ARGUMENT, which names --kafka_config, for a
// file that is refused.
absl::StatusOr<ClusterConfig> ReadCluster(const std::string& brokers, const std::string& client_id,
                                          const std::string& kafka_config);

}  // namespace jembatan::kafka
