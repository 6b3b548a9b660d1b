#pragma once

// OutcomeWindow: the gateway's bounded memory of recent finals, read from all partitions of the
// outcomes topic, by which it answers resends, watches and GetOutcomes. Pure decisions, no I/O.
//
// Fed by the outcome reader's shard; asked by every shard: all methods lock one mutex (held for a
// look-up's time only). Filled on start by rewinding before the gateway is ready.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"

#include "jembatan/intake/v1/intake.pb.h"
#include "libs/base/ids.h"
#include "libs/base/mutex.h"
#include "libs/crossing/outcome_judge.h"
#include "libs/identity/buyer_ref.h"

namespace jembatan::gateway {

// A final as the intake contract tells it; immutable, shared between the window and sessions: when
// its order fares otherwise there is another. One whose state only a newer gateway knows has
// STATE_UNSPECIFIED and stays in the window.
struct Final {
  identity::BuyerRef buyer;
  base::Uuid id;
  // Where the copy that was decided lies in the log of intents.
  int32_t partition = -1;
  int64_t intent_offset = -1;
  intake::v1::Outcome outcome;
};
using FinalPtr = std::shared_ptr<const Final>;

class OutcomeWindow {
 public:
  struct Options {
    int partitions = 6;
    // By number; outcomes of others are not told.
    std::vector<std::string> marketplaces;
    // Finals remembered at most; the oldest go first and the window's reach shrinks accordingly.
    size_t capacity = 500'000;
  };
  explicit OutcomeWindow(Options options);

  // What a record meant to the window.
  struct Fed {
    // The marketplace's number.
    size_t market = 0;
    // A final told for the first time, or UNCONFIRMED, to push to its viewer; null: nothing.
    FinalPtr final;
    // Begin reading the partition again at this offset (protocol rule 2); -1: go on.
    int64_t read_again_from = -1;
    // Offer, offset and append time of the final's intent for the lag forecast; -1: none.
    std::string offer_id;
    int64_t intent_offset = -1;
    int64_t intent_append_ms = -1;
    // Progress of a valid open; -1: none.
    int64_t progress_ms = -1;
    // It could have been anybody's final.
    bool unreadable = false;
  };
  // (Re)starts a partition's reading at an offset; append_floor_ms: every outcome of an intent
  // appended at or after this time lies at or after that offset. A partition that had caught up
  // stays so: a reading begun again repeats what is known, and all gateways do it at the same
  // moment.
  void StartPartition(int partition, int64_t offset, int64_t append_floor_ms);
  // One record in offset order. value is a crossing.v1.OutcomeRecord; what cannot be parsed is
  // counted, and its reader must Forget what lies before it.
  Fed Feed(int partition, int64_t offset, std::string_view value);
  // A crossing.v1.OrderStateRecord: how an order fares. The final that tells it from now on, to
  // push to its viewer; null: no ORDERED final of it is remembered, a later word is known, or the
  // record cannot be read (*readable is false).
  FinalPtr FeedOrderState(std::string_view value, bool* readable);
  // From now on nothing certain is said of intents appended before append_floor_ms.
  void Forget(int partition, int64_t append_floor_ms);
  // The reading has caught up with the log's end as it was after start.
  void SetCaughtUp(int partition);
  // Every partition has caught up once: /readyz may turn ready.
  bool ready() const;

  // The first final of (buyer, id) that is not ID_REUSED of another body; null: none remembered
  // that could be told.
  FinalPtr Find(const identity::BuyerRef& buyer, const base::Uuid& id) const;
  // The final of exactly this body; null: none that could be told.
  FinalPtr Find(const identity::BuyerRef& buyer, const base::Uuid& id,
                std::string_view fingerprint) const;

  // What GetOutcomes says of an id without a final to tell (protocol rule 9). NONE only when
  // certain: the progress of the valid open of that marketplace in the partition has passed the
  // id's deadline + M, the window reaches back to before the id's time - F - M, and it holds no
  // final that only a newer gateway could tell.
  intake::v1::GetOutcomesResponse::Verdict VerdictWithout(int partition,
                                                          const identity::BuyerRef& buyer,
                                                          const base::Uuid& id,
                                                          size_t market = 0) const;

  size_t size() const;
  uint64_t unreadable() const;
  // Fields of the records fed that the contract does not have; dropped.
  uint64_t unknown_fields() const;

 private:
  struct Partition {
    std::optional<crossing::OutcomeJudge> judge;
    bool caught_up = false;
    int64_t append_floor_ms = 0;
    // By the marketplace's number.
    std::vector<int64_t> progress_ms;
  };
  struct Key {
    identity::BuyerRef buyer;
    base::Uuid id;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.buyer, key.id);
    }
  };

  // What a valid outcome means; fills fed.
  void Take(FinalPtr final, int64_t intent_append_ms, Fed* fed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // False: the final of this body was known already.
  bool Remember(const FinalPtr& final) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  FinalPtr Exact(const Key& key, std::string_view fingerprint) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const Options options_;
  mutable base::Mutex mutex_;
  std::vector<Partition> partitions_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<Key, std::vector<FinalPtr>> finals_ ABSL_GUARDED_BY(mutex_);
  std::deque<FinalPtr> oldest_first_ ABSL_GUARDED_BY(mutex_);
  int64_t evicted_before_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t unreadable_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t unknown_fields_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace jembatan::gateway
