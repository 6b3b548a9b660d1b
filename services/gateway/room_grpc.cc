#include "services/gateway/room_grpc.h"

#include <atomic>
#include <string>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "jembatan/intake/v1/room.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/base/text.h"
#include "services/gateway/edge.h"
#include "services/gateway/unary_grpc.h"

namespace jembatan::gateway {
namespace {

using grpc::ByteBuffer;
using grpc::CallbackServerContext;
using intake::v1::RoomService;

class RoomCall final : public UnaryCall {
 public:
  RoomCall(Edge& edge, std::atomic<int>& calls, PrincipalPtr principal, RoomMethod method,
           const ByteBuffer* request, ByteBuffer* response)
      : UnaryCall(edge, calls),
        principal_(std::move(principal)),
        method_(method),
        request_(request),
        response_(response) {}

  void Run() {
    grpc::Slice slice;
    edge_.desk().Serve(method_, *principal_, intent::Encoding::kProto, BytesOf(*request_, &slice),
                       base::WallMs(),
                       [this](absl::StatusOr<std::string> answer) { Answer(answer); });
  }

 private:
  void Answer(const absl::StatusOr<std::string>& answer) {
    if (answer.ok()) {
      *response_ = ToBuffer(*answer);
      return Finish(grpc::Status::OK);
    }
    // Both enums are the canonical codes.
    Finish(grpc::Status(static_cast<grpc::StatusCode>(answer.status().code()),
                        std::string(base::Std(answer.status().message()))));
  }

  const PrincipalPtr principal_;
  const RoomMethod method_;
  const ByteBuffer* const request_;
  ByteBuffer* const response_;
};

using Raw = RoomService::WithRawCallbackMethod_OpenRoom<
    RoomService::WithRawCallbackMethod_PinOffer<RoomService::WithRawCallbackMethod_UnpinOffer<
        RoomService::WithRawCallbackMethod_CloseRoom<RoomService::WithRawCallbackMethod_GetRoom<
            RoomService::WithRawCallbackMethod_ListRooms<RoomService::Service>>>>>>;

}  // namespace

class RoomGrpc::Service final : public Raw {
 public:
  explicit Service(std::vector<Edge*> edges) : unary_(std::move(edges)) {}

  grpc::ServerUnaryReactor* OpenRoom(CallbackServerContext* context, const ByteBuffer* request,
                                     ByteBuffer* response) override {
    return unary_.Begin<RoomCall>(*context, RoomMethod::kOpenRoom, request, response);
  }
  grpc::ServerUnaryReactor* PinOffer(CallbackServerContext* context, const ByteBuffer* request,
                                     ByteBuffer* response) override {
    return unary_.Begin<RoomCall>(*context, RoomMethod::kPinOffer, request, response);
  }
  grpc::ServerUnaryReactor* UnpinOffer(CallbackServerContext* context, const ByteBuffer* request,
                                       ByteBuffer* response) override {
    return unary_.Begin<RoomCall>(*context, RoomMethod::kUnpinOffer, request, response);
  }
  grpc::ServerUnaryReactor* CloseRoom(CallbackServerContext* context, const ByteBuffer* request,
                                      ByteBuffer* response) override {
    return unary_.Begin<RoomCall>(*context, RoomMethod::kCloseRoom, request, response);
  }
  grpc::ServerUnaryReactor* GetRoom(CallbackServerContext* context, const ByteBuffer* request,
                                    ByteBuffer* response) override {
    return unary_.Begin<RoomCall>(*context, RoomMethod::kGetRoom, request, response);
  }
  grpc::ServerUnaryReactor* ListRooms(CallbackServerContext* context, const ByteBuffer* request,
                                      ByteBuffer* response) override {
    return unary_.Begin<RoomCall>(*context, RoomMethod::kListRooms, request, response);
  }

  int calls() const { return unary_.alive(); }

 private:
  UnaryCalls unary_;
};

RoomGrpc::RoomGrpc(std::vector<Edge*> edges)
    : service_(std::make_unique<Service>(std::move(edges))) {}
RoomGrpc::~RoomGrpc() = default;
grpc::Service* RoomGrpc::service() { return service_.get(); }
int RoomGrpc::calls() const { return service_->calls(); }

}  // namespace jembatan::gateway
