#pragma once

// One total mapping between grpc::Status and absl::Status, both ways; details are not carried over.
// Pure functions: nothing is owned; any thread.

#include "absl/status/status.h"
#include <grpcpp/support/status.h>

namespace jembatan::rpc {

absl::Status FromGrpc(const grpc::Status& status);
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace jembatan::rpc
