#include "tests/simulation/shrink.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "libs/base/check.h"
#include "tests/simulation/judge.h"

namespace jembatan::simulation {
namespace {

class Shrinker {
 public:
  explicit Shrinker(HistoryOptions options) : options_(std::move(options)) {
    options_.trace = false;
    violation_ = RunHistory(options_).violation;
    JEMB_CHECK(!violation_.empty());
    for (const Entry& entry : MakePlan(options_.seed).entries) {
      if (!options_.only || options_.only->contains(entry.number)) entries_.push_back(entry);
    }
  }

  Shrunk Run() {
    Shrunk shrunk;
    shrunk.entries_before = entries_.size();
    size_t length = std::max<size_t>(1, entries_.size() / 2);
    while (true) {
      bool removed = LeaveOutRuns(length);
      // An entry that could not go may go once others have gone.
      if (length == 1 && !removed) break;
      length = std::max<size_t>(1, length / 2);
    }
    shrunk.entries = std::move(entries_);
    shrunk.violation = std::move(violation_);
    shrunk.runs = runs_;
    return shrunk;
  }

 private:
  // True if any run of this length could be left out.
  bool LeaveOutRuns(size_t length) {
    bool removed = false;
    for (size_t at = 0; at < entries_.size();) {
      std::vector<Entry> fewer = entries_;
      auto first = fewer.begin() + static_cast<std::ptrdiff_t>(at);
      fewer.erase(first, first + static_cast<std::ptrdiff_t>(std::min(length, fewer.size() - at)));
      if (StillBroken(fewer)) {
        entries_ = std::move(fewer);
        removed = true;
      } else {
        at += length;
      }
    }
    return removed;
  }

  bool StillBroken(const std::vector<Entry>& entries) {
    ++runs_;
    options_.only.emplace();
    for (const Entry& entry : entries) options_.only->insert(entry.number);
    std::string violation = RunHistory(options_).violation;
    if (KindOf(violation) != KindOf(violation_)) return false;
    violation_ = std::move(violation);
    return true;
  }

  HistoryOptions options_;
  std::string violation_;
  std::vector<Entry> entries_;
  int runs_ = 0;
};

}  // namespace

Shrunk Shrink(HistoryOptions options) { return Shrinker(std::move(options)).Run(); }

std::string ListOf(const std::vector<Entry>& entries) {
  std::string list;
  for (const Entry& entry : entries) {
    if (!list.empty()) list += ',';
    list += std::to_string(entry.number);
  }
  return list;
}

std::set<int> NumbersOf(const std::string& list) {
  std::set<int> numbers;
  const char* at = list.c_str();
  while (*at != '\0') {
    char* end = nullptr;
    numbers.insert(static_cast<int>(std::strtol(at, &end, 10)));
    if (end == at || (*end != ',' && *end != '\0')) return {};
    at = *end == ',' ? end + 1 : end;
  }
  return numbers;
}

}  // namespace jembatan::simulation
