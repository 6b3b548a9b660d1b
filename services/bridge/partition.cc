#include "services/bridge/partition.h"

#include <algorithm>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/timestamp.h"
#include "libs/crossing/outcome_state.h"

// Ownership: claim, fence, open, window (protocol rule 2). Deciding is in lanes.cc, finishing in
// progress.cc.

namespace jembatan::bridge {

Partition::Partition(Shared* shared, int32_t number, int64_t offset, Now now)
    : shared_(shared),
      number_(number),
      not_before_mono_ms_(now.mono_ms),
      next_offset_(offset),
      log_end_(offset),
      finished_offset_(offset),
      committed_offset_(offset),
      committed_mono_ms_(now.mono_ms) {}

// Ids carry the partition in the upper bits, so that the Core finds it again.
uint64_t Partition::NextId() { return static_cast<uint64_t>(number_) << 44 | shared_->next_id++; }

int64_t Partition::Backoff(int attempt) {
  int64_t ceiling = std::min(kBackoffFirstMs << std::min(attempt, 10), kBackoffLongestMs);
  return shared_->random.Between(0, ceiling);
}

void Partition::Claim(Now now, Effects* effects) {
  phase_ = Phase::kClaiming;
  claimed_mono_ms_ = now.mono_ms;
  ++shared_->counts.claims;
  uint64_t cookie = NextId();
  cookies_[cookie] = Cookie{.kind = Cookie::Kind::kClaim};
  effects->push_back(
      effect::ProduceOutcome{cookie, number_, std::string(), ClaimRecord(shared_->writer)});
}

void Partition::OnClaimed(const event::Produced& event, Now now, Effects* effects) {
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
  effects->push_back(effect::Fence{number_, token_});
}

void Partition::OnFenced(const event::Fenced& event, Now now, Effects* effects) {
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
  StartReadingOutcomes(effects);
}

void Partition::WriteOpen(Effects* effects) {
  uint64_t cookie = NextId();
  cookies_[cookie] = Cookie{.kind = Cookie::Kind::kOpen};
  effects->push_back(effect::ProduceOutcome{cookie, number_, std::string(),
                                            OpenRecord(shared_->writer, token_, progress_ms_)});
}

void Partition::AskForEnd(bool horizon, Effects* effects) {
  end_query_ = NextId();
  end_query_is_horizon_ = horizon;
  // An append time known before the log's end is asked for: everything below that end was appended
  // after it, or is counted by the end.
  idle_candidate_ms_ = own_append_ms_;
  effects->push_back(effect::QueryEnd{number_, end_query_});
}

void Partition::StartReadingOutcomes(Effects* effects) {
  // A later claim goes on with the reading under way: the window only ever grows by it.
  if (reading_ != 0) return;
  // The window begins before the first unfinished intent; wait until it, or the log's end, was
  // seen.
  if (records_.empty() && !intents_ended_) return;
  int64_t first_ms = claim_append_ms_;
  if (!records_.empty()) first_ms = std::min(first_ms, records_.front().append_ms);
  ReadOutcomes(first_ms - kWindowBackMs, -1, effects);
}

void Partition::ReadOutcomes(int64_t append_ms, int64_t offset, Effects* effects) {
  judge_.reset();
  reading_ = NextId();
  effects->push_back(effect::ReadOutcomes{number_, reading_, append_ms, offset});
}

void Partition::OnEndOffset(const event::EndOffset& event, Now now, Effects* effects) {
  if (event.query != end_query_) return;
  end_query_ = 0;
  if (event.offset < 0) {
    // A cluster that is away answers at once: without a pause the questions would bury it.
    end_due_ = end_query_is_horizon_;
    not_before_mono_ms_ = now.mono_ms + Backoff(claim_attempts_++);
    return;
  }
  log_end_ = std::max(log_end_, event.offset);
  if (end_query_is_horizon_) {
    horizon_ = event.offset;
    BecomeOwnerIfReady(now);
    return;
  }
  if (phase_ != Phase::kOwning) return;
  if (!records_.empty()) {
    progress_ms_ = std::max(progress_ms_, records_.front().append_ms);
  } else if (finished_offset_ >= event.offset) {
    progress_ms_ = std::max(progress_ms_, idle_candidate_ms_);
  }
  WriteOpen(effects);
}

void Partition::BecomeOwnerIfReady(Now now) {
  if (phase_ != Phase::kOpening || !window_built_ || horizon_ < 0) return;
  phase_ = Phase::kOwning;
  unconfirmed_mono_ms_ = -1;
  claimed_mono_ms_ = now.mono_ms;
  // The first `open` knew no progress; tell it soon, so that NONE can be answered.
  opened_mono_ms_ = now.mono_ms - kReopenMs + 2'000;
}

void Partition::OnOutcome(const event::OutcomeRead& event, Now now, Effects* effects) {
  if (event.reading != reading_) return;
  crossing::v1::OutcomeRecord& record = shared_->scratch_record;
  if (!record.ParseFromArray(event.value.data(), static_cast<int>(event.value.size()))) {
    ++shared_->counts.unreadable_outcomes;
    return;
  }
  if (!judge_) judge_.emplace(event.offset);
  crossing::OutcomeJudge::Verdict verdict = judge_->Judge(record);
  if (record.marketplace_id() != shared_->writer.marketplace_id) return;
  if (verdict == crossing::OutcomeJudge::Verdict::kReadEarlier) {
    ReadOutcomes(-1, static_cast<int64_t>(record.token()), effects);
    return;
  }
  bool valid = verdict == crossing::OutcomeJudge::Verdict::kValid || !shared_->rules.void_by_token;
  bool claimed = phase_ != Phase::kUnclaimed && phase_ != Phase::kClaiming;
  bool own = claimed && record.token() == token_;
  if (record.has_open() && valid && own && phase_ == Phase::kOpening) {
    window_built_ = true;
    BecomeOwnerIfReady(now);
  }
  if (record.has_outcome() && valid) OnFinal(record, event.offset);
  // Somebody else owns the partition: by our own record being void, or by their open.
  bool overtaken = claimed && record.has_open() && valid && record.token() > token_;
  if ((own && !valid) || overtaken) {
    ++shared_->counts.superseded;
    ClaimAnew(now);
  }
}

void Partition::OnFinal(const crossing::v1::OutcomeRecord& record, int64_t offset) {
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

void Partition::ClaimAnew(Now now) {
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
void Partition::RebuildLanes() {
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

void Partition::OnStreamDown(Now now) {
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

void Partition::OnRevoked() {
  draining_ = true;
  for (uint64_t number : questions_) PutBack(number);
  questions_.clear();
}

// Without an owner nothing can be decided; the buyers of orders that may exist shall know it.
void Partition::TellUnconfirmed(Now now, Effects* effects) {
  if (unconfirmed_mono_ms_ < 0 || now.mono_ms < unconfirmed_mono_ms_) return;
  unconfirmed_mono_ms_ = -1;
  for (Record& record : records_) {
    if (record.called && !record.outcome_done) TellUnconfirmed(&record, effects);
  }
}

// Once. Not final, and repeated by nobody: whether it reaches the log does not matter.
void Partition::TellUnconfirmed(Record* record, Effects* effects) {
  if (std::exchange(record->unconfirmed, true)) return;
  ++shared_->counts.unconfirmed;
  crossing::v1::Outcome outcome;
  outcome.set_state(crossing::v1::Outcome::STATE_UNCONFIRMED);
  DescribeIntent(*record, &outcome);
  effects->push_back(
      effect::ProduceOutcome{NextId(), number_, record->lane_key,
                             FinalRecord(shared_->writer, token_, outcome.SerializeAsString())});
}

// What an owner does by the clock: repeat `open`, claim anew hourly, give up on silent calls.
void Partition::KeepOwnership(Now now, Effects* effects) {
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
    effects->push_back(effect::ResetStream{});
  }
}

void Partition::OnTick(Now now, Effects* effects) {
  if (released_) return;
  bool may_act = !draining_ && shared_->stream_up && now.mono_ms >= not_before_mono_ms_;
  if (phase_ == Phase::kUnclaimed && may_act) Claim(now, effects);
  if (phase_ == Phase::kFencing && fence_due_ && may_act) {
    fence_due_ = false;
    effects->push_back(effect::Fence{number_, token_});
  }
  if (phase_ == Phase::kOpening && end_due_ && may_act) {
    end_due_ = false;
    AskForEnd(/*horizon=*/true, effects);
  }
  if (phase_ == Phase::kOpening) StartReadingOutcomes(effects);
  if (phase_ == Phase::kOwning && !draining_ && shared_->stream_up) {
    if (shared_->in_force != nullptr) Dispatch(now, effects);
    SendQuestions(effects);
    KeepOwnership(now, effects);
  }
  if (phase_ != Phase::kOwning) TellUnconfirmed(now, effects);
  RewriteUnsaid(now, effects);
  CommitIfDue(now, effects);
  PauseOrResume(effects);
  ReleaseIfDone(effects);
}

}  // namespace jembatan::bridge
