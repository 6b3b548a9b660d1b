#pragma once

// Trail: of one log, the records that speak of one buyer, each with the proof that it is among what
// was sealed: the trail of processing that a person may ask for, which shows nothing of anybody
// else. That none of the buyer's records was left out it cannot show without showing the others'.
//
//   each  index of the leaf (8 bytes), number of hashes in its proof (1), each (32), then the
//   record
//         as a segment holds it
//
// Pure; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libs/evidence/fault.h"
#include "libs/evidence/segment.h"
#include "libs/ledger/entry.h"
#include "libs/ledger/seal.h"

namespace jembatan::evidence {

struct Proven {
  Record record;
  uint64_t index = 0;
  std::vector<ledger::Hash> proof;
};

struct Trail {
  ledger::LogId log;
  // By rising index.
  std::vector<Proven> records;
};

// "subject/TOPIC/PARTITION", and back.
std::string TrailName(const ledger::LogId& log);
bool ParseTrailName(std::string_view name, ledger::LogId* log);

// The record is whole.
void AppendProven(const ledger::LogId& log, Proven proven, std::string* bytes);
// What the bytes, which must outlive it, hold of the subject under the head. The first fault is
// added, and what comes behind it is left out.
Trail ReadTrail(const ledger::Head& head, std::string_view subject, std::string_view bytes,
                Faults* faults);

// Whom a record of the topic speaks of; empty: nobody, or it cannot be read.
std::string BuyerOf(std::string_view topic, std::string_view value);

}  // namespace jembatan::evidence
