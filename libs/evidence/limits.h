#pragma once

// Bounds of evidence bundles. Pure constants.

#include <cstddef>
#include <cstdint>

#include "libs/intent/limits.h"

namespace jembatan::evidence {

// A whole bundle: the archive has no extensions for more.
inline constexpr uint64_t kBundleBytesMax = uint64_t{4'000} << 20;
inline constexpr size_t kFilesMax = 4'096;
inline constexpr size_t kFileNameBytesMax = 320;
// Records of all logs together.
inline constexpr uint64_t kRecordsMax = 16'000'000;
// Of one record; Kafka's own bound is 1 MiB by default.
inline constexpr uint32_t kKeyBytesMax = 1 << 16;
inline constexpr uint32_t kValueBytesMax = 16 << 20;

// How long before the window its records begin: every copy and every final of an intent that was
// first appended within the window lies behind it.
inline constexpr int64_t kLeadMs =
    2 * (intent::kTtlMs + intent::kFutureMs + intent::kBrokerSkewMs + intent::kGatewaySkewMs);
// How long behind the window they go on, if the ledger does: by then every intent of the window has
// its final, and an owner has said so.
inline constexpr int64_t kTailMs = 2 * intent::kTtlMs;

// How old what a bridge has read of the offers' topic may be when it decides.
inline constexpr int64_t kOffersLagMs = 30'000;

// Faults of one bundle that are told one by one.
inline constexpr size_t kFaultsToldMax = 20;

}  // namespace jembatan::evidence
