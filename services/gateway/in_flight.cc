#include "services/gateway/in_flight.h"

#include "libs/base/check.h"

namespace jembatan::gateway {
namespace {

// An opaque: shard, generation, slot.
constexpr int kShardShift = 56;
constexpr int kGenerationShift = 24;
constexpr uint64_t kSlotMask = InFlight::kSlotsMax - 1;

}  // namespace

InFlight::InFlight(size_t max, uint8_t shard)
    : max_(max), shard_bits_(uint64_t{shard} << kShardShift) {
  JEMB_CHECK(max > 0 && max <= kSlotsMax);
  free_.reserve(max);
}

Submission* InFlight::Take() {
  if (free_.empty()) {
    if (slots_.size() == max_) return nullptr;
    auto slot = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back().slot_ = slot;
    free_.push_back(slot);
  }
  Submission* taken = &slots_[free_.back()];
  free_.pop_back();
  taken->taken_ = true;
  taken->republished = 0;
  taken->possibly_persisted = false;
  taken->unanswered_ = true;
  taken->older_ = newest_;
  taken->newer_ = kNone;
  (newest_ == kNone ? oldest_ : slots_[newest_].newer_) = taken->slot_;
  newest_ = taken->slot_;
  return taken;
}

void InFlight::Release(Submission* submission) {
  JEMB_CHECK(submission->taken_);
  MarkAnswered(submission);
  submission->taken_ = false;
  free_.push_back(submission->slot_);
}

uint64_t InFlight::NextOpaque(Submission* submission) {
  uint64_t generation = ++submission->generation_;
  return shard_bits_ | generation << kGenerationShift | submission->slot_;
}

Submission* InFlight::Find(uint64_t opaque) {
  uint64_t slot = opaque & kSlotMask;
  if (slot >= slots_.size()) return nullptr;
  Submission* submission = &slots_[slot];
  uint64_t generation = submission->generation_;
  bool same = (shard_bits_ | generation << kGenerationShift | slot) == opaque;
  return same && submission->taken_ ? submission : nullptr;
}

Submission* InFlight::OldestUnanswered() { return oldest_ == kNone ? nullptr : &slots_[oldest_]; }

void InFlight::MarkAnswered(Submission* submission) {
  if (!submission->unanswered_) return;
  submission->unanswered_ = false;
  uint32_t older = submission->older_;
  uint32_t newer = submission->newer_;
  (older == kNone ? oldest_ : slots_[older].newer_) = newer;
  (newer == kNone ? newest_ : slots_[newer].older_) = older;
}

}  // namespace jembatan::gateway
