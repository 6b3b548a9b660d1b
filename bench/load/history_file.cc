#include "bench/load/history_file.h"

#include <string_view>
#include <utility>

#include "bench/load/record.h"
#include "libs/base/json_line.h"
#include "libs/base/status.h"

namespace jembatan::load {
namespace {

base::JsonLine Event(int64_t unix_ms, std::string_view event, const std::string& id) {
  base::JsonLine line;
  line.Add("t", unix_ms);
  line.Add("e", event);
  line.Add("id", id);
  return line;
}

}  // namespace

absl::Status HistoryFile::Open(const std::string& path) {
  path_ = path;
  file_.open(path, std::ios::binary | std::ios::trunc);
  return file_ ? absl::OkStatus() : base::InvalidArgument("--history: cannot write " + path);
}

void HistoryFile::Invoke(int64_t unix_ms, const base::Uuid& id, const std::string& offer_id) {
  base::JsonLine line = Event(unix_ms, "invoke", id.ToString());
  line.Add("offer", offer_id);
  file_ << std::move(line).Finish();
}

void HistoryFile::Receipt(int64_t unix_ms, const intake::v1::Receipt& receipt) {
  const bool accepted = receipt.status() == intake::v1::Receipt::STATUS_ACCEPTED;
  const bool pending = receipt.status() == intake::v1::Receipt::STATUS_PENDING;
  const std::string_view told = accepted ? "accepted" : pending ? "pending" : "refused";
  base::JsonLine line = Event(unix_ms, told, receipt.intent_id());
  if (accepted) {
    line.Add("partition", static_cast<int64_t>(receipt.partition()));
    line.Add("offset", static_cast<int64_t>(receipt.offset()));
  }
  file_ << std::move(line).Finish();
}

void HistoryFile::Outcome(int64_t unix_ms, const intake::v1::Outcome& outcome) {
  if (!IsFinal(outcome.state())) return;
  std::string state = intake::v1::Outcome::State_Name(outcome.state());
  state.erase(0, std::string_view("STATE_").size());
  base::JsonLine line = Event(unix_ms, "outcome", outcome.intent_id());
  line.Add("state", state);
  line.Add("order_id", outcome.order_id());
  file_ << std::move(line).Finish();
}

absl::Status HistoryFile::Close() {
  file_.close();
  return file_ ? absl::OkStatus() : base::Unavailable("cannot write " + path_);
}

}  // namespace jembatan::load
