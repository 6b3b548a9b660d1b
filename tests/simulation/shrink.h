#pragma once

// Shrink: makes the plan of a failing history as small as it can: entries are left out, halves
// first, then ever smaller runs down to single ones, as long as the same kind of violation remains.
// Deterministic.

#include <set>
#include <string>
#include <vector>

#include "tests/simulation/history.h"
#include "tests/simulation/plan.h"

namespace jembatan::simulation {

struct Shrunk {
  // Entries that remain; none can be left out alone.
  std::vector<Entry> entries;
  // How the history of these alone breaks the promise.
  std::string violation;
  size_t entries_before = 0;
  int runs = 0;
};

// options break the promise.
Shrunk Shrink(HistoryOptions options);

// "1,2,3" <-> the numbers. An empty set stands for a text that is no such list.
std::string ListOf(const std::vector<Entry>& entries);
std::set<int> NumbersOf(const std::string& list);

}  // namespace jembatan::simulation
