#pragma once

// Join: the intents of one partition with what became of them: each intent once, by its first copy
// that counts (protocol rules 1 and 11), with the first final that counts (rules 2 and 5). Pure.

#include <cstdint>
#include <vector>

#include "libs/evidence/segment.h"

namespace jembatan::evidence {

struct Joined {
  const Record* intent = nullptr;
  // Null: none yet.
  const Record* outcome = nullptr;
};

// A record that does not fit, and where it is.
struct Misfit {
  enum class Kind {
    // It does not follow its contract: cannot be read, or holds fields that no contract names.
    kUnreadable,
    kUnknownFields,
    // A final that tells of no intent at the place that it names.
    kNoIntent,
  };
  Kind kind = Kind::kUnreadable;
  const Segment* segment = nullptr;
  size_t index = 0;
};

struct JoinedPartition {
  // In the order of the log.
  std::vector<Joined> intents;
  std::vector<Misfit> misfits;
  // Records that say an intent again, and those that came after their deadline.
  uint64_t copies = 0;
  uint64_t late = 0;
};

// The segments of one partition, which must outlive the result.
JoinedPartition Join(const Segment& intents, const Segment& outcomes);

}  // namespace jembatan::evidence
