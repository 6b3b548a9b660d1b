#pragma once

// Scope: everything the bridge decides about the intents of one assigned partition for one
// marketplace, by the protocol's rules. It owns their unfinished records, the lanes (one per
// offer), the window of finals and the ownership token. Scopes know nothing of each other: a
// marketplace that is down keeps its own intents waiting. What a partition's scopes share, the
// reading of its outcomes and its commits, is the Partition's. Pure: events in, effects out; no
// I/O, no clock, no iteration over hash order.
//
// Life: assigned -> (claim -> fence -> open and read the window -> own) repeated on every broken
// stream, STALE answer, void record and hourly -> revoked: finish what is under way.
//
// Life of a record: waiting in its lane -> placed or asked about -> recorded (outcome handed to the
// log) -> finished (outcome read back from the log as valid).

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "libs/base/metrics.h"
#include "libs/base/random.h"
#include "libs/controls/controls.h"
#include "services/bridge/breaker.h"
#include "services/bridge/events.h"
#include "services/bridge/finals.h"
#include "services/bridge/goods.h"
#include "services/bridge/limits.h"
#include "services/bridge/order_window.h"
#include "services/bridge/records.h"

namespace jembatan::bridge {

// Counters since start of one marketplace, or of all, summed over partitions; plain numbers for the
// service's probe. What belongs to no marketplace counts for the first.
struct BridgeCounts {
  uint64_t intents = 0;
  uint64_t placed = 0;
  uint64_t asked = 0;
  uint64_t ordered = 0;
  uint64_t handed_off = 0;
  uint64_t rejected = 0;
  uint64_t expired = 0;
  uint64_t refused_by_policy = 0;  // of those rejected
  uint64_t repeated = 0;
  uint64_t void_intents = 0;
  uint64_t dead_letters = 0;
  uint64_t retries = 0;
  uint64_t unclear = 0;
  uint64_t unconfirmed = 0;
  uint64_t claims = 0;
  uint64_t superseded = 0;
  uint64_t unreadable_outcomes = 0;
  // Decided alone by an operator's control: stopped, not in the rollout, shadowed, sent to the
  // marketplace's page.
  uint64_t halted = 0;
  uint64_t excluded = 0;
  uint64_t shadowed = 0;
  uint64_t linked_out = 0;
  // Of intents; those of the marketplace's answers are counted where these are read.
  uint64_t unknown_fields = 0;

  BridgeCounts& operator+=(const BridgeCounts& other);
};

// Where a scope stands, for whoever watches whether it gets on.
struct Standing {
  // What the watermark waits for.
  enum class For {
    kNothing,      // everything known of the log is committed
    kFetch,        // the log goes on, and the consumer brings nothing
    kLane,         // its lane, to be placed or asked about
    kGoods,        // what the marketplace attests about its goods
    kPutOff,       // the marketplace said RETRY, and the deadline has not passed
    kMarketplace,  // the marketplace's answer, or to ask again for want of one
    kLog,          // its outcome or dead letter: to be acknowledged and read back
    kCommit,       // the group's coordinator
  };
  bool owned = false;
  // The first offset not committed; or, where another scope's intents hold the commit up, the first
  // that is not finished.
  int64_t watermark = 0;
  int64_t next_offset = 0;  // of the next record the consumer brings
  int64_t log_end = 0;      // as last heard of
  For waits_for = For::kNothing;
};

// Rules of the protocol that a test may switch off to see the simulation find their absence. All on
// in every service; there is no flag for them.
struct Rules {
  bool void_when_late = true;           // 1
  bool void_by_token = true;            // 2: readers ignore superseded outcomes
  bool read_back_before_commit = true;  // 2
  bool ask_before_deciding = true;      // 4
  bool ask_before_policy = true;        // 4, of refusals by policy alone
  bool remember_finals = true;          // 5: window
  bool drop_pins_on_claim = true;       // 5
  bool claim_on_broken_stream = true;   // 2
  bool lane_waits_for_refusal = true;   // 6
  bool one_batch_per_lane = true;       // P6
  bool expire = true;                   // P5 at the bridge
  bool obey_controls = true;            // what an operator's control says
  bool commit_waits_for_all = true;     // scopes: each one's first unfinished intent holds it up
};

// Makes the link under which a buyer goes on at the marketplace's own page; empty: it cannot. Pure.
using LinkOut =
    std::function<std::string(const crossing::v1::PurchaseIntent& intent, int64_t wall_ms)>;

// From an intent's append to its outcome, in the buckets of base::LatencyBucketsSeconds and one for
// what is longer; since the start.
struct OutcomeTimes {
  std::vector<uint64_t> buckets = std::vector<uint64_t>(base::LatencyBucketsSeconds().size() + 1);
  uint64_t sum_ms = 0;

  void Add(int64_t ms);
};

// What all scopes of one marketplace share. Owned by the Core.
struct Market {
  Writer writer;
  LinkOut link_out;
  BridgeCounts counts;
  OutcomeTimes times;
  absl::flat_hash_map<int, uint64_t> refused;  // those REJECTED, by reason
  bool stream_up = false;
  Breaker breaker;
  RetryBudget retries;

  // Orders go to it as they come.
  bool usable() const { return stream_up && breaker.closed(); }
};

// What all scopes of one bridge share. Owned by the Core.
struct Shared {
  std::vector<std::unique_ptr<Market>> markets;  // by number; at least one
  Rules rules;
  // What the operators' controls say; null: unknown, and nothing is sent to a marketplace.
  controls::Snapshot in_force = std::make_shared<const controls::Controls>();
  std::shared_ptr<const policy::Policy> policy = policy::ConsentOnly();
  GoodsBook goods;
  uint64_t next_id = 1;  // cookies, batches, questions, queries
  // Messages that are filled anew each time; a cleared one keeps what it allocated.
  crossing::v1::OutcomeRecord scratch_record;
  crossing::v1::Outcome scratch_outcome;
  std::vector<std::unique_ptr<crossing::v1::PurchaseIntent>> spare_intents;  // up to kSpareIntents
  base::Random random{1};
};

// Ids carry the partition and the marketplace's number in the upper bits, so that the Core finds
// the scope again.
inline constexpr int kIdPartitionShift = 52;
inline constexpr int kIdMarketShift = 44;
inline constexpr uint64_t kIdMarketMask = 0xff;

// How far the intents of a partition were read: the Partition's, and its scopes' to know.
struct LogPosition {
  int64_t next_offset = 0;      // of the next record the consumer brings
  int64_t end = 0;              // the log's end, as last heard of
  int64_t last_append_ms = -1;  // of the records brought, the highest
};

class Scope {
 public:
  Scope(Shared* shared, size_t market, int32_t partition, LogPosition* log, Now now);

  // A record of the intents that is this marketplace's; intent is what decoded reading made of it.
  void OnIntent(const event::Intent& event, std::unique_ptr<crossing::v1::PurchaseIntent> intent,
                bool decoded, Effects* effects);
  // A record of the outcomes that is this marketplace's, and whether it counts.
  void OnOutcome(const crossing::v1::OutcomeRecord& record, bool valid, int64_t offset, Now now);
  void OnProduced(const event::Produced& event, Now now, Effects* effects);
  void OnFenced(const event::Fenced& event, Now now, Effects* effects);
  void OnAnswered(const event::Answered& event, Now now, Effects* effects);
  void OnFound(const event::Found& event, Now now, Effects* effects);
  void OnEndOffset(const event::EndOffset& event, Now now, Effects* effects);
  void OnStreamDown(Now now);
  void OnRevoked();
  void OnTick(Now now, Effects* effects);

  bool owns() const { return phase_ == Phase::kOwning; }
  // Its claim stands, and its own `open` is to be read in the outcomes.
  bool reads_window() const { return phase_ == Phase::kOpening; }
  int64_t claim_append_ms() const { return claim_append_ms_; }
  size_t unfinished() const { return records_.size(); }
  bool usable() const { return market_->usable(); }
  bool breaker_closed() const { return market_->breaker.closed(); }
  // Of the oldest unfinished intent; -1: none.
  int64_t oldest_append_ms() const { return records_.empty() ? -1 : records_.front().append_ms; }
  int64_t oldest_offset() const { return records_.empty() ? -1 : records_.front().offset; }
  uint64_t token() const { return token_; }
  // Revoked, nothing is sent, asked or written any more and not answered.
  bool NothingUnderWay() const;
  // What its oldest unfinished intent waits for.
  Standing::For WaitsFor(Now now) const;

 private:
  enum class Phase { kUnclaimed, kClaiming, kFencing, kOpening, kOwning };
  enum class Stage { kWaiting, kAsked, kPlaced, kRecorded, kFinished };

  struct Lane {
    std::string offer_id;
    std::deque<uint64_t> waiting;  // record numbers, in offset order
    uint64_t batch = 0;            // the batch its placed records are in
    uint32_t placed = 0;           // how many of them are unanswered
    uint32_t asked = 0;            // questions under way
    uint32_t refusing = 0;         // refusals of our own that are not acknowledged
    bool listed = false;           // in ready_ or resting_
    int attempts = 0;
    int64_t not_before_mono_ms = 0;
    int64_t retry_after_ms = -1;  // a result said RETRY; the longest hint
    bool retrying = false;        // its head was put off and is tried alone
  };

  struct Record {
    int64_t offset = 0;
    int64_t append_ms = 0;
    Stage stage = Stage::kWaiting;
    // Sent to the marketplace by this owner, and no answer came that says what became of it.
    bool called = false;
    // How often this owner has sent it there.
    uint32_t attempts = 0;
    // Its buyer was told UNCONFIRMED: the marketplace is asked before anything else.
    bool unconfirmed = false;
    // The marketplace said NOT_FOUND under the present token.
    bool cleared = false;
    // The dead letter about it is not acknowledged yet.
    bool dead_letter_due = false;
    bool outcome_done = false;
    // Without a key (id and buyer cannot be read) only a dead letter tells of it; such a record has
    // no lane.
    bool has_key = false;
    IntentKey key;
    int64_t deadline_ms = 0;
    // Why it must be rejected as malformed; empty: it need not.
    std::string_view malformed;
    std::unique_ptr<crossing::v1::PurchaseIntent> intent;
    std::string lane_key;  // the log record's key: the offer
    // The policy it was judged by when it was placed or decided, and the rule that told; null: none
    // did.
    std::shared_ptr<const policy::Policy> policy;
    const policy::Rule* rule = nullptr;
    bool refused_by_policy = false;
    Lane* lane = nullptr;
  };

  // What a record at the head of its lane needs next.
  struct Next {
    enum class Kind { kPlace, kAsk, kRepeat, kDecide, kHold, kAwaitGoods } kind = Kind::kHold;
    crossing::v1::Outcome::State state = crossing::v1::Outcome::STATE_UNSPECIFIED;
    crossing::v1::Reason reason = crossing::v1::REASON_UNSPECIFIED;
    // The control that decided, to be counted; null: none did.
    uint64_t BridgeCounts::* by_control = nullptr;
    // The rule that refuses it (by_policy) or was the last to let it pass; null: none told.
    const policy::Rule* rule = nullptr;
    bool by_policy = false;
    Finals::Bytes repeat;
  };

  struct Cookie {
    enum class Kind { kClaim, kOpen, kOutcome, kDeadLetter } kind = Kind::kClaim;
    uint64_t record = 0;
    // The lane waits for this record's acknowledgement (rule 6).
    bool frees_lane = false;
    // A dead letter's own bytes, for writing it again; an outcome's are in finals_.
    std::string key = {};
    std::string value = {};
  };

  struct Batch {
    std::vector<uint64_t> records;  // 0: answered
    size_t unanswered = 0;
    bool decided = false;  // any of them
    int64_t sent_mono_ms = 0;
  };

  // Ownership (scope.cc).
  void Claim(Now now, Effects* effects);
  void ClaimAnew(Now now);
  void BecomeOwnerIfReady(Now now);
  void OnClaimed(const event::Produced& event, Now now, Effects* effects);
  void OnFinal(const crossing::v1::OutcomeRecord& record, int64_t offset);
  void AskForEnd(bool horizon, Effects* effects);
  void WriteOpen(Effects* effects);
  void RebuildLanes();
  void TellUnconfirmed(Now now, Effects* effects);
  void TellUnconfirmed(Record* record, Effects* effects);
  void KeepOwnership(Now now, Effects* effects);
  int64_t Backoff(int attempt);
  uint64_t NextId();

  // Deciding (lanes.cc).
  void Dispatch(Now now, Effects* effects);
  // Orders that the next batch may hold.
  size_t BatchRoom() const;
  size_t Unanswered() const;
  void Send(effect::Place place, Now now, Effects* effects);
  // Whether the lane's head, which needs this next, must wait for what is under way before it.
  bool MustWait(const Lane& lane, const Next& next) const;
  // True if the lane has had its share and could go on.
  bool WorkOnLane(Lane* lane, Now now, effect::Place* place, Effects* effects);
  Next Classify(uint64_t number, const Record& record, Now now) const;
  void ObeyControls(const crossing::v1::PurchaseIntent& intent, Now now, Next* next) const;
  void ClassifyByRules(const Record& record, Now now, Next* next) const;
  bool SellerPending() const;
  static void RefuseByPolicy(const policy::Decision& judged, Next* next);
  policy::Decision Judge(const Record& record) const;
  void Stamp(Record* record, const policy::Rule* rule, bool refused) const;
  bool NeedsAsking(const Record& record) const;
  bool MayPlace(Lane* lane, const effect::Place& place, Now now);
  void LearnFrom(const Batch& batch, std::span<const Decision> decisions, Now now);
  void Join(uint64_t number, const policy::Rule* rule, effect::Place* place);
  void Repeat(uint64_t number, const Finals::Bytes& final, Effects* effects);
  void AskAboutHead(Lane* lane, Now now);
  static void DescribeIntent(const Record& record, crossing::v1::Outcome* outcome);
  void SendQuestions(Effects* effects);
  void DoubtOrder(uint64_t number, Effects* effects);
  void DecideAlone(uint64_t number, crossing::v1::Outcome::State state, crossing::v1::Reason reason,
                   Now now, Effects* effects);
  void HandOff(uint64_t number, Now now, Effects* effects);
  void Decide(uint64_t number, const crossing::v1::Outcome& decision, bool alone, Now now,
              Effects* effects);
  void Write(uint64_t number, const Finals::Bytes& bytes, bool frees_lane, Effects* effects);
  void WriteDeadLetter(uint64_t number, crossing::v1::DeadLetter::Cause cause,
                       std::string_view detail, std::string_view key, std::string_view value,
                       Effects* effects);
  void EnterLane(uint64_t number, std::string_view offer_id);
  void PutBack(uint64_t number);
  void Enlist(Lane* lane);
  void Rest(Lane* lane, int64_t at_least_ms, Now now);
  void DropIfIdle(Lane* lane);
  Lane* LaneOf(const std::string& offer_id);

  // Finishing (progress.cc).
  void Finish(uint64_t number);
  void AdvancePrefix();
  void OnOutcomeProduced(const event::Produced& event, const Cookie& cookie);
  void RewriteUnsaid(Now now, Effects* effects);
  static bool PutOff(const Record& record, Now now);
  Record& At(uint64_t number) { return records_[number - first_number_]; }
  const Record& At(uint64_t number) const { return records_[number - first_number_]; }

  Shared* const shared_;
  Market* const market_;
  const size_t market_number_;
  const int32_t number_;  // the partition's
  LogPosition* const log_;

  // Ownership.
  Phase phase_ = Phase::kUnclaimed;
  uint64_t token_ = 0;
  int64_t claim_append_ms_ = -1;
  int64_t not_before_mono_ms_ = 0;
  int claim_attempts_ = 0;
  int64_t claimed_mono_ms_ = 0;
  int64_t opened_mono_ms_ = 0;
  int64_t unconfirmed_mono_ms_ = -1;  // when UNCONFIRMED is due; -1: nothing is unanswered
  bool window_built_ = false;
  int64_t horizon_ = -1;
  uint64_t end_query_ = 0;  // 0: none under way
  bool end_query_is_horizon_ = false;
  bool fence_due_ = false;
  bool end_due_ = false;
  bool draining_ = false;

  // Records in offset order; a record's number is first_number_ + its place.
  std::deque<Record> records_;
  uint64_t first_number_ = 1;
  int64_t finished_append_ms_ = 0;  // the highest of those finished before all others
  // Broker's append time of our newest record, and the one noted before the end query under way.
  int64_t own_append_ms_ = -1;
  int64_t idle_candidate_ms_ = -1;
  int64_t progress_ms_ = -1;

  absl::flat_hash_map<std::string, std::unique_ptr<Lane>> lanes_;
  std::deque<Lane*> ready_;
  std::multimap<int64_t, Lane*> resting_;  // by monotonic ms
  Finals finals_;
  // The first undecided record of each id.
  absl::flat_hash_map<IntentKey, uint64_t> undecided_;

  absl::flat_hash_map<uint64_t, Cookie> cookies_;
  OrderWindow window_;
  std::map<uint64_t, Batch> batches_;
  std::vector<uint64_t> questions_;
  std::map<uint64_t, std::vector<uint64_t>> asks_;
  // Acknowledged outcomes by their offset, waiting to be read back; and those read back before
  // their acknowledgement came.
  absl::flat_hash_map<int64_t, uint64_t> unread_;
  absl::flat_hash_set<int64_t> read_early_;
  // Writes that failed and are due again.
  std::vector<std::pair<uint64_t, Cookie>> unsaid_;
  int64_t unsaid_mono_ms_ = 0;
  int unsaid_attempts_ = 0;
};

}  // namespace jembatan::bridge
