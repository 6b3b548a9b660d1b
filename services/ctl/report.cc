// report beli-lokal: whose goods were bought in a time, from the topics or from a sealed bundle.

#include <filesystem>
#include <memory>
#include <ostream>
#include <string>

#include <CLI/CLI.hpp>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/beli_lokal/figures.h"
#include "libs/beli_lokal/render.h"
#include "libs/evidence/archive.h"
#include "libs/evidence/bundle.h"
#include "libs/evidence/limits.h"
#include "libs/goods/limits.h"
#include "services/ctl/cluster_flags.h"
#include "services/ctl/command.h"
#include "services/ctl/files.h"
#include "services/ctl/report_records.h"
#include "services/ctl/times.h"

namespace jembatan::ctl {
namespace {

using beli_lokal::Window;

struct ReportOptions {
  RecordsSource source;
  std::string bundle;
  std::string from;
  std::string to;
  std::string goods_keys;
  std::string csv;
  std::string html;
  std::string language = "id";
};

// Before minutes are spent on what could not be kept.
absl::Status CheckFiles(const ReportOptions& options) {
  if (!options.csv.empty() && options.csv == options.html) {
    return base::InvalidArgument("--csv and --html name one file");
  }
  for (const std::string& path : {options.csv, options.html}) {
    if (path.empty() || !std::filesystem::exists(path)) continue;
    return base::FailedPrecondition(path + " exists and is left as it is");
  }
  return absl::OkStatus();
}

absl::StatusOr<Window> WindowOf(const ReportOptions& options) {
  if (options.from.empty() || options.to.empty()) {
    return base::InvalidArgument("--from and --to are required, or a --bundle");
  }
  Window window;
  JEMB_ASSIGN_OR_RETURN(window.from_ms, InstantMs("--from", options.from));
  JEMB_ASSIGN_OR_RETURN(window.to_ms, InstantMs("--to", options.to));
  if (window.to_ms > window.from_ms) return window;
  return base::InvalidArgument("--to is not after --from");
}

absl::StatusOr<goods::NoteKeys> KeysOf(const ReportOptions& options) {
  if (options.goods_keys.empty()) {
    return base::InvalidArgument("--goods_keys is required: without keys nothing is attested");
  }
  JEMB_ASSIGN_OR_RETURN(const std::string text,
                        base::ReadWholeFile(options.goods_keys, goods::kKeysFileBytes));
  absl::StatusOr<goods::NoteKeys> keys = goods::NoteKeys::Parse(text);
  if (keys.ok()) return keys;
  return base::InvalidArgument(options.goods_keys + ": " +
                               std::string(base::Std(keys.status().message())));
}

absl::Status Tell(const ReportOptions& options, const beli_lokal::Figures& figures,
                  beli_lokal::Source source, std::ostream& out) {
  out << beli_lokal::TerminalText(figures, source,
                                  options.language == "id" ? separation::Language::kIndonesian
                                                           : separation::Language::kEnglish);
  if (!options.csv.empty()) {
    JEMB_RETURN_IF_ERROR(CreateFile(options.csv, beli_lokal::Csv(figures), /*secret=*/false));
    out << "\nCSV   " << options.csv << "\n";
  }
  if (!options.html.empty()) {
    JEMB_RETURN_IF_ERROR(
        CreateFile(options.html, beli_lokal::Page(figures, source), /*secret=*/false));
    out << (options.csv.empty() ? "\n" : "") << "HTML  " << options.html << "\n";
  }
  return absl::OkStatus();
}

absl::Status OfTopics(const ReportOptions& options, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(const Window window, WindowOf(options));
  JEMB_ASSIGN_OR_RETURN(const goods::NoteKeys keys, KeysOf(options));
  ReportRecords records;
  JEMB_RETURN_IF_ERROR(records.Collect(options.source, window));
  return Tell(options, beli_lokal::Reckon(records.segments(), keys, window),
              beli_lokal::Source::kTopics, out);
}

// Whose seal it is `verify` says; this only refuses a bundle that is not as somebody sealed it.
absl::Status OfBundle(const ReportOptions& options, std::ostream& out) {
  if (!options.from.empty() || !options.to.empty() || !options.goods_keys.empty()) {
    return base::InvalidArgument("a --bundle has its own time and keys");
  }
  JEMB_ASSIGN_OR_RETURN(const std::string bytes,
                        base::ReadWholeFile(options.bundle, evidence::kBundleBytesMax));
  evidence::Faults faults;
  JEMB_ASSIGN_OR_RETURN(const evidence::Files files, evidence::Unpack(bytes, &faults));
  JEMB_ASSIGN_OR_RETURN(const ledger::NoteVerifier auditor, evidence::AuditorOf(files));
  const evidence::Bundle bundle = evidence::ReadBundle(files, auditor, &faults);
  if (!faults.empty()) {
    return base::FailedPrecondition("the bundle does not hold: " + faults.front().place + ": " +
                                    faults.front().what);
  }
  if (!bundle.scope.subject.empty()) {
    return base::InvalidArgument(options.bundle + " is one buyer's trail, no time's bundle");
  }
  const Window window{bundle.scope.from_ms, bundle.scope.to_ms};
  return Tell(options, beli_lokal::Reckon(bundle.segments, bundle.goods_keys, window),
              beli_lokal::Source::kSealed, out);
}

}  // namespace

void AddReportCommands(CLI::App& app, Chosen* chosen) {
  CLI::App* report = app.add_subcommand("report", "Reports on what was bought");
  report->require_subcommand(1);
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command = report->add_subcommand(
      "beli-lokal", "Orders in a time: whose goods, made where, by which creators, parity");
  AddCluster(command, &options->source.cluster);
  command->add_option("--partitions", options->source.partitions, "Partitions of the topics")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command
      ->add_option(Flag("timeout_ms"), options->source.timeout_ms,
                   "How long the cluster may be silent")
      ->capture_default_str()
      ->check(CLI::Range(1, 600'000));
  command->add_option("--from", options->from, "Taken in then or later, RFC 3339");
  command->add_option("--to", options->to, "Taken in before then");
  command->add_option(Flag("goods_keys"), options->goods_keys,
                      "Keys by which marketplaces attest goods, as the bridge has them");
  command->add_option("--bundle", options->bundle,
                      "Instead of the topics, a bundle that `evidence` has written");
  command->add_option("--csv", options->csv, "Also write every figure to this file");
  command->add_option("--html", options->html, "Also write a page in both languages to this file");
  command->add_option("--language", options->language, "Language of the table")
      ->capture_default_str()
      ->check(CLI::IsMember({"id", "en"}));
  command->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) {
      JEMB_RETURN_IF_ERROR(CheckFiles(*options));
      return options->bundle.empty() ? OfTopics(*options, out) : OfBundle(*options, out);
    };
  });
}

}  // namespace jembatan::ctl
