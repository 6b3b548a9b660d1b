#pragma once

// The store's bounds.

#include <cstddef>
#include <cstdint>

namespace jembatan::ledger_store {

// Only every eighth level of a tree is kept; what lies between is made again from at most 2^8 nodes
// below it. Those of level 0 are the entries themselves.
inline constexpr int kLevelStep = 8;
inline constexpr uint64_t kTileNodes = uint64_t{1} << kLevelStep;

// Entries of one segment file, 52 bytes each.
inline constexpr uint64_t kSegmentEntries = uint64_t{1} << 20;
static_assert(kSegmentEntries % kTileNodes == 0, "a tile lies in one segment");

// Entries read at once.
inline constexpr uint64_t kReadEntriesMax = uint64_t{1} << 16;
static_assert(kReadEntriesMax >= kTileNodes);

// Logs of one store: partitions of all topics.
inline constexpr size_t kLogsMax = 2048;

// Nodes that wait for the next seal, of all logs: sixteen million records. Beyond it nothing is
// appended until one has succeeded.
inline constexpr size_t kPendingNodesMax = size_t{1} << 16;

}  // namespace jembatan::ledger_store
