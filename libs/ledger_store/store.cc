#include "libs/ledger_store/store.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/ledger/checkpoint.h"
#include "libs/ledger_store/damage.h"
#include "libs/ledger_store/limits.h"

namespace jembatan::ledger_store {
namespace {

using ledger::Entry;
using ledger::Hash;
using ledger::LogId;

bool IsKept(int level) { return level > 0 && level % kLevelStep == 0; }

}  // namespace

Store::Store(std::string folder, sqlite::FileLock lock, std::unique_ptr<Index> index)
    : folder_(std::move(folder)), lock_(std::move(lock)), index_(std::move(index)) {}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return base::FailedPrecondition("cannot make " + folder + ": " + error.message());
  JEMB_ASSIGN_OR_RETURN(sqlite::FileLock lock, sqlite::FileLock::Take(folder + "/ledger.db"));
  JEMB_ASSIGN_OR_RETURN(std::unique_ptr<Index> index, Index::Open(folder));
  std::unique_ptr<Store> store(new Store(folder, std::move(lock), std::move(index)));
  JEMB_RETURN_IF_ERROR(store->Load());
  return store;
}

absl::Status Store::Load() {
  absl::StatusOr<SealRow> last = index_->LastSeal();
  if (last.ok()) {
    auto seals = ledger::CompactRange::FromPeaks(last->number + 1, std::move(last->peaks));
    if (!seals.ok()) return DataLoss("the seals' tree is damaged");
    seals_ = *std::move(seals);
    found_state_ = std::move(last->state);
  } else if (!absl::IsNotFound(last.status())) {
    return last.status();
  }
  absl::StatusOr<std::vector<LogRow>> rows = index_->Logs();
  if (!rows.ok()) return rows.status();
  for (LogRow& row : *rows) JEMB_RETURN_IF_ERROR(OpenLog(std::move(row)));
  return absl::OkStatus();
}

absl::Status Store::OpenLog(LogRow row) {
  const LogId id = row.log;
  absl::StatusOr<LogFile> file = LogFile::Open(folder_, id, row.size);
  if (!file.ok()) return file.status();
  auto tree = ledger::CompactRange::FromPeaks(row.size, row.peaks);
  if (!tree.ok()) return DataLoss("the tree of " + ledger::NameOf(id) + " is damaged");
  SealedEnd found{row.next_offset};
  if (row.size > 0) {
    const auto last = file->reader().Read(row.size - 1, 1);
    if (!last.ok()) return last.status();
    found.append_time_ms = last->front().append_time_ms;
  }
  Log log{std::move(row), *std::move(file), *std::move(tree), ledger::LeafMaker(id), found};
  entries_ += log.tree.size();
  auto [at, added] = logs_.try_emplace(id, std::move(log));
  JEMB_CHECK(added);
  return Replay(&at->second);
}

absl::Status Store::Replay(Log* log) {
  while (log->tree.size() < log->file.size()) {
    const uint64_t count = std::min(log->file.size() - log->tree.size(), kReadEntriesMax);
    const auto entries = log->file.reader().Read(log->tree.size(), count);
    if (!entries.ok()) return entries.status();
    for (const Entry& entry : *entries) {
      if (entry.offset < log->row.next_offset) {
        return DataLoss("the offsets of " + ledger::NameOf(log->row.log) + " do not rise");
      }
      Grow(log, {&entry, 1});
    }
  }
  return absl::OkStatus();
}

std::optional<int64_t> Store::NextOffset(const LogId& log) const {
  const auto at = logs_.find(log);
  if (at == logs_.end()) return std::nullopt;
  return at->second.row.next_offset;
}

std::optional<Store::SealedEnd> Store::FoundEnd(const LogId& log) const {
  const auto at = logs_.find(log);
  if (at == logs_.end()) return std::nullopt;
  return at->second.found;
}

absl::Status Store::Begin(const LogId& log, int64_t offset) {
  JEMB_CHECK(!logs_.contains(log));
  if (!ledger::IsTopicName(log.topic) || log.partition < 0 || offset < 0) {
    return base::InvalidArgument("no log can be named " + ledger::NameOf(log));
  }
  if (logs_.size() >= kLogsMax) return base::FailedPrecondition("too many logs");
  LogRow row{.log = log, .begin_offset = offset, .next_offset = offset};
  JEMB_ASSIGN_OR_RETURN(row.id, index_->AddLog(row));
  return OpenLog(std::move(row));
}

absl::Status Store::Append(const LogId& log, std::span<const Entry> entries) {
  const auto at = logs_.find(log);
  JEMB_CHECK(at != logs_.end());
  if (pending_.size() >= kPendingNodesMax) {
    return base::ResourceExhausted("too much waits for a seal");
  }
  int64_t next_offset = at->second.row.next_offset;
  for (const Entry& entry : entries) {
    JEMB_CHECK(entry.offset >= next_offset);
    next_offset = entry.offset + 1;
  }
  JEMB_RETURN_IF_ERROR(at->second.file.Append(entries));
  Grow(&at->second, entries);
  return absl::OkStatus();
}

void Store::Grow(Log* log, std::span<const Entry> entries) {
  const int64_t id = log->row.id;
  for (const Entry& entry : entries) {
    const Hash leaf = hasher_.Leaf(log->leaf.Make(entry));
    log->tree.Append(hasher_, leaf, [&](int level, uint64_t index, const Hash& hash) {
      if (IsKept(level)) pending_.push_back({id, level, index, hash});
    });
    log->row.next_offset = entry.offset + 1;
  }
  log->changed = true;
  entries_ += entries.size();
  unsealed_ += entries.size();
}

ledger::Seal Store::SealOfNow(int64_t time_ms) {
  ledger::Seal seal{time_ms, {}};
  for (const auto& [id, log] : logs_) {
    seal.heads.push_back(
        {id, log.row.begin_offset, log.row.next_offset, log.tree.size(), log.tree.Root(hasher_)});
  }
  return seal;
}

std::vector<LogRow> Store::ChangedRows() {
  std::vector<LogRow> rows;
  for (auto& [id, log] : logs_) {
    if (!log.changed) continue;
    log.row.size = log.tree.size();
    log.row.peaks = log.tree.peaks();
    rows.push_back(log.row);
  }
  return rows;
}

absl::StatusOr<SealRow> Store::Seal(int64_t time_ms, const ledger::NoteSigner& signer,
                                    std::string state) {
  for (auto& [id, log] : logs_) JEMB_RETURN_IF_ERROR(log.file.Sync());
  SealRow row;
  row.number = seals_.size();
  row.time_ms = time_ms;
  row.state = std::move(state);
  row.text = ledger::FormatSeal(SealOfNow(time_ms));
  std::vector<NodeRow> nodes = pending_;
  ledger::CompactRange seals = seals_;
  seals.Append(hasher_, hasher_.Leaf(row.text),
               [&nodes](int level, uint64_t index, const Hash& hash) {
                 if (IsKept(level)) nodes.push_back({kSealsLog, level, index, hash});
               });
  row.peaks = seals.peaks();
  const ledger::Checkpoint checkpoint{signer.verifier().name(), seals.size(), seals.Root(hasher_)};
  row.checkpoint = signer.Sign(ledger::FormatCheckpoint(checkpoint));
  JEMB_RETURN_IF_ERROR(index_->AddSeal(row, ChangedRows(), nodes));
  seals_ = std::move(seals);
  pending_.clear();
  for (auto& [id, log] : logs_) log.changed = false;
  unsealed_ = 0;
  return row;
}

}  // namespace jembatan::ledger_store
