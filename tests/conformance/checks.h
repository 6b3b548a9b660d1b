#pragma once

// The checks, each a script over a Trial, with the rule it holds the marketplace to and why the
// rule is there. A name is GROUP/WHAT and stays: reports and badges name it.

#include <span>
#include <string_view>
#include <vector>

#include "tests/conformance/trial.h"

namespace jembatan::conformance {

struct Text {
  std::string_view id;
  std::string_view en;
};

struct Check {
  std::string_view name;
  Text rule;
  Text why;
  void (*run)(Trial& t);
};

// By group, in the order of a run.
extern const std::span<const Check> kIdentityChecks;
extern const std::span<const Check> kOrderChecks;
extern const std::span<const Check> kFencingChecks;
extern const std::span<const Check> kGoodsChecks;
extern const std::span<const Check> kFormChecks;
extern const std::span<const Check> kStreamChecks;
extern const std::span<const Check> kRestartChecks;

// All, in the order of a run: a restart comes last.
std::vector<Check> AllChecks();

}  // namespace jembatan::conformance
