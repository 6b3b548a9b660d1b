#include "services/marketplace/catalog_file.h"

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/catalog/catalog_file.h"
#include "services/marketplace/limits.h"
#include "services/marketplace/wire.h"

namespace jembatan::marketplace {

absl::StatusOr<Catalog> ReadCatalogFile(const std::string& path) {
  JEMB_ASSIGN_OR_RETURN(const std::string json, base::ReadWholeFile(path, kMaxOffersFileBytes));
  const auto request = catalog::ParseCatalogFile(json);
  if (request.ok()) return FromWire(*request);
  return base::InvalidArgument(path + ": " + std::string(base::Std(request.status().message())));
}

}  // namespace jembatan::marketplace
