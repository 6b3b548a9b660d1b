#include "services/bridge/scope.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/timestamp.h"
#include "libs/crossing/outcome_state.h"

// Ownership: claim, fence, open, window (protocol rule 2). Deciding is in lanes.cc, finishing in
// progress.cc.

namespace jembatan::bridge {

BridgeCounts& BridgeCounts::operator+=(const BridgeCounts& other) {
  constexpr uint64_t BridgeCounts::* kAll[] = {&BridgeCounts::intents,
                                               &BridgeCounts::placed,
                                               &BridgeCounts::asked,
                                               &BridgeCounts::ordered,
                                               &BridgeCounts::handed_off,
                                               &BridgeCounts::rejected,
                                               &BridgeCounts::expired,
                                               &BridgeCounts::refused_by_policy,
                                               &BridgeCounts::repeated,
                                               &BridgeCounts::void_intents,
                                               &BridgeCounts::dead_letters,
                                               &BridgeCounts::retries,
                                               &BridgeCounts::unclear,
                                               &BridgeCounts::unconfirmed,
                                               &BridgeCounts::claims,
                                               &BridgeCounts::superseded,
                                               &BridgeCounts::unreadable_outcomes,
                                               &BridgeCounts::halted,
                                               &BridgeCounts::excluded,
                                               &BridgeCounts::shadowed,
                                               &BridgeCounts::linked_out,
                                               &BridgeCounts::unknown_fields};
  static_assert(sizeof(BridgeCounts) == std::size(kAll) * sizeof(uint64_t), "one is left out");
  for (uint64_t BridgeCounts::* count : kAll) this->*count += other.*count;
  return *this;
}

void OutcomeTimes::Add(int64_t ms) {
  static const std::vector<double> bounds = base::LatencyBucketsSeconds();
  ms = std::max<int64_t>(ms, 0);
  const auto bucket = std::ranges::lower_bound(bounds, static_cast<double>(ms) / 1000);
  ++buckets[static_cast<size_t>(bucket - bounds.begin())];
  sum_ms += static_cast<uint64_t>(ms);
}

Scope::Scope(Shared* shared, size_t market, int32_t partition, LogPosition* log, Now now)
    : shared_(shared),
      market_(shared->markets.at(market).get()),
      market_number_(market),
      number_(partition),
      log_(log),
      not_before_mono_ms_(now.mono_ms) {}

uint64_t Scope::NextId() {
  return static_cast<uint64_t>(number_) << kIdPartitionShift |
         static_cast<uint64_t>(market_number_) << kIdMarketShift | shared_->next_id++;
}

int64_t Scope::Backoff(int attempt) {
  int64_t ceiling = std::min(kBackoffFirstMs << std::min(attempt, 10), kBackoffLongestMs);
  return shared_->random.Between(0, ceiling);
}

void Scope::Claim(Now now, Effects* effects) {
  phase_ = Phase::kClaiming;
  claimed_mono_ms_ = now.mono_ms;
  ++market_->counts.claims;
  uint64_t cookie = NextId();
  cookies_[cookie] = Cookie{.kind = Cookie::Kind::kClaim};
  effects->push_back(
      effect::ProduceOutcome{cookie, number_, std::string(), ClaimRecord(market_->writer)});
}

void Scope::OnClaimed(const event::Produced& event, Now now, Effects* effects) {
  if (phase_ != Phase::kClaiming) return;
  if (!event.ok) {
    // The claim may yet be in the log; a claim alone binds nobody.
    ClaimAnew(now);
    return;
  }
  token_ = static_cast<uint64_t>(event.offset);
  claim_append_ms_ = event.append_ms;
  own_append_ms_ = event.append_ms;
  phase_ = Phase::kFencing;
  effects->push_back(effect::Fence{number_, token_, market_number_});
}

void Scope::OnFenced(const event::Fenced& event, Now now, Effects* effects) {
  if (phase_ != Phase::kFencing || event.token != token_) return;
  if (!event.highest) {
    fence_due_ = true;
    not_before_mono_ms_ = now.mono_ms + Backoff(claim_attempts_++);
    return;
  }
  if (*event.highest > token_) {
    ClaimAnew(now);
    return;
  }
  phase_ = Phase::kOpening;
  WriteOpen(effects);
  // The log's end is asked for only now: whatever a predecessor may have sent lies below it.
  AskForEnd(/*horizon=*/true, effects);
}

void Scope::WriteOpen(Effects* effects) {
  uint64_t cookie = NextId();
  cookies_[cookie] = Cookie{.kind = Cookie::Kind::kOpen};
  effects->push_back(effect::ProduceOutcome{cookie, number_, std::string(),
                                            OpenRecord(market_->writer, token_, progress_ms_)});
}

void Scope::AskForEnd(bool horizon, Effects* effects) {
  end_query_ = NextId();
  end_query_is_horizon_ = horizon;
  // An append time known before the log's end is asked for: everything below that end was appended
  // after it, or is counted by the end.
  idle_candidate_ms_ = own_append_ms_;
  effects->push_back(effect::QueryEnd{number_, end_query_});
}

void Scope::OnEndOffset(const event::EndOffset& event, Now now, Effects* effects) {
  if (event.query != end_query_) return;
  end_query_ = 0;
  if (event.offset < 0) {
    // A cluster that is away answers at once: without a pause the questions would bury it.
    end_due_ = end_query_is_horizon_;
    not_before_mono_ms_ = now.mono_ms + Backoff(claim_attempts_++);
    return;
  }
  log_->end = std::max(log_->end, event.offset);
  if (end_query_is_horizon_) {
    horizon_ = event.offset;
    BecomeOwnerIfReady(now);
    return;
  }
  if (phase_ != Phase::kOwning) return;
  if (!records_.empty()) {
    progress_ms_ = std::max(progress_ms_, records_.front().append_ms);
  } else if (log_->next_offset >= event.offset) {
    progress_ms_ = std::max(progress_ms_, idle_candidate_ms_);
  }
  WriteOpen(effects);
}

void Scope::BecomeOwnerIfReady(Now now) {
  if (phase_ != Phase::kOpening || !window_built_ || horizon_ < 0) return;
  phase_ = Phase::kOwning;
  unconfirmed_mono_ms_ = -1;
  claimed_mono_ms_ = now.mono_ms;
  // The first `open` knew no progress; tell it soon, so that NONE can be answered.
  opened_mono_ms_ = now.mono_ms - kReopenMs + 2'000;
}

void Scope::OnOutcome(const crossing::v1::OutcomeRecord& record, bool valid, int64_t offset,
                      Now now) {
  bool claimed = phase_ != Phase::kUnclaimed && phase_ != Phase::kClaiming;
  bool own = claimed && record.token() == token_;
  if (record.has_open() && valid && own && phase_ == Phase::kOpening) {
    window_built_ = true;
    BecomeOwnerIfReady(now);
  }
  if (record.has_outcome() && valid) OnFinal(record, offset);
  // Somebody else owns the partition: by our own record being void, or by their open.
  bool overtaken = claimed && record.has_open() && valid && record.token() > token_;
  if ((own && !valid) || overtaken) {
    ++market_->counts.superseded;
    ClaimAnew(now);
  }
}

void Scope::OnFinal(const crossing::v1::OutcomeRecord& record, int64_t offset) {
  const crossing::v1::Outcome& outcome = record.outcome();
  if (!crossing::IsFinal(outcome.state())) return;
  std::optional<IntentKey> key = KeyOf(outcome);
  bool own = phase_ == Phase::kOwning && record.token() == token_;
  bool pinned = own && key && finals_.MarkInLog(*key, outcome.fingerprint());
  if (!pinned && key && shared_->rules.remember_finals) {
    finals_.Remember(*key, outcome.fingerprint(), key->id.unix_ms() + intent::kTtlMs,
                     std::make_shared<const std::string>(outcome.SerializeAsString()),
                     /*in_log=*/true);
  }
  if (!own) return;
  auto unread = unread_.find(offset);
  if (unread == unread_.end()) {
    read_early_.insert(offset);
    return;
  }
  uint64_t number = unread->second;
  unread_.erase(unread);
  At(number).outcome_done = true;
  Finish(number);
}

void Scope::ClaimAnew(Now now) {
  phase_ = Phase::kUnclaimed;
  not_before_mono_ms_ = now.mono_ms + Backoff(claim_attempts_++);
  window_built_ = false;
  horizon_ = -1;
  end_query_ = 0;
  fence_due_ = false;
  end_due_ = false;
  if (shared_->rules.drop_pins_on_claim) finals_.DropPins();
  absl::erase_if(cookies_,
                 [](const auto& entry) { return entry.second.kind != Cookie::Kind::kDeadLetter; });
  std::erase_if(unsaid_,
                [](const auto& entry) { return entry.second.kind != Cookie::Kind::kDeadLetter; });
  batches_.clear();
  asks_.clear();
  questions_.clear();
  unread_.clear();
  read_early_.clear();
  RebuildLanes();
  bool unanswered = std::any_of(records_.begin(), records_.end(),
                                [](const Record& record) { return record.called; });
  if (unanswered && unconfirmed_mono_ms_ < 0) unconfirmed_mono_ms_ = now.mono_ms + kUnconfirmedMs;
}

// Every record without a valid final starts over; what was sent and not answered stays marked.
void Scope::RebuildLanes() {
  ready_.clear();
  resting_.clear();
  lanes_.clear();
  undecided_.clear();
  uint64_t number = first_number_;
  for (Record& record : records_) {
    uint64_t self = number++;
    record.lane = nullptr;
    if (record.outcome_done || !record.has_key) continue;
    record.called |= record.stage == Stage::kPlaced;
    record.cleared = false;
    record.stage = Stage::kWaiting;
    record.lane = LaneOf(record.lane_key);
    record.lane->waiting.push_back(self);
    undecided_.try_emplace(record.key, self);
    Enlist(record.lane);
  }
}

void Scope::OnStreamDown(Now now) {
  if (shared_->rules.claim_on_broken_stream) {
    // A call queued before the reconnect might take effect after it: only a new token shuts it out.
    if (phase_ != Phase::kUnclaimed && phase_ != Phase::kClaiming) ClaimAnew(now);
    return;
  }
  for (auto& [id, batch] : batches_) {
    for (uint64_t number : batch.records) {
      if (number == 0) continue;
      At(number).called = true;
      --At(number).lane->placed;
      PutBack(number);
      Enlist(At(number).lane);
    }
  }
  batches_.clear();
}

void Scope::OnRevoked() {
  draining_ = true;
  for (uint64_t number : questions_) PutBack(number);
  questions_.clear();
}

// Without an owner nothing can be decided; the buyers of orders that may exist shall know it.
void Scope::TellUnconfirmed(Now now, Effects* effects) {
  if (unconfirmed_mono_ms_ < 0 || now.mono_ms < unconfirmed_mono_ms_) return;
  unconfirmed_mono_ms_ = -1;
  for (Record& record : records_) {
    if (record.called && !record.outcome_done) TellUnconfirmed(&record, effects);
  }
}

// Once. Not final, and repeated by nobody: whether it reaches the log does not matter.
void Scope::TellUnconfirmed(Record* record, Effects* effects) {
  if (std::exchange(record->unconfirmed, true)) return;
  ++market_->counts.unconfirmed;
  crossing::v1::Outcome outcome;
  outcome.set_state(crossing::v1::Outcome::STATE_UNCONFIRMED);
  DescribeIntent(*record, &outcome);
  effects->push_back(
      effect::ProduceOutcome{NextId(), number_, record->lane_key,
                             FinalRecord(market_->writer, token_, outcome.SerializeAsString())});
}

// What an owner does by the clock: repeat `open`, claim anew hourly, give up on silent calls.
void Scope::KeepOwnership(Now now, Effects* effects) {
  if (now.mono_ms - opened_mono_ms_ >= kReopenMs && end_query_ == 0) {
    opened_mono_ms_ = now.mono_ms;
    AskForEnd(/*horizon=*/false, effects);
  }
  if (now.mono_ms - claimed_mono_ms_ > kBackoffLongestMs) claim_attempts_ = 0;
  if (now.mono_ms - claimed_mono_ms_ >= kReclaimMs && batches_.empty() && asks_.empty()) {
    ClaimAnew(now);
    return;
  }
  if (!batches_.empty() && now.mono_ms - batches_.begin()->second.sent_mono_ms > kAnswerTimeoutMs) {
    effects->push_back(effect::ResetStream{market_number_});
  }
}

void Scope::OnTick(Now now, Effects* effects) {
  bool may_act = !draining_ && market_->stream_up && now.mono_ms >= not_before_mono_ms_;
  if (phase_ == Phase::kUnclaimed && may_act) Claim(now, effects);
  if (phase_ == Phase::kFencing && fence_due_ && may_act) {
    fence_due_ = false;
    effects->push_back(effect::Fence{number_, token_, market_number_});
  }
  if (phase_ == Phase::kOpening && end_due_ && may_act) {
    end_due_ = false;
    AskForEnd(/*horizon=*/true, effects);
  }
  if (phase_ == Phase::kOwning && !draining_ && market_->stream_up) {
    if (shared_->in_force != nullptr) Dispatch(now, effects);
    SendQuestions(effects);
    KeepOwnership(now, effects);
  }
  if (phase_ != Phase::kOwning) TellUnconfirmed(now, effects);
  RewriteUnsaid(now, effects);
  // Nothing of this marketplace before the last record read is unfinished.
  if (records_.empty()) finished_append_ms_ = std::max(finished_append_ms_, log_->last_append_ms);
  finals_.Prune(finished_append_ms_);
}

}  // namespace jembatan::bridge
