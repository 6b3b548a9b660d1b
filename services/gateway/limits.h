#pragma once

// Every bound and every wait of the gateway's edge, in one place; what a message may hold is in
// libs/intent/limits.h. Pure constants and one value type.

#include <cstddef>
#include <cstdint>

#include "libs/intent/limits.h"

namespace jembatan::gateway {

// Request line and headers of an HTTP request, upgrade requests included.
inline constexpr size_t kHeaderBytes = 8 * 1024;
// What a connection buffers beside the body: a header block and the start of a pipelined request.
inline constexpr size_t kHttpBufferBytes = 16 * 1024;
// First read of a WebSocket message: an idle connection holds no more than this for it.
inline constexpr size_t kFirstReadBytes = 512;
// Later reads of a long message.
inline constexpr size_t kNextReadBytes = 16 * 1024;
// A larger input buffer is given back after its message.
inline constexpr size_t kKeptBufferBytes = 2 * 1024;
// Verified tokens remembered, twice this many at most.
inline constexpr size_t kVerifiedTokens = 8'192;
// gRPC unary calls under way in the process.
inline constexpr int kUnaryCalls = 4'096;
// Origins that --allow_origins may list.
inline constexpr size_t kOriginsMax = 64;
// Connect-Timeout-Ms: the specification's ten digits at most, and no more than this is waited.
inline constexpr int64_t kUnaryTimeoutMs = 10'000;
// After which time an accept that failed for want of descriptors or memory is tried again.
inline constexpr int64_t kAcceptPauseMs = 100;
// Upper end of the spread of reconnects after a drain.
inline constexpr uint32_t kReconnectSpreadMs = 2'000;
// How often a shard looks at its connections' waits.
inline constexpr int64_t kSweepMs = 250;

static_assert(kHttpBufferBytes >= 2 * kHeaderBytes, "a pipelined header block must fit");
static_assert(kFirstReadBytes <= kKeptBufferBytes, "an idle connection keeps its first buffer");

// How patient the gateway is with a client; rounded up to the next sweep. Tests shorten them.
struct Timeouts {
  // From the connection's opening, and from a request's first byte, to the last header.
  int64_t handshake_ms = 5'000;
  // From the last header to the last byte of the body.
  int64_t body_ms = 5'000;
  // From a WebSocket message's first bytes to its last.
  int64_t message_ms = 10'000;
  // Without anything from the client: a ping, then the end.
  int64_t ping_after_ms = 30'000;
  int64_t idle_ms = 75'000;
  // One send under way.
  int64_t write_stall_ms = 10'000;
  // From our close frame, or our half close, to the end of the connection.
  int64_t close_ms = 2'000;
  // From a drain to the close, for receipts that are due.
  int64_t drain_ms = 2'000;
};

}  // namespace jembatan::gateway
