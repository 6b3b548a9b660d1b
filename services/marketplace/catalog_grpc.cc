#include "services/marketplace/catalog_grpc.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "libs/base/log.h"
#include "libs/rpc/status.h"
#include "services/marketplace/limits.h"
#include "services/marketplace/wire.h"

namespace jembatan::marketplace {
namespace {

// Gives each offer what is known of its goods. The first id of goods that belong to none, or have a
// place already; empty: there is none.
std::string AddGoods(const orders::v1::LoadOffersRequest& request, std::vector<Offer>* offers) {
  absl::flat_hash_map<std::string, Offer*> by_id;
  for (Offer& offer : *offers) by_id.emplace(offer.offer_id, &offer);
  for (const orders::v1::Goods& goods : request.goods()) {
    const auto at = by_id.find(goods.offer_id());
    if (at == by_id.end() || at->second->attested != nullptr) return goods.offer_id();
    at->second->attested = std::make_shared<const Attested>(Attested{FromWire(goods), 0, {}});
  }
  return {};
}

}  // namespace

grpc::Status CatalogGrpc::LoadOffers(grpc::ServerContext*,
                                     const orders::v1::LoadOffersRequest* request,
                                     orders::v1::LoadOffersResponse* response) {
  const auto count = static_cast<size_t>(request->offers_size());
  if (count == 0 || count > kMaxOffersPerMessage) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "1 to 512 offers are loaded at once"};
  }
  std::vector<Offer> offers;
  for (const orders::v1::Offer& offer : request->offers()) offers.push_back(FromWire(offer));
  if (const std::string stray = AddGoods(*request, &offers); !stray.empty()) {
    return {grpc::StatusCode::INVALID_ARGUMENT,
            "goods of " + stray + ": told twice, or the offer is not loaded with them"};
  }
  const absl::StatusOr<Store::Loaded> loaded = store_.LoadOffers(std::move(offers));
  if (!loaded.ok()) return rpc::ToGrpc(loaded.status());
  base::Log(base::Level::kInfo, "offers_loaded",
            {{"inserted", loaded->inserted}, {"replaced", loaded->replaced}});
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

}  // namespace jembatan::marketplace
