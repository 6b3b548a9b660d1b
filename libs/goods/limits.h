#pragma once

// Every bound on what is attested about goods, in one place. Pure constants.

#include <cstddef>
#include <cstdint>

namespace jembatan::goods {

inline constexpr size_t kIdBytes = 64;
// A line for people: a licence, an article, a source.
inline constexpr size_t kProseBytes = 512;
inline constexpr size_t kHsCodeDigits = 8;
inline constexpr int64_t kAmountMinorMax = 1'000'000'000'000'000;

// A signed note about one offer. A longer one is refused unread.
inline constexpr size_t kNoteBytes = 8'192;
// Keys of marketplaces that one reader trusts.
inline constexpr size_t kKeysMax = 256;
inline constexpr size_t kKeysFileBytes = 64 * 1024;

static_assert(3 * kProseBytes + 8 * kIdBytes < kNoteBytes);

}  // namespace jembatan::goods
