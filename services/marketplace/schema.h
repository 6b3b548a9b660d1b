#pragma once

// The tables of the marketplace, and how its connection is set. Start-up only.

#include <string>

#include "absl/status/statusor.h"

#include "libs/sqlite/file.h"

namespace jembatan::marketplace {

// As sqlite::OpenFile, with the bounds of limits.h; max_pages 0: as many as there is room for.
absl::StatusOr<sqlite::Database> OpenDatabase(const std::string& path, int max_pages);

}  // namespace jembatan::marketplace
