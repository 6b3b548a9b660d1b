#pragma once

// What is known about every reason: its class, whether a resend of the same id can help, the code
// it maps to where a protocol error is due, and its wording for viewers in Indonesian and English.
// One table; pure; any thread.

#include <string_view>

#include "absl/status/status.h"

#include "jembatan/intake/v1/reason.pb.h"

namespace jembatan::intent {

enum class ReasonClass { kRequest, kPolicy, kSale, kStock, kBuyer, kCapacity };

struct ReasonInfo {
  intake::v1::Reason reason;
  // UPPER_SNAKE name without the REASON_ prefix, as ErrorInfo carries it.
  std::string_view name;
  ReasonClass reason_class;
  // A resend of the same id and body can succeed.
  bool retryable;
  // Code when it answers a whole request rather than one intent.
  absl::StatusCode code;
  // Complete sentences for viewers; never built by concatenation.
  std::string_view id_id;
  std::string_view en;
};

// The row of a reason. Every value of the enum but UNSPECIFIED has one (tested); an unknown number
// gets the row of MALFORMED.
const ReasonInfo& Info(intake::v1::Reason reason);

}  // namespace jembatan::intent
