#pragma once

// The marketplace's side of jembatan.orders.v1.OrderService on gRPC: checks the shape of a message,
// hands it to the store and writes its answer. Synchronous: one of gRPC's threads per call, streams
// bounded by limits.h. A status code never answers for an order: a batch that was certainly not
// decided gets RETRY results, one of unknown fate breaks the stream with UNAVAILABLE.
//
// Owned by the service and registered with its server; must outlive it. Handlers run on gRPC's
// threads.

#include <atomic>
#include <memory>

#include <grpcpp/grpcpp.h>

#include "jembatan/orders/v1/orders.grpc.pb.h"
#include "services/marketplace/probe.h"
#include "services/marketplace/store.h"

namespace jembatan::marketplace {

class OrdersGrpc final : public orders::v1::OrderService::Service {
 public:
  OrdersGrpc(Store& store, Probe& probe) : store_(store), probe_(probe) {}

  grpc::Status Fence(grpc::ServerContext* context, const orders::v1::FenceRequest* request,
                     orders::v1::FenceResponse* response) override;
  grpc::Status PlaceOrders(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<orders::v1::PlaceOrdersResponse, orders::v1::PlaceOrdersRequest>*
          stream) override;
  grpc::Status PlaceOrder(grpc::ServerContext* context,
                          const orders::v1::PlaceOrderRequest* request,
                          orders::v1::PlaceOrderResponse* response) override;
  grpc::Status GetOrders(grpc::ServerContext* context, const orders::v1::GetOrdersRequest* request,
                         orders::v1::GetOrdersResponse* response) override;
  grpc::Status WatchOffers(grpc::ServerContext* context,
                           const orders::v1::WatchOffersRequest* request,
                           grpc::ServerWriter<orders::v1::WatchOffersResponse>* writer) override;

 private:
  grpc::Status PlaceBatch(const orders::v1::PlaceOrdersRequest& request,
                          orders::v1::PlaceOrdersResponse* response);
  // The status for a call that the store did not answer.
  grpc::Status Failed(const absl::Status& status);

  Store& store_;
  Probe& probe_;
  std::atomic<int> order_streams_ = 0;
  std::atomic<int> watch_streams_ = 0;
};

}  // namespace jembatan::marketplace
