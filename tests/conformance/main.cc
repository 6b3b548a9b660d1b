// jembatan-conformance: holds a marketplace's OrderService to its contract, by the contract alone.
// Exit status: 0 every check passed or was skipped, 1 one failed or none was made, 2 bad usage.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/runtime/lifecycle.h"
#include "libs/runtime/options.h"
#include "tests/conformance/checks.h"
#include "tests/conformance/goods.h"
#include "tests/conformance/limits.h"
#include "tests/conformance/orders_grpc.h"
#include "tests/conformance/report.h"

namespace jembatan::conformance {
namespace {

struct Options {
  std::string target = "127.0.0.1:9500";
  rpc::TlsFiles tls;
  std::string offers;
  std::string restart_command;
  std::string only;
  std::string junit;
  std::string html;
  bool list = false;
  bool print_offers = false;
};

Options ParseOptions(int argc, char** argv) {
  Options options;
  runtime::OptionTable table("conformance", "Holds a marketplace's OrderService to its contract.");
  table.Add("target", &options.target, "OrderService of the marketplace under test, host:port");
  table.Add("tls_ca", &options.tls.ca, "PEM authority that signed the marketplace's certificate");
  table.Add("tls_certificate", &options.tls.certificate, "PEM certificate to call with");
  table.Add("tls_key", &options.tls.key, "PEM key of that certificate");
  table.Add("offers", &options.offers,
            "JSON file of the offers that the marketplace was loaded with for this run");
  table.Add("print_offers", &options.print_offers,
            "Print such a file, with new ids each time: a run uses its offers up");
  table.Add("restart_command", &options.restart_command,
            "Shell command that kills the marketplace and has it started again, while the checks "
            "wait; empty: what must survive that is not checked");
  table.Add("only", &options.only, "Checks or groups of them to make, comma-separated; empty: all");
  table.Add("list", &options.list, "List the checks and the rules they hold to");
  table.Add("junit", &options.junit, "File to write the verdicts to, as JUnit's XML");
  table.Add("html", &options.html, "File to write the verdicts to, as a page");
  // A dash in a flag's name is as good as an underscore.
  std::vector<std::string> arguments(argv, argv + argc);
  std::vector<const char*> views;
  for (std::string& argument : arguments) {
    const auto end = argument.begin() +
                     static_cast<std::ptrdiff_t>(std::min(argument.find('='), argument.size()));
    if (argument.starts_with("--")) std::replace(argument.begin() + 2, end, '-', '_');
    views.push_back(argument.c_str());
  }
  table.Parse(argc, views.data());
  return options;
}

bool IsNamed(const Check& check, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return check.name == name || check.name.starts_with(name + "/");
  });
}

// A place in the list of all as each one's partition, whichever of them are made.
struct Chosen {
  Check check;
  uint32_t place = 0;
};

std::vector<Chosen> Choose(const std::string& only) {
  const std::vector<std::string> names = base::SplitList(only);
  std::vector<Chosen> chosen;
  uint32_t place = 0;
  for (const Check& check : AllChecks()) {
    if (names.empty() || IsNamed(check, names)) chosen.push_back({check, place});
    ++place;
  }
  return chosen;
}

std::string Stamp() {
  std::string bytes;
  std::random_device device;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(device() & 0xff);
  return base::Hex(bytes);
}

Verdict Play(const Check& check, Trial::Setup setup) {
  const int64_t start_ns = base::MonotonicNs();
  Trial trial(std::move(setup));
  check.run(trial);
  Verdict verdict{check, trial.failures(), trial.skipped(), 0};
  // Without what it needs a check says nothing about the marketplace.
  if (!verdict.skipped.empty()) verdict.failures.clear();
  verdict.seconds = static_cast<double>(base::MonotonicNs() - start_ns) / 1e9;
  return verdict;
}

void Write(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) runtime::FailStart("conformance", "cannot write " + path);
}

int Judge(const Options& options, const std::vector<Chosen>& chosen, Goods goods) {
  auto connected = Connect(options.target, options.tls);
  if (!connected.ok()) runtime::FailStart("conformance", base::ToString(connected.status()));
  Marketplace& marketplace = **connected;
  if (!marketplace.AwaitUp(kCallTimeoutMs)) {
    runtime::FailStart("conformance", "nobody answers at " + options.target);
  }
  Trial::Setup setup{.marketplace = &marketplace, .goods = &goods};
  if (!options.restart_command.empty()) {
    setup.restart = [&] {
      const int status = std::system(options.restart_command.c_str());  // NOLINT(concurrency-*)
      return status == 0 && marketplace.AwaitUp(kRestartTimeoutMs);
    };
  }
  setup.topic_version = "jembatan.conformance." + Stamp();
  std::random_device device;
  std::vector<Verdict> verdicts;
  for (const Chosen& one : chosen) {
    setup.partition = one.place;
    setup.seed = uint64_t{device()} << 32 | device();
    verdicts.push_back(Play(one.check, setup));
    std::fputs(Lines(verdicts.back()).c_str(), stdout);
    std::fflush(stdout);
  }
  Write(options.junit, JUnit(verdicts));
  Write(options.html, Html(verdicts, options.target));
  std::fputs(Summary(verdicts).c_str(), stdout);
  const bool failed = std::any_of(verdicts.begin(), verdicts.end(),
                                  [](const Verdict& one) { return one.failed(); });
  const bool made = std::any_of(verdicts.begin(), verdicts.end(),
                                [](const Verdict& one) { return one.passed(); });
  return failed || !made ? 1 : 0;
}

int Run(const Options& options) {
  if (options.print_offers) {
    std::fputs(Goods::Template(Stamp(), base::WallMs()).c_str(), stdout);
    return 0;
  }
  const std::vector<Chosen> chosen = Choose(options.only);
  if (chosen.empty()) runtime::FailStart("conformance", "no check is named " + options.only);
  if (options.list) {
    for (const Chosen& one : chosen) {
      std::printf("%-34s %s\n", std::string(one.check.name).c_str(),
                  std::string(one.check.rule.en).c_str());
    }
    return 0;
  }
  if (options.offers.empty()) {
    runtime::FailStart("conformance", "--offers is needed; --print_offers writes such a file");
  }
  absl::StatusOr<Goods> goods = Goods::Read(options.offers);
  if (!goods.ok()) runtime::FailStart("conformance", base::ToString(goods.status()));
  return Judge(options, chosen, *std::move(goods));
}

}  // namespace
}  // namespace jembatan::conformance

int main(int argc, char** argv) {
  return jembatan::conformance::Run(jembatan::conformance::ParseOptions(argc, argv));
}
