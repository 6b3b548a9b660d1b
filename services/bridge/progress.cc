#include <algorithm>

#include "libs/base/check.h"
#include "services/bridge/partition.h"

// Finishing: acknowledgements, reading back, the contiguous prefix, commits, back pressure and
// release (protocol rules 2 and 5).

namespace jembatan::bridge {

void Partition::OnIntentsEnd(const event::IntentsEnd& event) {
  intents_ended_ = true;
  log_end_ = std::max(log_end_, event.next_offset);
}

void Partition::OnProduced(const event::Produced& event, Now now, Effects* effects) {
  auto it = cookies_.find(event.cookie);
  // Cookies of an earlier claim are gone: what they wrote counts only if it is read back as valid.
  if (it == cookies_.end()) return;
  Cookie cookie = std::move(it->second);
  cookies_.erase(it);
  if (event.ok && cookie.kind != Cookie::Kind::kDeadLetter) {
    own_append_ms_ = std::max(own_append_ms_, event.append_ms);
  }
  switch (cookie.kind) {
    case Cookie::Kind::kClaim:
      OnClaimed(event, now, effects);
      return;
    case Cookie::Kind::kOpen:
      // Without its first open a claim leads nowhere; a repeated one is simply repeated later.
      if (!event.ok && phase_ == Phase::kOpening) ClaimAnew(now);
      return;
    case Cookie::Kind::kOutcome:
    case Cookie::Kind::kDeadLetter:
      break;
  }
  if (!event.ok) {
    if (unsaid_.empty()) unsaid_mono_ms_ = now.mono_ms + Backoff(unsaid_attempts_++);
    unsaid_.emplace_back(cookie.record, std::move(cookie));
    return;
  }
  unsaid_attempts_ = 0;
  if (cookie.kind == Cookie::Kind::kDeadLetter) {
    At(cookie.record).dead_letter_due = false;
    Finish(cookie.record);
  } else {
    OnOutcomeProduced(event, cookie);
  }
}

void Partition::OnOutcomeProduced(const event::Produced& event, const Cookie& cookie) {
  Record& record = At(cookie.record);
  if (cookie.frees_lane) {
    --record.lane->refusing;
    Enlist(record.lane);
  }
  bool read_back = read_early_.erase(event.offset) > 0 || !shared_->rules.read_back_before_commit;
  if (!read_back) {
    unread_[event.offset] = cookie.record;
    return;
  }
  record.outcome_done = true;
  Finish(cookie.record);
}

void Partition::Finish(uint64_t number) {
  Record& record = At(number);
  if (!record.outcome_done || record.dead_letter_due) return;
  record.stage = Stage::kFinished;
  if (shared_->spare_intents.size() < kSpareIntents) {
    shared_->spare_intents.push_back(std::move(record.intent));
  }
  record.intent.reset();
  AdvancePrefix();
}

void Partition::AdvancePrefix() {
  while (!records_.empty() && records_.front().stage == Stage::kFinished) {
    finished_offset_ = records_.front().offset + 1;
    finished_append_ms_ = std::max(finished_append_ms_, records_.front().append_ms);
    records_.pop_front();
    ++first_number_;
  }
}

// What could not be written is written again under the same bytes: a second copy of a final is
// harmless, a missing one is not.
void Partition::RewriteUnsaid(Now now, Effects* effects) {
  if (unsaid_.empty() || now.mono_ms < unsaid_mono_ms_) return;
  for (auto& [number, cookie] : std::exchange(unsaid_, {})) {
    Record& record = At(number);
    if (cookie.kind == Cookie::Kind::kDeadLetter) {
      uint64_t id = NextId();
      effects->push_back(effect::ProduceDeadLetter{id, cookie.key, cookie.value});
      cookies_[id] = std::move(cookie);
      continue;
    }
    Finals::Bytes bytes = finals_.Find(record.key, record.intent->fingerprint());
    JEMB_CHECK(bytes != nullptr);  // pinned until read back
    Write(number, bytes, cookie.frees_lane, effects);
  }
}

void Partition::CommitIfDue(Now now, Effects* effects) {
  if (records_.empty()) finished_offset_ = next_offset_;
  finals_.Prune(finished_append_ms_);
  int64_t due = finished_offset_ - committed_offset_;
  if (due <= 0 || committing_ || now.mono_ms < commit_not_before_mono_ms_) return;
  bool timely = now.mono_ms - committed_mono_ms_ >= kCommitMs || due >= kCommitRecords;
  if (!timely && !draining_) return;
  committing_ = true;
  committed_mono_ms_ = now.mono_ms;
  effects->push_back(effect::Commit{number_, finished_offset_});
}

void Partition::OnCommitted(const event::Committed& event, Now now) {
  committing_ = false;
  if (!event.ok) commit_not_before_mono_ms_ = now.mono_ms + kCommitRetryMs;
  if (event.ok) committed_offset_ = std::max(committed_offset_, event.next_offset);
}

void Partition::PauseOrResume(Effects* effects) {
  // With something at hand to try the marketplace with: one without would never hear of its return.
  bool in_vain = !shared_->breaker.closed() && !records_.empty();
  if (!paused_ && (in_vain || records_.size() >= kUnfinishedHigh)) {
    paused_ = true;
    effects->push_back(effect::Pause{number_});
  } else if (paused_ && !in_vain && records_.size() <= kUnfinishedLow) {
    paused_ = false;
    effects->push_back(effect::Resume{number_});
  }
}

Standing Partition::standing(Now now) const {
  return {.owned = owns(),
          .watermark = committed_offset_,
          .next_offset = next_offset_,
          .log_end = log_end_,
          .waits_for = WaitsFor(now)};
}

Standing::For Partition::WaitsFor(Now now) const {
  if (finished_offset_ > committed_offset_) return Standing::For::kCommit;
  if (records_.empty()) {
    return log_end_ > next_offset_ ? Standing::For::kFetch : Standing::For::kNothing;
  }
  const Record& record = records_.front();
  // Only these are in their lane still.
  switch (record.stage) {
    case Stage::kWaiting:
      if (PutOff(record, now)) return Standing::For::kPutOff;
      if (Judge(record).verdict == policy::Decision::Verdict::kPending) {
        return Standing::For::kGoods;
      }
      return record.lane->attempts > 0 ? Standing::For::kMarketplace : Standing::For::kLane;
    case Stage::kAsked:
    case Stage::kPlaced:
      return PutOff(record, now) ? Standing::For::kPutOff : Standing::For::kMarketplace;
    case Stage::kRecorded:
    case Stage::kFinished:
      break;
  }
  return Standing::For::kLog;
}

// The marketplace answers, and says RETRY. Beyond the deadline it is asked, and no longer tried.
bool Partition::PutOff(const Record& record, Now now) {
  return record.lane->retrying && now.wall_ms <= record.deadline_ms;
}

bool Partition::NothingUnderWay() const {
  return batches_.empty() && asks_.empty() && cookies_.empty() && unread_.empty() &&
         unsaid_.empty() && !committing_;
}

void Partition::ReleaseIfDone(Effects* effects) {
  if (!draining_ || !NothingUnderWay() || finished_offset_ > committed_offset_) return;
  released_ = true;
  effects->push_back(effect::StopOutcomes{number_});
  effects->push_back(effect::Release{number_});
}

}  // namespace jembatan::bridge
