#include "services/marketplace/orders_grpc.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/crash_point.h"
#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/rpc/status.h"
#include "services/marketplace/decide.h"
#include "services/marketplace/limits.h"
#include "services/marketplace/stream_slot.h"
#include "services/marketplace/wire.h"

namespace jembatan::marketplace {
namespace {

using orders::v1::OrderResult;

grpc::Status Invalid(const std::string& message) {
  return {grpc::StatusCode::INVALID_ARGUMENT, message};
}

OrderResult* AddResult(const orders::v1::PlaceOrdersRequest& request, int index,
                       orders::v1::PlaceOrdersResponse* response) {
  OrderResult* result = response->add_results();
  result->set_index(static_cast<uint32_t>(index));
  result->set_intent_id(request.orders(index).intent_id());
  return result;
}

grpc::Status CheckBatch(const orders::v1::PlaceOrdersRequest& request) {
  if (!request.has_fencing()) return Invalid("fencing is missing");
  const auto count = static_cast<size_t>(request.orders_size());
  if (count == 0 || count > kMaxBatchOrders) return Invalid("a batch has 1 to 512 orders");
  const absl::Status fencing = CheckFencing(FromWire(request.fencing()));
  return fencing.ok() ? grpc::Status::OK : rpc::ToGrpc(fencing);
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
  probe_.UnknownFieldsDropped(UnknownFieldsIn(*request));
  if (!request->has_fencing()) return Invalid("fencing is missing");
  const absl::StatusOr<uint64_t> token = store_.Fence(FromWire(request->fencing()));
  if (!token.ok()) return Failed(token.status());
  if (*token > request->fencing().token()) probe_.StaleRefused();
  response->set_token(*token);
  return grpc::Status::OK;
}

// A stream's batches between the thread that reads them and the one that decides them: while one
// transaction is written to the disk the next ones gather here.
class OrdersGrpc::Inbox {
 public:
  // Waits for room. False: nobody takes any more.
  bool Push(BatchPtr batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || waiting_.size() < kMaxBatchesWaiting; });
    if (closed_) return false;
    waiting_.push_back(std::move(batch));
    changed_.notify_all();
    return true;
  }
  // No batch follows, or none is taken any more.
  void Close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  // Waits for a batch and takes all there are, up to kMaxGroupOrders; empty: it is over.
  std::vector<BatchPtr> Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
    std::vector<BatchPtr> taken;
    size_t orders = 0;
    while (!waiting_.empty()) {
      orders += static_cast<size_t>(waiting_.front()->orders_size());
      if (!taken.empty() && orders > kMaxGroupOrders) break;
      taken.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    changed_.notify_all();
    return taken;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<BatchPtr> waiting_;
  bool closed_ = false;
};

grpc::Status OrdersGrpc::PlaceOrders(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<orders::v1::PlaceOrdersResponse, orders::v1::PlaceOrdersRequest>*
        stream) {
  const StreamSlot slot(order_streams_, kMaxOrderStreams);
  if (!slot.got()) return {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many order streams"};
  Inbox inbox;
  grpc::Status failed;
  std::thread decider([&] {
    for (auto group = inbox.Take(); !group.empty(); group = inbox.Take()) {
      failed = PlaceGroup(group, [&](const auto& response) { return stream->Write(response); });
      if (failed.ok()) continue;
      inbox.Close();
      // This thread of ours reads, and may wait for a batch that never comes.
      context->TryCancel();
      return;
    }
  });
  grpc::Status invalid;
  auto batch = std::make_unique<orders::v1::PlaceOrdersRequest>();
  while (stream->Read(batch.get())) {
    probe_.UnknownFieldsDropped(UnknownFieldsIn(*batch));
    invalid = CheckBatch(*batch);
    if (!invalid.ok() || !inbox.Push(std::move(batch))) break;
    batch = std::make_unique<orders::v1::PlaceOrdersRequest>();
  }
  // What was taken before is decided and answered first.
  inbox.Close();
  decider.join();
  return failed.ok() ? invalid : failed;
}

grpc::Status OrdersGrpc::PlaceOrder(grpc::ServerContext*,
                                    const orders::v1::PlaceOrderRequest* request,
                                    orders::v1::PlaceOrderResponse* response) {
  probe_.UnknownFieldsDropped(UnknownFieldsIn(*request));
  if (!request->has_order()) return Invalid("order is missing");
  std::vector<BatchPtr> group;
  group.push_back(std::make_unique<orders::v1::PlaceOrdersRequest>());
  if (request->has_fencing()) *group[0]->mutable_fencing() = request->fencing();
  *group[0]->add_orders() = request->order();
  const grpc::Status invalid = CheckBatch(*group[0]);
  if (!invalid.ok()) return invalid;
  return PlaceGroup(group, [&](orders::v1::PlaceOrdersResponse& answer) {
    response->set_stale(answer.stale());
    if (answer.results_size() > 0) response->mutable_result()->Swap(answer.mutable_results(0));
    return true;
  });
}

grpc::Status OrdersGrpc::PlaceGroup(std::span<const BatchPtr> group, const Answer& answer) {
  std::vector<std::vector<Order>> orders(group.size());
  std::vector<Store::Batch> batches;
  for (size_t i = 0; i < group.size(); ++i) {
    for (const orders::v1::Order& order : group[i]->orders()) orders[i].push_back(FromWire(order));
    batches.push_back({FromWire(group[i]->fencing()), orders[i]});
  }
  const int64_t start_ns = base::MonotonicNs();
  const auto placed = store_.Place(batches);
  const double seconds = static_cast<double>(base::MonotonicNs() - start_ns) / 1e9;
  if (!placed.ok() && !absl::IsAborted(placed.status())) return Failed(placed.status());
  if (!placed.ok()) {
    probe_.StoreFailed();
    base::Log(base::Level::kWarn, "batches_not_decided",
              {{"cause", base::ToString(placed.status())}});
  }
  orders::v1::PlaceOrdersResponse response;
  for (size_t i = 0; i < group.size(); ++i) {
    response.Clear();
    response.set_batch_id(group[i]->batch_id());
    if (placed.ok()) {
      Tell((*placed)[i], *group[i], &response);
      probe_.BatchDecided((*placed)[i].results, seconds);
    } else {
      SetRetries(*group[i], &response);
    }
    if (!answer(response)) return {grpc::StatusCode::UNAVAILABLE, "the stream is gone"};
    JEMB_CRASH_POINT("marketplace.answered");
  }
  return grpc::Status::OK;
}

void OrdersGrpc::Tell(const Store::Placed& placed, const orders::v1::PlaceOrdersRequest& request,
                      orders::v1::PlaceOrdersResponse* response) {
  if (placed.stale) probe_.StaleRefused();
  response->set_stale(placed.stale);
  for (size_t i = 0; i < placed.results.size(); ++i) {
    ToWire(placed.results[i], AddResult(request, static_cast<int>(i), response));
  }
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
  probe_.UnknownFieldsDropped(UnknownFieldsIn(*request));
  if (!request->has_fencing()) return Invalid("fencing is missing");
  const auto count = static_cast<size_t>(request->keys_size());
  if (count == 0 || count > kMaxKeysAsked) return Invalid("1 to 100 keys may be asked about");
  std::vector<Key> keys;
  for (const auto& key : request->keys()) keys.push_back({key.buyer_ref(), key.intent_id()});
  const absl::StatusOr<Store::Found> found = store_.Get(FromWire(request->fencing()), keys);
  JEMB_CRASH_POINT("marketplace.looked_up");
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
                                     const orders::v1::WatchOffersRequest* request,
                                     grpc::ServerWriter<orders::v1::WatchOffersResponse>* writer) {
  const StreamSlot slot(watch_streams_, kMaxWatchStreams);
  if (!slot.got()) return {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many watchers"};
  probe_.UnknownFieldsDropped(UnknownFieldsIn(*request));
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
