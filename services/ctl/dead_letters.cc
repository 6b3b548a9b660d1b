// deadletters list, show, replay.

#include "services/ctl/dead_letters.h"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <google/protobuf/util/json_util.h>

#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/base/json_line.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "libs/intent/limits.h"
#include "libs/kafka/producer.h"
#include "services/ctl/cluster_flags.h"
#include "services/ctl/command.h"

namespace jembatan::ctl {
namespace {

using crossing::v1::DeadLetter;

// What the bridge keeps of a value; one that long may have been cut.
constexpr size_t kValueBytes = 65'536;

std::string CauseName(DeadLetter::Cause cause) {
  return DeadLetter::Cause_Name(cause).substr(std::string("CAUSE_").size());
}

std::string Place(int32_t partition, int64_t offset) {
  return std::to_string(partition) + "/" + std::to_string(offset);
}

bool IsPlace(const std::string& text) {
  size_t slash = text.find('/');
  auto digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return slash != std::string::npos && digits(std::string_view(text).substr(0, slash)) &&
         digits(std::string_view(text).substr(slash + 1));
}

absl::Status Send(const kafka::ClusterConfig& cluster, const std::vector<FoundLetter>& letters,
                  int timeout_ms) {
  boost::asio::io_context context{1};
  size_t delivered = 0;
  absl::Status failed;
  JEMB_ASSIGN_OR_RETURN(
      auto producer, kafka::Producer::Create({.cluster = cluster, .message_timeout_ms = timeout_ms},
                                             context, [&](auto deliveries) {
                                               for (const kafka::Delivery& each : deliveries) {
                                                 ++delivered;
                                                 if (!each.status.ok()) failed = each.status;
                                               }
                                             }));
  for (const FoundLetter& each : letters) {
    JEMB_RETURN_IF_ERROR(producer->Produce(kafka::kIntentsTopic, each.letter.partition(),
                                           each.letter.key(), each.letter.value(), 0));
  }
  while (delivered < letters.size()) context.run_for(std::chrono::milliseconds(10));
  return failed;
}

}  // namespace

absl::StatusOr<LetterFilter> LetterFilter::Parse(const std::vector<std::string>& conditions) {
  LetterFilter filter;
  for (const std::string& condition : conditions) {
    size_t equals = condition.find('=');
    std::string name = condition.substr(0, equals);
    std::string wanted = equals == std::string::npos ? "" : condition.substr(equals + 1);
    std::function<bool(const FoundLetter&)> matches;
    if (name == "cause" && (wanted == "MALFORMED" || wanted == "UNDECODABLE")) {
      matches = [wanted](const FoundLetter& f) { return CauseName(f.letter.cause()) == wanted; };
    } else if (name == "intent" && base::Uuid::ParseV7(wanted)) {
      matches = [wanted](const FoundLetter& f) { return f.intent.intent_id() == wanted; };
    } else if (name == "offer" && !wanted.empty()) {
      matches = [wanted](const FoundLetter& f) { return f.letter.key() == wanted; };
    } else if (name == "source" && IsPlace(wanted)) {
      matches = [wanted](const FoundLetter& f) {
        return Place(f.letter.partition(), f.letter.offset()) == wanted;
      };
    } else if (name == "letter" && IsPlace(wanted)) {
      matches = [wanted](const FoundLetter& f) { return Place(f.partition, f.offset) == wanted; };
    } else {
      return base::InvalidArgument(
          "--filter " + condition +
          ": cause=MALFORMED|UNDECODABLE, intent=ID, offer=ID, source=P/O or letter=P/O");
    }
    filter.conditions_.push_back(std::move(matches));
  }
  return filter;
}

bool LetterFilter::Matches(const FoundLetter& found) const {
  for (const auto& matches : conditions_) {
    if (!matches(found)) return false;
  }
  return true;
}

Hindrance HindranceOf(const FoundLetter& found, int64_t now_ms) {
  if (found.letter.value().size() >= kValueBytes) return Hindrance::kCut;
  std::optional<base::Uuid> id = base::Uuid::ParseV7(found.intent.intent_id());
  if (!found.decoded || !id) return Hindrance::kUnreadable;
  // Appended now it would be void.
  if (now_ms > id->unix_ms() + intent::kTtlMs) return Hindrance::kPastDeadline;
  return Hindrance::kNone;
}

FoundLetter ReadLetter(const kafka::Record& record) {
  FoundLetter found;
  found.partition = record.partition;
  found.offset = record.offset;
  if (!found.letter.ParseFromArray(record.value.data(), static_cast<int>(record.value.size()))) {
    found.letter.Clear();
  }
  found.decoded = !found.letter.value().empty() &&
                  found.letter.cause() != DeadLetter::CAUSE_UNDECODABLE &&
                  found.intent.ParseFromString(found.letter.value());
  return found;
}

std::string LetterLine(const FoundLetter& found) {
  const DeadLetter& letter = found.letter;
  base::JsonLine line;
  line.Add("letter", Place(found.partition, found.offset));
  line.Add("cause", CauseName(letter.cause()));
  line.Add("detail", Shown(letter.detail()));
  line.Add("source", Place(letter.partition(), letter.offset()));
  line.Add("append_ms", base::ToMs(letter.append_time()));
  line.Add("offer_id", Shown(letter.key()));
  line.Add("intent_id", found.decoded ? Shown(found.intent.intent_id()) : "");
  line.Add("attempts", int64_t{letter.attempts()});
  line.Add("traceparent", Shown(letter.traceparent()));
  line.Add("written_by", Shown(letter.written_by()));
  return std::move(line).Finish();
}

absl::StatusOr<Replayed> Replay(const TopicScan& scan, const LetterFilter& filter, int64_t now_ms,
                                bool dry_run) {
  Replayed replayed;
  std::vector<FoundLetter> letters;
  JEMB_RETURN_IF_ERROR(ScanTopic(scan, [&](const kafka::Record& record) {
    FoundLetter found = ReadLetter(record);
    if (!filter.Matches(found)) return;
    Hindrance hindrance = HindranceOf(found, now_ms);
    replayed.unreadable += hindrance == Hindrance::kUnreadable;
    replayed.cut += hindrance == Hindrance::kCut;
    replayed.past_deadline += hindrance == Hindrance::kPastDeadline;
    if (hindrance == Hindrance::kNone) letters.push_back(std::move(found));
  }));
  replayed.sent = letters.size();
  if (!dry_run) JEMB_RETURN_IF_ERROR(Send(scan.cluster, letters, scan.timeout_ms));
  return replayed;
}

// --- Commands ------------------------------------------------------------------------------------

namespace {

struct LettersOptions {
  TopicScan scan;
  std::vector<std::string> filter;
  std::string letter;
  bool dry_run = false;
};

std::shared_ptr<LettersOptions> AddCommon(CLI::App* command) {
  auto options = std::make_shared<LettersOptions>();
  options->scan.topic = kafka::kDeadLettersTopic;
  AddCluster(command, &options->scan.cluster);
  command->add_option("--partitions", options->scan.partitions, "Partitions of the topic")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command
      ->add_option(Flag("timeout_ms"), options->scan.timeout_ms,
                   "How long the cluster may be silent")
      ->capture_default_str()
      ->check(CLI::Range(1, 600'000));
  return options;
}

void AddFilter(CLI::App* command, LettersOptions* options) {
  command->add_option("--filter", options->filter,
                      "cause=MALFORMED|UNDECODABLE, intent=ID, offer=ID, source=P/O or letter=P/O; "
                      "several: all hold");
}

void AddList(CLI::App& letters, Chosen* chosen) {
  CLI::App* command = letters.add_subcommand("list", "One line of JSON a dead letter");
  auto options = AddCommon(command);
  AddFilter(command, options.get());
  command->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) -> absl::Status {
      JEMB_ASSIGN_OR_RETURN(LetterFilter filter, LetterFilter::Parse(options->filter));
      return ScanTopic(options->scan, [&](const kafka::Record& record) {
        FoundLetter found = ReadLetter(record);
        if (filter.Matches(found)) out << LetterLine(found);
      });
    };
  });
}

absl::Status Show(const LettersOptions& options, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(LetterFilter filter, LetterFilter::Parse({"letter=" + options.letter}));
  bool shown = false;
  JEMB_RETURN_IF_ERROR(ScanTopic(options.scan, [&](const kafka::Record& record) {
    FoundLetter found = ReadLetter(record);
    if (!filter.Matches(found)) return;
    shown = true;
    out << LetterLine(found);
    std::string json;
    if (found.decoded && google::protobuf::util::MessageToJsonString(found.intent, &json).ok()) {
      out << json << "\n";
    }
    out << base::Hex(found.letter.value()) << "\n";
  }));
  return shown ? absl::OkStatus() : base::NotFound("no dead letter at " + options.letter);
}

void AddShow(CLI::App& letters, Chosen* chosen) {
  CLI::App* command =
      letters.add_subcommand("show", "A dead letter, the intent in it, and its bytes");
  auto options = AddCommon(command);
  command->add_option("letter", options->letter, "PARTITION/OFFSET, as list tells it")->required();
  command->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) { return Show(*options, out); };
  });
}

void AddReplay(CLI::App& letters, Chosen* chosen) {
  CLI::App* command = letters.add_subcommand(
      "replay", "Append what the letters hold to the intents' log once more");
  auto options = AddCommon(command);
  AddFilter(command, options.get());
  command->add_flag("--dry-run,--dry_run", options->dry_run, "Only count");
  command->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) -> absl::Status {
      JEMB_ASSIGN_OR_RETURN(LetterFilter filter, LetterFilter::Parse(options->filter));
      if (!filter.any()) return base::InvalidArgument("replay needs a --filter");
      JEMB_ASSIGN_OR_RETURN(Replayed replayed,
                            Replay(options->scan, filter, base::WallMs(), options->dry_run));
      out << (options->dry_run ? "would replay " : "replayed ") << replayed.sent
          << "; left: " << replayed.past_deadline << " past their deadline, " << replayed.unreadable
          << " unreadable, " << replayed.cut << " cut\n";
      return absl::OkStatus();
    };
  });
}

}  // namespace

void AddDeadLettersCommands(CLI::App& app, Chosen* chosen) {
  CLI::App* letters = app.add_subcommand("deadletters", "Records that could not be served");
  letters->require_subcommand(1);
  AddList(*letters, chosen);
  AddShow(*letters, chosen);
  AddReplay(*letters, chosen);
}

}  // namespace jembatan::ctl
