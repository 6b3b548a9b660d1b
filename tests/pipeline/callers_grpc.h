#pragma once

// The two unary transports of the intake contract as a test calls them: HTTP in the Connect
// protocol, and gRPC. Blocking; any thread. An error is the transport's; refusals are receipts.

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "jembatan/intake/v1/intake.pb.h"

namespace jembatan::pipeline {

absl::StatusOr<intake::v1::Receipt> SubmitOverHttp(int port, const std::string& token,
                                                   const intake::v1::Intent& intent);
absl::StatusOr<intake::v1::Receipt> SubmitOverGrpc(int grpc_port, const std::string& token,
                                                   const intake::v1::Intent& intent);

// What the gateway says of one intent.
absl::StatusOr<intake::v1::GetOutcomesResponse::Answer> AskOverHttp(
    int port, const std::string& token, const intake::v1::Intent& about);
absl::StatusOr<intake::v1::GetOutcomesResponse::Answer> AskOverGrpc(
    int grpc_port, const std::string& token, const intake::v1::Intent& about);

}  // namespace jembatan::pipeline
