#include "services/gateway/outcome_feed.h"

#include <utility>

#include "libs/base/check.h"

namespace jembatan::gateway {

OutcomeFeed::OutcomeFeed(int partitions, OutcomeWindow& window, LagForecast& lag, int64_t reach_ms)
    : window_(window),
      lag_(lag),
      reach_ms_(reach_ms),
      partitions_(static_cast<size_t>(partitions)) {
  JEMB_CHECK(partitions > 0);
}

void OutcomeFeed::OnEnd(int partition, int64_t end_offset) {
  partitions_.at(static_cast<size_t>(partition)).target = end_offset;
}

void OutcomeFeed::OnStart(int partition, int64_t offset, int64_t since_ms) {
  // An outcome is appended after its intent, by clocks that differ by M at most. From the very
  // first record on nothing can be missing.
  partitions_.at(static_cast<size_t>(partition)).append_floor_ms =
      offset == 0 ? 0 : since_ms + intent::kBrokerSkewMs;
  Begin(partition, offset);
}

void OutcomeFeed::Begin(int partition, int64_t offset) {
  window_.StartPartition(partition, offset,
                         partitions_.at(static_cast<size_t>(partition)).append_floor_ms);
}

void OutcomeFeed::OnTruncated(int partition, int64_t now_ms) {
  partitions_.at(static_cast<size_t>(partition)).append_floor_ms = now_ms;
}

OutcomeFeed::Step OutcomeFeed::OnRecord(int partition, int64_t offset, std::string_view value,
                                        int64_t now_ms) {
  OutcomeWindow::Fed fed = window_.Feed(partition, offset, value);
  Step step;
  // It may have been the final of any intent before it.
  if (fed.unreadable) {
    OnTruncated(partition, now_ms + intent::kBrokerSkewMs);
    window_.Forget(partition, now_ms + intent::kBrokerSkewMs);
  }
  step.read_again_from = fed.read_again_from;
  if (fed.read_again_from >= 0) return step;
  step.final = std::move(fed.final);
  const int scope = ScopeOf(fed.market, partition, partitions());
  if (fed.intent_offset >= 0) lag_.OnOutcome(scope, fed.offer_id, fed.intent_offset, now_ms);
  if (fed.progress_ms >= 0) lag_.OnProgress(scope, fed.progress_ms, now_ms);
  return step;
}

bool OutcomeFeed::OnReached(int partition, int64_t next_offset) {
  Partition& state = partitions_.at(static_cast<size_t>(partition));
  if (state.caught_up || state.target < 0 || next_offset < state.target) return false;
  state.caught_up = true;
  window_.SetCaughtUp(partition);
  return window_.ready();
}

}  // namespace jembatan::gateway
