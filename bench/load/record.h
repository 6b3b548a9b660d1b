#pragma once

// IntentRecord: what the generator remembers of one tap, compact because a run holds millions; and
// the ids, which carry the record's number so that an answer finds its record without a map. Pure;
// one thread.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "jembatan/intake/v1/intake.pb.h"
#include "libs/base/ids.h"

namespace jembatan::load {

inline constexpr uint32_t kNoRecord = 0xffff'ffff;

struct IntentRecord {
  base::Uuid id;
  // When the tap was meant to be sent, since the start of the run.
  int64_t intended_ns = 0;
  // Lowest offset at which a copy was accepted; -1: none.
  int64_t offset = -1;
  // Digests of texts; 0: the text was empty or has not come.
  uint64_t order = 0;
  uint64_t fingerprint = 0;
  // From the intended time to the first ACCEPTED and to the first final.
  uint32_t receipt_us = 0;
  uint32_t outcome_us = 0;
  uint32_t viewer = 0;
  // Of the last send or watch, milliseconds since the start of the run.
  uint32_t asked_ms = 0;
  // Neighbours in the list of the viewer's open intents.
  uint32_t previous = kNoRecord;
  uint32_t next = kNoRecord;
  int16_t partition = -1;
  uint16_t offer = 0;
  // intake.v1 reasons of the last receipt that was not ACCEPTED and of the final.
  uint16_t receipt_reason = 0;
  uint16_t outcome_reason = 0;
  // Submissions, at most 255 counted.
  uint8_t sends = 0;
  uint8_t quantity = 1;
  // intake.v1 Outcome::State: the first final, and one that contradicts it.
  uint8_t state = 0;
  uint8_t other_state = 0;
  bool accepted : 1 = false;
  bool was_pending : 1 = false;
  // Refused with certainty: no copy of it is in the log.
  bool refused : 1 = false;
  // Sent on the present connection and not answered yet.
  bool unanswered : 1 = false;
  // A copy may be in the log without the client knowing where: its position is uncertain.
  bool unsure : 1 = false;
  bool open : 1 = false;

  bool final() const { return state != 0; }
};
static_assert(sizeof(IntentRecord) <= 120, "a run holds millions of records");

inline bool IsFinal(int state) {
  return state == intake::v1::Outcome::STATE_ORDERED ||
         state == intake::v1::Outcome::STATE_HANDED_OFF ||
         state == intake::v1::Outcome::STATE_REJECTED ||
         state == intake::v1::Outcome::STATE_EXPIRED;
}

// 64 bits that stand for a text within one run (FNV-1a, never 0 for a text that is not empty).
uint64_t TextDigest(std::string_view text);

// The id of record number `record`; tag tells this run's ids from others'.
base::Uuid MakeId(int64_t unix_ms, uint64_t tag, uint32_t record);

// The record of an id; nullopt: not of this run.
std::optional<uint32_t> RecordOf(const base::Uuid& id, std::span<const IntentRecord> records);

}  // namespace jembatan::load
