#include "services/marketplace/catalog_grpc.h"

#include <string>
#include <utility>

#include "libs/base/log.h"
#include "libs/rpc/status.h"
#include "services/marketplace/limits.h"
#include "services/marketplace/wire.h"

namespace jembatan::marketplace {
namespace {

bool Fits(int count, size_t most) { return static_cast<size_t>(count) <= most; }

}  // namespace

grpc::Status CatalogGrpc::LoadOffers(grpc::ServerContext*,
                                     const orders::v1::LoadOffersRequest* request,
                                     orders::v1::LoadOffersResponse* response) {
  if (request->ByteSizeLong() == 0) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "there is nothing to load"};
  }
  if (!Fits(request->offers_size(), kMaxOffersPerMessage) ||
      !Fits(request->campaigns_size(), kMaxPromotionsPerMessage) ||
      !Fits(request->vouchers_size(), kMaxPromotionsPerMessage)) {
    return {grpc::StatusCode::INVALID_ARGUMENT,
            "at most 512 offers, 512 campaigns and 512 vouchers are loaded at once"};
  }
  absl::StatusOr<Catalog> catalog = FromWire(*request);
  if (!catalog.ok()) return rpc::ToGrpc(catalog.status());
  const absl::StatusOr<Store::Loaded> loaded = store_.Load(*std::move(catalog));
  if (!loaded.ok()) return rpc::ToGrpc(loaded.status());
  base::Log(base::Level::kInfo, "offers_loaded",
            {{"inserted", loaded->inserted},
             {"replaced", loaded->replaced},
             {"campaigns", request->campaigns_size()},
             {"vouchers", request->vouchers_size()}});
  response->set_inserted(loaded->inserted);
  response->set_replaced(loaded->replaced);
  return grpc::Status::OK;
}

grpc::Status CatalogGrpc::ListOffers(grpc::ServerContext*,
                                     const orders::v1::ListOffersRequest* request,
                                     orders::v1::ListOffersResponse* response) {
  const size_t size = request->page_size() == 0 ? kMaxOffersPerMessage : request->page_size();
  if (size > kMaxOffersPerMessage) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "a page has at most 512 offers"};
  }
  const OfferFeed::Page page = store_.feed().PageAfter(request->after_offer_id(), size);
  for (const OfferFeed::OfferPtr& offer : page.offers) {
    auto* entry = response->add_entries();
    ToWire(*offer, entry->mutable_offer());
    entry->set_sold(static_cast<uint64_t>(offer->sold));
    entry->set_initial_stock(static_cast<uint64_t>(offer->initial_stock));
  }
  response->set_more(page.more);
  return grpc::Status::OK;
}

grpc::Status CatalogGrpc::ListPromotions(grpc::ServerContext*,
                                         const orders::v1::ListPromotionsRequest*,
                                         orders::v1::ListPromotionsResponse* response) {
  const absl::StatusOr<Store::Promoted> promoted = store_.ListPromotions();
  if (!promoted.ok()) return rpc::ToGrpc(promoted.status());
  for (const Campaign& campaign : promoted->campaigns) {
    auto* entry = response->add_campaigns();
    ToWire(campaign, entry->mutable_campaign());
    entry->set_sold(static_cast<uint64_t>(campaign.sold));
  }
  for (const Voucher& voucher : promoted->vouchers) {
    auto* entry = response->add_vouchers();
    ToWire(voucher, entry->mutable_voucher());
    entry->set_used(static_cast<uint64_t>(voucher.used));
  }
  return grpc::Status::OK;
}

}  // namespace jembatan::marketplace
