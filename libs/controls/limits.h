#pragma once

// Bounds of controls. Pure constants.

#include <cstddef>
#include <cstdint>

namespace jembatan::controls {

inline constexpr size_t kIdBytes = 64;
inline constexpr size_t kWhyBytes = 500;
inline constexpr size_t kMilestones = 32;
inline constexpr size_t kMilestoneTitleBytes = 200;
inline constexpr size_t kSignatures = 8;
// A whole record, without the text of a policy.
inline constexpr size_t kControlBytes = 16'384;
// The text of a policy: below what a broker takes in one record.
inline constexpr size_t kPolicyBytes = 512 * 1'024;
// Subjects that a reader keeps, lifted halts included: their versions must not come again.
inline constexpr size_t kSubjects = 65'536;

// A share of 1.
inline constexpr uint32_t kWholeShare = 10'000;

// How often a reader asks for the end of the topic, and after how long without having read up to
// the end it knows no longer whether sales are halted.
inline constexpr int64_t kLookMs = 500;
inline constexpr int64_t kStaleMs = 30'000;

static_assert(kLookMs * 10 < kStaleMs);
static_assert(kMilestones * (kMilestoneTitleBytes + 64) + kWhyBytes + kSignatures * 192 <
              kControlBytes);

}  // namespace jembatan::controls
