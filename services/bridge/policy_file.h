#pragma once

// PolicyFile: the file that a bridge takes its policy from, looked at again and again, so that
// another policy takes effect without a restart. A file that cannot be read or parsed changes
// nothing: the policy of before stays in force.
//
// Owned by the bridge's Service. One thread; Look does a stat, and reads the file (at most
// policy::kFileBytes) when it has changed.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "libs/policy/policy.h"

namespace jembatan::bridge {

class PolicyFile {
 public:
  using Taken = absl::StatusOr<std::shared_ptr<const policy::Policy>>;

  explicit PolicyFile(std::string path) : path_(std::move(path)) {}

  // What the file holds, if it has changed since it was last looked at: a policy, or why it is
  // refused. nullopt: it is as it was.
  std::optional<Taken> Look();

 private:
  // Tells two states of the file apart; all zero: it is not there.
  struct State {
    uint64_t inode = 0;
    int64_t bytes = 0;
    int64_t modified_ns = 0;
    int64_t changed_ns = 0;
    friend bool operator==(const State&, const State&) = default;
  };
  State Stat() const;
  Taken Read() const;

  const std::string path_;
  std::optional<State> seen_;
};

}  // namespace jembatan::bridge
