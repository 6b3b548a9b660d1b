#pragma once

// Partition: one assigned partition of the intents topic: its intents handed to the scopes of their
// marketplaces, and what these share: the reading of its outcomes, the committed prefix, back
// pressure and the release. Pure: events in, effects out; no I/O, no clock.
//
// What is committed is the prefix that every scope has finished: a marketplace that is down holds
// the commit up, and not the others' orders. Whoever takes over reads them again, and finds their
// finals in the window.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "libs/crossing/outcome_judge.h"
#include "services/bridge/events.h"
#include "services/bridge/scope.h"

namespace jembatan::bridge {

class Partition {
 public:
  Partition(Shared* shared, int32_t number, int64_t offset, Now now);

  void OnIntent(const event::Intent& event, Effects* effects);
  void OnIntentsEnd(const event::IntentsEnd& event);
  void OnOutcome(const event::OutcomeRead& event, Now now, Effects* effects);
  void OnCommitted(const event::Committed& event, Now now);
  void OnRevoked();
  void OnTick(Now now, Effects* effects);

  // Revoked and everything under way is finished and committed: nothing is left to wait for.
  bool released() const { return released_; }
  // By the marketplace's number.
  Scope& scope(size_t market) { return *scopes_.at(market); }
  const Scope& scope(size_t market) const { return *scopes_.at(market); }
  size_t scopes() const { return scopes_.size(); }
  // Every scope whose marketplace can be reached is owned, and one at least is.
  bool owns() const;
  size_t unfinished() const;
  // Append time of the oldest unfinished intent; -1: none.
  int64_t oldest_append_ms() const;
  uint64_t token() const { return scopes_.front()->token(); }
  int64_t committed() const { return committed_offset_; }
  // Of the intents, as last heard of.
  int64_t log_end() const { return log_.end; }
  Standing standing(Now now, size_t market = 0) const;

 private:
  std::unique_ptr<crossing::v1::PurchaseIntent> TakeSpareIntent();
  // The scope of a marketplace; null: it is not registered.
  Scope* ScopeOf(std::string_view marketplace_id);
  void StartReadingOutcomes(Effects* effects);
  void ReadOutcomes(int64_t append_ms, int64_t offset, Effects* effects);
  // The first offset that is not finished in every scope.
  int64_t FinishedOffset() const;
  void CommitIfDue(Now now, Effects* effects);
  void PauseOrResume(Effects* effects);
  void ReleaseIfDone(Effects* effects);

  Shared* const shared_;
  const int32_t number_;
  LogPosition log_;
  std::vector<std::unique_ptr<Scope>> scopes_;

  uint64_t reading_ = 0;        // the reading of outcomes under way; 0: none
  bool intents_ended_ = false;  // the consumer has seen the log's end at least once
  std::optional<crossing::OutcomeJudge> judge_;

  int64_t committed_offset_;
  bool committing_ = false;
  int64_t committed_mono_ms_;
  int64_t commit_not_before_mono_ms_ = 0;
  bool paused_ = false;
  bool draining_ = false;
  bool released_ = false;
};

}  // namespace jembatan::bridge
