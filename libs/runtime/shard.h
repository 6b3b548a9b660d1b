#pragma once

// Shard: one io_context(1) and the one thread that runs it, working in ticks. Everything that
// belongs to a shard (connections, the intake core, consumers' callbacks) is touched by its thread
// only, so nothing on it needs a lock or a strand.
//
// A tick = run every handler that is ready, then the tick-end hooks in the order of registration.
// The hooks hand on what the handlers gathered (produce the tick's intents, group receipts, one
// send per connection). A lone event at rest is handled at once; when ticks come back to back with
// work the shard sleeps between them, so that a produce request carries a batch. The pause grows
// while ticks gather fewer than `target_batch` units and never exceeds half of
// latency_budget_ms, because an intent waits for at most two pauses, its own and its receipt's.
//
// Ownership: created, started, stopped and destroyed by the main thread. Post() and context() may
// be used from any thread; all else from the shard's thread, or before Start(). What is still
// posted when the shard has stopped never runs and is destroyed with it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace jembatan::runtime {

// Handlers of one tick, so that hooks have their turn however much arrives.
inline constexpr size_t kTickHandlersMax = 4096;
// A shard that has not ended a tick for so long is stuck: only a restart helps.
inline constexpr int64_t kStuckTickMs = 10'000;

// Pure rule of the pause between ticks; separate so that tests reach it without time. Work in two
// ticks in a row starts the pause at 250 us; it doubles up to the maximum while ticks hand on fewer
// than target_batch units, halves (below 250 us to none) when they hand on four times as many, and
// ends with the first tick that hands on nothing.
class TickPacer {
 public:
  TickPacer(int64_t max_pause_us, size_t target_batch);
  // Called after each tick with the units of work its hooks handed on; returns the pause in
  // microseconds before the next tick, 0: wait for events.
  int64_t PauseAfter(size_t units);

 private:
  const int64_t max_pause_us_;
  const size_t target_batch_;
  int64_t pause_us_ = 0;
  bool worked_ = false;
};

struct ShardOptions {
  std::string name = "shard";
  // How long gathering may delay a receipt, in milliseconds; 0: never pause.
  int latency_budget_ms = 5;
  // Units per tick above which a longer pause gains nothing.
  size_t target_batch = 1024;
};

class Shard {
 public:
  // Returns the units of work it handed on. A hook that leaves a remainder posts to the context,
  // else the next tick may wait for an event that never comes.
  using TickHook = std::function<size_t()>;

  explicit Shard(ShardOptions options);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  boost::asio::io_context& context() { return context_; }
  void Post(std::function<void()> task);
  // Before Start(), or on the shard's thread.
  void AddTickHook(TickHook hook);

  void Start();
  // Runs no further handler once it returns; joins the thread. Idempotent. Not from the shard.
  void Stop();
  // Milliseconds since the last tick ended, or the start; 0 while it does not run. Any thread. A
  // shard at rest ticks as often as its timers fire.
  int64_t SilentMs() const;
  // What a health check says of it: empty, or that it is stuck. Its owner keeps a timer on it that
  // fires several times in kStuckTickMs.
  std::string Liveness() const;
  bool OnThisThread() const { return std::this_thread::get_id() == thread_id_.load(); }

 private:
  void Run();
  size_t RunHooks();

  const ShardOptions options_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  // A deque, because a hook may add hooks while it runs.
  std::deque<TickHook> hooks_;
  TickPacer pacer_;
  std::atomic<std::thread::id> thread_id_{};
  // Monotonic time of the last tick's end; 0 while the shard does not run.
  std::atomic<int64_t> ticked_ns_{0};
  std::thread thread_;
};

}  // namespace jembatan::runtime
