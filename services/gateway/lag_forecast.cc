#include "services/gateway/lag_forecast.h"

#include <algorithm>
#include <cmath>

#include "libs/base/check.h"

namespace jembatan::gateway {
namespace {

// Time constant of the weighted rate. A gap counts as at most this long, so that a rate survives a
// stop of the marketplace well enough to forecast the drain after it.
constexpr int64_t kAverageMs = 2'000;
// Served intents are counted over at least this long before they count as a rate.
constexpr int64_t kSampleMs = 250;
// Just after a stop the served rate is that of the stop: a single outcome in two seconds would
// foretell hours. Refusing a tap in error costs a sale, accepting one in error only an honest
// EXPIRED: a forecast goes as far as this many times the wait that was really seen.
constexpr double kFaith = 8;
// Acceptances are remembered this far apart, for two minutes: longer waits are beyond every
// deadline.
constexpr int64_t kMarkMs = 250;
constexpr size_t kMarks = 512;

}  // namespace

void LagForecast::Partition::Served(int64_t offset) {
  served_offset = std::max(served_offset, offset);
  while (!marks.empty() && marks.front().offset <= served_offset) {
    served_mark_ms = marks.front().time_ms;
    marks.pop_front();
  }
}

LagForecast::LagForecast(int partitions) : partitions_(static_cast<size_t>(partitions)) {
  JEMB_CHECK(partitions > 0);
}

void LagForecast::OnAccepted(int partition, int64_t offset, int64_t now_ms) {
  base::MutexLock lock(&mutex_);
  Partition& p = partitions_.at(static_cast<size_t>(partition));
  // What lay before the first own intent is unknown; the forecast starts with no backlog.
  if (p.served_offset < 0) p.served_offset = offset - 1;
  p.accepted_offset = std::max(p.accepted_offset, offset);
  p.accepted_ms = std::max(p.accepted_ms, now_ms);
  if (offset > p.served_offset && (p.marks.empty() || now_ms - p.marks.back().time_ms >= kMarkMs)) {
    if (p.marks.size() == kMarks) p.marks.pop_front();
    p.marks.push_back({p.accepted_offset, now_ms});
  }
  if (p.backlog() > 0 && p.waiting_since_ms < 0) {
    p.waiting_since_ms = now_ms;
    p.window_start_ms = now_ms;
    p.served_in_window = 0;
  }
}

void LagForecast::OnOutcome(int partition, int64_t intent_offset, int64_t now_ms) {
  base::MutexLock lock(&mutex_);
  Partition& p = partitions_.at(static_cast<size_t>(partition));
  int64_t before = p.served_offset;
  p.Served(intent_offset);
  if (p.backlog() <= 0) {
    p.Idle();
    return;
  }
  if (p.waiting_since_ms >= 0) p.waiting_since_ms = now_ms;
  // Offsets count, not outcomes: copies and void records are passed without an outcome of their
  // own.
  if (before >= 0) p.served_in_window += p.served_offset - before;
  int64_t elapsed_ms = now_ms - p.window_start_ms;
  if (elapsed_ms < kSampleMs) return;
  auto weighed_ms = static_cast<double>(std::min(elapsed_ms, kAverageMs));
  double sample = static_cast<double>(p.served_in_window) / weighed_ms;
  double weight = p.rate_per_ms > 0 ? 1 - std::exp(-weighed_ms / kAverageMs) : 1;
  p.rate_per_ms += weight * (sample - p.rate_per_ms);
  p.window_start_ms = now_ms;
  p.served_in_window = 0;
}

void LagForecast::OnProgress(int partition, int64_t progress_ms, int64_t /*now_ms*/) {
  base::MutexLock lock(&mutex_);
  Partition& p = partitions_.at(static_cast<size_t>(partition));
  // A copy is answered under the offset of the first, so the last offset accepted may never be seen
  // served; progress beyond its time says that it is.
  if (p.backlog() <= 0 || progress_ms <= p.accepted_ms) return;
  p.Served(p.accepted_offset);
  p.Idle();
}

LagForecast::Wait LagForecast::Expect(int partition, int64_t now_ms) const {
  base::MutexLock lock(&mutex_);
  const Partition& p = partitions_.at(static_cast<size_t>(partition));
  int64_t backlog = p.backlog();
  if (backlog <= 0) return {};
  Wait wait{.stalled_ms = std::max<int64_t>(0, now_ms - p.waiting_since_ms)};
  if (p.rate_per_ms > 0) {
    double drain_ms = std::min(static_cast<double>(backlog) / p.rate_per_ms,
                               kFaith * static_cast<double>(p.oldest_wait_ms(now_ms)));
    wait.behind_ms = static_cast<int64_t>(drain_ms);
  }
  return wait;
}

}  // namespace jembatan::gateway
