#pragma once

// Every bound of the conformance tool by name. Constants only.

#include <cstddef>
#include <cstdint>

namespace jembatan::conformance {

// --- The contract's numbers (orders.proto) ---
inline constexpr int kMaxBatchOrders = 512;
inline constexpr int kMaxKeysAsked = 100;
inline constexpr int kMaxOffersPerMessage = 512;
inline constexpr uint32_t kMaxQuantity = 99;

// --- Waiting ---
inline constexpr int kCallTimeoutMs = 10'000;
inline constexpr int kStreamTimeoutMs = 30'000;
// How late the feed may tell of a change.
inline constexpr int kFeedTimeoutMs = 10'000;
inline constexpr int kRestartTimeoutMs = 60'000;
// How often an order that was answered RETRY is sent again, and the longest wait before.
inline constexpr int kRetriesMax = 20;
inline constexpr uint32_t kRetryWaitMsMax = 1'000;

// --- A stalled stream ---
// So many unread answers of so many refused orders fill every buffer between the two ends.
inline constexpr int kStallBatches = 12;
inline constexpr int kStallArriveMs = 500;
inline constexpr int kStallDeadlineMs = 800;
// How far the two clocks may lie apart.
inline constexpr int kClockSkewMs = 250;

// --- Files and reports ---
inline constexpr size_t kMaxOffersFileBytes = 1 << 20;
inline constexpr size_t kFailuresToldMax = 3;

}  // namespace jembatan::conformance
