#pragma once

// What the intent commands make of text: bodies of the Connect protocol in proto3 JSON. Pure.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

#include "jembatan/intake/v1/intake.pb.h"
#include "libs/base/ids.h"

namespace jembatan::ctl {

struct IntentFlags {
  std::string intent;
  std::string offer;
  uint32_t quantity = 1;
  std::string currency = "IDR";
  int64_t amount_minor = 0;
  std::string price_version;
  std::string room;
  std::string campaign;
  std::string voucher;
};

// The body of SubmitIntent; flags.intent empty: the id given is used.
absl::StatusOr<std::string> SubmitBody(const IntentFlags& flags, const base::Uuid& fresh);

// What SubmitIntent answered: the receipt, or an error that tells why it was refused.
absl::StatusOr<intake::v1::Receipt> ReadReceipt(const std::string& json);

// What GetOutcomes answered for one intent: the outcome; UNAVAILABLE while there is none yet;
// NOT_FOUND when there never will be.
absl::StatusOr<intake::v1::Outcome> ReadOutcome(const std::string& json);

// The body of GetOutcomes for one intent.
absl::StatusOr<std::string> QueryBody(const std::string& intent, const std::string& offer);

}  // namespace jembatan::ctl
