#pragma once

// Options of a service: declared once as a table, read by one precedence: flags, then environment
// (JEMBATAN_<SERVICE>_<KEY>), then a TOML file (--config), then the default. Unknown flags, unknown
// keys of the file and values of the wrong type or out of range are errors that name the flag, the
// variable or file:line. CLI11 and toml++ stay in options.cc.
//
//   struct Options { std::string listen = "127.0.0.1:8080"; int shards = 1; std::string key_file;
//   }; OptionTable table("gateway", "Takes purchase intents."); table.Add("listen",
//   &options.listen, "Address for WebSocket and HTTP, host:port"); table.Add("shards",
//   &options.shards, "Event loops", 1, 64); table.AddSecret("key_file", ...)                     //
//   --print_config shows "***" table.Parse(argc, argv);                             // prints and
//   exits for --help, --version,
//                                                        // --print_config, and on errors (status
//                                                        2)
//
// Flags are spelt --name=value or --name value. Used by main threads at start-up only.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace jembatan::runtime {

class OptionTable {
 public:
  // service without the "jembatan-" prefix.
  OptionTable(std::string service, std::string summary);
  ~OptionTable();

  void Add(const std::string& name, std::string* value, const std::string& help);
  void Add(const std::string& name, int* value, const std::string& help, int lowest, int highest);
  void Add(const std::string& name, int64_t* value, const std::string& help, int64_t lowest,
           int64_t highest);
  void Add(const std::string& name, double* value, const std::string& help, double lowest,
           double highest);
  void Add(const std::string& name, bool* value, const std::string& help);
  // value must be one of the choices.
  void AddChoice(const std::string& name, std::string* value, const std::string& help,
                 std::vector<std::string> choices);
  void AddSecret(const std::string& name, std::string* value, const std::string& help);

  // Fills the values. For --help, --version and --print_config prints and exits 0; on an error
  // prints one line "jembatan-SERVICE: ..." on stderr and exits 2.
  void Parse(int argc, const char* const* argv);

  // The same without printing or exiting: what Parse would print goes to *output. A CancelledError
  // means that --help, --version or --print_config was served. For tests.
  absl::Status TryParse(const std::vector<std::string>& arguments,
                        const std::function<const char*(const char*)>& getenv, std::string* output);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Splits "host:port" ("[::1]:80" too). The port must be 0 to 65535.
struct HostPort {
  std::string host;
  uint16_t port = 0;
};
absl::Status ParseHostPort(std::string_view text, HostPort* result);

}  // namespace jembatan::runtime
