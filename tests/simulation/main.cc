// jembatan-simulate: runs histories by seed and prints the first that breaks the promise.
//
//   jembatan-simulate --first=1 --seeds=10000 [--drop=RULE] [--trace]
//
// Exit status 0: none broke it; 1: one did, its seed and the command that replays it are printed.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/simulation/dropped_rules.h"
#include "tests/simulation/history.h"

namespace {

bool TakeNumber(const char* argument, const char* name, uint64_t* value) {
  size_t length = std::strlen(name);
  if (std::strncmp(argument, name, length) != 0) return false;
  *value = std::strtoull(argument + length, nullptr, 10);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace jembatan::simulation;
  uint64_t first = 1;
  uint64_t seeds = 1000;
  HistoryOptions options;
  std::string drop;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (TakeNumber(argv[i], "--first=", &first) || TakeNumber(argv[i], "--seeds=", &seeds))
      continue;
    if (argument == "--trace") {
      options.trace = true;
      continue;
    }
    if (argument.starts_with("--drop=") && DropRule(argument.substr(7), &options)) {
      drop = " " + argument;
      continue;
    }
    std::fprintf(
        stderr, "usage: jembatan-simulate [--first=N] [--seeds=N] [--drop=RULE] [--trace]\nrules:");
    for (const DroppedRule& rule : kDroppedRules) std::fprintf(stderr, " %s", rule.name);
    std::fprintf(stderr, "\n");
    return 2;
  }
  auto started = std::chrono::steady_clock::now();
  HistoryResult total;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    options.seed = seed;
    HistoryResult result = RunHistory(options);
    total.intents += result.intents;
    total.ordered += result.ordered;
    total.expired += result.expired;
    total.claims += result.claims;
    total.void_outcomes += result.void_outcomes;
    total.steps += result.steps;
    total.virtual_ms += result.virtual_ms;
    if (result.violation.empty()) continue;
    std::printf("seed %llu: %s\nreplay: jembatan-simulate --first=%llu --seeds=1%s\n",
                static_cast<unsigned long long>(seed), result.violation.c_str(),
                static_cast<unsigned long long>(seed), drop.c_str());
    return 1;
  }
  double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  std::printf(
      "%llu seeds held: %llu intents, %llu orders, %llu expired, %llu claims, "
      "%llu void outcomes, %.0fx real time\n",
      static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(total.intents),
      static_cast<unsigned long long>(total.ordered),
      static_cast<unsigned long long>(total.expired), static_cast<unsigned long long>(total.claims),
      static_cast<unsigned long long>(total.void_outcomes),
      static_cast<double>(total.virtual_ms) / 1000 / seconds);
  return 0;
}
