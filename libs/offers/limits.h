#pragma once

// Every bound on what readers of the offers topic keep, in one place. Pure constants.

#include <cstddef>

#include "libs/goods/limits.h"

namespace jembatan::offers {

// Offers that one reader knows, over all marketplaces; what is beyond is left out and counted.
inline constexpr size_t kOffersMax = 200'000;
// A whole record.
inline constexpr size_t kRecordBytes = 16'384;
inline constexpr size_t kTitleBytes = 1'024;
inline constexpr size_t kPriceVersionBytes = 64;

static_assert(goods::kNoteBytes + kTitleBytes + 1'024 < kRecordBytes);

}  // namespace jembatan::offers
