#include "services/ctl/times.h"

#include <google/protobuf/util/time_util.h>

#include "libs/base/status.h"
#include "libs/base/timestamp.h"

namespace jembatan::ctl {

absl::StatusOr<int64_t> InstantMs(const char* flag, const std::string& text) {
  google::protobuf::Timestamp time;
  if (google::protobuf::util::TimeUtil::FromString(text, &time)) return base::ToMs(time);
  return base::InvalidArgument(std::string(flag) +
                               ": write it like 2026-11-25T00:00:00+07:00, not \"" + text + "\"");
}

std::string InstantText(int64_t unix_ms) {
  using google::protobuf::util::TimeUtil;
  return TimeUtil::ToString(TimeUtil::MillisecondsToTimestamp(unix_ms));
}

}  // namespace jembatan::ctl
