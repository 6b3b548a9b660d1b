#include "libs/runtime/shard.h"

#include <algorithm>
#include <chrono>
#include <pthread.h>
#include <utility>

#include <boost/asio/post.hpp>

#include "libs/base/check.h"
#include "libs/base/clock.h"

namespace jembatan::runtime {
namespace {

constexpr int64_t kFirstPauseUs = 250;
constexpr size_t kThreadNameMax = 15;  // what Linux keeps of a thread's name

}  // namespace

TickPacer::TickPacer(int64_t max_pause_us, size_t target_batch)
    : max_pause_us_(max_pause_us), target_batch_(target_batch) {
  JEMB_CHECK(max_pause_us_ >= 0);
  JEMB_CHECK(target_batch_ > 0);
}

int64_t TickPacer::PauseAfter(size_t units) {
  // A lone unit is no stream of work: pausing after it would only delay what answers it.
  bool follows_work = std::exchange(worked_, units > 0);
  if (units == 0 || !follows_work) {
    pause_us_ = 0;
  } else if (units < target_batch_) {
    pause_us_ = std::min(max_pause_us_, std::max(kFirstPauseUs, 2 * pause_us_));
  } else if (units >= 4 * target_batch_) {
    pause_us_ /= 2;
    if (pause_us_ < kFirstPauseUs) pause_us_ = 0;
  }
  return pause_us_;
}

Shard::Shard(ShardOptions options)
    : options_(std::move(options)),
      work_(boost::asio::make_work_guard(context_)),
      pacer_(int64_t{options_.latency_budget_ms} * 1000 / 2, options_.target_batch) {}

Shard::~Shard() { Stop(); }

void Shard::Post(std::function<void()> task) { boost::asio::post(context_, std::move(task)); }

void Shard::AddTickHook(TickHook hook) {
  JEMB_CHECK(thread_id_.load() == std::thread::id() || OnThisThread());
  hooks_.push_back(std::move(hook));
}

void Shard::Start() {
  JEMB_CHECK(!thread_.joinable());
  ticked_ns_.store(base::MonotonicNs(), std::memory_order_relaxed);
  thread_ = std::thread([this] { Run(); });
}

void Shard::Stop() {
  JEMB_CHECK(!OnThisThread());
  context_.stop();
  if (thread_.joinable()) thread_.join();
  thread_id_.store(std::thread::id());
  ticked_ns_.store(0, std::memory_order_relaxed);
}

int64_t Shard::SilentMs() const {
  const int64_t ticked_ns = ticked_ns_.load(std::memory_order_relaxed);
  return ticked_ns == 0 ? 0 : (base::MonotonicNs() - ticked_ns) / 1'000'000;
}

std::string Shard::Liveness() const {
  const int64_t silent_ms = SilentMs();
  if (silent_ms < kStuckTickMs) return {};
  return options_.name + " has been stuck for " + std::to_string(silent_ms / 1'000) + " s";
}

size_t Shard::RunHooks() {
  size_t units = 0;
  for (size_t i = 0; i < hooks_.size(); ++i) units += hooks_[i]();
  return units;
}

void Shard::Run() {
  thread_id_.store(std::this_thread::get_id());
  pthread_setname_np(pthread_self(), options_.name.substr(0, kThreadNameMax).c_str());
  int64_t pause_us = 0;
  while (!context_.stopped()) {
    // After a pause what has gathered is ready, or nothing is and this tick ends the pausing.
    size_t handlers = pause_us == 0 ? context_.run_one() : 0;
    while (handlers < kTickHandlersMax && context_.poll_one() > 0) ++handlers;
    if (context_.stopped()) return;
    pause_us = pacer_.PauseAfter(RunHooks());
    ticked_ns_.store(base::MonotonicNs(), std::memory_order_relaxed);
    if (pause_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
  }
}

}  // namespace jembatan::runtime
