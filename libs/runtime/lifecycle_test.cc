#include "libs/runtime/lifecycle.h"

#include <signal.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "libs/base/log.h"

namespace jembatan::runtime {
namespace {

// Each runs in a child, so that signals and exits stay out of the test program.

TEST(LifecycleDeathTest, WaitForStopReturnsOnEitherSignal) {
  for (int signal : {SIGINT, SIGTERM}) {
    EXPECT_EXIT(
        {
          BlockSignals();
          ::kill(::getpid(), signal);
          WaitForStop();
          base::FlushLog();
          ::_exit(7);
        },
        testing::ExitedWithCode(7), signal == SIGINT ? "\"SIGINT\"" : "\"SIGTERM\"");
  }
}

TEST(LifecycleDeathTest, ASecondSignalEndsTheProcessWhileItStops) {
  EXPECT_EXIT(
      {
        BlockSignals();
        std::thread other([] { ::pause(); });  // inherits the mask: signals pass it by
        ::kill(::getpid(), SIGTERM);
        WaitForStop();
        ::kill(::getpid(), SIGINT);
        other.join();
      },
      testing::ExitedWithCode(130), "");
}

TEST(LifecycleDeathTest, WritingToAClosedPipeIsNoSignal) {
  EXPECT_EXIT(
      {
        BlockSignals();
        int ends[2];
        if (::pipe(ends) != 0) ::_exit(1);
        ::close(ends[0]);
        ::_exit(::write(ends[1], "x", 1) < 0 ? 7 : 1);
      },
      testing::ExitedWithCode(7), "");
}

TEST(LifecycleDeathTest, FailStartPrintsOneLineAndExitsWithTwo) {
  EXPECT_EXIT(FailStart("gateway", "port\nbusy"), testing::ExitedWithCode(2),
              "^jembatan-gateway: port busy\n$");
}

TEST(LifecycleDeathTest, FailStartWritesTheLogFirst) {
  EXPECT_EXIT(
      {
        base::Log(base::Level::kError, "told_before");
        FailStart("gateway", "no");
      },
      testing::ExitedWithCode(2), "told_before.*\njembatan-gateway: no\n$");
}

}  // namespace
}  // namespace jembatan::runtime
