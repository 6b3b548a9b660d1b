#include "services/ctl/catalog_grpc.h"

#include <chrono>
#include <memory>

#include "jembatan/orders/v1/catalog.grpc.pb.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/rpc/server.h"
#include "libs/rpc/status.h"

namespace jembatan::ctl {
namespace {

using orders::v1::CatalogService;
using orders::v1::LoadOffersRequest;

class Client {
 public:
  Client(const std::string& target, int timeout_ms)
      : target_(target),
        deadline_(std::chrono::system_clock::now() + std::chrono::milliseconds(timeout_ms)) {}

  absl::Status Connect() {
    std::shared_ptr<grpc::ChannelCredentials> credentials;
    JEMB_RETURN_IF_ERROR(rpc::ChannelCredentials({}, &credentials));
    stub_ = CatalogService::NewStub(rpc::Connect(target_, credentials));
    return absl::OkStatus();
  }

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (CatalogService::Stub::*method)(grpc::ClientContext*,
                                                                 const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(deadline_);
    absl::Status status = rpc::FromGrpc((stub_.get()->*method)(&context, request, response));
    if (status.ok()) return status;
    return absl::Status(status.code(),
                        base::Absl(target_ + ": " + std::string(base::Std(status.message()))));
  }

 private:
  const std::string target_;
  const std::chrono::system_clock::time_point deadline_;
  std::unique_ptr<CatalogService::Stub> stub_;
};

// The entry at *next if it is the offer's, and steps behind it.
template <typename Entries>
const typename Entries::value_type* Take(const Entries& entries, int* next,
                                         const std::string& offer_id) {
  if (*next == entries.size() || entries[*next].offer_id() != offer_id) return nullptr;
  return &entries[(*next)++];
}

std::vector<LoadOffersRequest> InCalls(const LoadOffersRequest& all) {
  std::vector<LoadOffersRequest> calls;
  for (int i = 0; i < all.campaigns_size(); ++i) {
    if (i % kEntriesPerCall == 0) calls.emplace_back();
    *calls.back().add_campaigns() = all.campaigns(i);
  }
  for (int i = 0; i < all.vouchers_size(); ++i) {
    if (i % kEntriesPerCall == 0) calls.emplace_back();
    *calls.back().add_vouchers() = all.vouchers(i);
  }
  int goods = 0;
  int terms = 0;
  for (int i = 0; i < all.offers_size(); ++i) {
    if (i % kEntriesPerCall == 0) calls.emplace_back();
    const orders::v1::Offer& offer = all.offers(i);
    *calls.back().add_offers() = offer;
    if (const auto* known = Take(all.goods(), &goods, offer.offer_id())) {
      *calls.back().add_goods() = *known;
    }
    if (const auto* own = Take(all.sale_terms(), &terms, offer.offer_id())) {
      *calls.back().add_sale_terms() = *own;
    }
  }
  return calls;
}

}  // namespace

absl::StatusOr<Loaded> LoadCatalog(const std::string& target, const LoadOffersRequest& all,
                                   int timeout_ms) {
  Client client(target, timeout_ms);
  JEMB_RETURN_IF_ERROR(client.Connect());
  Loaded loaded;
  for (const LoadOffersRequest& request : InCalls(all)) {
    orders::v1::LoadOffersResponse response;
    JEMB_RETURN_IF_ERROR(client.Call(&CatalogService::Stub::LoadOffers, request, &response));
    loaded.inserted += response.inserted();
    loaded.replaced += response.replaced();
  }
  return loaded;
}

absl::StatusOr<std::vector<OfferEntry>> ListOffers(const std::string& target, int timeout_ms) {
  Client client(target, timeout_ms);
  JEMB_RETURN_IF_ERROR(client.Connect());
  std::vector<OfferEntry> entries;
  orders::v1::ListOffersRequest request;
  orders::v1::ListOffersResponse response;
  do {
    response.Clear();
    JEMB_RETURN_IF_ERROR(client.Call(&CatalogService::Stub::ListOffers, request, &response));
    for (OfferEntry& entry : *response.mutable_entries()) entries.push_back(std::move(entry));
    if (!entries.empty()) request.set_after_offer_id(entries.back().offer().offer_id());
  } while (response.more() && !entries.empty());
  return entries;
}

absl::StatusOr<orders::v1::ListPromotionsResponse> ListPromotions(const std::string& target,
                                                                  int timeout_ms) {
  Client client(target, timeout_ms);
  JEMB_RETURN_IF_ERROR(client.Connect());
  orders::v1::ListPromotionsResponse response;
  JEMB_RETURN_IF_ERROR(client.Call(&CatalogService::Stub::ListPromotions,
                                   orders::v1::ListPromotionsRequest(), &response));
  return response;
}

}  // namespace jembatan::ctl
