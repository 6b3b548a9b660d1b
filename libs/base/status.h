#pragma once

// Errors as values: absl::Status across every module edge. This header adds constructors that take
// std::string, the question whether a retry makes sense, and the two macros. Pure; any thread.

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace jembatan::base {

absl::Status InvalidArgument(const std::string& message);
absl::Status Unavailable(const std::string& message);
absl::Status Internal(const std::string& message);
absl::Status NotFound(const std::string& message);
absl::Status FailedPrecondition(const std::string& message);
absl::Status ResourceExhausted(const std::string& message);
absl::Status Unauthenticated(const std::string& message);

// UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED and DEADLINE_EXCEEDED: the same call may succeed later.
bool IsRetriable(const absl::Status& status);

// "CODE: message" as std::string, for logs and one-line errors.
std::string ToString(const absl::Status& status);

}  // namespace jembatan::base

// Returns the status from the enclosing function unless it is OK. The expression must not contain
// co_await.
#define JEMB_RETURN_IF_ERROR(expression)       \
  do {                                         \
    absl::Status jemb_status = (expression);   \
    if (!jemb_status.ok()) return jemb_status; \
  } while (false)

#define JEMB_CONCAT_INNER(a, b) a##b
#define JEMB_CONCAT(a, b) JEMB_CONCAT_INNER(a, b)

// JEMB_ASSIGN_OR_RETURN(auto x, F()): x = *F(), or returns F's status.
#define JEMB_ASSIGN_OR_RETURN(declaration, expression) \
  JEMB_ASSIGN_OR_RETURN_INNER(JEMB_CONCAT(jemb_or_, __LINE__), declaration, expression)
#define JEMB_ASSIGN_OR_RETURN_INNER(holder, declaration, expression) \
  auto holder = (expression);                                        \
  if (!holder.ok()) return holder.status();                          \
  declaration = *std::move(holder)
