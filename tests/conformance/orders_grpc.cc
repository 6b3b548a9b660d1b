#include "tests/conformance/orders_grpc.h"

#include <chrono>
#include <optional>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "jembatan/orders/v1/orders.grpc.pb.h"
#include "libs/base/status.h"
#include "libs/rpc/status.h"
#include "tests/conformance/limits.h"

namespace jembatan::conformance {
namespace {

using orders::v1::OrderService;

std::chrono::system_clock::time_point After(int ms) {
  return std::chrono::system_clock::now() + std::chrono::milliseconds(ms);
}

class OrderStreamGrpc final : public OrderStream {
 public:
  explicit OrderStreamGrpc(std::unique_ptr<OrderService::Stub> stub) : stub_(std::move(stub)) {
    context_.set_deadline(After(kStreamTimeoutMs));
    context_.set_wait_for_ready(true);
    stream_ = stub_->PlaceOrders(&context_);
  }
  ~OrderStreamGrpc() override {
    Cut();
    Finish().IgnoreError();
  }

  bool Send(const orders::v1::PlaceOrdersRequest& batch) override { return stream_->Write(batch); }
  void HalfClose() override { stream_->WritesDone(); }
  bool Receive(orders::v1::PlaceOrdersResponse* answer) override {
    return !status_.has_value() && stream_->Read(answer);
  }
  void Cut() override { context_.TryCancel(); }
  absl::Status Finish() override {
    if (!status_.has_value()) status_ = rpc::FromGrpc(stream_->Finish());
    return *status_;
  }

 private:
  std::unique_ptr<OrderService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<
      grpc::ClientReaderWriter<orders::v1::PlaceOrdersRequest, orders::v1::PlaceOrdersResponse>>
      stream_;
  // Once it has ended: gRPC tells it once.
  std::optional<absl::Status> status_;
};

class OfferStreamGrpc final : public OfferStream {
 public:
  explicit OfferStreamGrpc(std::unique_ptr<OrderService::Stub> stub) : stub_(std::move(stub)) {
    context_.set_deadline(After(kFeedTimeoutMs));
    stream_ = stub_->WatchOffers(&context_, orders::v1::WatchOffersRequest());
  }
  ~OfferStreamGrpc() override {
    context_.TryCancel();
    stream_->Finish().IgnoreError();
  }

  bool Receive(orders::v1::WatchOffersResponse* told) override { return stream_->Read(told); }

 private:
  std::unique_ptr<OrderService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<orders::v1::WatchOffersResponse>> stream_;
};

class MarketplaceGrpc final : public Marketplace {
 public:
  MarketplaceGrpc(std::string target, std::shared_ptr<grpc::ChannelCredentials> credentials)
      : target_(std::move(target)), credentials_(std::move(credentials)), channel_(Channel()) {
    stub_ = OrderService::NewStub(channel_);
  }

  absl::Status Fence(const orders::v1::FenceRequest& request,
                     orders::v1::FenceResponse* response) override {
    return Call(&OrderService::Stub::Fence, request, response);
  }
  absl::Status PlaceOrder(const orders::v1::PlaceOrderRequest& request,
                          orders::v1::PlaceOrderResponse* response) override {
    return Call(&OrderService::Stub::PlaceOrder, request, response);
  }
  absl::Status GetOrders(const orders::v1::GetOrdersRequest& request,
                         orders::v1::GetOrdersResponse* response) override {
    return Call(&OrderService::Stub::GetOrders, request, response);
  }
  std::unique_ptr<OrderStream> PlaceOrders() override {
    return std::make_unique<OrderStreamGrpc>(OrderService::NewStub(Channel()));
  }
  std::unique_ptr<OfferStream> WatchOffers() override {
    return std::make_unique<OfferStreamGrpc>(OrderService::NewStub(Channel()));
  }
  bool AwaitUp(int timeout_ms) override { return Channel()->WaitForConnected(After(timeout_ms)); }

 private:
  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (OrderService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(After(kCallTimeoutMs));
    // After a restart the first call would else fail on the connection of before.
    context.set_wait_for_ready(true);
    return rpc::FromGrpc((stub_.get()->*method)(&context, request, response));
  }

  std::shared_ptr<grpc::Channel> Channel() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
    return grpc::CreateCustomChannel(target_, credentials_, arguments);
  }

  const std::string target_;
  const std::shared_ptr<grpc::ChannelCredentials> credentials_;
  const std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<OrderService::Stub> stub_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Marketplace>> Connect(const std::string& target,
                                                     const rpc::TlsFiles& tls) {
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  JEMB_RETURN_IF_ERROR(rpc::ChannelCredentials(tls, &credentials));
  return std::unique_ptr<Marketplace>(
      std::make_unique<MarketplaceGrpc>(target, std::move(credentials)));
}

}  // namespace jembatan::conformance
