#pragma once

// Bounds of a registry of marketplaces. Pure constants.

#include <cstddef>
#include <cstdint>

namespace jembatan::registry {

inline constexpr size_t kFileBytes = 256 * 1024;
inline constexpr size_t kMarketplacesMax = 64;
inline constexpr size_t kIdBytes = 64;
inline constexpr size_t kPathBytes = 1024;
inline constexpr size_t kHostBytes = 255;

inline constexpr int kLinkTtlLeastS = 60;
inline constexpr int kLinkTtlMostS = 86'400;

}  // namespace jembatan::registry
