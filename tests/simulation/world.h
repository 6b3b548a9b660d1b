#pragma once

// World: virtual time and chance. Tasks run in the order of their times; one seed is one history.
// Single-threaded.

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "libs/base/random.h"

namespace jembatan::simulation {

class Chance : public base::Random {
 public:
  using base::Random::Random;
  bool OneIn(int64_t n) { return Between(1, n) == 1; }
  bool Percent(double percent) { return Between(0, 999'999) < percent * 10'000; }
};

// A seed made of two numbers.
inline uint64_t Mix(uint64_t a, uint64_t b) {
  return base::Random(base::Random(a).Next() ^ b * 0x9e3779b97f4a7c15).Next();
}

// The parts of the world that have a chance of their own; of several of a kind the number is added.
namespace part {
inline constexpr uint64_t kGroup = 1;
inline constexpr uint64_t kMarket = 2;
inline constexpr uint64_t kLog = 3;
inline constexpr uint64_t kBridge = 100;
inline constexpr uint64_t kGateway = 200;
inline constexpr uint64_t kViewer = 300;
}  // namespace part

class World {
 public:
  using Task = std::function<void()>;

  // Virtual Unix time at which every history begins.
  static constexpr int64_t kEpochMs = 1'800'000'000'000;

  explicit World(uint64_t seed) : seed(seed), now_ms_(kEpochMs) {}

  int64_t now_ms() const { return now_ms_; }
  void At(int64_t time_ms, Task task) {
    tasks_.push({time_ms < now_ms_ ? now_ms_ : time_ms, order_++, std::move(task)});
  }
  void After(int64_t delay_ms, Task task) { At(now_ms_ + delay_ms, std::move(task)); }

  // Runs every task due until the given time.
  void RunUntil(int64_t time_ms) {
    while (!tasks_.empty() && tasks_.top().time_ms <= time_ms) {
      Task task = std::move(const_cast<Entry&>(tasks_.top()).task);
      now_ms_ = tasks_.top().time_ms;
      tasks_.pop();
      ++steps;
      task();
    }
    now_ms_ = time_ms;
  }

  // A network delay: mostly milliseconds, sometimes seconds, rarely longer than an intent lives.
  // After calm is set: milliseconds. While it storms seconds are common.
  int64_t Delay(Chance& chance) const {
    if (calm) return chance.Between(1, 20);
    if (stormy && chance.Percent(20)) return chance.Between(100, 6'000);
    if (chance.Percent(0.4)) return chance.Between(20'000, 200'000);
    if (chance.Percent(3)) return chance.Between(500, 15'000);
    return chance.Between(1, 60);
  }

  // One line of the story, with its virtual time, when a seed is replayed with --trace.
  __attribute__((format(printf, 2, 3))) void Trace(const char* format, ...) const {
    if (!tracing) return;
    std::printf("%9.3f ", static_cast<double>(now_ms_ - kEpochMs) / 1000);
    std::va_list arguments;
    va_start(arguments, format);
    std::vprintf(format, arguments);
    va_end(arguments);
    std::printf("\n");
  }

  const uint64_t seed;
  bool calm = false;
  bool stormy = false;
  bool tracing = false;
  uint64_t steps = 0;

 private:
  struct Entry {
    int64_t time_ms;
    uint64_t order;
    Task task;
    bool operator<(const Entry& other) const {
      return time_ms != other.time_ms ? time_ms > other.time_ms : order > other.order;
    }
  };

  std::priority_queue<Entry> tasks_;
  uint64_t order_ = 0;
  int64_t now_ms_;
};

// Dice: the chance of one part of the world. What it throws depends on the seed, the part and the
// moment alone, not on what was thrown before or elsewhere: a history from which one entry of the
// plan was left out runs as before but for what that entry brought about.
class Dice {
 public:
  Dice(const World* world, uint64_t part) : world_(world), part_(Mix(world->seed, part)) {}

  Chance& operator*() {
    if (thrown_ms_ != world_->now_ms()) {
      thrown_ms_ = world_->now_ms();
      chance_ = Chance(Mix(part_, static_cast<uint64_t>(thrown_ms_)));
    }
    return chance_;
  }
  Chance* operator->() { return &**this; }
  int64_t Delay() { return world_->Delay(**this); }

 private:
  const World* world_;
  uint64_t part_;
  int64_t thrown_ms_ = -1;
  Chance chance_{0};
};

}  // namespace jembatan::simulation
