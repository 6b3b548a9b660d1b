#pragma once

// The two unary transports of the intake contract as a test calls them: HTTP in the Connect
// protocol, and gRPC. And the marketplace's port for its operators. Blocking; any thread. An error
// is the transport's; refusals are receipts.

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "jembatan/intake/v1/intake.pb.h"
#include "jembatan/orders/v1/catalog.pb.h"

namespace jembatan::pipeline {

absl::StatusOr<intake::v1::Receipt> SubmitOverHttp(int port, const std::string& token,
                                                   const intake::v1::Intent& intent);
absl::StatusOr<intake::v1::Receipt> SubmitOverGrpc(int grpc_port, const std::string& token,
                                                   const intake::v1::Intent& intent);

// Puts offers on sale at the marketplace, or changes them.
absl::Status LoadOffers(int operator_port, const orders::v1::LoadOffersRequest& request);

// What the gateway says of one intent.
absl::StatusOr<intake::v1::GetOutcomesResponse::Answer> AskOverHttp(
    int port, const std::string& token, const intake::v1::Intent& about);
absl::StatusOr<intake::v1::GetOutcomesResponse::Answer> AskOverGrpc(
    int grpc_port, const std::string& token, const intake::v1::Intent& about);

}  // namespace jembatan::pipeline
