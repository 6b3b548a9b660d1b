#include "services/bridge/partition.h"

#include <algorithm>
#include <utility>

namespace jembatan::bridge {

Partition::Partition(Shared* shared, int32_t number, int64_t offset, Now now)
    : shared_(shared),
      number_(number),
      log_{.next_offset = offset, .end = offset},
      committed_offset_(offset),
      committed_mono_ms_(now.mono_ms) {
  for (size_t market = 0; market < shared->markets.size(); ++market) {
    scopes_.push_back(std::make_unique<Scope>(shared, market, number, &log_, now));
  }
}

std::unique_ptr<crossing::v1::PurchaseIntent> Partition::TakeSpareIntent() {
  auto& spare = shared_->spare_intents;
  if (spare.empty()) return std::make_unique<crossing::v1::PurchaseIntent>();
  std::unique_ptr<crossing::v1::PurchaseIntent> intent = std::move(spare.back());
  spare.pop_back();
  return intent;
}

Scope* Partition::ScopeOf(std::string_view marketplace_id) {
  for (size_t market = 0; market < scopes_.size(); ++market) {
    if (shared_->markets[market]->writer.marketplace_id == marketplace_id) {
      return scopes_[market].get();
    }
  }
  return nullptr;
}

// Those of nobody are refused under the first marketplace's token.
void Partition::OnIntent(const event::Intent& event, Effects* effects) {
  if (draining_ || event.offset < log_.next_offset) return;
  log_.next_offset = event.offset + 1;
  log_.end = std::max(log_.end, log_.next_offset);
  log_.last_append_ms = std::max(log_.last_append_ms, event.append_ms);
  std::unique_ptr<crossing::v1::PurchaseIntent> intent = TakeSpareIntent();
  const bool decoded =
      intent->ParseFromArray(event.value.data(), static_cast<int>(event.value.size()));
  Scope* scope = decoded ? ScopeOf(intent->marketplace_id()) : nullptr;
  if (scope == nullptr) scope = scopes_.front().get();
  scope->OnIntent(event, std::move(intent), decoded, effects);
}

void Partition::OnIntentsEnd(const event::IntentsEnd& event) {
  intents_ended_ = true;
  log_.end = std::max(log_.end, event.next_offset);
}

// A later claim goes on with the reading under way: the windows only ever grow by it.
void Partition::StartReadingOutcomes(Effects* effects) {
  if (reading_ != 0) return;
  // The windows begin before the first unfinished intent; wait until it, or the log's end, was
  // seen.
  if (unfinished() == 0 && !intents_ended_) return;
  int64_t first_ms = oldest_append_ms();
  bool wanted = false;
  for (const auto& scope : scopes_) {
    if (!scope->reads_window()) continue;
    wanted = true;
    first_ms =
        first_ms < 0 ? scope->claim_append_ms() : std::min(first_ms, scope->claim_append_ms());
  }
  if (wanted) ReadOutcomes(first_ms - kWindowBackMs, -1, effects);
}

void Partition::ReadOutcomes(int64_t append_ms, int64_t offset, Effects* effects) {
  judge_.reset();
  reading_ = shared_->next_id++;
  effects->push_back(effect::ReadOutcomes{number_, reading_, append_ms, offset});
}

void Partition::OnOutcome(const event::OutcomeRead& event, Now now, Effects* effects) {
  if (event.reading != reading_) return;
  crossing::v1::OutcomeRecord& record = shared_->scratch_record;
  if (!record.ParseFromArray(event.value.data(), static_cast<int>(event.value.size()))) {
    ++shared_->markets.front()->counts.unreadable_outcomes;
    return;
  }
  if (!judge_) judge_.emplace(event.offset);
  const crossing::OutcomeJudge::Verdict verdict = judge_->Judge(record);
  Scope* scope = ScopeOf(record.marketplace_id());
  if (scope == nullptr) return;
  if (verdict == crossing::OutcomeJudge::Verdict::kReadEarlier) {
    ReadOutcomes(-1, static_cast<int64_t>(record.token()), effects);
    return;
  }
  const bool valid =
      verdict == crossing::OutcomeJudge::Verdict::kValid || !shared_->rules.void_by_token;
  scope->OnOutcome(record, valid, event.offset, now);
}

void Partition::OnRevoked() {
  draining_ = true;
  for (const auto& scope : scopes_) scope->OnRevoked();
}

bool Partition::owns() const {
  bool any = false;
  for (const auto& scope : scopes_) {
    if (!scope->owns() && scope->usable()) return false;
    any |= scope->owns();
  }
  return any;
}

size_t Partition::unfinished() const {
  size_t unfinished = 0;
  for (const auto& scope : scopes_) unfinished += scope->unfinished();
  return unfinished;
}

int64_t Partition::oldest_append_ms() const {
  int64_t oldest_ms = -1;
  for (const auto& scope : scopes_) {
    const int64_t append_ms = scope->oldest_append_ms();
    if (append_ms >= 0 && (oldest_ms < 0 || append_ms < oldest_ms)) oldest_ms = append_ms;
  }
  return oldest_ms;
}

int64_t Partition::FinishedOffset() const {
  int64_t finished = log_.next_offset;
  for (const auto& scope : scopes_) {
    if (scope->unfinished() > 0) finished = std::min(finished, scope->oldest_offset());
    if (!shared_->rules.commit_waits_for_all) break;
  }
  return finished;
}

void Partition::CommitIfDue(Now now, Effects* effects) {
  const int64_t finished = FinishedOffset();
  const int64_t due = finished - committed_offset_;
  if (due <= 0 || committing_ || now.mono_ms < commit_not_before_mono_ms_) return;
  const bool timely = now.mono_ms - committed_mono_ms_ >= kCommitMs || due >= kCommitRecords;
  if (!timely && !draining_) return;
  committing_ = true;
  committed_mono_ms_ = now.mono_ms;
  effects->push_back(effect::Commit{number_, finished});
}

void Partition::OnCommitted(const event::Committed& event, Now now) {
  committing_ = false;
  if (!event.ok) commit_not_before_mono_ms_ = now.mono_ms + kCommitRetryMs;
  if (event.ok) committed_offset_ = std::max(committed_offset_, event.next_offset);
}

// What waits for a marketplace that is out must not stop what another one would take: only where
// none can be reached, or too much waits, are its intents back pressure too.
void Partition::PauseOrResume(Effects* effects) {
  size_t waiting = 0;
  size_t going = 0;
  bool any_usable = false;
  // With something at hand to try the marketplaces with: who has nothing would never hear of one's
  // return.
  bool in_vain = unfinished() > 0;
  for (const auto& scope : scopes_) {
    waiting += scope->unfinished();
    in_vain = in_vain && !scope->breaker_closed();
    if (!scope->usable()) continue;
    any_usable = true;
    going += scope->unfinished();
  }
  const size_t pressure = any_usable ? going : waiting;
  if (!paused_ && (in_vain || pressure >= kUnfinishedHigh || waiting >= kWaitingHigh)) {
    paused_ = true;
    effects->push_back(effect::Pause{number_});
  } else if (paused_ && !in_vain && pressure <= kUnfinishedLow && waiting <= kWaitingLow) {
    paused_ = false;
    effects->push_back(effect::Resume{number_});
  }
}

Standing Partition::standing(Now now, size_t market) const {
  const Scope& scope = *scopes_.at(market);
  const int64_t finished = FinishedOffset();
  const bool holds = scope.unfinished() == 0 || scope.oldest_offset() == finished;
  Standing standing{.owned = scope.owns(),
                    .watermark = holds ? committed_offset_ : scope.oldest_offset(),
                    .next_offset = log_.next_offset,
                    .log_end = log_.end,
                    .waits_for = scope.WaitsFor(now)};
  if (holds && finished > committed_offset_) standing.waits_for = Standing::For::kCommit;
  return standing;
}

void Partition::ReleaseIfDone(Effects* effects) {
  if (!draining_ || committing_ || FinishedOffset() > committed_offset_) return;
  for (const auto& scope : scopes_) {
    if (!scope->NothingUnderWay()) return;
  }
  released_ = true;
  effects->push_back(effect::StopOutcomes{number_});
  effects->push_back(effect::Release{number_});
}

void Partition::OnTick(Now now, Effects* effects) {
  if (released_) return;
  for (const auto& scope : scopes_) scope->OnTick(now, effects);
  StartReadingOutcomes(effects);
  CommitIfDue(now, effects);
  PauseOrResume(effects);
  ReleaseIfDone(effects);
}

}  // namespace jembatan::bridge
