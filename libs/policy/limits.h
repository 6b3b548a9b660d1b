#pragma once

// Every bound on a policy, in one place. Pure constants.

#include <cstddef>
#include <cstdint>

namespace jembatan::policy {

inline constexpr size_t kFileBytes = size_t{1} << 20;
inline constexpr size_t kRulesMax = 256;
inline constexpr size_t kRatesMax = 4'096;

// A rate is rupiah per unit in millionths: up to a hundred million rupiah. With amounts of at most
// goods::kAmountMinorMax the products of a comparison stay far below 2^127.
inline constexpr int64_t kRateOne = 1'000'000;
inline constexpr int64_t kRateMax = 100'000'000 * kRateOne;

// Of a rollout: all buyers.
inline constexpr int64_t kBasisPoints = 10'000;

}  // namespace jembatan::policy
