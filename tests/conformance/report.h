#pragma once

// What a run found, told three ways: a terminal's lines, JUnit's XML for a build server, a page of
// HTML to hand on. Pure; any thread.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/checks.h"

namespace jembatan::conformance {

struct Verdict {
  Check check;
  std::vector<Failure> failures;
  // Why it was not made; empty: it was.
  std::string skipped;
  double seconds = 0;

  bool failed() const { return !failures.empty(); }
  bool passed() const { return failures.empty() && skipped.empty(); }
};

// One check, with its line's end; a failure with the rule, why it is there, and what broke it.
std::string Lines(const Verdict& verdict);
// The last line: "N passed, N failed, N skipped".
std::string Summary(std::span<const Verdict> verdicts);
std::string JUnit(std::span<const Verdict> verdicts);
std::string Html(std::span<const Verdict> verdicts, std::string_view target);

}  // namespace jembatan::conformance
