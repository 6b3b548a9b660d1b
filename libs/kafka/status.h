#pragma once

// The one place where librdkafka's error codes become absl::Status. The switch behind it is total
// for the librdkafka that tools/bootstrap builds: a code that a newer one adds is a compiler error
// there. Pure; any thread. Private to libs/kafka and its tests.

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <librdkafka/rdkafka.h>

namespace jembatan::kafka {

// detail is appended to librdkafka's own description of the code, unless it is the same.
absl::Status StatusOf(rd_kafka_resp_err_t error, std::string_view detail = {});

// The offset that a leader told of its partition's beginning or end. While leaders change,
// librdkafka 2.15.1 hands on answers without error and without offset (-1001, "invalid"), which
// must not be mistaken for a place to read from: -1 and -2 mean the log's end and beginning there.
// UNAVAILABLE: none is told, ask again.
absl::StatusOr<int64_t> OffsetTold(const rd_kafka_topic_partition_t& place);

}  // namespace jembatan::kafka
