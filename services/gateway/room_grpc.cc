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
  RoomCall(Edge& edge, std::atomic<int>& calls, RoomMethod method, PrincipalPtr principal,
           const ByteBuffer* request, ByteBuffer* response)
      : UnaryCall(edge, calls),
        method_(method),
        principal_(std::move(principal)),
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

  const RoomMethod method_;
  const PrincipalPtr principal_;
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
  explicit Service(std::vector<Edge*> edges) : edges_(std::move(edges)) {}

  grpc::ServerUnaryReactor* OpenRoom(CallbackServerContext* context, const ByteBuffer* request,
                                     ByteBuffer* response) override {
    return Serve(RoomMethod::kOpenRoom, *context, request, response);
  }
  grpc::ServerUnaryReactor* PinOffer(CallbackServerContext* context, const ByteBuffer* request,
                                     ByteBuffer* response) override {
    return Serve(RoomMethod::kPinOffer, *context, request, response);
  }
  grpc::ServerUnaryReactor* UnpinOffer(CallbackServerContext* context, const ByteBuffer* request,
                                       ByteBuffer* response) override {
    return Serve(RoomMethod::kUnpinOffer, *context, request, response);
  }
  grpc::ServerUnaryReactor* CloseRoom(CallbackServerContext* context, const ByteBuffer* request,
                                      ByteBuffer* response) override {
    return Serve(RoomMethod::kCloseRoom, *context, request, response);
  }
  grpc::ServerUnaryReactor* GetRoom(CallbackServerContext* context, const ByteBuffer* request,
                                    ByteBuffer* response) override {
    return Serve(RoomMethod::kGetRoom, *context, request, response);
  }
  grpc::ServerUnaryReactor* ListRooms(CallbackServerContext* context, const ByteBuffer* request,
                                      ByteBuffer* response) override {
    return Serve(RoomMethod::kListRooms, *context, request, response);
  }

  int calls() const { return calls_.load(); }

 private:
  grpc::ServerUnaryReactor* Serve(RoomMethod method, CallbackServerContext& context,
                                  const ByteBuffer* request, ByteBuffer* response) {
    Edge& edge = *edges_[next_.fetch_add(1) % edges_.size()];
    auto principal = edge.authenticator().Authenticate(TokenOf(context), base::WallMs());
    if (!principal.ok()) return new RefusedUnary(Unauthenticated(edge, principal.status()));
    auto* call = new RoomCall(edge, calls_, method, *std::move(principal), request, response);
    edge.Post([call] { call->Run(); });
    return call;
  }

  const std::vector<Edge*> edges_;
  std::atomic<size_t> next_{0};
  std::atomic<int> calls_{0};
};

RoomGrpc::RoomGrpc(std::vector<Edge*> edges)
    : service_(std::make_unique<Service>(std::move(edges))) {}
RoomGrpc::~RoomGrpc() = default;
grpc::Service* RoomGrpc::service() { return service_.get(); }
int RoomGrpc::calls() const { return service_->calls(); }

}  // namespace jembatan::gateway
