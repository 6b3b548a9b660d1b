#include "services/gateway/unary_grpc.h"

#include <iterator>

#include "libs/base/text.h"
#include "libs/intent/reasons.h"
#include "services/gateway/error_details.h"

namespace jembatan::gateway {

grpc::Status Refused(intake::v1::Reason reason, std::string_view message) {
  const absl::StatusCode code = intent::Info(reason).code;
  // Both enums are the canonical codes.
  return grpc::Status(static_cast<grpc::StatusCode>(code), std::string(message),
                      RpcStatusBytes(code, message, reason));
}

grpc::Status Unauthenticated(Edge& edge, const absl::Status& status) {
  edge.probe().TurnedAway(Turned::kUnauthenticated);
  return Refused(intake::v1::REASON_UNAUTHENTICATED, base::Std(status.message()));
}

std::string_view BytesOf(const grpc::ByteBuffer& buffer, grpc::Slice* slice) {
  if (!buffer.Valid()) return {};
  if (!buffer.TrySingleSlice(slice).ok() && !buffer.DumpToSingleSlice(slice).ok()) return {};
  return {reinterpret_cast<const char*>(slice->begin()), slice->size()};
}

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

// One Authorization only: two could mean different callers to different readers.
std::string_view TokenOf(const grpc::CallbackServerContext& context) {
  const auto [begin, end] = context.client_metadata().equal_range("authorization");
  if (begin == end || std::next(begin) != end) return {};
  return BearerOf(std::string_view(begin->second.data(), begin->second.size()));
}

}  // namespace jembatan::gateway
