#pragma once

// The marketplace's side of jembatan.orders.v1.OrderService on gRPC: checks the shape of a message,
// hands it to the store and writes its answer. Synchronous: one of gRPC's threads per call, streams
// bounded by limits.h; a stream of orders has a second thread that decides, in one transaction,
// what came while the last one was written to the disk. A status code never answers for an order: a
// batch that was certainly not decided gets RETRY results, one of unknown fate breaks the stream
// with UNAVAILABLE.
//
// Owned by the service and registered with its server; must outlive it. Handlers run on gRPC's
// threads.

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <vector>

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
  using BatchPtr = std::unique_ptr<orders::v1::PlaceOrdersRequest>;
  class Inbox;

  using Answer = std::function<bool(orders::v1::PlaceOrdersResponse&)>;

  // Decides the batches in one transaction and gives each one's response to answer, which is false
  // when nobody hears it any more.
  grpc::Status PlaceGroup(std::span<const BatchPtr> group, const Answer& answer);
  void Tell(const Store::Placed& placed, const orders::v1::PlaceOrdersRequest& request,
            orders::v1::PlaceOrdersResponse* response);
  // The status for a call that the store did not answer.
  grpc::Status Failed(const absl::Status& status);

  Store& store_;
  Probe& probe_;
  std::atomic<int> order_streams_ = 0;
  std::atomic<int> watch_streams_ = 0;
};

}  // namespace jembatan::marketplace
