#pragma once

// Decimal numbers of the ledger's texts: each value has one text, so that a text and what was read
// from it say the same. Internal to this folder. Pure; any thread.

#include <cstdint>
#include <optional>
#include <string_view>

namespace jembatan::ledger {

// Digits only, no leading zero, within [0, 2^63).
std::optional<int64_t> ParseDecimal(std::string_view text);

// Cuts off and returns what stands before the next separator; nullopt if there is none.
std::optional<std::string_view> TakeUntil(std::string_view* text, char separator);

}  // namespace jembatan::ledger
