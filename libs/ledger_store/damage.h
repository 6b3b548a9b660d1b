#pragma once

// DataLoss: what was sealed is not there any more, or not as it was. Internal to this folder. Pure;
// any thread.

#include <string>

#include "absl/status/status.h"

#include "libs/base/text.h"

namespace jembatan::ledger_store {

inline absl::Status DataLoss(const std::string& message) {
  return absl::DataLossError(base::Absl(message));
}

}  // namespace jembatan::ledger_store
