#pragma once

// OrderStateService on gRPC: tells how orders fare. One of gRPC's threads per watcher, which looks
// for changes at intervals.
//
// Owned by the service and registered with the orders' server; must outlive it. Handlers run on
// gRPC's threads and end when the store's feed is closed.

#include <atomic>

#include <grpcpp/grpcpp.h>

#include "jembatan/orders/v1/order_states.grpc.pb.h"
#include "services/marketplace/order_changes.h"
#include "services/marketplace/probe.h"
#include "services/marketplace/store.h"

namespace jembatan::marketplace {

class OrderStatesGrpc final : public orders::v1::OrderStateService::Service {
 public:
  OrderStatesGrpc(Store& store, OrderChanges& changes, Probe& probe)
      : store_(store), changes_(changes), probe_(probe) {}

  grpc::Status WatchOrderStates(
      grpc::ServerContext* context, const orders::v1::WatchOrderStatesRequest* request,
      grpc::ServerWriter<orders::v1::WatchOrderStatesResponse>* writer) override;

 private:
  Store& store_;
  OrderChanges& changes_;
  Probe& probe_;
  std::atomic<int> streams_ = 0;
};

}  // namespace jembatan::marketplace
