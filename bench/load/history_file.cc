#include "bench/load/history_file.h"

#include "bench/load/record.h"
#include "libs/base/status.h"
#include "libs/base/text.h"

namespace jembatan::load {
namespace {

std::string Quoted(const std::string& text) {
  std::string json = "\"";
  base::AppendJsonEscaped(text, &json);
  return json + "\"";
}

}  // namespace

absl::Status HistoryFile::Open(const std::string& path) {
  path_ = path;
  file_.open(path, std::ios::binary | std::ios::trunc);
  return file_ ? absl::OkStatus() : base::InvalidArgument("--history: cannot write " + path);
}

void HistoryFile::Invoke(int64_t unix_ms, const base::Uuid& id, const std::string& offer_id) {
  file_ << "{\"t\":" << unix_ms << ",\"e\":\"invoke\",\"id\":\"" << id.ToString()
        << "\",\"offer\":" << Quoted(offer_id) << "}\n";
}

void HistoryFile::Receipt(int64_t unix_ms, const intake::v1::Receipt& receipt) {
  const bool accepted = receipt.status() == intake::v1::Receipt::STATUS_ACCEPTED;
  const bool pending = receipt.status() == intake::v1::Receipt::STATUS_PENDING;
  file_ << "{\"t\":" << unix_ms << ",\"e\":\""
        << (accepted  ? "accepted"
            : pending ? "pending"
                      : "refused")
        << "\",\"id\":" << Quoted(receipt.intent_id());
  if (accepted) {
    file_ << ",\"partition\":" << receipt.partition() << ",\"offset\":" << receipt.offset();
  }
  file_ << "}\n";
}

void HistoryFile::Outcome(int64_t unix_ms, const intake::v1::Outcome& outcome) {
  if (!IsFinal(outcome.state())) return;
  const std::string state = intake::v1::Outcome::State_Name(outcome.state());
  file_ << "{\"t\":" << unix_ms << ",\"e\":\"outcome\",\"id\":" << Quoted(outcome.intent_id())
        << ",\"state\":\"" << state.substr(std::string("STATE_").size())
        << "\",\"order_id\":" << Quoted(outcome.order_id()) << "}\n";
}

absl::Status HistoryFile::Close() {
  file_.close();
  return file_ ? absl::OkStatus() : base::Unavailable("cannot write " + path_);
}

}  // namespace jembatan::load
