#pragma once

// What the orders commands make of text: a marketplace's ledger page in. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace jembatan::ctl {

struct LedgerPage {
  uint64_t rows = 0;
  // seq of the last row; 0: the page is empty.
  uint64_t last_seq = 0;
  // The lines about the intent, as they are.
  std::string found;
};

// One page of NDJSON, each line an object with seq and intent_id.
absl::StatusOr<LedgerPage> SearchLedgerPage(std::string_view ndjson, std::string_view intent_id);

}  // namespace jembatan::ctl
