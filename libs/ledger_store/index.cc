#include "libs/ledger_store/index.h"

#include <utility>

#include "libs/base/status.h"
#include "libs/ledger_store/damage.h"

namespace jembatan::ledger_store {
namespace {

using ledger::Hash;
using sqlite::Blob;
using sqlite::ScopedReset;
using sqlite::Statement;

constexpr const char* kCreate = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE logs(
  id INTEGER PRIMARY KEY CHECK(id > 0),
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  begin_offset INTEGER NOT NULL,
  next_offset INTEGER NOT NULL,
  size INTEGER NOT NULL,
  peaks BLOB NOT NULL,
  UNIQUE(topic, partition)
) STRICT;
CREATE TABLE nodes(
  log INTEGER NOT NULL,
  level INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY(log, level, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE seals(
  number INTEGER PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  text TEXT NOT NULL,
  checkpoint TEXT NOT NULL,
  peaks BLOB NOT NULL,
  state BLOB NOT NULL
) STRICT;
PRAGMA application_id = 1246577228;
PRAGMA user_version = 1;
COMMIT;
)sql";

// "JMBL".
const sqlite::Form kForm{"an auditor's ledger", "1246577228", "1", kCreate};

std::string PathIn(const std::string& folder) { return folder + "/ledger.db"; }

std::string Joined(const std::vector<Hash>& hashes) {
  std::string bytes;
  for (const Hash& hash : hashes) bytes += ledger::BytesOf(hash);
  return bytes;
}

absl::StatusOr<std::vector<Hash>> Split(std::string_view bytes) {
  std::vector<Hash> hashes;
  for (; bytes.size() >= ledger::kHashBytes; bytes.remove_prefix(ledger::kHashBytes)) {
    hashes.push_back(*ledger::HashOf(bytes.substr(0, ledger::kHashBytes)));
  }
  if (!bytes.empty()) return DataLoss("the peaks of a tree are damaged");
  return hashes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Index>> Index::Open(const std::string& folder) {
  JEMB_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::OpenFile(PathIn(folder), kForm));
  std::unique_ptr<Index> index(new Index(std::move(database)));
  JEMB_RETURN_IF_ERROR(index->Prepare());
  return index;
}

absl::StatusOr<std::unique_ptr<Index>> Index::OpenReader(const std::string& folder) {
  JEMB_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::OpenReader(PathIn(folder)));
  std::unique_ptr<Index> index(new Index(std::move(database)));
  JEMB_RETURN_IF_ERROR(index->Prepare());
  return index;
}

absl::Status Index::Prepare() {
  const std::string seals = "SELECT number, time_ms, text, checkpoint, peaks, state FROM seals ";
  const std::pair<Statement*, std::string> statements[] = {
      {&select_logs_,
       "SELECT id, topic, partition, begin_offset, next_offset, size, peaks FROM logs "
       "ORDER BY topic, partition"},
      {&select_last_seal_, seals + "ORDER BY number DESC LIMIT 1"},
      {&select_seal_, seals + "WHERE number = ?"},
      {&select_seal_before_, seals + "WHERE time_ms <= ? ORDER BY number DESC LIMIT 1"},
      {&select_texts_, "SELECT text FROM seals WHERE number >= ? ORDER BY number LIMIT ?"},
      {&select_nodes_,
       "SELECT hash FROM nodes WHERE log = ? AND level = ? AND number >= ? AND number < ? "
       "ORDER BY number"}};
  for (const auto& [statement, sql] : statements) {
    JEMB_ASSIGN_OR_RETURN(*statement, database_.Prepare(sql));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<LogRow>> Index::Logs() {
  const ScopedReset reset(select_logs_);
  std::vector<LogRow> rows;
  while (true) {
    JEMB_ASSIGN_OR_RETURN(const bool more, select_logs_.Step());
    if (!more) return rows;
    LogRow row;
    row.id = select_logs_.Int(0);
    row.log = {std::string(select_logs_.Text(1)), static_cast<int32_t>(select_logs_.Int(2))};
    row.begin_offset = select_logs_.Int(3);
    row.next_offset = select_logs_.Int(4);
    row.size = static_cast<uint64_t>(select_logs_.Int(5));
    JEMB_ASSIGN_OR_RETURN(row.peaks, Split(select_logs_.Bytes(6)));
    rows.push_back(std::move(row));
  }
}

absl::StatusOr<int64_t> Index::AddLog(const LogRow& row) {
  JEMB_ASSIGN_OR_RETURN(
      Statement insert,
      database_.Prepare("INSERT INTO logs(topic, partition, begin_offset, next_offset, size, peaks)"
                        " VALUES(?, ?, ?, ?, ?, ?) RETURNING id"));
  const std::string peaks = Joined(row.peaks);
  insert.Bind(std::string_view(row.log.topic), row.log.partition, row.begin_offset, row.next_offset,
              static_cast<int64_t>(row.size), Blob{peaks});
  JEMB_ASSIGN_OR_RETURN(const bool made, insert.Step());
  if (!made) return base::Internal("sqlite gives no id");
  const int64_t id = insert.Int(0);
  // A statement that yields rows has its effect for sure once it has ended.
  JEMB_ASSIGN_OR_RETURN(const bool another, insert.Step());
  if (another) return base::Internal("sqlite gives two ids");
  return id;
}

absl::Status Index::AddSeal(const SealRow& seal, const std::vector<LogRow>& logs,
                            const std::vector<NodeRow>& nodes) {
  absl::StatusOr<Statement> insert_node =
      database_.Prepare("INSERT INTO nodes(log, level, number, hash) VALUES(?, ?, ?, ?)");
  if (!insert_node.ok()) return insert_node.status();
  absl::StatusOr<Statement> update_log =
      database_.Prepare("UPDATE logs SET next_offset = ?, size = ?, peaks = ? WHERE id = ?");
  if (!update_log.ok()) return update_log.status();
  absl::StatusOr<Statement> insert_seal = database_.Prepare(
      "INSERT INTO seals(number, time_ms, text, checkpoint, peaks, state) VALUES(?, ?, ?, ?, ?, "
      "?)");
  if (!insert_seal.ok()) return insert_seal.status();
  sqlite::Transaction transaction(database_);
  JEMB_RETURN_IF_ERROR(transaction.Begin());
  for (const NodeRow& node : nodes) {
    insert_node->Bind(node.log, node.level, static_cast<int64_t>(node.number),
                      Blob{ledger::BytesOf(node.hash)});
    JEMB_RETURN_IF_ERROR(insert_node->Run());
  }
  for (const LogRow& log : logs) {
    const std::string peaks = Joined(log.peaks);
    update_log->Bind(log.next_offset, static_cast<int64_t>(log.size), Blob{peaks}, log.id);
    JEMB_RETURN_IF_ERROR(update_log->Run());
  }
  const std::string peaks = Joined(seal.peaks);
  insert_seal->Bind(static_cast<int64_t>(seal.number), seal.time_ms, std::string_view(seal.text),
                    std::string_view(seal.checkpoint), Blob{peaks}, Blob{seal.state});
  JEMB_RETURN_IF_ERROR(insert_seal->Run());
  return transaction.Commit();
}

absl::StatusOr<SealRow> Index::OneSeal(Statement& select) {
  const ScopedReset reset(select);
  JEMB_ASSIGN_OR_RETURN(const bool found, select.Step());
  if (!found) return base::NotFound("there is no such seal");
  SealRow seal;
  seal.number = static_cast<uint64_t>(select.Int(0));
  seal.time_ms = select.Int(1);
  seal.text = select.Text(2);
  seal.checkpoint = select.Text(3);
  JEMB_ASSIGN_OR_RETURN(seal.peaks, Split(select.Bytes(4)));
  seal.state = select.Bytes(5);
  return seal;
}

absl::StatusOr<SealRow> Index::LastSeal() {
  select_last_seal_.Bind();
  return OneSeal(select_last_seal_);
}

absl::StatusOr<SealRow> Index::SealOf(uint64_t number) {
  select_seal_.Bind(static_cast<int64_t>(number));
  return OneSeal(select_seal_);
}

absl::StatusOr<SealRow> Index::SealBefore(int64_t time_ms) {
  select_seal_before_.Bind(time_ms);
  return OneSeal(select_seal_before_);
}

absl::StatusOr<std::vector<std::string>> Index::SealTexts(uint64_t first, uint64_t count) {
  select_texts_.Bind(static_cast<int64_t>(first), static_cast<int64_t>(count));
  const ScopedReset reset(select_texts_);
  std::vector<std::string> texts;
  while (true) {
    JEMB_ASSIGN_OR_RETURN(const bool more, select_texts_.Step());
    if (!more) break;
    texts.emplace_back(select_texts_.Text(0));
  }
  if (texts.size() == count) return texts;
  return DataLoss("seal " + std::to_string(first + texts.size()) + " is not there");
}

absl::StatusOr<std::vector<Hash>> Index::Nodes(int64_t log, int level, uint64_t first,
                                               uint64_t count) {
  select_nodes_.Bind(log, level, static_cast<int64_t>(first), static_cast<int64_t>(first + count));
  const ScopedReset reset(select_nodes_);
  std::vector<Hash> hashes;
  while (true) {
    JEMB_ASSIGN_OR_RETURN(const bool more, select_nodes_.Step());
    if (!more) break;
    const auto hash = ledger::HashOf(select_nodes_.Bytes(0));
    if (!hash) return DataLoss("a node of a tree is damaged");
    hashes.push_back(*hash);
  }
  if (hashes.size() == count) return hashes;
  return DataLoss("a node of a tree is missing");
}

}  // namespace jembatan::ledger_store
