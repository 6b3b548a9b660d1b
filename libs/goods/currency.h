#pragma once

// The currencies that an FOB price may be in, with the digits of their minor unit as the contracts
// count it. Pure; any thread.

#include <optional>
#include <string_view>

namespace jembatan::goods {

inline constexpr std::string_view kUsd = "USD";
inline constexpr std::string_view kRupiah = "IDR";

// Digits after the point in ISO 4217 (IDR: 2); nullopt: a currency that no rule can convert.
std::optional<int> MinorDigits(std::string_view currency);

}  // namespace jembatan::goods
