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

}  // namespace

absl::StatusOr<Loaded> LoadOffers(const std::string& target, const std::vector<OfferToLoad>& offers,
                                  int timeout_ms) {
  Client client(target, timeout_ms);
  JEMB_RETURN_IF_ERROR(client.Connect());
  Loaded loaded;
  for (size_t begin = 0; begin < offers.size(); begin += kOffersPerCall) {
    orders::v1::LoadOffersRequest request;
    for (size_t i = begin; i < offers.size() && i < begin + kOffersPerCall; ++i) {
      *request.add_offers() = offers[i].offer;
      if (offers[i].goods) *request.add_goods() = *offers[i].goods;
    }
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

}  // namespace jembatan::ctl
