// check-history: judges what viewers, log and marketplace tell of a run.

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/history/check.h"
#include "libs/history/reader.h"
#include "services/ctl/command.h"

namespace jembatan::ctl {
namespace {

constexpr size_t kHistoryFileBytes = size_t{16} << 30;

struct HistoryOptions {
  std::vector<std::string> clients;
  std::string intents;
  std::string outcomes;
  std::string ledger;
  int examples = 5;
};

using Read = absl::Status (*)(const std::string&, std::string_view, history::History*);

absl::Status ReadFile(const std::string& path, Read read, history::History* into) {
  JEMB_ASSIGN_OR_RETURN(const std::string bytes, base::ReadWholeFile(path, kHistoryFileBytes));
  return read(path, bytes, into);
}

absl::Status Judge(const HistoryOptions& options, std::ostream& out) {
  history::History told;
  for (const std::string& path : options.clients) {
    JEMB_RETURN_IF_ERROR(ReadFile(path, history::ReadClients, &told));
  }
  JEMB_RETURN_IF_ERROR(ReadFile(options.intents, history::ReadIntents, &told));
  JEMB_RETURN_IF_ERROR(ReadFile(options.outcomes, history::ReadOutcomes, &told));
  JEMB_RETURN_IF_ERROR(ReadFile(options.ledger, history::ReadLedger, &told));
  history::Report report = history::Check(told);
  int shown = 0;
  for (const history::Violation& violation : report.violations) {
    if (shown++ == options.examples) break;
    out << history::Name(violation.oracle) << " " << violation.id.ToString() << ": "
        << violation.what << "\n"
        << history::Timeline(told, violation.id);
  }
  auto counts = report.ByOracle();
  for (size_t i = 0; i < history::kOracles; ++i) {
    out << history::Name(static_cast<history::Oracle>(i)) << "=" << counts[i] << " ";
  }
  out << "\nhistory: invoked=" << report.invoked << " accepted=" << report.accepted
      << " logged=" << report.logged << " ordered=" << report.ordered
      << " violations=" << report.violations.size() << "\n";
  if (report.violations.empty()) return absl::OkStatus();
  return base::FailedPrecondition("the promise was broken");
}

}  // namespace

void AddHistoryCommands(CLI::App& app, Chosen* chosen) {
  auto options = std::make_shared<HistoryOptions>();
  CLI::App* command =
      app.add_subcommand("check-history", "Judge a run by what viewers, log and marketplace tell");
  command->add_option("--clients", options->clients, "Viewers' histories (jembatan-load --history)")
      ->required();
  command->add_option("--intents", options->intents, "Dump of the intents topic")->required();
  command->add_option("--outcomes", options->outcomes, "Dump of the outcomes topic")->required();
  command->add_option("--ledger", options->ledger, "The marketplace's ledger")->required();
  command->add_option("--examples", options->examples, "Violations shown with their timeline")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  command->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) { return Judge(*options, out); };
  });
}

}  // namespace jembatan::ctl
