#pragma once

// What the offers commands print. Pure.

#include <string>
#include <vector>

#include "services/ctl/catalog_grpc.h"

namespace jembatan::ctl {

std::string OffersTable(const std::vector<OfferEntry>& entries);
std::string CampaignsTable(const orders::v1::ListPromotionsResponse& promotions);
std::string VouchersTable(const orders::v1::ListPromotionsResponse& promotions);

}  // namespace jembatan::ctl
