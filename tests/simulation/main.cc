// jembatan-simulate: runs histories by seed and prints the first that breaks the promise, shrunk.
//
//   jembatan-simulate --first=1 --seeds=10000 [--only=ENTRY,...] [--mutant=NAME]
//                     [--trace | --count]
//   jembatan-simulate --mutants          plants every bug in turn and tells which seed found it
//
// --count goes on after a seed that breaks it and tells how many do, and how.
// Exit status 0: none broke it (every mutant was found); 1: one did: its seed, what broke, the
// entries of its plan that it takes and the command that replays them are printed (a mutant was not
// found); 2: bad usage.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "tests/simulation/history.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/mutants.h"
#include "tests/simulation/shrink.h"

namespace {

using namespace jembatan::simulation;
using Count = unsigned long long;

bool TakeNumber(const char* argument, const char* name, uint64_t* value) {
  size_t length = std::strlen(name);
  if (std::strncmp(argument, name, length) != 0) return false;
  *value = std::strtoull(argument + length, nullptr, 10);
  return true;
}

constexpr uint64_t kMutantSeeds = 10'000;

// Which seed finds which planted bug.
int FindMutants() {
  int found = 0;
  int wanted = 0;
  for (const Mutant& mutant : kMutants) {
    HistoryOptions options;
    mutant.plant(&options);
    std::string violation;
    uint64_t seed = FirstBroken(options, kMutantSeeds, &violation);
    wanted += mutant.shown_at_random;
    found += mutant.shown_at_random && seed != 0;
    std::printf("%-24s %6llu  %s\n%33s%s\n", mutant.name, static_cast<Count>(seed), mutant.what, "",
                seed != 0                ? KindOf(violation).c_str()
                : mutant.shown_at_random ? "NOT FOUND"
                                         : "not at random");
    std::fflush(stdout);
  }
  std::printf("mutants: found=%d of %d\n", found, wanted);
  return found == wanted ? 0 : 1;
}

int Usage() {
  std::fprintf(stderr,
               "usage: jembatan-simulate [--first=N] [--seeds=N] [--only=ENTRY,...] "
               "[--mutant=NAME] [--trace | --count] | --mutants\nmutants:");
  for (const Mutant& each : kMutants) std::fprintf(stderr, " %s", each.name);
  std::fprintf(stderr, "\n");
  return 2;
}

void TellBroken(const HistoryOptions& options, const HistoryResult& result,
                const std::string& mutant) {
  auto seed = static_cast<Count>(options.seed);
  std::printf("seed %llu: %s\n", seed, result.violation.c_str());
  Shrunk shrunk = Shrink(options);
  std::printf("shrunk to %zu of %zu entries: %s\n", shrunk.entries.size(), shrunk.entries_before,
              shrunk.violation.c_str());
  for (const Entry& entry : shrunk.entries) std::printf("  %s\n", InWords(entry).c_str());
  std::printf("replay: jembatan-simulate --first=%llu --seeds=1 --only=%s%s\n", seed,
              ListOf(shrunk.entries).c_str(), mutant.c_str());
}

void Add(const HistoryResult& result, HistoryResult* total) {
  total->intents += result.intents;
  total->ordered += result.ordered;
  total->expired += result.expired;
  total->claims += result.claims;
  total->void_outcomes += result.void_outcomes;
  total->taps += result.taps;
  total->accepted += result.accepted;
  total->none += result.none;
  total->refused += result.refused;
  total->forgotten += result.forgotten;
  total->stopped += result.stopped;
  total->virtual_ms += result.virtual_ms;
}

// How many of the seeds break the promise, and how.
int CountBroken(HistoryOptions options, uint64_t first, uint64_t seeds) {
  std::map<std::string, uint64_t> kinds;
  uint64_t broken = 0;
  for (options.seed = first; options.seed < first + seeds; ++options.seed) {
    std::string violation = RunHistory(options).violation;
    if (violation.empty()) continue;
    ++broken;
    ++kinds[KindOf(violation)];
  }
  for (const auto& [kind, count] : kinds) {
    std::printf("%6llu  %s\n", static_cast<Count>(count), kind.c_str());
  }
  std::printf("simulation: seeds=%llu violations=%llu\n", static_cast<Count>(seeds),
              static_cast<Count>(broken));
  return broken == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t first = 1;
  uint64_t seeds = 1000;
  HistoryOptions options;
  std::string mutant;
  bool count = false;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (TakeNumber(argv[i], "--first=", &first) || TakeNumber(argv[i], "--seeds=", &seeds)) {
      continue;
    }
    if (argument == "--mutants") return FindMutants();
    if (argument == "--trace") {
      options.trace = true;
    } else if (argument == "--count") {
      count = true;
    } else if (argument.starts_with("--only=")) {
      options.only = NumbersOf(argument.substr(7));
      if (options.only->empty()) return Usage();
    } else if (argument.starts_with("--mutant=") && Plant(argument.substr(9), &options)) {
      mutant = " " + argument;
    } else {
      return Usage();
    }
  }
  if (count) return CountBroken(options, first, seeds);
  auto started = std::chrono::steady_clock::now();
  HistoryResult total;
  for (options.seed = first; options.seed < first + seeds; ++options.seed) {
    HistoryResult result = RunHistory(options);
    if (!result.violation.empty()) {
      TellBroken(options, result, mutant);
      return 1;
    }
    Add(result, &total);
  }
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  std::printf(
      "simulation: seeds=%llu violations=0 intents=%llu orders=%llu expired=%llu claims=%llu "
      "void_outcomes=%llu taps=%llu accepted=%llu none=%llu refused=%llu forgotten=%llu "
      "stopped=%llu, %.0fx real time\n",
      static_cast<Count>(seeds), static_cast<Count>(total.intents),
      static_cast<Count>(total.ordered), static_cast<Count>(total.expired),
      static_cast<Count>(total.claims), static_cast<Count>(total.void_outcomes),
      static_cast<Count>(total.taps), static_cast<Count>(total.accepted),
      static_cast<Count>(total.none), static_cast<Count>(total.refused),
      static_cast<Count>(total.forgotten), static_cast<Count>(total.stopped),
      static_cast<double>(total.virtual_ms) / 1000 / took.count());
  return 0;
}
