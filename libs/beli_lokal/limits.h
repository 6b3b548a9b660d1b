#pragma once

// Bounds of the Beli Lokal report. Pure constants.

#include <cstddef>
#include <cstdint>

namespace jembatan::beli_lokal {

// A creator's token is named only with the orders of so many different buyers: fewer are gathered
// into one row, so that no single buyer shows. Somebody may also have written a buyer into it.
inline constexpr size_t kBuyersMin = 10;
// Tokens named; those with fewer orders are gathered too.
inline constexpr size_t kTokensMax = 20;
// Places on the axis of time.
inline constexpr int64_t kSlotsMax = 24;
inline constexpr int64_t kSlotMsMin = 5'000;

}  // namespace jembatan::beli_lokal
