#pragma once

// Bounds of the files that are read as TOML. Pure constants.

#include <cstddef>

namespace jembatan::toml_file {

// Entries of one list.
inline constexpr size_t kListMax = 10'000;

}  // namespace jembatan::toml_file
