#pragma once

// Fault: something in a bundle that is not as it must be, named by its place. Values; any thread.

#include <string>
#include <utility>
#include <vector>

namespace jembatan::evidence {

struct Fault {
  // "jembatan.intents.v1/3 record 17", "seals/end.checkpoint".
  std::string place;
  std::string what;

  friend bool operator==(const Fault&, const Fault&) = default;
};

using Faults = std::vector<Fault>;

}  // namespace jembatan::evidence
