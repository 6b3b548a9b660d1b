#include "libs/runtime/shard.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace jembatan::runtime {
namespace {

TEST(TickPacerTest, Table) {
  struct Tick {
    size_t units;
    int64_t pause_us;
  };
  const struct {
    const char* name;
    int64_t max_pause_us;
    std::vector<Tick> ticks;
  } kRows[] = {
      {"at rest", 1666, {{0, 0}, {0, 0}}},
      {"a lone unit", 1666, {{1, 0}, {0, 0}, {1, 0}, {0, 0}}},
      {"a lone heap", 1666, {{1000, 0}, {0, 0}}},
      {"steady trickle", 1666, {{3, 0}, {3, 250}, {3, 500}, {3, 1000}, {3, 1666}, {3, 1666}}},
      {"an empty tick ends it", 1666, {{3, 0}, {3, 250}, {3, 500}, {0, 0}, {3, 0}, {3, 250}}},
      {"between the bounds it stays",
       1666,
       {{99, 0}, {99, 250}, {100, 250}, {399, 250}, {99, 500}}},
      {"heaps need no pause", 1666, {{100, 0}, {100, 0}, {400, 0}, {400, 0}}},
      {"heaps shrink it",
       1666,
       {{3, 0},
        {3, 250},
        {3, 500},
        {3, 1000},
        {3, 1666},
        {400, 833},
        {400, 416},
        {400, 0},
        {3, 250}}},
      {"small maximum", 100, {{3, 0}, {3, 100}, {3, 100}, {400, 0}}},
      {"no budget", 0, {{3, 0}, {3, 0}, {3, 0}}},
  };
  for (const auto& row : kRows) {
    TickPacer pacer(row.max_pause_us, 100);
    for (size_t i = 0; i < row.ticks.size(); ++i) {
      EXPECT_EQ(pacer.PauseAfter(row.ticks[i].units), row.ticks[i].pause_us)
          << row.name << ", tick " << i;
    }
  }
}

// A shard that never pauses: the order of things is then all there is to see.
ShardOptions Eager() {
  ShardOptions options;
  options.latency_budget_ms = 0;
  return options;
}

TEST(ShardTest, HooksRunInOrderAfterAllReadyHandlers) {
  std::string trace;
  std::promise<void> done;
  Shard shard(Eager());
  shard.AddTickHook([&] {
    trace += 'x';
    return size_t{0};
  });
  shard.AddTickHook([&] {
    trace += 'y';
    if (trace.size() == 5) done.set_value();
    return size_t{0};
  });
  shard.Post([&] { trace += 'a'; });
  shard.Post([&] {
    trace += 'b';
    shard.Post([&] { trace += 'c'; });
  });
  shard.Start();
  done.get_future().wait();
  shard.Stop();
  EXPECT_EQ(trace, "abcxy");
}

TEST(ShardTest, SilenceIsTheTimeSinceTheLastTick) {
  Shard shard(Eager());
  EXPECT_EQ(shard.SilentMs(), 0);
  std::promise<void> entered;
  std::promise<void> release;
  shard.Post([&] {
    entered.set_value();
    release.get_future().wait();
  });
  shard.Start();
  entered.get_future().wait();
  while (shard.SilentMs() < 20) std::this_thread::yield();
  EXPECT_EQ(shard.Liveness(), "") << "not stuck yet";
  release.set_value();
  shard.Stop();
  EXPECT_EQ(shard.SilentMs(), 0);
}

TEST(ShardTest, HandlersWithoutEndDoNotKeepHooksFromTheirTurn) {
  Shard shard(Eager());
  size_t handlers = 0;
  std::promise<size_t> at_first_hook;
  bool told = false;
  std::function<void()> again = [&] {
    ++handlers;
    shard.Post(again);
  };
  shard.AddTickHook([&] {
    if (!std::exchange(told, true)) at_first_hook.set_value(handlers);
    return size_t{1};
  });
  shard.Post(again);
  shard.Start();
  EXPECT_EQ(at_first_hook.get_future().get(), kTickHandlersMax);
  shard.Stop();
}

TEST(ShardTest, AHookThatPostsItsRemainderGetsAnotherTick) {
  Shard shard(Eager());
  int left = 5;
  std::promise<void> done;
  shard.AddTickHook([&] {
    if (--left > 0) {
      shard.Post([] {});
    } else {
      done.set_value();
    }
    return size_t{1};
  });
  shard.Post([] {});
  shard.Start();
  done.get_future().wait();
  shard.Stop();
  EXPECT_EQ(left, 0);
}

TEST(ShardTest, AHookMayAddHooks) {
  Shard shard(Eager());
  std::string captured_by_value(100, 'v');
  std::promise<void> done;
  bool added = false;
  size_t seen = 0;
  shard.AddTickHook([&, captured_by_value] {
    if (!std::exchange(added, true)) {
      for (int i = 0; i < 100; ++i) shard.AddTickHook([] { return size_t{0}; });
      shard.AddTickHook([&] {
        done.set_value();
        return size_t{0};
      });
    }
    seen = captured_by_value.size();
    return size_t{0};
  });
  shard.Post([] {});
  shard.Start();
  done.get_future().wait();
  shard.Stop();
  EXPECT_EQ(seen, 100u);
}

TEST(ShardTest, PausesBetweenTicksThatKeepHandingOnLittle) {
  ShardOptions options;
  options.latency_budget_ms = 300;
  Shard shard(options);
  constexpr int kTicks = 6;
  int ticks = 0;
  std::promise<void> done;
  shard.AddTickHook([&] {
    if (++ticks == kTicks) {
      done.set_value();
    } else {
      shard.Post([] {});
    }
    return size_t{1};
  });
  shard.Post([] {});
  auto start = std::chrono::steady_clock::now();
  shard.Start();
  done.get_future().wait();
  // None after the first tick, then 250, 500, 1000 and 2000 microseconds.
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::microseconds(3750));
  shard.Stop();
}

TEST(ShardTest, PostsFromManyThreadsAllRunOnTheShard) {
  Shard shard(Eager());
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  int ran = 0;  // without a lock: only the shard's thread touches it
  bool all_there = true;
  std::promise<void> done;
  shard.Start();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) {
        shard.Post([&] {
          all_there = all_there && shard.OnThisThread();
          if (++ran == kThreads * kEach) done.set_value();
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done.get_future().wait();
  EXPECT_FALSE(shard.OnThisThread());
  shard.Stop();
  EXPECT_EQ(ran, kThreads * kEach);
  EXPECT_TRUE(all_there);
}

TEST(ShardTest, StopEndsABusyShardAndNothingRunsAfterIt) {
  Shard shard(Eager());
  std::atomic<uint64_t> handlers{0};
  std::function<void()> again = [&] {
    ++handlers;
    shard.Post(again);
  };
  shard.Post(again);
  shard.Start();
  while (handlers == 0) std::this_thread::yield();
  shard.Stop();
  uint64_t at_stop = handlers;
  shard.Post([&] { ++handlers; });
  shard.Stop();
  EXPECT_EQ(handlers, at_stop);
  EXPECT_FALSE(shard.OnThisThread());
}

TEST(ShardTest, StopsWhetherIdleOrNeverStarted) {
  Shard idle(Eager());
  idle.Start();
  idle.Stop();
  Shard never_started(Eager());
  never_started.Stop();
}

TEST(ShardTest, WhatNeverRanIsDestroyedWithTheShard) {
  auto token = std::make_shared<int>(1);
  {
    Shard shard(Eager());
    shard.Post([token] {});
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(ShardDeathTest, StoppingFromTheShardIsAProgrammersError) {
  EXPECT_DEATH(
      {
        Shard shard(Eager());
        shard.Post([&] { shard.Stop(); });
        shard.Start();
        for (;;) std::this_thread::yield();
      },
      "check failed: !OnThisThread");
}

}  // namespace
}  // namespace jembatan::runtime
