#include "services/ctl/gateway_call.h"

#include <utility>

#include <CLI/CLI.hpp>
#include <google/protobuf/util/json_util.h>

#include "libs/base/status.h"
#include "libs/runtime/admin_client.h"

namespace jembatan::ctl {

void GatewayFlags::AddTo(CLI::App& command) {
  command.add_option("--gateway", gateway, "host:port")->capture_default_str();
  command.add_option("--token", token, "Bearer token; without it one is made");
  signing.AddTo(command);
}

absl::StatusOr<std::string> CallGateway(const GatewayFlags& flags, const std::string& method,
                                        const std::string& body) {
  runtime::HttpPost post;
  post.bearer = flags.token;
  if (post.bearer.empty()) {
    JEMB_ASSIGN_OR_RETURN(post.bearer, flags.signing.Make());
  }
  post.body = body;
  JEMB_ASSIGN_OR_RETURN(runtime::HttpReply reply,
                        runtime::HttpSend(flags.gateway + "/jembatan.intake.v1." + method, post));
  if (reply.status == 200) return std::move(reply.body);
  return base::Unavailable(flags.gateway + " answers " + std::to_string(reply.status) + ": " +
                           reply.body);
}

absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message) {
  std::string json;
  auto status = google::protobuf::util::MessageToJsonString(message, &json);
  if (!status.ok()) return base::Internal(status.message().ToString());
  return json;
}

absl::Status FromJson(const std::string& json, google::protobuf::Message* message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  auto status = google::protobuf::util::JsonStringToMessage(json, message, options);
  if (status.ok()) return absl::OkStatus();
  return base::Internal("the gateway answers: " + json.substr(0, 200));
}

}  // namespace jembatan::ctl
