#pragma once

// InFlight: the slab of submissions handed to the log and not yet settled. Slots and their strings
// are reused, so that an intent costs no allocation once the slab has grown. Each attempt to
// publish gets an opaque of its own, and a delivery of an earlier attempt or of a slot's former use
// finds nothing.
//
// Owned by one Intake; its shard's thread only. Pure.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "libs/base/ids.h"

namespace jembatan::gateway {

// One submission: its record, kept for publishing again, and whom to answer.
struct Submission {
  uint64_t session = 0;
  base::Uuid id;
  // Place in its ClientFrame.
  uint32_t index = 0;
  int32_t partition = -1;
  // For the lag forecast.
  int scope = -1;
  int64_t submitted_ms = 0;
  int64_t deadline_ms = 0;
  // Times it was published again.
  int republished = 0;
  // An attempt may be in the log though its delivery failed.
  bool possibly_persisted = false;
  // Key and value of its record.
  std::string offer_id;
  std::string value;

  // No receipt was given yet.
  bool unanswered() const { return unanswered_; }

 private:
  friend class InFlight;
  uint32_t slot_ = 0;
  uint32_t generation_ = 0;
  bool taken_ = false;
  bool unanswered_ = false;
  // Neighbours in the order of submission while unanswered.
  uint32_t older_ = 0;
  uint32_t newer_ = 0;
};

class InFlight {
 public:
  // Slots that an opaque can tell apart.
  static constexpr size_t kSlotsMax = size_t{1} << 24;

  // max: submissions held at once. shard: top 8 bits of every opaque.
  InFlight(size_t max, uint8_t shard);

  // A slot whose submission is the newest unanswered one, its strings holding whatever they held
  // before; null when all are taken. Valid until Release.
  Submission* Take();
  void Release(Submission* submission);
  // The opaque of the submission's next attempt; earlier ones no longer find it.
  uint64_t NextOpaque(Submission* submission);
  // The submission whose present attempt has this opaque; null: none.
  Submission* Find(uint64_t opaque);

  // The unanswered submission that was taken first; null: none.
  Submission* OldestUnanswered();
  // A receipt was given.
  void MarkAnswered(Submission* submission);

  size_t size() const { return slots_.size() - free_.size(); }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};

  const size_t max_;
  const uint64_t shard_bits_;
  std::deque<Submission> slots_;  // grows without moving what it holds
  std::vector<uint32_t> free_;
  uint32_t oldest_ = kNone;
  uint32_t newest_ = kNone;
};

}  // namespace jembatan::gateway
