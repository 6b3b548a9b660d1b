#include "libs/base/crash_point.h"

#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>

namespace jembatan::base {
namespace {

// The order is read once a process: each case is a child of its own.
void PassAll(const char* order, int times) {
  setenv("JEMBATAN_CRASH", order, 1);
  for (int i = 0; i < times; ++i) {
    PassCrashPoint("bridge.first");
    PassCrashPoint("bridge.second");
  }
  std::_Exit(0);
}

TEST(CrashPointDeathTest, DiesAtTheNamedPointOnly) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(PassAll("bridge.second", 1), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(PassAll("bridge.second:3", 3), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(PassAll("bridge.second:3", 2), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(PassAll("bridge.third", 3), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(PassAll("bridge.second:x", 3), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace jembatan::base
