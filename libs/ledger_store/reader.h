#pragma once

// Reader: what a ledger on the disk says, and the proofs of it. It sees what was sealed, also while
// a Store writes. Nothing it says need be believed: proofs are checked with ledger::Verify... from
// a checkpoint down.
//
// One owner, one thread at a time.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/ledger/seal.h"
#include "libs/ledger/tree.h"
#include "libs/ledger_store/index.h"

namespace jembatan::ledger_store {

class Reader {
 public:
  // NOT_FOUND: there is no ledger in the folder.
  static absl::StatusOr<std::unique_ptr<Reader>> Open(const std::string& folder);

  // NOT_FOUND: there is no such seal.
  absl::StatusOr<SealRow> LastSeal() { return index_->LastSeal(); }
  absl::StatusOr<SealRow> SealOf(uint64_t number) { return index_->SealOf(number); }
  absl::StatusOr<SealRow> SealBefore(int64_t time_ms) { return index_->SealBefore(time_ms); }

  // Of the log of seals: the proof that seal `number` is among the first `size`, and that the first
  // `from` are the beginning of the first `to`.
  absl::StatusOr<std::vector<ledger::Hash>> SealInclusion(uint64_t number, uint64_t size);
  absl::StatusOr<std::vector<ledger::Hash>> SealConsistency(uint64_t from, uint64_t to);

  // Of a partition's log; sizes at most that of the last seal, else OUT_OF_RANGE. NOT_FOUND: there
  // is no such log.
  absl::StatusOr<std::vector<ledger::Hash>> Inclusion(const ledger::LogId& log, uint64_t index,
                                                      uint64_t size);
  absl::StatusOr<std::vector<ledger::Hash>> Consistency(const ledger::LogId& log, uint64_t from,
                                                        uint64_t to);
  absl::StatusOr<ledger::Hash> Root(const ledger::LogId& log, uint64_t size);
  // Of the tree of the first `size` leaves, as ledger::CompactRange has them.
  absl::StatusOr<std::vector<ledger::Hash>> Peaks(const ledger::LogId& log, uint64_t size);

  // Entries [first, first + count) of the log, count at most kReadEntriesMax.
  absl::StatusOr<std::vector<ledger::Entry>> Entries(const ledger::LogId& log, uint64_t first,
                                                     uint64_t count);
  // The first entry of the log at or behind the offset; `size` if there is none among so many.
  absl::StatusOr<uint64_t> IndexOf(const ledger::LogId& log, int64_t offset, uint64_t size);
  // The same for the first entry appended at or after that time, if append times rise in the log.
  absl::StatusOr<uint64_t> IndexAt(const ledger::LogId& log, int64_t append_ms, uint64_t size);

 private:
  Reader(std::string folder, std::unique_ptr<Index> index)
      : folder_(std::move(folder)), index_(std::move(index)) {}

  // The first entry among `size` that is not before what is sought.
  absl::StatusOr<uint64_t> Search(const ledger::LogId& log, uint64_t size,
                                  const std::function<bool(const ledger::Entry&)>& before);
  absl::StatusOr<LogRow> RowOf(const ledger::LogId& log, uint64_t size);
  ledger::NodeSource SourceOf(const LogRow& row);
  ledger::NodeSource SealsSource();
  // The node made of those kept at or below its level.
  absl::StatusOr<ledger::Hash> NodeOf(const LogRow& row, int level, uint64_t number);
  absl::StatusOr<std::vector<ledger::Hash>> Leaves(const LogRow& row, uint64_t first,
                                                   uint64_t count);

  const std::string folder_;
  const std::unique_ptr<Index> index_;
  ledger::Hasher hasher_;
};

}  // namespace jembatan::ledger_store
