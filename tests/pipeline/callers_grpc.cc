#include "tests/pipeline/callers_grpc.h"

#include <chrono>
#include <memory>

#include <grpcpp/grpcpp.h>

#include "jembatan/intake/v1/intake.grpc.pb.h"
#include "jembatan/orders/v1/catalog.grpc.pb.h"
#include "libs/base/status.h"
#include "libs/rpc/status.h"
#include "libs/runtime/admin_client.h"
#include "tests/pipeline/patience.h"

namespace jembatan::pipeline {
namespace {

using Answer = intake::v1::GetOutcomesResponse::Answer;

template <typename Request, typename Response>
absl::Status CallHttp(int port, const std::string& token, const std::string& method,
                      const Request& request, Response* response) {
  runtime::HttpPost post;
  post.content_type = "application/proto";
  post.bearer = token;
  post.body = request.SerializeAsString();
  const std::string url =
      "http://127.0.0.1:" + std::to_string(port) + "/jembatan.intake.v1.IntakeService/" + method;
  JEMB_ASSIGN_OR_RETURN(const runtime::HttpReply reply, runtime::HttpSend(url, post));
  if (reply.status != 200) {
    return base::Unavailable(std::to_string(reply.status) + " " + reply.body);
  }
  return response->ParseFromString(reply.body) ? absl::OkStatus()
                                               : base::Internal("the answer cannot be read");
}

// One call over a channel of its own.
class GrpcCaller {
 public:
  GrpcCaller(int port, const std::string& token)
      : stub_(intake::v1::IntakeService::NewStub(grpc::CreateChannel(
            "127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()))) {
    context_.set_deadline(std::chrono::system_clock::now() + kPatience);
    context_.set_wait_for_ready(true);
    context_.AddMetadata("authorization", "Bearer " + token);
  }
  intake::v1::IntakeService::Stub& stub() { return *stub_; }
  grpc::ClientContext* context() { return &context_; }

 private:
  std::unique_ptr<intake::v1::IntakeService::Stub> stub_;
  grpc::ClientContext context_;
};

intake::v1::GetOutcomesRequest QueryOf(const intake::v1::Intent& about) {
  intake::v1::GetOutcomesRequest request;
  intake::v1::GetOutcomesRequest::Query* query = request.add_queries();
  query->set_intent_id(about.intent_id());
  query->set_offer_id(about.offer_id());
  return request;
}

absl::StatusOr<Answer> OnlyAnswer(const intake::v1::GetOutcomesResponse& response) {
  if (response.answers_size() != 1) return base::Internal("not one answer to one query");
  return response.answers(0);
}

}  // namespace

absl::StatusOr<intake::v1::Receipt> SubmitOverHttp(int port, const std::string& token,
                                                   const intake::v1::Intent& intent) {
  intake::v1::SubmitIntentRequest request;
  *request.mutable_intent() = intent;
  intake::v1::SubmitIntentResponse response;
  JEMB_RETURN_IF_ERROR(CallHttp(port, token, "SubmitIntent", request, &response));
  return response.receipt();
}

absl::StatusOr<intake::v1::Receipt> SubmitOverGrpc(int grpc_port, const std::string& token,
                                                   const intake::v1::Intent& intent) {
  intake::v1::SubmitIntentRequest request;
  *request.mutable_intent() = intent;
  intake::v1::SubmitIntentResponse response;
  GrpcCaller caller(grpc_port, token);
  JEMB_RETURN_IF_ERROR(
      rpc::FromGrpc(caller.stub().SubmitIntent(caller.context(), request, &response)));
  return response.receipt();
}

absl::Status LoadOffers(int operator_port, const orders::v1::LoadOffersRequest& request) {
  const auto stub = orders::v1::CatalogService::NewStub(grpc::CreateChannel(
      "127.0.0.1:" + std::to_string(operator_port), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  orders::v1::LoadOffersResponse response;
  return rpc::FromGrpc(stub->LoadOffers(&context, request, &response));
}

absl::StatusOr<Answer> AskOverHttp(int port, const std::string& token,
                                   const intake::v1::Intent& about) {
  intake::v1::GetOutcomesResponse response;
  JEMB_RETURN_IF_ERROR(CallHttp(port, token, "GetOutcomes", QueryOf(about), &response));
  return OnlyAnswer(response);
}

absl::StatusOr<Answer> AskOverGrpc(int grpc_port, const std::string& token,
                                   const intake::v1::Intent& about) {
  intake::v1::GetOutcomesResponse response;
  GrpcCaller caller(grpc_port, token);
  JEMB_RETURN_IF_ERROR(
      rpc::FromGrpc(caller.stub().GetOutcomes(caller.context(), QueryOf(about), &response)));
  return OnlyAnswer(response);
}

}  // namespace jembatan::pipeline
