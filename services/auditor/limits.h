#pragma once

// The auditor's bounds.

#include <cstddef>
#include <cstdint>

namespace jembatan::auditor {

// Kilobytes that librdkafka prefetches of one topic. This, and what the ledger's store keeps until
// the next seal, is all that the auditor remembers of records.
inline constexpr int kQueuedKilobytes = 16'384;
// It is in nobody's way, and nobody waits for it: fetches gather for long.
inline constexpr int kFetchWaitMs = 100;
inline constexpr int kFetchBytes = 262'144;

// After what could not be read or written for now.
inline constexpr int64_t kRetryMs = 1'000;
// When nothing happens there is a seal all the same, to say so.
inline constexpr int64_t kIdleSealMs = 60'000;
// Without a seal for so many intervals the auditor is not ready.
inline constexpr int kSealsMissedMax = 3;

// Breaches are all counted; lines are logged of so many.
inline constexpr uint64_t kBreachLinesMax = 100;

// Parameters of one request.
inline constexpr size_t kParametersMax = 8;

}  // namespace jembatan::auditor
