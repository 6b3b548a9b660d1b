#pragma once

// What an operator signs: a control's subject, its form, its canonical bytes, its record's key.
// Pure; any thread.

#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "jembatan/crossing/v1/controls.pb.h"

namespace jembatan::controls {

// What a control is about; of two controls with one subject the higher version holds.
// "halt/global", "halt/offer:ID", "route/MARKETPLACE", "route/MARKETPLACE/CAMPAIGN",
// "rollout/MARKETPLACE", "policy". Empty: it orders nothing known.
std::string SubjectOf(const crossing::v1::Control& control);

// INVALID_ARGUMENT with one line that names the field, and of a policy what is wrong in its text. A
// field that this program does not know is an error too: nobody may obey half of an order.
absl::Status CheckControl(const crossing::v1::Control& control);

// The bytes that signatures are made over: all of a checked control but its signatures, each value
// with its length before it, so that two controls never share them.
std::string CanonicalBytes(const crossing::v1::Control& control);

// The key of the record that holds the value.
std::string RecordKey(const crossing::v1::Control& control, std::string_view value);

}  // namespace jembatan::controls
