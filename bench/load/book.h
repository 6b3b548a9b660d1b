#pragma once

// IntentBook: the record of every tap of a run. It takes receipts and outcomes, tells whether an
// intent is still open, keeps each viewer's open intents in a list (what a reconnect must resend or
// watch), and counts. It follows the contract's rule for clients: a REFUSED ends an intent only
// when no earlier submission of it can be in the log. Pure, times are arguments; owned by the
// generator; one thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "bench/load/record.h"
#include "jembatan/intake/v1/intake.pb.h"
#include "libs/base/histogram.h"

namespace jembatan::load {

struct BookCounts {
  uint64_t taps = 0;
  // Intents that were ever so.
  uint64_t accepted = 0;
  uint64_t pending = 0;
  uint64_t refused = 0;
  uint64_t unconfirmed = 0;
  // Finals by intake.v1 Outcome::State.
  std::array<uint64_t, 8> finals{};
  uint64_t resends = 0;
  // Receipts and outcomes of ids that are not of this run.
  uint64_t strange = 0;
  // Intents neither final nor refused.
  uint64_t open = 0;
  absl::flat_hash_map<int, uint64_t> refused_by_reason;
  // Finals other than ORDERED, by reason.
  absl::flat_hash_map<int, uint64_t> rejected_by_reason;
};

// Taps that came when nothing was to be had any more: refused or rejected for want of stock, of the
// campaign's quota, or because the sale had ended.
uint64_t WastedTaps(const BookCounts& counts);

// The same for one offer.
struct OfferCounts {
  uint64_t taps = 0;
  uint64_t refused = 0;
  std::array<uint64_t, 8> finals{};
};

// What happened within one second of the run, by when it was told; taps by when they were meant.
struct SecondCounts {
  uint32_t taps = 0;
  uint32_t accepted = 0;
  uint32_t refused = 0;
  uint32_t ordered = 0;
  // Finals of every kind, and their latencies added up.
  uint32_t finals = 0;
  int64_t outcome_ns = 0;
};
// What comes later is counted in the last one.
inline constexpr size_t kSecondsMax = 100'000;

class IntentBook {
 public:
  // At most max_records are kept; offers and viewers are numbered from 0. seed makes this run's
  // ids.
  IntentBook(size_t max_records, size_t viewers, size_t offers, uint64_t seed);

  bool full() const { return records_.size() >= max_records_; }
  // A new tap, meant for intended_ns. Not when full().
  uint32_t Add(uint32_t viewer, uint16_t offer, int64_t intended_ns, int64_t unix_ms);

  // It goes out at now_ns (the first time, or again) on the viewer's connection.
  void OnSent(uint32_t record, int64_t now_ns);
  // It is watched.
  void OnWatched(uint32_t record, int64_t now_ns);
  // Times are since the start of the run.
  void OnReceipt(const intake::v1::Receipt& receipt, int64_t now_ns);
  void OnOutcome(const intake::v1::Outcome& outcome, int64_t now_ns);
  // The viewer's connection broke: what was unanswered may be in the log.
  void OnDisconnected(uint32_t viewer);

  // The viewer's open intents, oldest first: FirstOpen, then record(i).next until kNoRecord.
  uint32_t FirstOpen(uint32_t viewer) const { return lists_[viewer].first; }
  const IntentRecord& record(uint32_t i) const { return records_[i]; }
  const std::vector<IntentRecord>& records() const { return records_; }

  const BookCounts& counts() const { return counts_; }
  const OfferCounts& offer_counts(uint16_t offer) const { return offer_counts_[offer]; }
  // Accepted intents without a final.
  uint64_t awaited() const { return awaited_; }
  // By second since the start of the run, up to the last in which something happened.
  const std::vector<SecondCounts>& seconds() const { return seconds_; }
  // Nanoseconds from the intended time to the first ACCEPTED, to the REFUSED that ended it, and to
  // the first final.
  const base::Histogram& receipt_ns() const { return receipt_ns_; }
  const base::Histogram& refused_ns() const { return refused_ns_; }
  const base::Histogram& outcome_ns() const { return outcome_ns_; }
  // The same receipts since the last call; for a progress line.
  base::Histogram TakeRecentReceipts();

 private:
  struct List {
    uint32_t first = kNoRecord;
    uint32_t last = kNoRecord;
  };

  IntentRecord* Find(const std::string& id);
  void Accept(IntentRecord& record, const intake::v1::Receipt& receipt, int64_t now_ns);
  void Refuse(IntentRecord& record, const intake::v1::Receipt& receipt, int64_t now_ns);
  void Link(uint32_t i);
  void Close(IntentRecord& record);
  SecondCounts& Second(int64_t now_ns);

  const size_t max_records_;
  const uint64_t tag_;
  std::vector<IntentRecord> records_;
  std::vector<List> lists_;
  std::vector<OfferCounts> offer_counts_;
  BookCounts counts_;
  std::vector<SecondCounts> seconds_;
  uint64_t awaited_ = 0;
  base::Histogram receipt_ns_;
  base::Histogram refused_ns_;
  base::Histogram outcome_ns_;
  base::Histogram recent_receipt_ns_;
};

}  // namespace jembatan::load
