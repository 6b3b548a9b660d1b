#pragma once

// LagForecast: how long an intent admitted now would wait for the bridge, per offer, from what the
// gateway sees anyway: its own accepted offsets and the offsets and times of outcomes. Admission
// refuses what could not be served before its deadline. It is an estimate that sheds load early;
// the promise never rests on it.
//
// Each offer has a lane of its own, as at the bridge: its outcomes come in the order of its
// offsets, and those of others say nothing of it. A hot offer's queue would be hidden behind the
// fresh outcomes of the offers beside it, and hold these back where it is seen.
//
// Pure; one per process, fed and asked by all shards: internally locked.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"

#include "libs/base/mutex.h"

namespace jembatan::gateway {

// Offers of a scope whose backlogs are followed at once; none of further ones is known.
inline constexpr size_t kLanesMax = 16'384;

// What waits for one marketplace says nothing of another: each partition counts once for each.
inline int ScopeOf(size_t market, int partition, int partitions) {
  return static_cast<int>(market) * partitions + partition;
}

class LagForecast {
 public:
  explicit LagForecast(int scopes);

  void OnAccepted(int scope, std::string_view offer_id, int64_t offset, int64_t now_ms);
  // An outcome of the offer's intent at that offset was read.
  void OnOutcome(int scope, std::string_view offer_id, int64_t intent_offset, int64_t now_ms);
  // A valid open told that all intents appended before progress_ms are finished.
  void OnProgress(int scope, int64_t progress_ms, int64_t now_ms);

  // What an intent accepted now would wait for; all 0: no backlog known.
  struct Wait {
    // The backlog before it, divided by the served rate (exponentially weighted over ~2 s), never
    // more than eight times what the oldest unserved accepted intent has waited; 0 while no rate is
    // known.
    int64_t behind_ms = 0;
    // Nothing of the whole scope was served for so long, and it may well last as long again.
    int64_t stalled_ms = 0;

    int64_t longest_ms() const { return behind_ms > stalled_ms ? behind_ms : stalled_ms; }
  };
  Wait Expect(int scope, std::string_view offer_id, int64_t now_ms) const;

 private:
  // At time_ms all offsets up to this one were accepted.
  struct Mark {
    int64_t offset;
    int64_t time_ms;
  };

  // An offer with a backlog. How far it has come is told in the partition's offsets: they pass at a
  // rate, too, and what lies between two of its own is the same before it and behind it.
  struct Lane {
    int64_t accepted_offset = -1;
    int64_t accepted_ms = -1;
    int64_t served_offset = -1;
    int64_t window_start_ms = -1;  // -1: nothing of this backlog was served yet
    int64_t served_in_window = 0;
    // 0: unknown. Only the present backlog's serving counts: while the bridge keeps up, the rate is
    // the demand's, and the first burst of a sale would seem to wait for minutes.
    double rate_per_ms = 0;
    // Of offsets not served yet, kMarkMs apart, at most kMarks, and never more than intents wait.
    std::deque<Mark> marks;
    int64_t served_mark_ms = -1;  // time of the last mark that was served

    int64_t backlog() const { return accepted_offset - served_offset; }
    // Too long by up to kMarkMs when a burst fell between two marks.
    int64_t oldest_wait_ms(int64_t now_ms) const {
      return now_ms - (marks.empty() ? served_mark_ms : marks.front().time_ms);
    }
    void Accepted(int64_t offset, int64_t now_ms);
    void Served(int64_t offset, int64_t now_ms);
  };

  struct Scope {
    // By the offer's hash; a lane goes with its backlog.
    absl::flat_hash_map<size_t, Lane> lanes;
    int64_t waiting_since_ms = -1;  // since when a backlog exists without any outcome
  };

  mutable base::Mutex mutex_;
  std::vector<Scope> scopes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace jembatan::gateway
