#pragma once

// The one place where librdkafka's error codes become absl::Status. The switch behind it is total
// for the librdkafka that tools/bootstrap builds: a code that a newer one adds is a compiler error
// there. Pure; any thread. Private to libs/kafka and its tests.

#include <string_view>

#include "absl/status/status.h"
#include <librdkafka/rdkafka.h>

namespace jembatan::kafka {

// detail is appended to librdkafka's own description of the code, unless it is the same.
absl::Status StatusOf(rd_kafka_resp_err_t error, std::string_view detail = {});

}  // namespace jembatan::kafka
