#pragma once

// Segment: the records of one partition's log as a bundle holds them: the bytes themselves, because
// a figure can only be recomputed from what was sealed, and each record's leaf beside it, so that
// the first one that is not as it was sealed can be named. What the log held before is there as the
// peaks of its tree, from which the root is made anew. Of a compacted topic a record may be gone:
// then its digest stands for it.
//
//   head    "JMBREC1\n", index of the first leaf (8 bytes, big-endian as all numbers), number of
//           peaks (1), each peak (32), number of records (8)
//   record  offset (8), append time (8), form (1: 0 whole, 1 digest only), length of the key (4)
//   and
//           of the value (4), key, value (a digest: 32 bytes instead of both), leaf's hash (32)
//
// Pure; a writer: one thread at a time.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libs/evidence/fault.h"
#include "libs/ledger/entry.h"
#include "libs/ledger/hash.h"

namespace jembatan::evidence {

// A record of a topic. Views live as long as what was read.
struct Record {
  int64_t offset = 0;
  int64_t append_ms = 0;
  // False: it is known by its digest only, key and value are empty.
  bool whole = true;
  std::string_view key{};
  std::string_view value{};
  ledger::Hash digest{};
};

struct Segment {
  ledger::LogId log;
  // Index of the first record's leaf, and the peaks of the tree before it.
  uint64_t first = 0;
  std::vector<ledger::Hash> peaks;
  std::vector<Record> records;
  std::vector<ledger::Hash> leaves;

  // Leaves of the log up to the last record.
  uint64_t size() const { return first + records.size(); }
};

class SegmentWriter {
 public:
  SegmentWriter(const ledger::LogId& log, uint64_t first, const std::vector<ledger::Hash>& peaks);

  // The next record; its digest need not be set if it is whole.
  void Add(const Record& record);
  std::string Finish() &&;

 private:
  ledger::Hasher hasher_;
  ledger::LeafMaker maker_;
  std::string bytes_;
  size_t count_at_ = 0;
  uint64_t count_ = 0;
};

// One record as it stands in a segment, cut off from the bytes. False: they are none.
bool TakeRecord(std::string_view* bytes, Record* record, ledger::Hash* leaf);
void AppendRecord(const Record& record, const ledger::Hash& leaf, std::string* bytes);
// The hash of the record's leaf. Sets the digest of a whole record.
ledger::Hash LeafOf(ledger::Hasher& hasher, ledger::LeafMaker& maker, Record* record);

// What the bytes hold, which must outlive it. The first fault of the log is added, and what comes
// behind it is left out. Offsets rise; with `consecutive` none is missing.
Segment ReadSegment(const ledger::LogId& log, std::string_view bytes, bool consecutive,
                    Faults* faults);

// "records/TOPIC/PARTITION", and back; false: not such a name.
std::string SegmentName(const ledger::LogId& log);
bool ParseSegmentName(std::string_view name, ledger::LogId* log);

// "TOPIC/PARTITION record N".
std::string PlaceOf(const ledger::LogId& log, uint64_t index);

}  // namespace jembatan::evidence
