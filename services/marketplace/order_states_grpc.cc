#include "services/marketplace/order_states_grpc.h"

#include <chrono>

#include "libs/base/log.h"
#include "libs/base/status.h"
#include "services/marketplace/limits.h"
#include "services/marketplace/stream_slot.h"
#include "services/marketplace/wire.h"

namespace jembatan::marketplace {
namespace {

grpc::Status Unreadable(const absl::Status& status) {
  base::Log(base::Level::kError, "order_changes_unreadable", {{"cause", base::ToString(status)}});
  return {grpc::StatusCode::UNAVAILABLE, "the store cannot answer"};
}

}  // namespace

grpc::Status OrderStatesGrpc::WatchOrderStates(
    grpc::ServerContext* context, const orders::v1::WatchOrderStatesRequest* request,
    grpc::ServerWriter<orders::v1::WatchOrderStatesResponse>* writer) {
  const StreamSlot slot(streams_, kMaxStateStreams);
  if (!slot.got()) return {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many watchers"};
  probe_.UnknownFieldsDropped(UnknownFieldsIn(*request));
  absl::StatusOr<int64_t> place = changes_.PlaceBefore(SinceMs(*request));
  if (!place.ok()) return Unreadable(place.status());
  while (!context->IsCancelled() && !store_.feed().closed()) {
    const auto changes = changes_.After(*place, kMaxStatesPerMessage);
    if (!changes.ok()) return Unreadable(changes.status());
    if (changes->empty()) {
      store_.feed().Pause(std::chrono::milliseconds(kWatchIntervalMs));
      continue;
    }
    orders::v1::WatchOrderStatesResponse response;
    for (const OrderChange& change : *changes) ToWire(change, response.add_states());
    if (!writer->Write(response)) return grpc::Status::OK;
    place = changes->back().place;
  }
  return {grpc::StatusCode::UNAVAILABLE, "the marketplace is going away"};
}

}  // namespace jembatan::marketplace
