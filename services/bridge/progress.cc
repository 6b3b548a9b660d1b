#include <algorithm>

#include "libs/base/check.h"
#include "services/bridge/scope.h"

// Finishing: acknowledgements, reading back and the contiguous prefix (protocol rules 2 and 5).

namespace jembatan::bridge {

void Scope::OnProduced(const event::Produced& event, Now now, Effects* effects) {
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

void Scope::OnOutcomeProduced(const event::Produced& event, const Cookie& cookie) {
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

void Scope::Finish(uint64_t number) {
  Record& record = At(number);
  if (!record.outcome_done || record.dead_letter_due) return;
  record.stage = Stage::kFinished;
  if (shared_->spare_intents.size() < kSpareIntents) {
    shared_->spare_intents.push_back(std::move(record.intent));
  }
  record.intent.reset();
  AdvancePrefix();
}

void Scope::AdvancePrefix() {
  while (!records_.empty() && records_.front().stage == Stage::kFinished) {
    finished_append_ms_ = std::max(finished_append_ms_, records_.front().append_ms);
    records_.pop_front();
    ++first_number_;
  }
}

// What could not be written is written again under the same bytes: a second copy of a final is
// harmless, a missing one is not.
void Scope::RewriteUnsaid(Now now, Effects* effects) {
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

Standing::For Scope::WaitsFor(Now now) const {
  if (records_.empty()) {
    return log_->end > log_->next_offset ? Standing::For::kFetch : Standing::For::kNothing;
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
bool Scope::PutOff(const Record& record, Now now) {
  return record.lane->retrying && now.wall_ms <= record.deadline_ms;
}

bool Scope::NothingUnderWay() const {
  return batches_.empty() && asks_.empty() && cookies_.empty() && unread_.empty() &&
         unsaid_.empty();
}

}  // namespace jembatan::bridge
