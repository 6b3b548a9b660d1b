#pragma once

// Between wall milliseconds and google.protobuf.Timestamp. Header only: libs/base itself links no
// protobuf. Pure; any thread.

#include <cstdint>

#include <google/protobuf/timestamp.pb.h>

namespace jembatan::base {

inline int64_t ToMs(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1000 + time.nanos() / 1'000'000;
}

inline void SetMs(int64_t unix_ms, google::protobuf::Timestamp* time) {
  time->set_seconds(unix_ms / 1000);
  time->set_nanos(static_cast<int32_t>(unix_ms % 1000) * 1'000'000);
}

}  // namespace jembatan::base
