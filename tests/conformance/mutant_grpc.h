#pragma once

// A marketplace with one planted defect: the reference's store behind a port of its own, and
// between the two the defect. The reference itself knows nothing of it. Tests only.
//
// Owned by the mutant's main; handlers run on gRPC's threads.

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "jembatan/orders/v1/orders.grpc.pb.h"
#include "services/marketplace/store.h"

namespace jembatan::conformance {

class MutantOrders final : public orders::v1::OrderService::Service {
 public:
  // mutant: a name of kMutants; empty: no defect.
  MutantOrders(marketplace::Store& store, std::string mutant)
      : store_(store), mutant_(std::move(mutant)) {}

  // Puts the offers on sale as the mutant would, those that are new.
  absl::Status LoadOffers(std::vector<marketplace::Offer> offers);
  // What the mutant forgets when it starts.
  static absl::Status Forget(const std::string& mutant, const std::string& database);

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
  // A batch as it arrived.
  struct Arrival {
    orders::v1::PlaceOrdersRequest batch;
    int64_t arrived_ms = 0;
    bool stale = false;
  };
  enum class Call { kFence, kPlace, kGet };
  class Inbox;

  bool Is(std::string_view mutant) const { return mutant_ == mutant; }
  grpc::Status CheckBatch(const orders::v1::PlaceOrdersRequest& batch) const;
  Arrival Arrive(orders::v1::PlaceOrdersRequest batch);
  // The scope as the mutant sees it.
  orders::v1::Fencing Twist(const orders::v1::Fencing& fencing, Call call);
  // The key under which the mutant remembers the order.
  orders::v1::Order TwistKey(const orders::v1::Order& order, const std::string& topic);
  orders::v1::Order Twist(const orders::v1::Order& order, const Arrival& arrival);
  std::vector<orders::v1::Order> SeenOrders(const Arrival& arrival);
  void AfterStale(const Arrival& arrival, std::span<const marketplace::Order> orders,
                  orders::v1::PlaceOrdersResponse* response);
  grpc::Status Decide(const Arrival& arrival, orders::v1::PlaceOrdersResponse* response);
  void Tell(const marketplace::Result& decided, const orders::v1::Order& order,
            orders::v1::OrderResult* result);
  void AfterResult(const orders::v1::Order& order, const orders::v1::OrderResult& result,
                   const orders::v1::Fencing& fencing);
  void Tell(const marketplace::Offer& offer, orders::v1::WatchOffersResponse* told);

  marketplace::Store& store_;
  const std::string mutant_;

  std::mutex mutex_;
  // The id that stands for an order's in the store, by the key.
  std::map<std::string, std::string> ids_;
  // Tokens that Fence has raised, by the scope.
  std::map<std::string, uint64_t> fences_;
  // The offers as they were loaded.
  std::map<std::string, marketplace::Offer> loaded_;
};

}  // namespace jembatan::conformance
