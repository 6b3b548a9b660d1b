#pragma once

// OutcomeFeed: from where each partition of the outcomes topic is read, and what each record read
// does to the window and to the lag forecast. The outcome reader does the reading; the simulation
// reads a simulated log: the same decisions.
//
// A partition's reading begins `reach` before the present, so that the window knows what it may be
// asked about. It counts as caught up when it has reached the log's end as that was before the
// beginning was looked for. A record that cannot be judged from where the reading began wants the
// reading begun again earlier (protocol rule 2).
//
// Pure: no I/O, no clock. Owned by one reader; its thread only.

#include <cstdint>
#include <string_view>
#include <vector>

#include "libs/intent/limits.h"
#include "services/gateway/lag_forecast.h"
#include "services/gateway/outcome_window.h"

namespace jembatan::gateway {

// How far back a start reads: what the answers of a whole intent's life need, and ten minutes for
// clients that ask late.
inline constexpr int64_t kOutcomeReachMs = intent::kTtlMs + intent::kFutureMs +
                                           2 * intent::kBrokerSkewMs + intent::kGatewaySkewMs +
                                           10LL * 60 * 1000;

class OutcomeFeed {
 public:
  // window and lag outlive the feed.
  OutcomeFeed(int partitions, OutcomeWindow& window, LagForecast& lag,
              int64_t reach_ms = kOutcomeReachMs);

  // The log's end, asked for before the beginning, so that nothing read can lie behind what counts
  // as caught up.
  void OnEnd(int partition, int64_t end_offset);
  // Append time from which a reading that starts now shall begin.
  int64_t SinceMs(int64_t now_ms) const { return now_ms - reach_ms_; }
  // The first record appended at or after since_ms, or the log's end, lies at offset. Reading
  // begins there.
  void OnStart(int partition, int64_t offset, int64_t since_ms);
  // Reading begins again, at an offset that a record asked for or where the log now begins.
  void Begin(int partition, int64_t offset);
  // What was asked for is no longer in the log: from now on the window reaches back less.
  void OnTruncated(int partition, int64_t now_ms);

  // What a record asks of its reader.
  struct Step {
    // A final told for the first time, or UNCONFIRMED, to push to its viewer; null: nothing.
    FinalPtr final;
    // Stop, and Begin at this offset; what the present reading still brings is void. -1: go on.
    int64_t read_again_from = -1;
  };
  // One record in offset order.
  Step OnRecord(int partition, int64_t offset, std::string_view value, int64_t now_ms);
  // Everything below next_offset has been read. True when every partition has caught up by it: the
  // window is ready from now on.
  bool OnReached(int partition, int64_t next_offset);

  int partitions() const { return static_cast<int>(partitions_.size()); }

 private:
  struct Partition {
    // Offset to reach before the partition counts as caught up; -1: not known yet.
    int64_t target = -1;
    int64_t append_floor_ms = 0;
    bool caught_up = false;
  };

  OutcomeWindow& window_;
  LagForecast& lag_;
  const int64_t reach_ms_;
  std::vector<Partition> partitions_;
};

}  // namespace jembatan::gateway
