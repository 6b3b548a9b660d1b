#include "libs/base/status.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace jembatan::base {
namespace {

TEST(StatusTest, ConstructorsCarryCodeAndMessage) {
  EXPECT_EQ(ToString(InvalidArgument("a")), "INVALID_ARGUMENT: a");
  EXPECT_EQ(ToString(Unavailable("b")), "UNAVAILABLE: b");
  EXPECT_EQ(ToString(Internal("c")), "INTERNAL: c");
  EXPECT_EQ(ToString(NotFound("d")), "NOT_FOUND: d");
  EXPECT_EQ(ToString(FailedPrecondition("e")), "FAILED_PRECONDITION: e");
  EXPECT_EQ(ToString(ResourceExhausted("f")), "RESOURCE_EXHAUSTED: f");
  EXPECT_EQ(ToString(Unauthenticated("g")), "UNAUTHENTICATED: g");
}

TEST(StatusTest, FourCodesAreRetriableAndNoOthers) {
  for (int code = 0; code <= 16; ++code) {
    absl::Status status(static_cast<absl::StatusCode>(code), "x");
    bool expected = code == 4 /* DEADLINE_EXCEEDED */ || code == 8 /* RESOURCE_EXHAUSTED */ ||
                    code == 10 /* ABORTED */ || code == 14 /* UNAVAILABLE */;
    EXPECT_EQ(IsRetriable(status), expected) << ToString(status);
  }
}

absl::Status FailIf(bool fail) { return fail ? NotFound("gone") : absl::OkStatus(); }

absl::Status Chain(bool fail, bool* went_on) {
  JEMB_RETURN_IF_ERROR(FailIf(fail));
  *went_on = true;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<int>> Number(bool fail) {
  if (fail) return NotFound("no number");
  return std::make_unique<int>(20);
}

absl::StatusOr<int> Sum(bool fail_first, bool fail_second) {
  JEMB_ASSIGN_OR_RETURN(auto first, Number(fail_first));
  JEMB_ASSIGN_OR_RETURN(std::unique_ptr<int> second, Number(fail_second));
  return *first + *second;
}

TEST(StatusTest, ReturnIfErrorReturnsOnErrorOnly) {
  bool went_on = false;
  EXPECT_EQ(ToString(Chain(true, &went_on)), "NOT_FOUND: gone");
  EXPECT_FALSE(went_on);
  EXPECT_TRUE(Chain(false, &went_on).ok());
  EXPECT_TRUE(went_on);
}

TEST(StatusTest, AssignOrReturnMovesTheValueOrReturnsTheError) {
  EXPECT_EQ(*Sum(false, false), 40);
  EXPECT_EQ(ToString(Sum(true, false).status()), "NOT_FOUND: no number");
  EXPECT_EQ(ToString(Sum(false, true).status()), "NOT_FOUND: no number");
}

}  // namespace
}  // namespace jembatan::base
