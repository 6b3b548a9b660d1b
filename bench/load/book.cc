#include "bench/load/book.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "libs/base/check.h"

namespace jembatan::load {
namespace {

using intake::v1::Outcome;
using intake::v1::Receipt;

constexpr int64_t kNsPerSecond = 1'000'000'000;

uint32_t Microseconds(int64_t ns) {
  constexpr int64_t kMost = std::numeric_limits<uint32_t>::max();
  return static_cast<uint32_t>(std::clamp<int64_t>(ns / 1000, 0, kMost));
}

}  // namespace

uint64_t WastedTaps(const BookCounts& counts) {
  uint64_t wasted = 0;
  for (const auto* by_reason : {&counts.refused_by_reason, &counts.rejected_by_reason}) {
    for (const auto& [reason, taps] : *by_reason) {
      const bool in_vain = reason == intake::v1::REASON_OUT_OF_STOCK ||
                           reason == intake::v1::REASON_CAMPAIGN_LIMIT_REACHED ||
                           reason == intake::v1::REASON_FLASH_ENDED;
      if (in_vain) wasted += taps;
    }
  }
  return wasted;
}

IntentBook::IntentBook(size_t max_records, size_t viewers, size_t offers, uint64_t seed)
    : max_records_(std::min<size_t>(max_records, kNoRecord)),
      tag_(seed),
      lists_(viewers),
      offer_counts_(offers) {
  records_.reserve(max_records_);
}

uint32_t IntentBook::Add(uint32_t viewer, uint16_t offer, int64_t intended_ns, int64_t unix_ms) {
  JEMB_CHECK(!full());
  auto i = static_cast<uint32_t>(records_.size());
  IntentRecord& record = records_.emplace_back();
  record.id = MakeId(unix_ms, tag_, i);
  record.viewer = viewer;
  record.offer = offer;
  record.intended_ns = intended_ns;
  Link(i);
  ++counts_.taps;
  ++offer_counts_[offer].taps;
  ++Second(intended_ns).taps;
  return i;
}

SecondCounts& IntentBook::Second(int64_t now_ns) {
  const auto second = static_cast<size_t>(std::max<int64_t>(0, now_ns) / kNsPerSecond);
  const size_t place = std::min(second, kSecondsMax - 1);
  if (place >= seconds_.size()) seconds_.resize(place + 1);
  return seconds_[place];
}

void IntentBook::Link(uint32_t i) {
  IntentRecord& record = records_[i];
  List& list = lists_[record.viewer];
  record.open = true;
  record.previous = list.last;
  if (list.last != kNoRecord) records_[list.last].next = i;
  if (list.first == kNoRecord) list.first = i;
  list.last = i;
  ++counts_.open;
}

void IntentBook::Close(IntentRecord& record) {
  if (!record.open) return;
  List& list = lists_[record.viewer];
  uint32_t& from_previous =
      record.previous == kNoRecord ? list.first : records_[record.previous].next;
  uint32_t& from_next = record.next == kNoRecord ? list.last : records_[record.next].previous;
  from_previous = record.next;
  from_next = record.previous;
  record.open = false;
  --counts_.open;
}

void IntentBook::OnSent(uint32_t i, int64_t now_ns) {
  IntentRecord& record = records_[i];
  if (record.unanswered) record.unsure = true;
  if (record.sends > 0) ++counts_.resends;
  if (record.sends < 255) ++record.sends;
  record.unanswered = true;
  record.asked_ms = static_cast<uint32_t>(now_ns / 1'000'000);
}

void IntentBook::OnWatched(uint32_t i, int64_t now_ns) {
  records_[i].asked_ms = static_cast<uint32_t>(now_ns / 1'000'000);
}

IntentRecord* IntentBook::Find(const std::string& text) {
  std::optional<base::Uuid> id = base::Uuid::ParseV7(text);
  std::optional<uint32_t> found;
  if (id) found = RecordOf(*id, records_);
  if (found) return &records_[*found];
  ++counts_.strange;
  return nullptr;
}

void IntentBook::OnReceipt(const Receipt& receipt, int64_t now_ns) {
  IntentRecord* record = Find(receipt.intent_id());
  if (record == nullptr) return;
  if (receipt.status() == Receipt::STATUS_ACCEPTED) {
    Accept(*record, receipt, now_ns);
  } else if (receipt.status() == Receipt::STATUS_REFUSED) {
    Refuse(*record, receipt, now_ns);
  } else if (receipt.status() == Receipt::STATUS_PENDING) {
    if (!record->was_pending) ++counts_.pending;
    record->was_pending = true;
    // The gateway publishes it again: which copy will be told is not known.
    record->unsure = true;
    record->unanswered = false;
    record->receipt_reason = static_cast<uint16_t>(receipt.reason());
  } else {
    ++counts_.strange;
  }
}

void IntentBook::Accept(IntentRecord& record, const Receipt& receipt, int64_t now_ns) {
  record.unanswered = false;
  if (record.accepted) {
    record.offset = std::min(record.offset, receipt.offset());
    return;
  }
  record.accepted = true;
  record.partition = static_cast<int16_t>(receipt.partition());
  record.offset = receipt.offset();
  ++counts_.accepted;
  ++Second(now_ns).accepted;
  if (!record.final()) ++awaited_;
  int64_t latency = now_ns - record.intended_ns;
  record.receipt_us = Microseconds(latency);
  receipt_ns_.Add(latency);
  recent_receipt_ns_.Add(latency);
}

void IntentBook::Refuse(IntentRecord& record, const Receipt& receipt, int64_t now_ns) {
  record.unanswered = false;
  record.receipt_reason = static_cast<uint16_t>(receipt.reason());
  // An earlier submission may be in the log, or the gateway is going and another will take it.
  if (record.accepted || record.unsure || record.final()) return;
  if (receipt.reason() == intake::v1::REASON_SHUTTING_DOWN && record.sends < 8) return;
  if (record.refused) return;
  record.refused = true;
  ++counts_.refused;
  ++counts_.refused_by_reason[receipt.reason()];
  ++offer_counts_[record.offer].refused;
  ++Second(now_ns).refused;
  refused_ns_.Add(now_ns - record.intended_ns);
  Close(record);
}

void IntentBook::OnOutcome(const Outcome& outcome, int64_t now_ns) {
  IntentRecord* record = Find(outcome.intent_id());
  if (record == nullptr) return;
  if (!IsFinal(outcome.state())) {
    ++counts_.unconfirmed;
    return;
  }
  uint64_t order = TextDigest(outcome.order_id());
  uint64_t fingerprint = TextDigest(outcome.fingerprint());
  if (record->final()) {
    bool same = record->state == outcome.state() && record->order == order &&
                record->fingerprint == fingerprint && record->outcome_reason == outcome.reason();
    if (!same) record->other_state = static_cast<uint8_t>(outcome.state());
    return;
  }
  record->state = static_cast<uint8_t>(outcome.state());
  record->order = order;
  record->fingerprint = fingerprint;
  record->outcome_reason = static_cast<uint16_t>(outcome.reason());
  record->unanswered = false;
  int64_t latency = now_ns - record->intended_ns;
  record->outcome_us = Microseconds(latency);
  outcome_ns_.Add(latency);
  ++counts_.finals[record->state];
  SecondCounts& second = Second(now_ns);
  ++second.finals;
  second.outcome_ns += latency;
  if (outcome.state() == Outcome::STATE_ORDERED) ++second.ordered;
  ++offer_counts_[record->offer].finals[record->state];
  if (outcome.state() != Outcome::STATE_ORDERED) ++counts_.rejected_by_reason[outcome.reason()];
  if (record->accepted) --awaited_;
  Close(*record);
}

void IntentBook::OnDisconnected(uint32_t viewer) {
  for (uint32_t i = FirstOpen(viewer); i != kNoRecord; i = records_[i].next) {
    if (!records_[i].unanswered) continue;
    records_[i].unanswered = false;
    records_[i].unsure = true;
  }
}

base::Histogram IntentBook::TakeRecentReceipts() {
  base::Histogram taken = recent_receipt_ns_;
  recent_receipt_ns_.Reset();
  return taken;
}

}  // namespace jembatan::load
