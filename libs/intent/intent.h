#pragma once

// ValidIntent: an intent whose every field has been checked, and the check itself. What every
// transport decodes ends here, so that all of them refuse the same things with the same reasons.
// Pure; any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "jembatan/intake/v1/intake.pb.h"
#include "libs/base/ids.h"
#include "libs/intent/limits.h"

namespace jembatan::intent {

// Why an intent was refused. reason == REASON_UNSPECIFIED: it was not.
struct Refusal {
  intake::v1::Reason reason = intake::v1::REASON_UNSPECIFIED;
  // Names the field, in English; static text.
  std::string_view message;

  bool refused() const { return reason != intake::v1::REASON_UNSPECIFIED; }
};

// Checks one decoded intent against the contract's bounds and now_ms (wall time). On success *id is
// its parsed id. Order of checks: id form, offer, quantity, price, texts, numbers, then time:
// CLOCK_SKEW if the id lies more than kFutureMs ahead, DEADLINE_PASSED if now is past id + TTL.
Refusal Validate(const intake::v1::Intent& intent, int64_t now_ms, base::Uuid* id);

// The forms that an intent's offer_id and room_id have, for those who name them otherwise; an empty
// text is refused.
Refusal CheckOfferId(std::string_view offer_id);
Refusal CheckRoomId(std::string_view room_id);

// Deadline of an id, wall milliseconds.
inline int64_t DeadlineMs(const base::Uuid& id) { return id.unix_ms() + kTtlMs; }

// SHA-256 (32 bytes) over the canonical body: intent_id, offer_id, quantity, currency,
// amount_minor, price_version, campaign_id, attribution, voucher_ref, each length-prefixed (u32
// little-endian), then the numbers as 8-byte little-endian. Fields that never cross are left out,
// so that a client may resend with another stream position.
std::string Fingerprint(const intake::v1::Intent& intent);

}  // namespace jembatan::intent
