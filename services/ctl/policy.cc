// policy check, apply, explain, replay: rule files before, in and after force.

#include <cstdio>
#include <memory>
#include <ostream>
#include <string>

#include <CLI/CLI.hpp>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/policy/limits.h"
#include "libs/policy/parse.h"
#include "services/ctl/cluster_flags.h"
#include "services/ctl/command.h"
#include "services/ctl/controls_flags.h"
#include "services/ctl/files.h"
#include "services/ctl/policy_replay.h"
#include "services/ctl/times.h"
#include "services/ctl/topic_scan.h"

namespace jembatan::ctl {
namespace {

struct PolicyOptions {
  std::string file;
  std::string to_file;
  ControlOrder order;
  kafka::ClusterConfig cluster;
  int partitions = 6;
  int timeout_ms = 15'000;
  std::string goods;
  std::string intent;
  std::string from;
  std::string to;
};

absl::StatusOr<std::string> ReadPolicyText(const std::string& path, policy::Policy* policy) {
  JEMB_ASSIGN_OR_RETURN(std::string text, base::ReadWholeFile(path, policy::kFileBytes));
  JEMB_ASSIGN_OR_RETURN(*policy, policy::ParsePolicy(path, text));
  return text;
}

void Tell(const policy::Policy& policy, std::ostream& out) {
  out << "rules=" << policy.rules.size() << " rates=" << policy.rates.size()
      << " version=" << base::Hex(policy.version) << "\n";
}

absl::Status CheckFile(const PolicyOptions& options, std::ostream& out) {
  policy::Policy policy;
  JEMB_RETURN_IF_ERROR(ReadPolicyText(options.file, &policy).status());
  for (const policy::Rule& rule : policy.rules) {
    char line[256];
    std::snprintf(line, sizeof line, "%-15s %-28s ",
                  std::string(policy::KindName(rule.terms)).c_str(), rule.id.c_str());
    out << line << rule.article << "\n";
  }
  Tell(policy, out);
  return absl::OkStatus();
}

// Bridges look at the file by its name: it holds the old text or the new one, never half of it.
absl::Status ReplaceFile(const PolicyOptions& options, const std::string& text) {
  const std::string beside = options.to_file + ".new";
  std::remove(beside.c_str());
  JEMB_RETURN_IF_ERROR(CreateFile(beside, text, /*secret=*/false));
  if (std::rename(beside.c_str(), options.to_file.c_str()) != 0) {
    std::remove(beside.c_str());
    return base::Unavailable("cannot replace " + options.to_file);
  }
  return absl::OkStatus();
}

absl::Status Apply(const PolicyOptions& options, std::ostream& out) {
  policy::Policy policy;
  JEMB_ASSIGN_OR_RETURN(const std::string text, ReadPolicyText(options.file, &policy));
  if (!options.to_file.empty()) {
    JEMB_RETURN_IF_ERROR(ReplaceFile(options, text));
  } else {
    if (options.order.why.empty()) return base::InvalidArgument("--why or --to_file is needed");
    crossing::v1::Control control;
    control.mutable_policy()->set_text(text);
    control.mutable_policy()->set_version(policy.version);
    JEMB_ASSIGN_OR_RETURN(const controls::Controls before, ReadControls(options.order.access));
    JEMB_RETURN_IF_ERROR(FinishOrder(options.order, before, std::move(control), out));
  }
  Tell(policy, out);
  return absl::OkStatus();
}

absl::StatusOr<GoodsByOffer> ReadGoods(const std::string& path) {
  if (path.empty()) return GoodsByOffer();
  JEMB_ASSIGN_OR_RETURN(const std::string json, base::ReadWholeFile(path, kFileBytes));
  absl::StatusOr<GoodsByOffer> goods = ParseGoodsFile(json);
  if (goods.ok()) return goods;
  return base::InvalidArgument(path + ": " + std::string(base::Std(goods.status().message())));
}

// Every intent of the range, judged, and what became of it.
absl::Status Scan(const PolicyOptions& options, PolicyReplay* replay) {
  TopicScan scan{.cluster = options.cluster,
                 .topic = kafka::kIntentsTopic,
                 .partitions = options.partitions,
                 .timeout_ms = options.timeout_ms};
  absl::Status added;
  JEMB_RETURN_IF_ERROR(ScanTopic(scan, [&](const kafka::Record& record) {
    if (!added.ok()) return;
    added = replay->AddIntent(record.partition, record.offset, record.append_time_ms, record.value);
  }));
  JEMB_RETURN_IF_ERROR(added);
  scan.topic = kafka::kOutcomesTopic;
  return ScanTopic(scan, [&](const kafka::Record& record) {
    replay->AddOutcome(record.partition, record.value);
  });
}

absl::Status Explain(const PolicyOptions& options, std::ostream& out) {
  policy::Policy policy;
  JEMB_RETURN_IF_ERROR(ReadPolicyText(options.file, &policy).status());
  JEMB_ASSIGN_OR_RETURN(const GoodsByOffer goods, ReadGoods(options.goods));
  PolicyReplay replay(policy, goods, {.intent_id = options.intent});
  JEMB_RETURN_IF_ERROR(Scan(options, &replay));
  if (replay.intents() == 0) {
    return base::NotFound("the log holds no intent " + options.intent +
                          " that came before its deadline");
  }
  out << replay.Explanation();
  return absl::OkStatus();
}

absl::Status Replay(const PolicyOptions& options, std::ostream& out) {
  ReplayRange range;
  JEMB_ASSIGN_OR_RETURN(range.from_ms, InstantMs("--from", options.from));
  JEMB_ASSIGN_OR_RETURN(range.to_ms, InstantMs("--to", options.to));
  if (range.to_ms <= range.from_ms) return base::InvalidArgument("--to is not after --from");
  policy::Policy policy;
  JEMB_RETURN_IF_ERROR(ReadPolicyText(options.file, &policy).status());
  JEMB_ASSIGN_OR_RETURN(const GoodsByOffer goods, ReadGoods(options.goods));
  PolicyReplay replay(policy, goods, range);
  JEMB_RETURN_IF_ERROR(Scan(options, &replay));
  out << replay.Report();
  return absl::OkStatus();
}

void AddLogFlags(CLI::App* command, const std::shared_ptr<PolicyOptions>& options) {
  AddCluster(command, &options->cluster);
  command->add_option("--partitions", options->partitions, "Partitions of the topics")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option(Flag("timeout_ms"), options->timeout_ms, "How long the cluster may be silent")
      ->capture_default_str()
      ->check(CLI::Range(1, 600'000));
  command->add_option("--goods", options->goods,
                      "JSON file of what is attested about the offers' goods; else nothing is");
}

using Act = absl::Status (*)(const PolicyOptions&, std::ostream&);

CLI::App* AddAction(CLI::App* policy, const std::shared_ptr<PolicyOptions>& options, Chosen* chosen,
                    const char* name, const char* help, Act act) {
  CLI::App* command = policy->add_subcommand(name, help);
  command->callback([options, chosen, act] {
    chosen->run = [options, act](std::ostream& out) { return act(*options, out); };
  });
  return command;
}

}  // namespace

void AddPolicyCommands(CLI::App& app, Chosen* chosen) {
  CLI::App* policy = app.add_subcommand("policy", "Rule files of the bridges");
  policy->require_subcommand(1);
  auto options = std::make_shared<PolicyOptions>();
  CLI::App* check = AddAction(policy, options, chosen, "check",
                              "Tell whether a bridge would take the file", CheckFile);
  check->add_option("file", options->file, "The policy, TOML")->required();
  CLI::App* apply = AddAction(policy, options, chosen, "apply",
                              "Put a good file in force at every bridge, by a control; a bad one "
                              "changes nothing",
                              Apply);
  apply->add_option("file", options->file, "The policy, TOML")->required();
  CLI::Option* to_file =
      apply->add_option(Flag("to_file"), options->to_file,
                        "The file that bridges have as --policy, instead of a control");
  AddOrder(apply, &options->order);
  apply->get_option("--why")->required(false)->excludes(to_file);
  CLI::App* explain = AddAction(policy, options, chosen, "explain",
                                "What each rule says about an intent of the log", Explain);
  explain->add_option("--with", options->file, "The policy, TOML")->required();
  explain->add_option("--intent", options->intent, "The intent's id")->required();
  AddLogFlags(explain, options);
  CLI::App* replay = AddAction(policy, options, chosen, "replay",
                               "What a policy would have decided of past intents", Replay);
  replay->add_option("--with", options->file, "The policy, TOML")->required();
  replay->add_option("--from", options->from, "Appended then or later, RFC 3339")->required();
  replay->add_option("--to", options->to, "Appended before then")->required();
  AddLogFlags(replay, options);
}

}  // namespace jembatan::ctl
