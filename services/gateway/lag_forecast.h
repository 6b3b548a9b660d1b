#pragma once

// LagForecast: how long an intent admitted now would wait for the bridge, per partition, from what
// the gateway sees anyway: its own accepted offsets and the offsets and times of outcomes.
// Admission refuses what could not be served before its deadline. It is an estimate that sheds load
// early; the promise never rests on it.
//
// Pure; one per process, fed and asked by all shards: internally locked.

#include <cstdint>
#include <deque>
#include <vector>

#include "absl/base/thread_annotations.h"

#include "libs/base/mutex.h"

namespace jembatan::gateway {

class LagForecast {
 public:
  explicit LagForecast(int partitions);

  void OnAccepted(int partition, int64_t offset, int64_t now_ms);
  // An outcome of the intent at that offset was read.
  void OnOutcome(int partition, int64_t intent_offset, int64_t now_ms);
  // A valid open told that all intents appended before progress_ms are finished.
  void OnProgress(int partition, int64_t progress_ms, int64_t now_ms);

  // What an intent accepted now would wait for; all 0: no backlog known.
  struct Wait {
    // The backlog before it, divided by the served rate (exponentially weighted over ~2 s), never
    // more than eight times what the oldest unserved accepted intent has waited; 0 while no rate is
    // known.
    int64_t behind_ms = 0;
    // Nothing was served for so long, and it may well last as long again.
    int64_t stalled_ms = 0;

    int64_t longest_ms() const { return behind_ms > stalled_ms ? behind_ms : stalled_ms; }
  };
  Wait Expect(int partition, int64_t now_ms) const;

 private:
  // At time_ms all offsets up to this one were accepted.
  struct Mark {
    int64_t offset;
    int64_t time_ms;
  };

  struct Partition {
    int64_t accepted_offset = -1;
    int64_t accepted_ms = -1;
    int64_t served_offset = -1;
    int64_t waiting_since_ms = -1;  // since when a backlog exists without any outcome
    int64_t window_start_ms = -1;
    int64_t served_in_window = 0;
    // 0: unknown. Only the present backlog's serving counts: while the bridge keeps up, the rate is
    // the demand's, and the first burst of a sale would seem to wait for minutes.
    double rate_per_ms = 0;
    std::deque<Mark> marks;       // of offsets not served yet, kMarkMs apart, at most kMarks
    int64_t served_mark_ms = -1;  // time of the last mark that was served

    int64_t backlog() const { return accepted_offset < 0 ? 0 : accepted_offset - served_offset; }
    // Too long by up to kMarkMs when a burst fell between two marks.
    int64_t oldest_wait_ms(int64_t now_ms) const {
      return now_ms - (marks.empty() ? served_mark_ms : marks.front().time_ms);
    }
    void Served(int64_t offset);
    void Idle() {
      waiting_since_ms = -1;
      rate_per_ms = 0;
    }
  };

  mutable base::Mutex mutex_;
  std::vector<Partition> partitions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace jembatan::gateway
