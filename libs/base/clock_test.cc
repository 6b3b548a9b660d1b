#include "libs/base/clock.h"

#include <chrono>

#include <gtest/gtest.h>

namespace jembatan::base {
namespace {

template <typename Clock, typename Unit>
int64_t Now() {
  return std::chrono::duration_cast<Unit>(Clock::now().time_since_epoch()).count();
}

TEST(ClockTest, WallTimeIsMillisecondsOfTheUnixEpoch) {
  int64_t before = Now<std::chrono::system_clock, std::chrono::milliseconds>();
  int64_t wall = WallMs();
  int64_t after = Now<std::chrono::system_clock, std::chrono::milliseconds>();
  EXPECT_LE(before, wall);
  EXPECT_LE(wall, after);
}

TEST(ClockTest, MonotonicTimeIsThatOfTheSteadyClock) {
  int64_t before = Now<std::chrono::steady_clock, std::chrono::nanoseconds>();
  int64_t monotonic = MonotonicNs();
  int64_t after = Now<std::chrono::steady_clock, std::chrono::nanoseconds>();
  EXPECT_LE(before, monotonic);
  EXPECT_LE(monotonic, after);
}

}  // namespace
}  // namespace jembatan::base
