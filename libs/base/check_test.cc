#include "libs/base/check.h"

#include <gtest/gtest.h>

namespace {

TEST(CheckDeathTest, AFailedCheckNamesItsPlaceAndCondition) {
  EXPECT_DEATH(JEMB_CHECK(1 + 1 == 3), "check_test.cc:[0-9]+: check failed: 1 \\+ 1 == 3");
}

TEST(CheckTest, EvaluatesItsConditionOnce) {
  int calls = 0;
  JEMB_CHECK(++calls > 0);
  EXPECT_EQ(calls, 1);
}

}  // namespace
