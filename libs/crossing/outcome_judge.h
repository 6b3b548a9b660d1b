#pragma once

// OutcomeJudge: which records of one partition of the outcomes topic count (protocol rule 2). Every
// reader uses it: gateways, the next owner's window, the owner's own read-back, the auditor.
//
// A record's token is the offset of its writer's claim in this partition. A record whose token is
// lower than the highest `open` of its marketplace before it is void: its writer had been
// succeeded. To judge a record the reader must have read from the record's token on; a reading that
// began later is told to begin again earlier.
//
// Pure; owned by one reader of one partition; feed it every record in offset order.

#include <cstdint>
#include <map>
#include <string>

#include "absl/container/flat_hash_map.h"

#include "jembatan/crossing/v1/crossing.pb.h"

namespace jembatan::crossing {

class OutcomeJudge {
 public:
  enum class Verdict {
    // It counts.
    kValid,
    // Ignore it.
    kVoid,
    // Begin the reading again at the record's token (a fresh judge from there).
    kReadEarlier,
  };

  // from: the first offset that this reading delivers.
  explicit OutcomeJudge(int64_t from) : from_(from) {}
  // Goes on where another judge, that never had to read earlier, stopped: opens are its opens().
  explicit OutcomeJudge(const std::map<std::string, uint64_t>& opens)
      : from_(0), highest_open_(opens.begin(), opens.end()) {}

  Verdict Judge(const v1::OutcomeRecord& record);

  // Highest valid open of the marketplace so far; 0: none seen.
  uint64_t HighestOpen(const std::string& marketplace_id) const;
  // Of every marketplace.
  std::map<std::string, uint64_t> opens() const {
    return {highest_open_.begin(), highest_open_.end()};
  }

 private:
  int64_t from_;
  absl::flat_hash_map<std::string, uint64_t> highest_open_;
};

}  // namespace jembatan::crossing
