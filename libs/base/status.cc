#include "libs/base/status.h"

#include "libs/base/text.h"

namespace jembatan::base {

absl::Status InvalidArgument(const std::string& message) {
  return absl::InvalidArgumentError(Absl(message));
}
absl::Status Unavailable(const std::string& message) {
  return absl::UnavailableError(Absl(message));
}
absl::Status Internal(const std::string& message) { return absl::InternalError(Absl(message)); }
absl::Status NotFound(const std::string& message) { return absl::NotFoundError(Absl(message)); }
absl::Status FailedPrecondition(const std::string& message) {
  return absl::FailedPreconditionError(Absl(message));
}
absl::Status ResourceExhausted(const std::string& message) {
  return absl::ResourceExhaustedError(Absl(message));
}
absl::Status Unauthenticated(const std::string& message) {
  return absl::UnauthenticatedError(Absl(message));
}

bool IsRetriable(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsAborted(status) || absl::IsDeadlineExceeded(status);
}

std::string ToString(const absl::Status& status) {
  return absl::StatusCodeToString(status.code()) + ": " + std::string(Std(status.message()));
}

}  // namespace jembatan::base
