#include "services/auditor/answers.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "services/auditor/limits.h"

namespace jembatan::auditor {
namespace {

using ledger::Hash;

constexpr const char* kText = "text/plain; charset=utf-8";
constexpr const char* kJson = "application/json";

// One JSON object, its fields in the order given.
class Object {
 public:
  Object& Add(std::string_view name, std::string_view text) {
    Name(name);
    AddText(text);
    return *this;
  }
  Object& Add(std::string_view name, int64_t value) {
    Name(name);
    json_ += std::to_string(value);
    return *this;
  }
  Object& Add(std::string_view name, uint64_t value) {
    Name(name);
    json_ += std::to_string(value);
    return *this;
  }
  Object& Add(std::string_view name, const Hash& hash) { return Add(name, ledger::HashText(hash)); }
  Object& Add(std::string_view name, const std::vector<Hash>& hashes) {
    Name(name);
    json_ += '[';
    for (const Hash& hash : hashes) {
      if (json_.back() != '[') json_ += ',';
      AddText(ledger::HashText(hash));
    }
    json_ += ']';
    return *this;
  }
  std::string Finish() { return json_ + "}\n"; }

 private:
  void Name(std::string_view name) {
    json_ += json_.empty() ? '{' : ',';
    AddText(name);
    json_ += ':';
  }
  void AddText(std::string_view text) {
    json_ += '"';
    base::AppendJsonEscaped(text, &json_);
    json_ += '"';
  }

  std::string json_;
};

int HttpStatusOf(const absl::Status& status) {
  if (absl::IsInvalidArgument(status)) return 400;
  if (absl::IsNotFound(status)) return 404;
  if (absl::IsOutOfRange(status)) return 409;
  return base::IsRetriable(status) ? 503 : 500;
}

}  // namespace

// The parameters of a request, each of which must be asked for.
class Answers::Question {
 public:
  static absl::StatusOr<Question> Parse(std::string_view target,
                                        const std::vector<std::string_view>& known) {
    Question question;
    const size_t mark = target.find('?');
    std::string_view query = mark == std::string_view::npos ? "" : target.substr(mark + 1);
    while (!query.empty()) {
      const std::string_view pair = query.substr(0, query.find('&'));
      query.remove_prefix(std::min(pair.size() + 1, query.size()));
      const std::string_view name = pair.substr(0, pair.find('='));
      const bool is_known = std::find(known.begin(), known.end(), name) != known.end();
      if (!is_known || name.size() == pair.size() || question.values_.size() >= kParametersMax ||
          !question.values_.try_emplace(std::string(name), pair.substr(name.size() + 1)).second) {
        std::string names;
        for (std::string_view one : known) names += " " + std::string(one);
        return base::InvalidArgument("the parameters here are, once each:" + names);
      }
    }
    return question;
  }

  bool Has(std::string_view name) const { return values_.find(name) != values_.end(); }
  absl::StatusOr<int64_t> Number(std::string_view name) const {
    const auto at = values_.find(name);
    int64_t value = -1;
    if (at != values_.end()) {
      const std::string& text = at->second;
      const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || stop != text.data() + text.size()) value = -1;
    }
    if (value >= 0) return value;
    return base::InvalidArgument(std::string(name) + " must be a number");
  }
  absl::StatusOr<ledger::LogId> Log() const {
    JEMB_ASSIGN_OR_RETURN(const int64_t partition, Number("partition"));
    const auto topic = values_.find("topic");
    if (topic == values_.end() || !ledger::IsTopicName(topic->second) || partition > INT32_MAX) {
      return base::InvalidArgument("topic and partition must name a partition");
    }
    return ledger::LogId{topic->second, static_cast<int32_t>(partition)};
  }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

struct Answers::Route {
  const char* path;
  const char* content_type;
  std::vector<std::string_view> parameters;
  absl::StatusOr<std::string> (Answers::*answer)(const Question& question);
};

const std::vector<Answers::Route>& Answers::Routes() {
  static const std::vector<Route> kRoutes = {
      {"/checkpoint", kText, {}, &Answers::Checkpoint},
      {"/verifier", kText, {}, &Answers::Verifier},
      {"/seal", kJson, {"number"}, &Answers::Seal},
      {"/seals/consistency", kJson, {"from", "to"}, &Answers::SealsConsistency},
      {"/log/root", kJson, {"topic", "partition", "size"}, &Answers::LogRoot},
      {"/log/inclusion", kJson, {"topic", "partition", "offset", "size"}, &Answers::LogInclusion},
      {"/log/consistency", kJson, {"topic", "partition", "from", "to"}, &Answers::LogConsistency},
  };
  return kRoutes;
}

absl::StatusOr<std::unique_ptr<Answers>> Answers::Open(const std::string& folder,
                                                       std::string verifier) {
  JEMB_ASSIGN_OR_RETURN(auto reader, ledger_store::Reader::Open(folder));
  return std::unique_ptr<Answers>(new Answers(std::move(reader), std::move(verifier)));
}

void Answers::AddTo(runtime::AdminServer* server) {
  for (const Route& route : Routes()) {
    server->AddRoute(route.path, [this](std::string_view target) { return Answer(target); });
  }
}

runtime::AdminResponse Answers::Answer(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  const auto route = std::find_if(Routes().begin(), Routes().end(),
                                  [path](const Route& one) { return path == one.path; });
  if (route == Routes().end()) return {404, kText, "no such path\n"};
  const auto question = Question::Parse(target, route->parameters);
  absl::StatusOr<std::string> body =
      question.ok() ? (this->*route->answer)(*question) : question.status();
  if (body.ok()) return {200, route->content_type, *std::move(body)};
  return {HttpStatusOf(body.status()), kText,
          std::string(base::Std(body.status().message())) + "\n"};
}

absl::StatusOr<std::string> Answers::Checkpoint(const Question& /*question*/) {
  JEMB_ASSIGN_OR_RETURN(ledger_store::SealRow seal, reader_->LastSeal());
  return std::move(seal.checkpoint);
}

absl::StatusOr<std::string> Answers::Verifier(const Question& /*question*/) {
  return verifier_ + "\n";
}

absl::StatusOr<std::string> Answers::Seal(const Question& question) {
  JEMB_ASSIGN_OR_RETURN(const ledger_store::SealRow last, reader_->LastSeal());
  uint64_t number = last.number;
  if (question.Has("number")) {
    JEMB_ASSIGN_OR_RETURN(const int64_t asked, question.Number("number"));
    number = static_cast<uint64_t>(asked);
  }
  JEMB_ASSIGN_OR_RETURN(const ledger_store::SealRow seal, reader_->SealOf(number));
  JEMB_ASSIGN_OR_RETURN(const std::vector<Hash> proof,
                        reader_->SealInclusion(number, last.number + 1));
  return Object()
      .Add("number", seal.number)
      .Add("time_ms", seal.time_ms)
      .Add("seal", seal.text)
      .Add("checkpoint", seal.checkpoint)
      .Add("in_size", last.number + 1)
      .Add("proof", proof)
      .Finish();
}

absl::StatusOr<std::string> Answers::SealsConsistency(const Question& question) {
  JEMB_ASSIGN_OR_RETURN(const int64_t from, question.Number("from"));
  JEMB_ASSIGN_OR_RETURN(const int64_t to, question.Number("to"));
  JEMB_ASSIGN_OR_RETURN(const ledger_store::SealRow last, reader_->LastSeal());
  if (static_cast<uint64_t>(to) > last.number + 1) {
    return absl::OutOfRangeError(
        base::Absl("there are " + std::to_string(last.number + 1) + " seals"));
  }
  JEMB_ASSIGN_OR_RETURN(
      const std::vector<Hash> proof,
      reader_->SealConsistency(static_cast<uint64_t>(from), static_cast<uint64_t>(to)));
  return Object().Add("from", from).Add("to", to).Add("proof", proof).Finish();
}

absl::StatusOr<std::string> Answers::LogRoot(const Question& question) {
  JEMB_ASSIGN_OR_RETURN(const ledger::LogId log, question.Log());
  JEMB_ASSIGN_OR_RETURN(const int64_t size, question.Number("size"));
  JEMB_ASSIGN_OR_RETURN(const Hash root, reader_->Root(log, static_cast<uint64_t>(size)));
  return Object()
      .Add("topic", log.topic)
      .Add("partition", int64_t{log.partition})
      .Add("size", size)
      .Add("root", root)
      .Finish();
}

absl::StatusOr<uint64_t> Answers::SealedSize(const ledger::LogId& log) {
  JEMB_ASSIGN_OR_RETURN(const ledger_store::SealRow last, reader_->LastSeal());
  JEMB_ASSIGN_OR_RETURN(const ledger::Seal seal, ledger::ParseSeal(last.text));
  const ledger::Head* head = ledger::HeadOf(seal, log);
  if (head == nullptr) return base::NotFound("there is no log of " + ledger::NameOf(log));
  return head->size;
}

absl::StatusOr<std::string> Answers::LogInclusion(const Question& question) {
  JEMB_ASSIGN_OR_RETURN(const ledger::LogId log, question.Log());
  JEMB_ASSIGN_OR_RETURN(const int64_t offset, question.Number("offset"));
  JEMB_ASSIGN_OR_RETURN(uint64_t size, SealedSize(log));
  if (question.Has("size")) {
    JEMB_ASSIGN_OR_RETURN(const int64_t asked, question.Number("size"));
    size = static_cast<uint64_t>(asked);
  }
  JEMB_ASSIGN_OR_RETURN(const uint64_t index, reader_->IndexOf(log, offset, size));
  if (index == size) return absl::OutOfRangeError("that offset is not sealed");
  JEMB_ASSIGN_OR_RETURN(const std::vector<ledger::Entry> entry, reader_->Entries(log, index, 1));
  if (entry.front().offset != offset) return base::NotFound("the log has no record there");
  JEMB_ASSIGN_OR_RETURN(const std::vector<Hash> proof, reader_->Inclusion(log, index, size));
  JEMB_ASSIGN_OR_RETURN(const Hash root, reader_->Root(log, size));
  return Object()
      .Add("topic", log.topic)
      .Add("partition", int64_t{log.partition})
      .Add("offset", offset)
      .Add("append_time_ms", entry.front().append_time_ms)
      .Add("digest", entry.front().digest)
      .Add("index", index)
      .Add("size", size)
      .Add("root", root)
      .Add("proof", proof)
      .Finish();
}

absl::StatusOr<std::string> Answers::LogConsistency(const Question& question) {
  JEMB_ASSIGN_OR_RETURN(const ledger::LogId log, question.Log());
  JEMB_ASSIGN_OR_RETURN(const int64_t from, question.Number("from"));
  JEMB_ASSIGN_OR_RETURN(const int64_t to, question.Number("to"));
  JEMB_ASSIGN_OR_RETURN(
      const std::vector<Hash> proof,
      reader_->Consistency(log, static_cast<uint64_t>(from), static_cast<uint64_t>(to)));
  return Object()
      .Add("topic", log.topic)
      .Add("partition", int64_t{log.partition})
      .Add("from", from)
      .Add("to", to)
      .Add("proof", proof)
      .Finish();
}

}  // namespace jembatan::auditor
