#pragma once

// LogFile and LogFileReader: the entries of one log on the disk, in the order of its leaves, as
// segment files of kSegmentEntries each, named by their first leaf. Files only grow. Each entry has
// a checksum over its number and content, so that a write that was cut off, a page that was lost
// and an entry that strayed are known from a whole one; that nobody changed an entry on purpose is
// the tree's matter.
//
//   segment  "JMBSEG1\n", partition (4 bytes, big-endian as all numbers), first leaf (8), length of
//            the topic's name (1), the name padded with zeros to 249, zeros to 284, CRC-32 (4)
//   entry    offset (8), append time (8), digest (32), CRC-32 of the leaf's number (8) and these
//
// A LogFile is the one writer, one thread at a time; readers may be many, on any thread.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/ledger/entry.h"

namespace jembatan::ledger_store {

class LogFileReader {
 public:
  // folder is the store's.
  LogFileReader(const std::string& folder, ledger::LogId log);

  // Entries [first, first + count), count at most kReadEntriesMax. DATA_LOSS names the first entry
  // that is not there or fails its checksum.
  absl::StatusOr<std::vector<ledger::Entry>> Read(uint64_t first, uint64_t count) const;
  const ledger::LogId& log() const { return log_; }

 private:
  friend class LogFile;
  std::string SegmentPath(uint64_t segment) const;

  std::string folder_;
  ledger::LogId log_;
};

class LogFile {
 public:
  ~LogFile();
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&&) = delete;

  // Makes the folder if there is none. What follows entry `sealed` and is not whole is cut off:
  // it was being written when the process ended. DATA_LOSS: fewer than `sealed` are there.
  static absl::StatusOr<LogFile> Open(const std::string& folder, const ledger::LogId& log,
                                      uint64_t sealed);

  uint64_t size() const { return size_; }
  const LogFileReader& reader() const { return reader_; }

  // All of them or, on an error, none; they are on the disk after the next Sync.
  absl::Status Append(std::span<const ledger::Entry> entries);
  // Once it has failed it fails for ever: only another start finds out what is on the disk.
  absl::Status Sync();

 private:
  explicit LogFile(LogFileReader reader) : reader_(std::move(reader)) {}
  absl::Status FindEnd(uint64_t sealed);
  absl::Status OpenSegment(uint64_t segment);
  absl::Status WritePart(std::span<const ledger::Entry> entries, uint64_t first);
  void Close();

  LogFileReader reader_;
  uint64_t size_ = 0;
  // The open segment and its number; -1: none.
  int descriptor_ = -1;
  uint64_t segment_ = 0;
  bool dirty_ = false;
  absl::Status broken_;
  std::string buffer_;
};

}  // namespace jembatan::ledger_store
