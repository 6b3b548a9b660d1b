#pragma once

// The standard error details (google.rpc.*) in wire form, written by hand because the platform
// ships no definitions of them: ErrorInfo for programs, LocalizedMessage for viewers, RetryInfo
// where a resend can help. gRPC carries them in a google.rpc.Status, the Connect protocol in its
// error JSON. Pure; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "jembatan/intake/v1/reason.pb.h"

namespace jembatan::gateway {

inline constexpr std::string_view kErrorDomain = "jembatan.intake.v1";

struct ErrorDetail {
  // Full name of the message, "google.rpc.ErrorInfo".
  std::string type;
  std::string value;
};

// ErrorInfo first, then LocalizedMessage in Indonesian and English, then RetryInfo if the reason is
// retryable.
std::vector<ErrorDetail> DetailsOf(intake::v1::Reason reason);

// A google.rpc.Status: the value of grpc-status-details-bin.
std::string RpcStatusBytes(absl::StatusCode code, std::string_view message,
                           intake::v1::Reason reason);

}  // namespace jembatan::gateway
