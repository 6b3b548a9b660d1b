#pragma once

// The marketplace under test as the checks see it: OrderService, call by call, and nothing else of
// it. An error is a call that was not answered; what was answered is the contract's message.
//
// Implemented over gRPC by orders_grpc.h. One thread, that of the checks.

#include <memory>

#include "absl/status/status.h"

#include "jembatan/orders/v1/orders.pb.h"

namespace jembatan::conformance {

// A PlaceOrders stream on a connection of its own. Ends with its object, which cuts it.
class OrderStream {
 public:
  virtual ~OrderStream() = default;
  // False: the stream is broken. May wait while the marketplace reads nothing.
  virtual bool Send(const orders::v1::PlaceOrdersRequest& batch) = 0;
  // Nothing follows; answers are still read.
  virtual void HalfClose() = 0;
  // Waits for an answer. False: there are no more, and Finish tells why.
  virtual bool Receive(orders::v1::PlaceOrdersResponse* answer) = 0;
  virtual void Cut() = 0;
  virtual absl::Status Finish() = 0;
};

// A WatchOffers stream. Ends with its object.
class OfferStream {
 public:
  virtual ~OfferStream() = default;
  // False: nothing came within the time of the stream, or it is over.
  virtual bool Receive(orders::v1::WatchOffersResponse* told) = 0;
};

class Marketplace {
 public:
  virtual ~Marketplace() = default;
  virtual absl::Status Fence(const orders::v1::FenceRequest& request,
                             orders::v1::FenceResponse* response) = 0;
  virtual absl::Status PlaceOrder(const orders::v1::PlaceOrderRequest& request,
                                  orders::v1::PlaceOrderResponse* response) = 0;
  virtual absl::Status GetOrders(const orders::v1::GetOrdersRequest& request,
                                 orders::v1::GetOrdersResponse* response) = 0;
  virtual std::unique_ptr<OrderStream> PlaceOrders() = 0;
  virtual std::unique_ptr<OfferStream> WatchOffers() = 0;
  // Whether it takes connections before the time is over.
  virtual bool AwaitUp(int timeout_ms) = 0;
};

}  // namespace jembatan::conformance
