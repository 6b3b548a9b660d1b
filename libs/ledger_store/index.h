#pragma once

// Index: what the store keeps beside the entries, in SQLite: the logs and how far each is sealed,
// the nodes of their trees at every kLevelStep-th level, and the seals with their checkpoints.
// Everything but the seals could be made again from the entries. Entries are synced before the seal
// that covers them is committed, so the index is never ahead of them.
//
// One owner, one thread at a time; the writer's and a reader's are two objects.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/ledger/entry.h"
#include "libs/ledger/hash.h"
#include "libs/sqlite/file.h"
#include "libs/sqlite/sqlite.h"

namespace jembatan::ledger_store {

// The log of the seals themselves.
inline constexpr int64_t kSealsLog = 0;

struct LogRow {
  // Positive.
  int64_t id = 0;
  ledger::LogId log;
  int64_t begin_offset = 0;
  // As of the last seal.
  int64_t next_offset = 0;
  uint64_t size = 0;
  std::vector<ledger::Hash> peaks{};
};

struct SealRow {
  // Its leaf in the log of seals.
  uint64_t number = 0;
  int64_t time_ms = 0;
  // ledger::FormatSeal's.
  std::string text;
  // The signed note over the log of seals up to this one.
  std::string checkpoint;
  // Of the log of seals, this one included.
  std::vector<ledger::Hash> peaks{};
  // What the auditor wants to find again with it; not part of what is signed.
  std::string state;
};

struct NodeRow {
  int64_t log = 0;
  int level = 0;
  uint64_t number = 0;
  ledger::Hash hash{};
};

class Index {
 public:
  // Makes the file if there is none.
  static absl::StatusOr<std::unique_ptr<Index>> Open(const std::string& folder);
  static absl::StatusOr<std::unique_ptr<Index>> OpenReader(const std::string& folder);

  absl::StatusOr<std::vector<LogRow>> Logs();
  // row.id is given by the index, and returned.
  absl::StatusOr<int64_t> AddLog(const LogRow& row);
  // All of it or nothing.
  absl::Status AddSeal(const SealRow& seal, const std::vector<LogRow>& logs,
                       const std::vector<NodeRow>& nodes);

  // NOT_FOUND: there is none.
  absl::StatusOr<SealRow> LastSeal();
  absl::StatusOr<SealRow> SealOf(uint64_t number);
  // The last one at or before that time.
  absl::StatusOr<SealRow> SealBefore(int64_t time_ms);
  // The leaves [first, first + count) of the log of seals.
  absl::StatusOr<std::vector<std::string>> SealTexts(uint64_t first, uint64_t count);
  // The nodes [first, first + count) of one level. DATA_LOSS: one is not there.
  absl::StatusOr<std::vector<ledger::Hash>> Nodes(int64_t log, int level, uint64_t first,
                                                  uint64_t count);

 private:
  explicit Index(sqlite::Database database) : database_(std::move(database)) {}
  absl::Status Prepare();
  absl::StatusOr<SealRow> OneSeal(sqlite::Statement& select);

  sqlite::Database database_;
  sqlite::Statement select_logs_;
  sqlite::Statement select_last_seal_;
  sqlite::Statement select_seal_;
  sqlite::Statement select_seal_before_;
  sqlite::Statement select_texts_;
  sqlite::Statement select_nodes_;
};

}  // namespace jembatan::ledger_store
