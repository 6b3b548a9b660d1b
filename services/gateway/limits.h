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
// Unary calls under way of one gRPC service of the process.
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

// Live rooms that are open, and offers in one, as RoomService lets in. Calls to several gateways at
// once may go over it by some; readers bear up to twice as many.
inline constexpr size_t kRoomsOpenMax = 10'000;
inline constexpr size_t kPinsPerRoom = 64;
// Rooms that were closed are remembered so long, and no more than this many.
inline constexpr int64_t kClosedRoomKeptMs = 24 * 3'600'000;
inline constexpr size_t kClosedRoomsKept = 20'000;
// RoomService's calls under way on a shard, and how long one waits for the log.
inline constexpr size_t kRoomCallsMax = 256;
inline constexpr int64_t kRoomCallMs = 5'000;
// Rooms of one page of ListRooms.
inline constexpr uint32_t kRoomsPerPage = 100;
// Hints are told to so many sessions in one tick; a room's next round comes after a gap that grows
// with its audience, so that hints take no more than one part in kHintTimeShare of a shard's time.
inline constexpr size_t kHintsPerTick = 64;
inline constexpr int64_t kHintGapMs = 100;
inline constexpr int64_t kHintSendUs = 10;
inline constexpr int64_t kHintTimeShare = 8;

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
