#include "libs/ledger_store/reader.h"

#include <filesystem>
#include <utility>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/ledger_store/limits.h"
#include "libs/ledger_store/log_file.h"

namespace jembatan::ledger_store {

using ledger::Entry;
using ledger::Hash;
using ledger::LogId;

absl::StatusOr<std::unique_ptr<Reader>> Reader::Open(const std::string& folder) {
  // Opening would make the file.
  if (!std::filesystem::exists(folder + "/ledger.db")) {
    return base::NotFound("there is no ledger in " + folder);
  }
  JEMB_ASSIGN_OR_RETURN(std::unique_ptr<Index> index, Index::OpenReader(folder));
  return std::unique_ptr<Reader>(new Reader(folder, std::move(index)));
}

absl::StatusOr<LogRow> Reader::RowOf(const LogId& log, uint64_t size) {
  JEMB_ASSIGN_OR_RETURN(std::vector<LogRow> rows, index_->Logs());
  for (LogRow& row : rows) {
    if (row.log != log) continue;
    if (size <= row.size) return std::move(row);
    return absl::OutOfRangeError(
        base::Absl(ledger::NameOf(log) + " is sealed up to " + std::to_string(row.size)));
  }
  return base::NotFound("there is no log of " + ledger::NameOf(log));
}

ledger::NodeSource Reader::SourceOf(const LogRow& row) {
  return [this, row](int level, uint64_t number) { return NodeOf(row, level, number); };
}

ledger::NodeSource Reader::SealsSource() { return SourceOf({.id = kSealsLog}); }

absl::StatusOr<Hash> Reader::NodeOf(const LogRow& row, int level, uint64_t number) {
  const int kept = level - level % kLevelStep;
  const uint64_t count = uint64_t{1} << (level - kept);
  JEMB_ASSIGN_OR_RETURN(std::vector<Hash> nodes,
                        kept == 0 ? Leaves(row, number * count, count)
                                  : index_->Nodes(row.id, kept, number * count, count));
  ledger::CompactRange range;
  for (const Hash& node : nodes) range.Append(hasher_, node, [](int, uint64_t, const Hash&) {});
  return range.Root(hasher_);
}

absl::StatusOr<std::vector<Hash>> Reader::Leaves(const LogRow& row, uint64_t first,
                                                 uint64_t count) {
  std::vector<Hash> leaves;
  if (row.id == kSealsLog) {
    JEMB_ASSIGN_OR_RETURN(const std::vector<std::string> texts, index_->SealTexts(first, count));
    for (const std::string& text : texts) leaves.push_back(hasher_.Leaf(text));
    return leaves;
  }
  JEMB_ASSIGN_OR_RETURN(const std::vector<Entry> entries,
                        LogFileReader(folder_, row.log).Read(first, count));
  ledger::LeafMaker maker(row.log);
  for (const Entry& entry : entries) leaves.push_back(hasher_.Leaf(maker.Make(entry)));
  return leaves;
}

absl::StatusOr<std::vector<Hash>> Reader::SealInclusion(uint64_t number, uint64_t size) {
  return ledger::InclusionProof(hasher_, number, size, SealsSource());
}

absl::StatusOr<std::vector<Hash>> Reader::SealConsistency(uint64_t from, uint64_t to) {
  return ledger::ConsistencyProof(hasher_, from, to, SealsSource());
}

absl::StatusOr<std::vector<Hash>> Reader::Inclusion(const LogId& log, uint64_t index,
                                                    uint64_t size) {
  JEMB_ASSIGN_OR_RETURN(const LogRow row, RowOf(log, size));
  return ledger::InclusionProof(hasher_, index, size, SourceOf(row));
}

absl::StatusOr<std::vector<Hash>> Reader::Consistency(const LogId& log, uint64_t from,
                                                      uint64_t to) {
  JEMB_ASSIGN_OR_RETURN(const LogRow row, RowOf(log, to));
  return ledger::ConsistencyProof(hasher_, from, to, SourceOf(row));
}

absl::StatusOr<Hash> Reader::Root(const LogId& log, uint64_t size) {
  JEMB_ASSIGN_OR_RETURN(const LogRow row, RowOf(log, size));
  return ledger::RootAt(hasher_, size, SourceOf(row));
}

absl::StatusOr<std::vector<Entry>> Reader::Entries(const LogId& log, uint64_t first,
                                                   uint64_t count) {
  JEMB_ASSIGN_OR_RETURN(const LogRow row, RowOf(log, first + count));
  return LogFileReader(folder_, row.log).Read(first, count);
}

absl::StatusOr<std::vector<Hash>> Reader::Peaks(const LogId& log, uint64_t size) {
  JEMB_ASSIGN_OR_RETURN(const LogRow row, RowOf(log, size));
  std::vector<Hash> peaks;
  // From the left, the largest complete subtree first.
  uint64_t begin = 0;
  for (int level = ledger::kTreeLevels - 1; level >= 0; --level) {
    if ((size >> level & 1) == 0) continue;
    JEMB_ASSIGN_OR_RETURN(const Hash peak, NodeOf(row, level, begin >> level));
    peaks.push_back(peak);
    begin += uint64_t{1} << level;
  }
  return peaks;
}

absl::StatusOr<uint64_t> Reader::Search(const LogId& log, uint64_t size,
                                        const std::function<bool(const Entry&)>& before) {
  JEMB_ASSIGN_OR_RETURN(const LogRow row, RowOf(log, size));
  const LogFileReader file(folder_, row.log);
  uint64_t low = 0;
  uint64_t high = size;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    JEMB_ASSIGN_OR_RETURN(const std::vector<Entry> entry, file.Read(middle, 1));
    if (before(entry.front())) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

absl::StatusOr<uint64_t> Reader::IndexOf(const LogId& log, int64_t offset, uint64_t size) {
  return Search(log, size, [offset](const Entry& entry) { return entry.offset < offset; });
}

absl::StatusOr<uint64_t> Reader::IndexAt(const LogId& log, int64_t append_ms, uint64_t size) {
  return Search(log, size,
                [append_ms](const Entry& entry) { return entry.append_time_ms < append_ms; });
}

}  // namespace jembatan::ledger_store
