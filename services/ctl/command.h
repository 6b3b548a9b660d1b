#pragma once

// jembatan-ctl's frame: every command registers its flags with the parser and, once chosen on the
// command line, is one function that does its work and returns. Main thread only.

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace jembatan::ctl {

// What the command line chose. Results go to the stream, errors are returned.
struct Chosen {
  std::function<absl::Status(std::ostream& out)> run;
};

void AddTopicsCommands(CLI::App& app, Chosen* chosen);
void AddOffersCommands(CLI::App& app, Chosen* chosen);
void AddTokenCommands(CLI::App& app, Chosen* chosen);
void AddIntentCommands(CLI::App& app, Chosen* chosen);
void AddOrdersCommands(CLI::App& app, Chosen* chosen);
void AddDeadLettersCommands(CLI::App& app, Chosen* chosen);
void AddHistoryCommands(CLI::App& app, Chosen* chosen);
void AddControlsCommands(CLI::App& app, Chosen* chosen);
void AddDrillCommands(CLI::App& app, Chosen* chosen);
void AddWatchCommands(CLI::App& app, Chosen* chosen);
void AddBuyerKeysCommands(CLI::App& app, Chosen* chosen);
void AddDataSharingCommand(CLI::App& app, Chosen* chosen);
void AddPolicyCommands(CLI::App& app, Chosen* chosen);
void AddReasonsCommand(CLI::App& app, Chosen* chosen);
void AddEvidenceCommands(CLI::App& app, Chosen* chosen);
void AddReconcileCommand(CLI::App& app, Chosen* chosen);
void AddRoomsCommands(CLI::App& app, Chosen* chosen);
void AddReportCommands(CLI::App& app, Chosen* chosen);

// Flags may be spelt with dashes or underscores: "ttl_s" -> "--ttl_s,--ttl-s".
std::string Flag(const std::string& name);

// Runs one command line, without the program's name. Returns the exit status: 0; 1 when the command
// failed; 2 for bad usage. Each error is one line on err.
int RunCommand(std::vector<std::string> arguments, std::ostream& out, std::ostream& err);

}  // namespace jembatan::ctl
