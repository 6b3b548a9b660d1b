#pragma once

// The marketplace under test over gRPC: blocking calls, each with its deadline, each stream on a
// connection of its own whose windows stay small, so that unread answers soon hold the other end
// up.

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "libs/rpc/server.h"
#include "tests/conformance/marketplace.h"

namespace jembatan::conformance {

absl::StatusOr<std::unique_ptr<Marketplace>> Connect(const std::string& target,
                                                     const rpc::TlsFiles& tls);

}  // namespace jembatan::conformance
