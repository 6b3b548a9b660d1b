#pragma once

// Store: an auditor's ledger on the disk, as its one writer keeps it: a log for each partition, in
// segment files, and their trees, seals and checkpoints in an index beside them. Entries become
// part of the ledger by the next seal; a process that dies before it finds them again at its next
// start, cuts off what was not written whole, and reads on from the offset behind: nothing is
// sealed twice or left out.
//
// One owner, one thread at a time. Another process that opens the same folder is refused; readers
// (reader.h) are not.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/ledger/note.h"
#include "libs/ledger/seal.h"
#include "libs/ledger/tree.h"
#include "libs/ledger_store/index.h"
#include "libs/ledger_store/log_file.h"

namespace jembatan::ledger_store {

class Store {
 public:
  // Makes the folder if there is none. FAILED_PRECONDITION: another process has it. DATA_LOSS: what
  // was sealed is not there as it was.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& folder);

  // Where reading goes on: the offset behind the last entry; nullopt: the log has not begun.
  std::optional<int64_t> NextOffset(const ledger::LogId& log) const;
  // Begins a log that has not begun: its first entry may have that offset or a higher one.
  absl::Status Begin(const ledger::LogId& log, int64_t offset);
  // Entries of a log that has begun, by rising offset from NextOffset on. All or, on an error,
  // none.
  absl::Status Append(const ledger::LogId& log, std::span<const ledger::Entry> entries);

  // Seals all that was appended, and keeps the state with it. A retriable error leaves it to the
  // next seal.
  absl::StatusOr<SealRow> Seal(int64_t time_ms, const ledger::NoteSigner& signer,
                               std::string state = {});

  // As found at the start: the state kept with the last seal, and how far that covers a log: the
  // offset behind its last entry, and that entry's append time (-1: none).
  struct SealedEnd {
    int64_t next_offset = 0;
    int64_t append_time_ms = -1;
  };
  const std::string& found_state() const { return found_state_; }
  std::optional<SealedEnd> FoundEnd(const ledger::LogId& log) const;

  // Entries of all logs, and those of them that no seal covers yet.
  uint64_t entries() const { return entries_; }
  uint64_t unsealed() const { return unsealed_; }
  // Seals made so far.
  uint64_t seals() const { return seals_.size(); }

 private:
  struct Log {
    LogRow row;
    LogFile file;
    ledger::CompactRange tree;
    ledger::LeafMaker leaf;
    SealedEnd found;
    bool changed = false;
  };

  Store(std::string folder, sqlite::FileLock lock, std::unique_ptr<Index> index);
  absl::Status Load();
  absl::Status OpenLog(LogRow row);
  absl::Status Replay(Log* log);
  // Into the tree; the entries are in the file already.
  void Grow(Log* log, std::span<const ledger::Entry> entries);
  ledger::Seal SealOfNow(int64_t time_ms);
  // The rows of the logs that have changed, as they are now.
  std::vector<LogRow> ChangedRows();

  const std::string folder_;
  const sqlite::FileLock lock_;
  const std::unique_ptr<Index> index_;
  ledger::Hasher hasher_;
  std::map<ledger::LogId, Log> logs_;
  ledger::CompactRange seals_;
  std::string found_state_;
  // Nodes that the next seal writes down.
  std::vector<NodeRow> pending_;
  uint64_t entries_ = 0;
  uint64_t unsealed_ = 0;
};

}  // namespace jembatan::ledger_store
