#pragma once

// The operators' CatalogService on gRPC: loads offers, campaigns and vouchers into the
// store and lists them.
//
// Owned by the service and registered with the operators' server; must outlive it. Handlers run on
// gRPC's threads.

#include <grpcpp/grpcpp.h>

#include "jembatan/orders/v1/catalog.grpc.pb.h"
#include "services/marketplace/store.h"

namespace jembatan::marketplace {

class CatalogGrpc final : public orders::v1::CatalogService::Service {
 public:
  explicit CatalogGrpc(Store& store) : store_(store) {}

  grpc::Status LoadOffers(grpc::ServerContext* context,
                          const orders::v1::LoadOffersRequest* request,
                          orders::v1::LoadOffersResponse* response) override;
  grpc::Status ListOffers(grpc::ServerContext* context,
                          const orders::v1::ListOffersRequest* request,
                          orders::v1::ListOffersResponse* response) override;
  grpc::Status ListPromotions(grpc::ServerContext* context,
                              const orders::v1::ListPromotionsRequest* request,
                              orders::v1::ListPromotionsResponse* response) override;

 private:
  Store& store_;
};

}  // namespace jembatan::marketplace
