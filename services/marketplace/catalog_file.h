#pragma once

// Reads what an operator puts on sale from a file (libs/catalog/catalog_file.h). Any thread.

#include <string>

#include "absl/status/statusor.h"

#include "services/marketplace/order.h"

namespace jembatan::marketplace {

// INVALID_ARGUMENT names the file, the place and the key; at most kMaxOffersFileBytes.
absl::StatusOr<Catalog> ReadCatalogFile(const std::string& path);

}  // namespace jembatan::marketplace
