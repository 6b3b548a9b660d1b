#pragma once

// What the gateway's gRPC services share: messages as bytes, the caller's token, refusals, and a
// unary call that lives on a shard.

#include <atomic>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include <grpcpp/grpcpp.h>

#include "jembatan/intake/v1/reason.pb.h"
#include "services/gateway/edge.h"

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
    edge_.Post([this] { edge_.AfterTick([this] { delete this; }); });
  }

 protected:
  Edge& edge_;

 private:
  std::atomic<int>& calls_;
};

}  // namespace jembatan::gateway
