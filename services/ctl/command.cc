#include "services/ctl/command.h"

#include <algorithm>
#include <utility>

#include <CLI/CLI.hpp>

#include "libs/base/text.h"

namespace jembatan::ctl {
namespace {

int Report(std::ostream& err, std::string message, int code) {
  while (message.ends_with('\n')) message.pop_back();
  std::replace(message.begin(), message.end(), '\n', ' ');
  err << "jembatan-ctl: " << message << "\n";
  return code;
}

}  // namespace

std::string Flag(const std::string& name) {
  std::string dashed = name;
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  return dashed == name ? "--" + name : "--" + name + ",--" + dashed;
}

int RunCommand(std::vector<std::string> arguments, std::ostream& out, std::ostream& err) {
  CLI::App app("Operates a Jembatan installation.", "jembatan-ctl");
  app.require_subcommand(1);
  Chosen chosen;
  AddTopicsCommands(app, &chosen);
  AddOffersCommands(app, &chosen);
  AddTokenCommands(app, &chosen);
  AddIntentCommands(app, &chosen);
  AddOrdersCommands(app, &chosen);
  AddDeadLettersCommands(app, &chosen);
  AddHistoryCommands(app, &chosen);
  AddControlsCommands(app, &chosen);
  AddDrillCommands(app, &chosen);
  AddWatchCommands(app, &chosen);
  AddBuyerKeysCommands(app, &chosen);
  AddDataSharingCommand(app, &chosen);
  AddPolicyCommands(app, &chosen);
  AddReasonsCommand(app, &chosen);
  AddEvidenceCommands(app, &chosen);
  AddReconcileCommand(app, &chosen);
  AddRoomsCommands(app, &chosen);
  AddReportCommands(app, &chosen);
  try {
    // The parser takes the arguments last first.
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    // For --help the "error" is the wish to see it.
    if (error.get_exit_code() == 0) return app.exit(error, out, err);
    return Report(err, std::string(error.what()) + " (--help tells more)", 2);
  }
  absl::Status status = chosen.run(out);
  if (status.ok()) return 0;
  return Report(err, std::string(base::Std(status.message())),
                absl::IsInvalidArgument(status) ? 2 : 1);
}

}  // namespace jembatan::ctl
