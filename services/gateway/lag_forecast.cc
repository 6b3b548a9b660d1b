#include "services/gateway/lag_forecast.h"

#include <algorithm>
#include <cmath>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

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

size_t HashOf(std::string_view offer_id) {
  return absl::HashOf(absl::string_view(offer_id.data(), offer_id.size()));
}

}  // namespace

void LagForecast::Lane::Accepted(int64_t offset, int64_t now_ms) {
  if (accepted_offset < 0) {
    // What lay before the first own intent is unknown; the forecast starts with no backlog.
    served_offset = offset - 1;
  }
  accepted_offset = std::max(accepted_offset, offset);
  accepted_ms = std::max(accepted_ms, now_ms);
  if (marks.empty() || now_ms - marks.back().time_ms >= kMarkMs) {
    if (marks.size() == kMarks) marks.pop_front();
    marks.push_back({accepted_offset, now_ms});
  }
}

void LagForecast::Lane::Served(int64_t offset, int64_t now_ms) {
  const int64_t before = served_offset;
  served_offset = std::max(served_offset, offset);
  while (!marks.empty() && marks.front().offset <= served_offset) {
    served_mark_ms = marks.front().time_ms;
    marks.pop_front();
  }
  // A backlog's first sample begins with its first outcome: what came before was a wait, perhaps of
  // a stop, and no rate.
  if (window_start_ms < 0) {
    window_start_ms = now_ms;
    return;
  }
  // Offsets count, not outcomes: copies and void records are passed without an outcome of their
  // own.
  served_in_window += served_offset - before;
  const int64_t elapsed_ms = now_ms - window_start_ms;
  if (elapsed_ms < kSampleMs) return;
  const auto weighed_ms = static_cast<double>(std::min(elapsed_ms, kAverageMs));
  const double sample = static_cast<double>(served_in_window) / weighed_ms;
  const double weight = rate_per_ms > 0 ? 1 - std::exp(-weighed_ms / kAverageMs) : 1;
  rate_per_ms += weight * (sample - rate_per_ms);
  window_start_ms = now_ms;
  served_in_window = 0;
}

LagForecast::LagForecast(int scopes) : scopes_(static_cast<size_t>(scopes)) {
  JEMB_CHECK(scopes > 0);
}

void LagForecast::OnAccepted(int scope, std::string_view offer_id, int64_t offset, int64_t now_ms) {
  base::MutexLock lock(&mutex_);
  Scope& p = scopes_.at(static_cast<size_t>(scope));
  auto found = p.lanes.find(HashOf(offer_id));
  if (found == p.lanes.end()) {
    if (p.lanes.size() == kLanesMax) return;
    found = p.lanes.try_emplace(HashOf(offer_id)).first;
  }
  if (offset > found->second.served_offset) found->second.Accepted(offset, now_ms);
  if (p.waiting_since_ms < 0) p.waiting_since_ms = now_ms;
}

void LagForecast::OnOutcome(int scope, std::string_view offer_id, int64_t intent_offset,
                            int64_t now_ms) {
  base::MutexLock lock(&mutex_);
  Scope& p = scopes_.at(static_cast<size_t>(scope));
  auto found = p.lanes.find(HashOf(offer_id));
  if (found != p.lanes.end()) {
    found->second.Served(intent_offset, now_ms);
    if (found->second.backlog() <= 0) p.lanes.erase(found);
  }
  p.waiting_since_ms = p.lanes.empty() ? -1 : now_ms;
}

void LagForecast::OnProgress(int scope, int64_t progress_ms, int64_t /*now_ms*/) {
  base::MutexLock lock(&mutex_);
  Scope& p = scopes_.at(static_cast<size_t>(scope));
  // A copy is answered under the offset of the first, and an outcome may be read before the
  // delivery is heard of: the last offset accepted may never be seen served. Progress beyond its
  // time says that it is.
  absl::erase_if(p.lanes,
                 [&](const auto& entry) { return progress_ms > entry.second.accepted_ms; });
  if (p.lanes.empty()) p.waiting_since_ms = -1;
}

LagForecast::Wait LagForecast::Expect(int scope, std::string_view offer_id, int64_t now_ms) const {
  base::MutexLock lock(&mutex_);
  const Scope& p = scopes_.at(static_cast<size_t>(scope));
  Wait wait;
  if (p.waiting_since_ms >= 0) wait.stalled_ms = std::max<int64_t>(0, now_ms - p.waiting_since_ms);
  auto found = p.lanes.find(HashOf(offer_id));
  if (found == p.lanes.end() || found->second.rate_per_ms <= 0) return wait;
  const Lane& lane = found->second;
  const double drain_ms = std::min(static_cast<double>(lane.backlog()) / lane.rate_per_ms,
                                   kFaith * static_cast<double>(lane.oldest_wait_ms(now_ms)));
  wait.behind_ms = static_cast<int64_t>(drain_ms);
  return wait;
}

}  // namespace jembatan::gateway
