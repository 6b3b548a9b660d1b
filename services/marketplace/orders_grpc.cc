#include "services/marketplace/orders_grpc.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/rpc/status.h"
#include "services/marketplace/limits.h"
#include "services/marketplace/wire.h"

namespace jembatan::marketplace {
namespace {

using orders::v1::OrderResult;

grpc::Status Invalid(const std::string& message) {
  return {grpc::StatusCode::INVALID_ARGUMENT, message};
}

// One of a bounded number of streams, given back at the end of the scope.
class StreamSlot {
 public:
  StreamSlot(std::atomic<int>& taken, int most) : taken_(taken), got_(++taken <= most) {}
  ~StreamSlot() { --taken_; }
  StreamSlot(const StreamSlot&) = delete;
  StreamSlot& operator=(const StreamSlot&) = delete;
  bool got() const { return got_; }

 private:
  std::atomic<int>& taken_;
  const bool got_;
};

OrderResult* AddResult(const orders::v1::PlaceOrdersRequest& request, int index,
                       orders::v1::PlaceOrdersResponse* response) {
  OrderResult* result = response->add_results();
  result->set_index(static_cast<uint32_t>(index));
  result->set_intent_id(request.orders(index).intent_id());
  return result;
}

// Nothing was decided, for certain.
void SetRetries(const orders::v1::PlaceOrdersRequest& request,
                orders::v1::PlaceOrdersResponse* response) {
  for (int i = 0; i < request.orders_size(); ++i) {
    OrderResult* result = AddResult(request, i, response);
    result->set_state(OrderResult::STATE_RETRY);
    result->set_reason(orders::v1::REASON_OVERLOADED);
    result->set_retry_after_ms(kRetryAfterMs);
  }
}

}  // namespace

grpc::Status OrdersGrpc::Fence(grpc::ServerContext*, const orders::v1::FenceRequest* request,
                               orders::v1::FenceResponse* response) {
  if (!request->has_fencing()) return Invalid("fencing is missing");
  const absl::StatusOr<uint64_t> token = store_.Fence(FromWire(request->fencing()));
  if (!token.ok()) return Failed(token.status());
  if (*token > request->fencing().token()) probe_.StaleRefused();
  response->set_token(*token);
  return grpc::Status::OK;
}

grpc::Status OrdersGrpc::PlaceOrders(
    grpc::ServerContext*,
    grpc::ServerReaderWriter<orders::v1::PlaceOrdersResponse, orders::v1::PlaceOrdersRequest>*
        stream) {
  const StreamSlot slot(order_streams_, kMaxOrderStreams);
  if (!slot.got()) return {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many order streams"};
  orders::v1::PlaceOrdersRequest request;
  orders::v1::PlaceOrdersResponse response;
  while (stream->Read(&request)) {
    response.Clear();
    const grpc::Status status = PlaceBatch(request, &response);
    if (!status.ok()) return status;
    if (!stream->Write(response)) break;
  }
  return grpc::Status::OK;
}

grpc::Status OrdersGrpc::PlaceOrder(grpc::ServerContext*,
                                    const orders::v1::PlaceOrderRequest* request,
                                    orders::v1::PlaceOrderResponse* response) {
  if (!request->has_order()) return Invalid("order is missing");
  orders::v1::PlaceOrdersRequest batch;
  if (request->has_fencing()) *batch.mutable_fencing() = request->fencing();
  *batch.add_orders() = request->order();
  orders::v1::PlaceOrdersResponse answer;
  const grpc::Status status = PlaceBatch(batch, &answer);
  if (!status.ok()) return status;
  response->set_stale(answer.stale());
  if (answer.results_size() > 0) response->mutable_result()->Swap(answer.mutable_results(0));
  return grpc::Status::OK;
}

grpc::Status OrdersGrpc::PlaceBatch(const orders::v1::PlaceOrdersRequest& request,
                                    orders::v1::PlaceOrdersResponse* response) {
  if (!request.has_fencing()) return Invalid("fencing is missing");
  const auto count = static_cast<size_t>(request.orders_size());
  if (count == 0 || count > kMaxBatchOrders) return Invalid("a batch has 1 to 512 orders");
  std::vector<Order> orders;
  orders.reserve(count);
  for (const orders::v1::Order& order : request.orders()) orders.push_back(FromWire(order));
  const int64_t start_ns = base::MonotonicNs();
  const absl::StatusOr<Store::Placed> placed = store_.Place(FromWire(request.fencing()), orders);
  response->set_batch_id(request.batch_id());
  if (absl::IsAborted(placed.status())) {
    probe_.StoreFailed();
    base::Log(base::Level::kWarn, "batch_not_decided",
              {{"cause", base::ToString(placed.status())}});
    SetRetries(request, response);
    return grpc::Status::OK;
  }
  if (!placed.ok()) return Failed(placed.status());
  probe_.BatchDecided(placed->results, static_cast<double>(base::MonotonicNs() - start_ns) / 1e9);
  if (placed->stale) probe_.StaleRefused();
  response->set_stale(placed->stale);
  for (size_t i = 0; i < placed->results.size(); ++i) {
    ToWire(placed->results[i], AddResult(request, static_cast<int>(i), response));
  }
  return grpc::Status::OK;
}

grpc::Status OrdersGrpc::Failed(const absl::Status& status) {
  if (absl::IsInvalidArgument(status)) return rpc::ToGrpc(status);
  probe_.StoreFailed();
  base::Log(base::Level::kError, "store_failed", {{"cause", base::ToString(status)}});
  return {grpc::StatusCode::UNAVAILABLE, "the store cannot answer"};
}

grpc::Status OrdersGrpc::GetOrders(grpc::ServerContext*,
                                   const orders::v1::GetOrdersRequest* request,
                                   orders::v1::GetOrdersResponse* response) {
  if (!request->has_fencing()) return Invalid("fencing is missing");
  const auto count = static_cast<size_t>(request->keys_size());
  if (count == 0 || count > kMaxKeysAsked) return Invalid("1 to 100 keys may be asked about");
  std::vector<Key> keys;
  for (const auto& key : request->keys()) keys.push_back({key.buyer_ref(), key.intent_id()});
  const absl::StatusOr<Store::Found> found = store_.Get(FromWire(request->fencing()), keys);
  if (!found.ok()) return Failed(found.status());
  response->set_stale(found->stale);
  if (found->stale) probe_.StaleRefused();
  for (size_t i = 0; i < found->results.size(); ++i) {
    auto* answer = response->add_answers();
    answer->set_found(found->results[i].has_value());
    if (!answer->found()) continue;
    answer->mutable_result()->set_index(static_cast<uint32_t>(i));
    answer->mutable_result()->set_intent_id(request->keys(static_cast<int>(i)).intent_id());
    ToWire(*found->results[i], answer->mutable_result());
  }
  return grpc::Status::OK;
}

grpc::Status OrdersGrpc::WatchOffers(grpc::ServerContext* context,
                                     const orders::v1::WatchOffersRequest*,
                                     grpc::ServerWriter<orders::v1::WatchOffersResponse>* writer) {
  const StreamSlot slot(watch_streams_, kMaxWatchStreams);
  if (!slot.got()) return {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many watchers"};
  constexpr std::chrono::milliseconds kInterval(kWatchIntervalMs);
  OfferFeed& feed = store_.feed();
  orders::v1::WatchOffersResponse response;
  // False when the watcher is gone.
  const auto tell = [&](const OfferFeed::OfferPtr* offers, size_t count, bool complete) {
    response.Clear();
    for (size_t i = 0; i < count; ++i) ToWire(*offers[i], response.add_offers());
    response.set_snapshot_complete(complete);
    return writer->Write(response);
  };
  const OfferFeed::Changes all = feed.Snapshot();
  size_t told = 0;
  do {
    const size_t count = std::min(kMaxOffersPerMessage, all.offers.size() - told);
    const size_t first = std::exchange(told, told + count);
    if (!tell(all.offers.data() + first, count, told == all.offers.size())) {
      return grpc::Status::OK;
    }
  } while (told < all.offers.size());
  uint64_t version = all.version;
  while (!context->IsCancelled() && !feed.closed()) {
    feed.WaitPast(version, kInterval);
    OfferFeed::Changes changes;
    do {
      changes = feed.ChangesSince(version, kMaxOffersPerMessage);
      version = changes.version;
      if (!changes.offers.empty() && !tell(changes.offers.data(), changes.offers.size(), true)) {
        return grpc::Status::OK;
      }
    } while (changes.more);
    // What changes meanwhile is told together, each offer once.
    feed.Pause(kInterval);
  }
  return {grpc::StatusCode::UNAVAILABLE, "the marketplace is going away"};
}

}  // namespace jembatan::marketplace
