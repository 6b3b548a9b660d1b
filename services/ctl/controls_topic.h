#pragma once

// The controls topic as commands use it: read whole, written one record at a time. Main thread;
// each call blocks until the cluster has answered or its time is over.

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/controls/controls.h"
#include "libs/kafka/config.h"

namespace jembatan::ctl {

struct ControlsAccess {
  kafka::ClusterConfig cluster;
  // JWKS file; empty: signatures are not looked at. Must be the services'.
  std::string operator_keys;
  int operators_needed = 2;
  int timeout_ms = 15'000;
};

// What is in force now.
absl::StatusOr<controls::Controls> ReadControls(const ControlsAccess& access);

// Whether the services would obey the control now; FAILED_PRECONDITION with the reason if not.
absl::Status CheckPublishable(const ControlsAccess& access, const crossing::v1::Control& control);

struct Published {
  int64_t offset = -1;
  // By the broker's clock.
  int64_t append_ms = -1;
  // From handing it over to the broker's word.
  int64_t acknowledged_ms = -1;
};
// Writes the control and reads it back. FAILED_PRECONDITION: the services would not obey it, and it
// was not written; ABORTED: another operator was faster, and it was written in vain.
absl::StatusOr<Published> PublishControl(const ControlsAccess& access,
                                         const crossing::v1::Control& control);

}  // namespace jembatan::ctl
