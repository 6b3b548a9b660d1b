#pragma once

// Calls of a gateway's services over the Connect protocol, in proto3 JSON: which gateway, and as
// whom. Main thread only; a call blocks until it is answered.

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "services/ctl/token.h"

namespace google::protobuf {
class Message;
}

namespace jembatan::ctl {

struct GatewayFlags {
  std::string gateway = "127.0.0.1:8080";
  std::string token;
  TokenFlags signing;

  void AddTo(CLI::App& command);
};

// method: "Service/Method" of jembatan.intake.v1. The answer's JSON; what the gateway says when it
// does not answer so is in the error.
absl::StatusOr<std::string> CallGateway(const GatewayFlags& flags, const std::string& method,
                                        const std::string& body);

absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message);
// Reads proto3 JSON as the gateway writes it; a later gateway may say more.
absl::Status FromJson(const std::string& json, google::protobuf::Message* message);

}  // namespace jembatan::ctl
