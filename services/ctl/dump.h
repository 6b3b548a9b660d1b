#pragma once

// Dump: what a topic of the crossing holds, as libs/history reads it (the lines' form is in its
// reader.h). Main thread; blocks until every partition was read up to its end of then.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

#include "libs/kafka/config.h"

namespace jembatan::ctl {

struct DumpOptions {
  kafka::ClusterConfig cluster;
  std::string topic;  // "intents" or "outcomes"
  int partitions = 6;
  std::string out;
  // Without a record for this long the dump has failed.
  int timeout_ms = 15'000;
};

// The number of records written.
absl::StatusOr<uint64_t> Dump(const DumpOptions& options);

// One record's line, with its line end.
std::string IntentLine(int32_t partition, int64_t offset, int64_t append_ms,
                       std::string_view value);
std::string OutcomeLine(int32_t partition, int64_t offset, std::string_view value);

}  // namespace jembatan::ctl
