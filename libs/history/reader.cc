#include "libs/history/reader.h"

#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include "libs/base/status.h"

namespace jembatan::history {
namespace {

using simdjson::dom::object;

// One line's object; the first field that is missing or of another type is kept as the error.
class Line {
 public:
  explicit Line(const object& fields) : fields_(fields) {}

  bool Has(std::string_view key) const { return !fields_[key].error(); }
  std::string Text(std::string_view key) {
    std::string_view text;
    if (fields_[key].get(text) != simdjson::SUCCESS) Fail(key, "a text");
    return std::string(text);
  }
  int64_t Number(std::string_view key) {
    int64_t number = 0;
    if (fields_[key].get(number) != simdjson::SUCCESS || number < 0) Fail(key, "a whole number");
    return number;
  }
  base::Uuid Id(std::string_view key) {
    std::optional<base::Uuid> id = base::Uuid::ParseV7(Text(key));
    if (!id) Fail(key, "a UUIDv7");
    return id.value_or(base::Uuid{});
  }
  // The place of the text among the names.
  template <typename Enum, size_t kCount>
  Enum OneOf(std::string_view key, const char* const (&names)[kCount]) {
    std::string text = Text(key);
    for (size_t i = 0; i < kCount; ++i) {
      if (text == names[i]) return static_cast<Enum>(i);
    }
    Fail(key, "one of the known words");
    return static_cast<Enum>(0);
  }
  void Fail(std::string_view key, std::string_view wanted) {
    if (wrong_.empty()) wrong_ = std::string(key) + " is not " + std::string(wanted);
  }
  const std::string& wrong() const { return wrong_; }

 private:
  const object& fields_;
  std::string wrong_;
};

absl::Status EachLine(const std::string& name, std::string_view bytes,
                      const std::function<void(Line&)>& take) {
  simdjson::dom::parser parser;
  size_t number = 0;
  while (!bytes.empty()) {
    ++number;
    auto at = [&](const std::string& what) {
      return base::InvalidArgument(name + ":" + std::to_string(number) + ": " + what);
    };
    size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return at("the line is cut off");
    std::string_view text = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    object fields;
    if (parser.parse(text.data(), text.size()).get(fields) != simdjson::SUCCESS) {
      return at("not a JSON object");
    }
    Line line(fields);
    take(line);
    if (!line.wrong().empty()) return at(line.wrong());
  }
  return absl::OkStatus();
}

constexpr const char* kStates[] = {"ORDERED", "HANDED_OFF", "REJECTED", "EXPIRED"};

// Offsets of a partition follow each other: what is missing was cut out of the dump, or never read.
class Sequence {
 public:
  void Check(int32_t partition, int64_t offset, Line* line) {
    auto [it, first] = next_.try_emplace(partition, offset);
    if (it->second != offset) line->Fail("offset", "the next of its partition");
    it->second = offset + 1;
  }

 private:
  std::map<int32_t, int64_t> next_;
};

}  // namespace

absl::Status ReadClients(const std::string& name, std::string_view bytes, History* history) {
  constexpr const char* kKinds[] = {"invoke",  "accepted", "pending", "refused",
                                    "outcome", "none",     "sample"};
  constexpr int kSample = 6;
  using Kind = ClientEvent::Kind;
  return EachLine(name, bytes, [&](Line& line) {
    int word = line.OneOf<int>("e", kKinds);
    if (word == kSample) {
      history->samples.push_back(
          {line.Number("t"), line.Text("what"), line.Number("value"), line.Number("bound")});
      return;
    }
    ClientEvent event;
    event.kind = static_cast<Kind>(word);
    event.time_ms = line.Number("t");
    event.id = line.Id("id");
    if (event.kind == Kind::kInvoke) event.offer_id = line.Text("offer");
    if (event.kind == Kind::kAccepted) {
      event.partition = static_cast<int32_t>(line.Number("partition"));
      event.offset = line.Number("offset");
    }
    if (event.kind == Kind::kOutcome) {
      event.state = line.OneOf<State>("state", kStates);
      event.order_id = line.Text("order_id");
    }
    history->clients.push_back(std::move(event));
  });
}

absl::Status ReadIntents(const std::string& name, std::string_view bytes, History* history) {
  Sequence sequence;
  return EachLine(name, bytes, [&](Line& line) {
    constexpr const char* kTopic[] = {"intents"};
    line.OneOf<int>("topic", kTopic);
    IntentRecord record;
    record.partition = static_cast<int32_t>(line.Number("partition"));
    record.offset = line.Number("offset");
    sequence.Check(record.partition, record.offset, &line);
    record.append_ms = line.Number("append_ms");
    record.decoded = line.Has("intent_id");
    if (record.decoded) {
      record.id = line.Id("intent_id");
      record.buyer_ref = line.Text("buyer_ref");
      record.offer_id = line.Text("offer_id");
      record.fingerprint = line.Text("fingerprint");
    }
    history->intents.push_back(std::move(record));
  });
}

absl::Status ReadOutcomes(const std::string& name, std::string_view bytes, History* history) {
  constexpr const char* kKinds[] = {"claim", "open", "final", "unconfirmed"};
  Sequence sequence;
  return EachLine(name, bytes, [&](Line& line) {
    constexpr const char* kTopic[] = {"outcomes"};
    line.OneOf<int>("topic", kTopic);
    OutcomeRecord record;
    record.partition = static_cast<int32_t>(line.Number("partition"));
    record.offset = line.Number("offset");
    sequence.Check(record.partition, record.offset, &line);
    record.token = static_cast<uint64_t>(line.Number("token"));
    record.marketplace_id = line.Text("marketplace_id");
    record.kind = line.OneOf<OutcomeRecord::Kind>("kind", kKinds);
    if (record.kind == OutcomeRecord::Kind::kFinal) {
      record.id = line.Id("intent_id");
      record.buyer_ref = line.Text("buyer_ref");
      record.fingerprint = line.Text("fingerprint");
      record.state = line.OneOf<State>("state", kStates);
      record.order_id = line.Text("order_id");
    }
    history->outcomes.push_back(std::move(record));
  });
}

absl::Status ReadLedger(const std::string& name, std::string_view bytes, History* history) {
  int64_t last = 0;
  return EachLine(name, bytes, [&](Line& line) {
    LedgerRow row;
    row.seq = line.Number("seq");
    if (row.seq != last + 1) line.Fail("seq", "the next of the ledger");
    last = row.seq;
    row.id = line.Id("intent_id");
    row.buyer_ref = line.Text("buyer_ref");
    row.offer_id = line.Text("offer_id");
    row.state = line.OneOf<State>("state", kStates);
    row.order_id = line.Text("order_id");
    row.decided_ms = line.Number("decided_ms");
    row.fingerprint = line.Text("fingerprint");
    history->ledger.push_back(std::move(row));
  });
}

}  // namespace jembatan::history
