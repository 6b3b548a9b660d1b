#pragma once

// ScanTopic: every record a topic holds now. Main thread; blocks until every partition was read up
// to its end of then, which is where a partition that grows meanwhile is left.

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"

#include "libs/kafka/config.h"
#include "libs/kafka/consumer.h"

namespace jembatan::ctl {

// Tokens are claimed anew at least hourly (protocol rule 2): an outcome can be judged by what was
// read since then.
inline constexpr int64_t kTokenAgeMs = 2 * 3'600'000;

struct TopicScan {
  kafka::ClusterConfig cluster;
  std::string topic;
  int partitions = 6;
  // Only what was appended since, by the broker's clock; -1: everything.
  int64_t since_ms = -1;
  // Where each partition is begun; a partition that is not named is left out. Empty: as above.
  std::map<int32_t, int64_t> from_offsets{};
  // Without a record for this long the scan has failed.
  int timeout_ms = 15'000;
};

// Records of one partition come in their order, partitions mixed. Views live for the call.
absl::Status ScanTopic(const TopicScan& scan,
                       const std::function<void(const kafka::Record& record)>& visit);

// What a record holds may be anything: a text that is no UTF-8 is shown as hexadecimal.
std::string Shown(const std::string& text);

}  // namespace jembatan::ctl
