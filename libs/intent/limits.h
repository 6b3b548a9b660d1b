#pragma once

// Every bound on what a client may send, in one place. Numbers appear in the protos' comments; a
// test holds the two together where they can be compared. Pure constants.

#include <cstddef>
#include <cstdint>

namespace jembatan::intent {

// Protocol constants of topic version v1 (frozen with it).
inline constexpr int64_t kTtlMs = 120'000;        // deadline = id's time + TTL
inline constexpr int64_t kFutureMs = 5'000;       // F: how far ahead of the gateway an id may be
inline constexpr int64_t kBrokerSkewMs = 10'000;  // M: brokers' clocks across a leader change
inline constexpr int64_t kGatewaySkewMs = 5'000;  // G: a gateway's clock against the brokers'

inline constexpr size_t kOfferIdBytes = 64;
inline constexpr size_t kShortTextBytes = 64;  // price_version, room_id, campaign_id, voucher_ref
inline constexpr size_t kAttributionBytes = 128;
inline constexpr uint32_t kQuantityMax = 99;
inline constexpr int64_t kAmountMinorMax = 1'000'000'000'000'000;  // 10^15
inline constexpr int64_t kStreamPositionMsMax = 10LL * 24 * 3600 * 1000;

inline constexpr size_t kIntentsPerFrame = 256;
inline constexpr size_t kWatchesPerFrame = 256;
inline constexpr size_t kRoomsPerFrame = 8;
inline constexpr size_t kQueriesPerRequest = 100;
inline constexpr size_t kFrameBytes = 256 * 1024;  // one ClientFrame, either encoding
inline constexpr size_t kUnaryBytes = 64 * 1024;   // one HTTP or gRPC unary request
inline constexpr int kJsonDepth = 8;

static_assert(kIntentsPerFrame * 512 <= kFrameBytes, "a full frame of ordinary intents must fit");

}  // namespace jembatan::intent
