#pragma once

// What the gateway's gRPC services share: messages as bytes, the caller's token, refusals, a unary
// call that lives on a shard, and the way of calls to the shards.

#include <atomic>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include <grpcpp/grpcpp.h>

#include "jembatan/intake/v1/reason.pb.h"
#include "libs/base/clock.h"
#include "services/gateway/edge.h"
#include "services/gateway/limits.h"

namespace jembatan::gateway {

// The status of a reason, with its google.rpc details.
grpc::Status Refused(intake::v1::Reason reason, std::string_view message);
// No good token; counted.
grpc::Status Unauthenticated(Edge& edge, const absl::Status& status);

// The bytes of a received message; *slice keeps them.
std::string_view BytesOf(const grpc::ByteBuffer& buffer, grpc::Slice* slice);
grpc::ByteBuffer ToBuffer(const std::string& bytes);

// The caller's bearer token; empty: none, or more than one.
std::string_view TokenOf(const grpc::CallbackServerContext& context);

// A call that was refused before it reached a shard.
class RefusedUnary final : public grpc::ServerUnaryReactor {
 public:
  explicit RefusedUnary(grpc::Status status) { Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

// A unary call on its shard, which deletes it at the end of a tick, behind everything posted or put
// off before.
class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  UnaryCall(Edge& edge, std::atomic<int>& calls) : edge_(edge), calls_(calls) { ++calls_; }
  ~UnaryCall() override { --calls_; }

  void OnDone() override {
    // Acquires in the open what the thread that began the call had seen, as NextEdge() does.
    static_cast<void>(calls_.load());
    edge_.Post([this] { edge_.AfterTick([this] { delete this; }); });
  }

 protected:
  Edge& edge_;

 private:
  std::atomic<int>& calls_;
};

// The way of one service's unary calls to the shards, round robin: a caller with a good token, and
// no more than kUnaryCalls that live. Made by the main thread, entered by gRPC's.
class UnaryCalls {
 public:
  explicit UnaryCalls(std::vector<Edge*> edges) : edges_(std::move(edges)) { next_.store(0); }

  // The shard of the next call or stream. What the main thread made is acquired here in the open:
  // gRPC hands a service to its threads under locks that ThreadSanitizer does not see.
  Edge& NextEdge() {
    const size_t turn = next_.fetch_add(1);
    return *edges_[turn % edges_.size()];
  }
  // A Call(edge, count, principal, arguments...), whose Run() begins on the next shard, or a
  // refusal.
  template <typename Call, typename... Arguments>
  grpc::ServerUnaryReactor* Begin(const grpc::CallbackServerContext& context,
                                  Arguments... arguments) {
    Edge& edge = NextEdge();
    auto principal = edge.authenticator().Authenticate(TokenOf(context), base::WallMs());
    if (!principal.ok()) return new RefusedUnary(Unauthenticated(edge, principal.status()));
    if (alive_.load() >= kUnaryCalls) {
      edge.probe().TurnedAway(Turned::kFull);
      return new RefusedUnary(Refused(intake::v1::REASON_OVERLOADED, "too many calls"));
    }
    auto* call = new Call(edge, alive_, *std::move(principal), arguments...);
    edge.Post([call] { call->Run(); });
    return call;
  }

  // Calls whose objects still live.
  int alive() const { return alive_.load(); }

 private:
  const std::vector<Edge*> edges_;
  std::atomic<size_t> next_;
  std::atomic<int> alive_{0};
};

}  // namespace jembatan::gateway
