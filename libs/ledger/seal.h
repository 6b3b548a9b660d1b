#pragma once

// Seal: what an auditor had read of all topics at one moment: the head of each partition's log, in
// the order of topic and partition. The seals are themselves the leaves of a log, and that log's
// head is what a checkpoint signs.
//
// Why two storeys. How many records of one topic come before one of another is each reader's own
// affair, so one log over all topics would differ from auditor to auditor. A partition has one
// order: two auditors that began at one offset have the same root at the same size, and can be held
// against each other. The seals on top say when which auditor vouched for which heads; that log
// only grows too, so a checkpoint's consistency with the former one shows that no seal was taken
// back. Pure; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/ledger/entry.h"
#include "libs/ledger/hash.h"

namespace jembatan::ledger {

struct Head {
  LogId log;
  // The offset at which the log begins: logs that begin elsewhere have other roots.
  int64_t begin_offset = 0;
  // Everything below it, from begin_offset on, that the topic held when it was read is in the log.
  int64_t next_offset = 0;
  uint64_t size = 0;
  Hash root{};

  friend bool operator==(const Head&, const Head&) = default;
};

struct Seal {
  // The auditor's clock.
  int64_t time_ms = 0;
  std::vector<Head> heads;

  friend bool operator==(const Seal&, const Seal&) = default;
};

// The leaf: a line that names the form, the time, then a line for each head. Heads must be in
// order, none twice.
std::string FormatSeal(const Seal& seal);
// INVALID_ARGUMENT, with the line, for a text that FormatSeal does not make.
absl::StatusOr<Seal> ParseSeal(std::string_view text);

// The head of that log; null if there is none.
const Head* HeadOf(const Seal& seal, const LogId& log);

}  // namespace jembatan::ledger
