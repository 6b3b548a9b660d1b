#pragma once

// ParsePolicy: a policy out of its TOML text. All or nothing: a text with any fault is refused
// whole with "NAME:LINE: reason", and so is a key that is not known, because a misspelt rule that
// is passed over would not be in force. Pure; any thread.
//
//   schema = 1
//   [[rule]]
//   id = "fob-minimum"                  # letters, digits and ._-: up to 64, once in the file
//   kind = "cross_border"               # what follows depends on it: see policy.h
//   article = "Permendag 31/2023 art. 19"
//   effective_from = 2023-09-26T00:00:00+07:00
//   effective_to = 2030-01-01T00:00:00+07:00      # optional; the first instant no longer in force
//   minimum_fob_usd_minor = 10000
//   positive_list = ["49019910"]
//   [[exchange_rate]]
//   currency = "USD"
//   rupiah_per_unit = "16000.25"        # text, so that nothing is rounded; up to six digits
//   effective_from = ...                # both required
//   effective_to = ...
//   source = "KMK ..."
//
// Rules of one kind may not be in force together, but for rollouts (all must include the buyer) and
// sale windows (one is enough). There is exactly one rule of consent, and it does not end.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/policy/policy.h"

namespace jembatan::policy {

// name stands for the text in errors. INVALID_ARGUMENT with the first fault.
absl::StatusOr<Policy> ParsePolicy(const std::string& name, std::string_view toml);

}  // namespace jembatan::policy
