#pragma once

// How the micro benchmarks measure: by the thread's own CPU time, so that they say the same on a
// machine with other work; and by the clock. Any thread.

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <functional>

#include "libs/base/clock.h"

namespace jembatan::bench {

inline int64_t CpuNs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Runs the step, which does so many things at once, for a time, and prints what one takes.
inline void Measure(const char* name, double seconds, int64_t things,
                    const std::function<void()>& step) {
  const int64_t begin = base::MonotonicNs();
  const int64_t cpu_begin = CpuNs();
  double done = 0;
  double spent = 0;
  while (spent < seconds * 1e9) {
    step();
    done += static_cast<double>(things);
    spent = static_cast<double>(CpuNs() - cpu_begin);
  }
  const auto passed = static_cast<double>(base::MonotonicNs() - begin);
  std::printf("%-28s %6.0f ns of CPU each: %8.0f a CPU second, %8.0f a second\n", name,
              spent / done, done * 1e9 / spent, done * 1e9 / passed);
}

}  // namespace jembatan::bench
