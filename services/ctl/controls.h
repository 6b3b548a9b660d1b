#pragma once

// halt, resume, route, rollout, controls: what the commands make of their flags, without a cluster.
// Pure but for files of keys and controls; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/controls/controls.h"

namespace jembatan::ctl {

// "SCOPE", or "SCOPE:ID": global, marketplace:tokopedia, seller:S, offer:O, room:R.
absl::Status ParseScope(std::string_view text, crossing::v1::Halt* halt);

// "2026-12-12T00:00:00Z" or with another offset.
absl::Status ParseTime(std::string_view name, std::string_view text,
                       google::protobuf::Timestamp* time);

// Flags of a rollout. What is not given stays as it is in force.
struct RolloutFlags {
  std::string marketplace;
  // In percent, up to two digits behind the point; empty: as before, or all.
  std::string percent;
  // "yes" or "no"; empty: as before.
  std::string shadow;
  std::string starts;
  std::string ends;
  std::string renewed_until;
  // STREAM:TIME:TITLE, each added; numbers, from 1, of those reached now.
  std::vector<std::string> milestones;
  std::vector<int> reached;
};
absl::Status MakeRollout(const RolloutFlags& flags, int64_t now_ms, crossing::v1::Rollout* rollout);

// Signs with each KEYFILE:KID.
absl::Status SignWith(const std::vector<std::string>& keys, crossing::v1::Control* control);

// A control as JSON for people, and back from such a file.
absl::StatusOr<std::string> ControlJson(const crossing::v1::Control& control);
absl::StatusOr<crossing::v1::Control> ControlFromFile(const std::string& path);

// One line for people: subject, version, what it says, since when, why, by whom.
std::string Describe(const controls::Controls::InForce& in_force, int64_t now_ms);

// What there is to report of a trial, for people.
std::string TrialReport(const controls::Controls::InForce& in_force, int64_t now_ms);

}  // namespace jembatan::ctl
