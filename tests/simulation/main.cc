// jembatan-simulate: runs histories by seed and prints the first that breaks the promise.
//
//   jembatan-simulate --first=1 --seeds=10000 [--mutant=NAME] [--trace]
//   jembatan-simulate --mutants          plants every bug in turn and tells which seed found it
//
// Exit status 0: none broke it (every mutant was found); 1: one did, its seed and the command that
// replays it are printed (a mutant was not found); 2: bad usage.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/simulation/history.h"
#include "tests/simulation/mutants.h"

namespace {

bool TakeNumber(const char* argument, const char* name, uint64_t* value) {
  size_t length = std::strlen(name);
  if (std::strncmp(argument, name, length) != 0) return false;
  *value = std::strtoull(argument + length, nullptr, 10);
  return true;
}

constexpr uint64_t kMutantSeeds = 10'000;

// Which seed finds which planted bug.
int FindMutants() {
  using namespace jembatan::simulation;
  int found = 0;
  int wanted = 0;
  for (const Mutant& mutant : kMutants) {
    HistoryOptions options;
    mutant.plant(&options);
    std::string violation;
    uint64_t seed = FirstBroken(options, kMutantSeeds, &violation);
    wanted += mutant.shown_at_random;
    found += mutant.shown_at_random && seed != 0;
    std::printf("%-20s %6llu  %s\n%29s%s\n", mutant.name, static_cast<unsigned long long>(seed),
                mutant.what, "",
                seed != 0                ? violation.substr(0, violation.find(':', 4)).c_str()
                : mutant.shown_at_random ? "NOT FOUND"
                                         : "not at random");
  }
  std::printf("mutants: found=%d of %d\n", found, wanted);
  return found == wanted ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace jembatan::simulation;
  uint64_t first = 1;
  uint64_t seeds = 1000;
  HistoryOptions options;
  std::string mutant;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (TakeNumber(argv[i], "--first=", &first) || TakeNumber(argv[i], "--seeds=", &seeds))
      continue;
    if (argument == "--trace") {
      options.trace = true;
      continue;
    }
    if (argument == "--mutants") return FindMutants();
    if (argument.starts_with("--mutant=") && Plant(argument.substr(9), &options)) {
      mutant = " " + argument;
      continue;
    }
    std::fprintf(
        stderr,
        "usage: jembatan-simulate [--first=N] [--seeds=N] [--mutant=NAME] [--trace] | --mutants\n"
        "mutants:");
    for (const Mutant& each : kMutants) std::fprintf(stderr, " %s", each.name);
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
                static_cast<unsigned long long>(seed), mutant.c_str());
    return 1;
  }
  double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  std::printf(
      "simulation: seeds=%llu violations=0 intents=%llu orders=%llu expired=%llu claims=%llu "
      "void_outcomes=%llu, %.0fx real time\n",
      static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(total.intents),
      static_cast<unsigned long long>(total.ordered),
      static_cast<unsigned long long>(total.expired), static_cast<unsigned long long>(total.claims),
      static_cast<unsigned long long>(total.void_outcomes),
      static_cast<double>(total.virtual_ms) / 1000 / seconds);
  return 0;
}
