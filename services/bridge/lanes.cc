#include <algorithm>

#include "libs/base/check.h"
#include "libs/base/timestamp.h"
#include "services/bridge/scope.h"

// Deciding: what each intent needs next, in the order of its lane (protocol rules 1, 4, 5, 6).

namespace jembatan::bridge {

using crossing::v1::DeadLetter;
using crossing::v1::Outcome;

void Scope::OnIntent(const event::Intent& event,
                     std::unique_ptr<crossing::v1::PurchaseIntent> intent, bool decoded,
                     Effects* effects) {
  ++market_->counts.intents;
  Record record;
  record.offset = event.offset;
  record.append_ms = event.append_ms;
  record.intent = std::move(intent);
  std::optional<IntentKey> key;
  if (decoded) {
    market_->counts.unknown_fields += UnknownFieldsIn(*record.intent);
    record.malformed = CheckIntent(*record.intent, event.key, &key);
  }
  if (key) {
    record.has_key = true;
    record.key = *key;
    record.deadline_ms = key->id.unix_ms() + intent::kTtlMs;
  }

  uint64_t number = first_number_ + records_.size();
  bool is_void =
      record.has_key && record.append_ms > record.deadline_ms && shared_->rules.void_when_late;
  bool malformed = !decoded || !record.malformed.empty();
  std::string_view detail = decoded ? record.malformed : "not a PurchaseIntent";
  // Without an id there is nobody to tell: the dead letter is all there is.
  bool undecidable = !record.has_key;
  record.outcome_done = undecidable || is_void;
  record.stage = record.outcome_done ? Stage::kRecorded : Stage::kWaiting;
  records_.push_back(std::move(record));
  if (is_void) {
    // The gateway answered DEADLINE_PASSED by the same append time: nobody waits for an outcome.
    ++market_->counts.void_intents;
    Finish(number);
    return;
  }
  if (!undecidable) EnterLane(number, event.key);
  if (malformed) {
    WriteDeadLetter(number, decoded ? DeadLetter::CAUSE_MALFORMED : DeadLetter::CAUSE_UNDECODABLE,
                    detail, event.key, event.value, effects);
  }
}

void Scope::EnterLane(uint64_t number, std::string_view offer_id) {
  Record& record = At(number);
  record.lane_key = std::string(offer_id);
  record.lane = LaneOf(record.lane_key);
  record.lane->waiting.push_back(number);
  undecided_.try_emplace(record.key, number);
  Enlist(record.lane);
}

Scope::Lane* Scope::LaneOf(const std::string& offer_id) {
  std::unique_ptr<Lane>& lane = lanes_[offer_id];
  if (!lane) {
    lane = std::make_unique<Lane>();
    lane->offer_id = offer_id;
  }
  return lane.get();
}

void Scope::Enlist(Lane* lane) {
  if (lane->listed) return;
  lane->listed = true;
  ready_.push_back(lane);
}

void Scope::Rest(Lane* lane, int64_t at_least_ms, Now now) {
  lane->not_before_mono_ms = now.mono_ms + std::max(at_least_ms, Backoff(lane->attempts++));
  Enlist(lane);
}

void Scope::DropIfIdle(Lane* lane) {
  if (!lane->waiting.empty() || lane->placed > 0 || lane->asked > 0 || lane->refusing > 0 ||
      lane->listed)
    return;
  lanes_.erase(std::string(lane->offer_id));
}

// Returns a record to its lane, in its place.
void Scope::PutBack(uint64_t number) {
  Record& record = At(number);
  record.stage = Stage::kWaiting;
  std::deque<uint64_t>& waiting = record.lane->waiting;
  waiting.insert(std::lower_bound(waiting.begin(), waiting.end(), number), number);
}

// Rule 4: whether a predecessor, or we, may have placed it without knowing what became of it.
bool Scope::NeedsAsking(const Record& record) const {
  if (!shared_->rules.ask_before_deciding || record.cleared) return false;
  return record.offset < horizon_ || record.called;
}

Scope::Next Scope::Classify(uint64_t number, const Record& record, Now now) const {
  const crossing::v1::PurchaseIntent& intent = *record.intent;
  Next next;
  next.repeat = finals_.Find(record.key, intent.fingerprint());
  if (next.repeat) {
    next.kind = Next::Kind::kRepeat;
    return next;
  }
  next.kind = Next::Kind::kDecide;
  next.state = Outcome::STATE_REJECTED;
  auto first = undecided_.find(record.key);
  bool another_first = first != undecided_.end() && first->second != number;
  if (another_first && At(first->second).intent->fingerprint() == intent.fingerprint()) {
    next.kind = Next::Kind::kHold;  // a copy waits for the first one's final and repeats it
  } else if (another_first || finals_.KnowsOtherBody(record.key, intent.fingerprint())) {
    next.reason = crossing::v1::REASON_ID_REUSED;
  } else if (!record.malformed.empty()) {
    next.reason = crossing::v1::REASON_MALFORMED;
  } else {
    ClassifyByRules(record, now, &next);
  }
  // Of an intent without consent nothing ever crosses, not even a question.
  if (next.reason == crossing::v1::REASON_CONSENT_NOT_GIVEN) return next;
  bool unasked = next.by_policy && !shared_->rules.ask_before_policy;
  bool decide = next.kind == Next::Kind::kDecide && NeedsAsking(record) && !unasked;
  bool resolve = next.kind == Next::Kind::kPlace && record.unconfirmed && !record.cleared;
  if (decide || resolve) next.kind = Next::Kind::kAsk;
  return next;
}

// What can be said of a sound intent without the marketplace. Operators come before the rules, so
// that a halt is told at once; a rule before the hand-off, which would lead around it.
void Scope::ClassifyByRules(const Record& record, Now now, Next* next) const {
  const policy::Decision judged = Judge(record);
  const bool refused = judged.verdict == policy::Decision::Verdict::kRefused;
  if (refused && judged.reason == crossing::v1::REASON_CONSENT_NOT_GIVEN) {
    RefuseByPolicy(judged, next);
  } else if (record.intent->marketplace_id() != market_->writer.marketplace_id) {
    next->reason = crossing::v1::REASON_MARKETPLACE_NOT_REGISTERED;
  } else if (now.wall_ms > record.deadline_ms && shared_->rules.expire) {
    next->state = Outcome::STATE_EXPIRED;
    next->reason = crossing::v1::REASON_DEADLINE_PASSED;
  } else {
    ObeyControls(*record.intent, now, next);
    const bool rejected =
        next->kind == Next::Kind::kDecide && next->state == Outcome::STATE_REJECTED;
    if (rejected) return;
    next->rule = judged.rule;
    if (refused) {
      RefuseByPolicy(judged, next);
    } else if (judged.verdict == policy::Decision::Verdict::kPending || SellerPending()) {
      next->kind = Next::Kind::kAwaitGoods;
    }
  }
}

// A halt may name the seller, whom the feed has yet to tell.
bool Scope::SellerPending() const {
  return !shared_->goods.complete() && shared_->in_force->halts_sellers() &&
         shared_->rules.obey_controls;
}

void Scope::RefuseByPolicy(const policy::Decision& judged, Next* next) {
  *next = {.kind = Next::Kind::kDecide,
           .state = Outcome::STATE_REJECTED,
           .reason = judged.reason,
           .rule = judged.rule,
           .by_policy = true};
}

// What nobody has been asked to order yet takes the way that the operators' controls say at
// present: a refusal by them is as final as one by the clock.
void Scope::ObeyControls(const crossing::v1::PurchaseIntent& intent, Now now, Next* next) const {
  controls::Tap tap;
  tap.marketplace_id = intent.marketplace_id();
  tap.offer_id = intent.offer_id();
  if (shared_->in_force->halts_sellers()) {
    const policy::Goods* goods = shared_->goods.Find(intent.offer_id());
    if (goods != nullptr) tap.seller_id = goods->seller_id;
  }
  tap.campaign_id = intent.campaign_id();
  tap.buyer_ref = intent.buyer_ref();
  controls::Way way = shared_->in_force->WayOf(tap, now.wall_ms);
  if (!shared_->rules.obey_controls) way = controls::Way::kOrder;
  next->state = Outcome::STATE_REJECTED;
  switch (way) {
    case controls::Way::kHalted:
      next->reason = crossing::v1::REASON_SALES_HALTED;
      next->by_control = &BridgeCounts::halted;
      return;
    case controls::Way::kExcluded:
      next->reason = crossing::v1::REASON_ROLLOUT_EXCLUDED;
      next->by_control = &BridgeCounts::excluded;
      return;
    case controls::Way::kShadow:
      next->reason = crossing::v1::REASON_ROLLOUT_EXCLUDED;
      next->by_control = &BridgeCounts::shadowed;
      return;
    case controls::Way::kLinkOut:
      next->state = Outcome::STATE_HANDED_OFF;
      next->reason = crossing::v1::REASON_LINK_OUT_ONLY;
      next->by_control = &BridgeCounts::linked_out;
      return;
    case controls::Way::kOrder:
      next->kind = Next::Kind::kPlace;
      return;
  }
}

// By the append time: every owner, and whoever replays the log, judges alike.
policy::Decision Scope::Judge(const Record& record) const {
  const crossing::v1::PurchaseIntent& intent = *record.intent;
  policy::Facts facts{.consent_given = intent.consent_given(),
                      .buyer_ref = intent.buyer_ref(),
                      .marketplace_id = intent.marketplace_id(),
                      .offer_id = intent.offer_id(),
                      .campaign_id = intent.campaign_id(),
                      .goods = shared_->goods.Find(intent.offer_id()),
                      .goods_pending = !shared_->goods.complete()};
  return policy::Decide(*shared_->policy, facts, record.append_ms);
}

// The record's outcome will name the policy in force now, and the rule.
void Scope::Stamp(Record* record, const policy::Rule* rule, bool refused) const {
  record->policy = shared_->policy;
  record->rule = rule;
  record->refused_by_policy = refused;
}

void Scope::Dispatch(Now now, Effects* effects) {
  while (!resting_.empty() && resting_.begin()->first <= now.mono_ms) {
    ready_.push_back(resting_.begin()->second);
    resting_.erase(resting_.begin());
  }
  while (!ready_.empty() && batches_.size() < kBatchesInFlight && finals_.size() < kFinalsMax) {
    if (BatchRoom() == 0) return window_.OnFull();
    effect::Place place{NextId(), number_, token_, {}, market_number_};
    // Lanes enlisted while this batch fills up wait for the next one.
    std::vector<Lane*> hot;
    for (size_t lanes = ready_.size(); lanes > 0; --lanes) {
      Lane* lane = ready_.front();
      ready_.pop_front();
      lane->listed = false;
      if (WorkOnLane(lane, now, &place, effects)) hot.push_back(lane);
      if (place.intents.size() >= BatchRoom()) break;
    }
    // What room the others left: one batch a round trip is all a hot lane gets.
    for (Lane* lane : hot) WorkOnLane(lane, now, &place, effects);
    if (place.intents.empty()) break;
    Send(std::move(place), now, effects);
  }
}

size_t Scope::BatchRoom() const { return std::min(kOrdersPerBatch, window_.Room(Unanswered())); }

size_t Scope::Unanswered() const {
  size_t unanswered = 0;
  for (const auto& [id, batch] : batches_) unanswered += batch.unanswered;
  return unanswered;
}

// Whether an order of the lane may join the batch. If not, because the marketplace is in trouble,
// the lane rests. A lane that was put off tries its head alone, within the budget.
bool Scope::MayPlace(Lane* lane, const effect::Place& place, Now now) {
  bool resting = place.intents.size() >= market_->breaker.Allowance(now.mono_ms);
  bool first = lane->placed == 0;
  if (!resting && lane->retrying && first) resting = !market_->retries.Spend(now.mono_ms);
  if (!resting) return true;
  if (first) {
    lane->not_before_mono_ms = now.mono_ms + kPressureRestMs;
    Enlist(lane);
  }
  return false;
}

void Scope::Send(effect::Place place, Now now, Effects* effects) {
  Batch& batch = batches_[place.batch];
  batch.unanswered = batch.records.size();
  batch.sent_mono_ms = now.mono_ms;
  market_->counts.placed += place.intents.size();
  market_->breaker.OnSent(now.mono_ms);
  effects->push_back(std::move(place));
}

// Rule 6: nothing goes to the marketplace behind a refusal that is not acknowledged. Another
// refusal may follow it: whichever of the two is lost, no order has overtaken one. So a lane full
// of expired intents is told at once, not one in each round trip to the log.
bool Scope::MustWait(const Lane& lane, const Next& next) const {
  const bool decide = next.kind == Next::Kind::kDecide;
  if (lane.refusing > 0 && (!decide || lane.refusing >= kRefusalsInFlight)) return true;
  return lane.placed > 0 && (decide || next.kind == Next::Kind::kAsk);
}

bool Scope::WorkOnLane(Lane* lane, Now now, effect::Place* place, Effects* effects) {
  if (now.mono_ms < lane->not_before_mono_ms) {
    lane->listed = true;
    resting_.emplace(lane->not_before_mono_ms, lane);
    return false;
  }
  const size_t share = lane->retrying ? 1 : kOrdersPerLane;
  size_t taken = 0;
  while (!lane->waiting.empty() && lane->asked == 0) {
    uint64_t number = lane->waiting.front();
    const Record& record = At(number);
    Next next = Classify(number, record, now);
    if (MustWait(*lane, next)) return false;
    if (next.kind == Next::Kind::kHold) {
      // The first copy's final wakes its own lane; a forged record may wait in another one.
      if (At(undecided_.at(record.key)).lane != lane) Rest(lane, 0, now);
      return false;
    }
    if (next.kind == Next::Kind::kAwaitGoods) {
      Rest(lane, 0, now);
      return false;
    }
    if (next.kind == Next::Kind::kAsk) {
      AskAboutHead(lane, now);
      return false;
    }
    if (next.kind == Next::Kind::kPlace) {
      const bool busy = lane->placed > 0 && lane->batch != place->batch;
      if (busy && shared_->rules.one_batch_per_lane) return false;
      if (taken == share || place->intents.size() >= BatchRoom()) {
        if (lane->batch != place->batch) Enlist(lane);
        return taken == kOrdersPerLane;
      }
      if (!MayPlace(lane, *place, now)) return false;
    }
    lane->waiting.pop_front();
    if (next.kind == Next::Kind::kRepeat) {
      Repeat(number, next.repeat, effects);
    } else if (next.kind == Next::Kind::kPlace) {
      Join(number, next.rule, place);
      ++taken;
    } else {
      Stamp(&At(number), next.rule, next.by_policy);
      market_->counts.refused_by_policy += next.by_policy ? 1 : 0;
      if (next.by_control != nullptr) ++(market_->counts.*next.by_control);
      if (next.state == Outcome::STATE_HANDED_OFF) {
        HandOff(number, now, effects);
      } else {
        DecideAlone(number, next.state, next.reason, now, effects);
      }
    }
  }
  DropIfIdle(lane);
  return false;
}

void Scope::Repeat(uint64_t number, const Finals::Bytes& final, Effects* effects) {
  ++market_->counts.repeated;
  auto first = undecided_.find(At(number).key);
  if (first != undecided_.end() && first->second == number) undecided_.erase(first);
  Write(number, final, /*frees_lane=*/false, effects);
}

void Scope::Join(uint64_t number, const policy::Rule* rule, effect::Place* place) {
  Record& record = At(number);
  Stamp(&record, rule, /*refused=*/false);
  record.stage = Stage::kPlaced;
  record.cleared = false;
  ++record.attempts;
  ++record.lane->placed;
  record.lane->batch = place->batch;
  if (!record.lane->retrying) market_->retries.Earn(1);
  batches_[place->batch].records.push_back(number);
  place->intents.push_back(record.intent.get());
}

// Asks about the lane's head, and with it about all behind it that need nothing else first.
void Scope::AskAboutHead(Lane* lane, Now now) {
  auto needs_asking = [&] {
    uint64_t number = lane->waiting.front();
    return Classify(number, At(number), now).kind == Next::Kind::kAsk;
  };
  do {
    uint64_t number = lane->waiting.front();
    lane->waiting.pop_front();
    At(number).stage = Stage::kAsked;
    ++lane->asked;
    questions_.push_back(number);
  } while (!lane->waiting.empty() && needs_asking());
}

void Scope::SendQuestions(Effects* effects) {
  while (!questions_.empty() && asks_.size() < kAsksInFlight) {
    size_t count = std::min(questions_.size(), kKeysPerAsk);
    effect::Ask ask{NextId(), number_, token_, {}, market_number_};
    std::vector<uint64_t> numbers(questions_.begin(), questions_.begin() + count);
    questions_.erase(questions_.begin(), questions_.begin() + count);
    for (uint64_t number : numbers) ask.intents.push_back(At(number).intent.get());
    market_->counts.asked += count;
    asks_[ask.ask] = std::move(numbers);
    effects->push_back(std::move(ask));
  }
}

void Scope::OnFound(const event::Found& event, Now now, Effects* effects) {
  auto it = asks_.find(event.ask);
  if (it == asks_.end()) return;
  std::vector<uint64_t> numbers = std::move(it->second);
  asks_.erase(it);
  if (event.stale) {
    ClaimAnew(now);
    return;
  }
  bool answered = event.answered && event.findings.size() == numbers.size();
  for (size_t i = 0; i < numbers.size(); ++i) {
    uint64_t number = numbers[i];
    Record& record = At(number);
    Lane* lane = record.lane;
    --lane->asked;
    if (!answered || event.findings[i].unclear) {
      PutBack(number);
      Rest(lane, 0, now);
      continue;
    }
    lane->attempts = 0;
    // Whoever placed it found that it may pass. If the policy in force now says otherwise, no rule
    // of it stands behind the outcome.
    const policy::Decision judged = Judge(record);
    bool passes = judged.verdict == policy::Decision::Verdict::kAllowed;
    Stamp(&record, passes ? judged.rule : nullptr, /*refused=*/false);
    if (!event.findings[i].found) {
      record.cleared = true;
      PutBack(number);
    } else if (event.findings[i].outcome.fingerprint() == record.intent->fingerprint()) {
      Decide(number, event.findings[i].outcome, /*alone=*/false, now, effects);
    } else {
      record.rule = nullptr;
      DecideAlone(number, Outcome::STATE_REJECTED, crossing::v1::REASON_ID_REUSED, now, effects);
    }
    Enlist(lane);
  }
}

// From the first answer: a slow offer may keep the last one.
void Scope::LearnFrom(const Batch& batch, std::span<const Decision> decisions, Now now) {
  auto decided = std::count_if(decisions.begin(), decisions.end(),
                               [](const Decision& decision) { return !decision.retry; });
  window_.OnAnswered(batch.sent_mono_ms, now.mono_ms, static_cast<size_t>(decided), Unanswered());
}

void Scope::OnAnswered(const event::Answered& event, Now now, Effects* effects) {
  auto it = batches_.find(event.batch);
  if (it == batches_.end()) return;
  Batch& batch = it->second;
  if (batch.unanswered == batch.records.size()) LearnFrom(batch, event.decisions, now);
  for (const Decision& decision : event.decisions) {
    if (decision.index >= batch.records.size() || batch.records[decision.index] == 0) continue;
    uint64_t number = std::exchange(batch.records[decision.index], 0);
    --batch.unanswered;
    Lane* lane = At(number).lane;
    --lane->placed;
    if (decision.retry) {
      ++market_->counts.retries;
      if (decision.unclear) DoubtOrder(number, effects);
      PutBack(number);
      lane->retry_after_ms = std::max(lane->retry_after_ms, decision.retry_after_ms);
      lane->retrying = true;
    } else {
      lane->attempts = 0;
      lane->retrying = false;
      batch.decided = true;
      Decide(number, decision.outcome, /*alone=*/false, now, effects);
    }
    if (lane->placed > 0) continue;
    if (lane->retry_after_ms >= 0) {
      Rest(lane, std::exchange(lane->retry_after_ms, -1), now);
    } else {
      Enlist(lane);
    }
  }
  if (batch.unanswered == 0) {
    market_->breaker.OnAnswered(batch.decided, now.mono_ms, &shared_->random);
    batches_.erase(it);
  }
  if (event.stale) ClaimAnew(now);
}

// The marketplace did something with it that this bridge has no word for: from here on it is asked,
// and nothing decided alone, until it says something else or a newer bridge owns the partition.
void Scope::DoubtOrder(uint64_t number, Effects* effects) {
  Record& record = At(number);
  record.called = true;
  ++market_->counts.unclear;
  TellUnconfirmed(&record, effects);
}

void Scope::DecideAlone(uint64_t number, Outcome::State state, crossing::v1::Reason reason, Now now,
                        Effects* effects) {
  Outcome outcome;
  outcome.set_state(state);
  outcome.set_reason(reason);
  Decide(number, outcome, /*alone=*/true, now, effects);
}

// Without a link the buyer could not go on anywhere: then nothing is ordered for good.
void Scope::HandOff(uint64_t number, Now now, Effects* effects) {
  Outcome outcome;
  if (market_->link_out) {
    outcome.set_continue_url(market_->link_out(*At(number).intent, now.wall_ms));
  }
  const bool linked = !outcome.continue_url().empty();
  outcome.set_state(linked ? Outcome::STATE_HANDED_OFF : Outcome::STATE_REJECTED);
  outcome.set_reason(crossing::v1::REASON_LINK_OUT_ONLY);
  outcome.set_route_mode(crossing::v1::ROUTE_MODE_LINK_OUT);
  Decide(number, outcome, /*alone=*/true, now, effects);
}

void Scope::DescribeIntent(const Record& record, Outcome* outcome) {
  const crossing::v1::PurchaseIntent& intent = *record.intent;
  outcome->set_intent_id(intent.intent_id());
  outcome->set_buyer_ref(intent.buyer_ref());
  outcome->set_offer_id(intent.offer_id());
  outcome->set_fingerprint(intent.fingerprint());
  outcome->set_intent_offset(record.offset);
  base::SetMs(record.append_ms, outcome->mutable_intent_append_time());
}

void Scope::Decide(uint64_t number, const Outcome& decision, bool alone, Now now,
                   Effects* effects) {
  Record& record = At(number);
  Outcome& outcome = shared_->scratch_outcome;
  outcome = decision;
  const crossing::v1::PurchaseIntent& intent = *record.intent;
  DescribeIntent(record, &outcome);
  base::SetMs(now.wall_ms, outcome.mutable_decided_at());
  if (shared_->in_force != nullptr) outcome.set_controls_revision(shared_->in_force->revision());
  if (!alone) outcome.set_route_mode(crossing::v1::ROUTE_MODE_BACKEND);
  if (record.rule != nullptr) outcome.set_policy_rule(record.rule->id);
  outcome.set_refused_by_policy(record.refused_by_policy);
  outcome.set_policy_version(record.policy->version);
  BridgeCounts& counts = market_->counts;
  counts.ordered += outcome.state() == Outcome::STATE_ORDERED;
  counts.handed_off += outcome.state() == Outcome::STATE_HANDED_OFF;
  counts.rejected += outcome.state() == Outcome::STATE_REJECTED;
  counts.expired += outcome.state() == Outcome::STATE_EXPIRED;
  market_->times.Add(now.wall_ms - record.append_ms);
  if (outcome.state() == Outcome::STATE_REJECTED) ++market_->refused[outcome.reason()];

  auto bytes = std::make_shared<const std::string>(outcome.SerializeAsString());
  finals_.Remember(record.key, intent.fingerprint(), record.deadline_ms, bytes, /*in_log=*/false);
  auto first = undecided_.find(record.key);
  if (first != undecided_.end() && first->second == number) undecided_.erase(first);
  // A record decided again after a new claim may have its dead letter under way still: a second one
  // would be acknowledged when the record is gone.
  bool evidence_due = !alone && outcome.reason() == crossing::v1::REASON_MALFORMED;
  if (evidence_due && !record.dead_letter_due) {
    WriteDeadLetter(number, DeadLetter::CAUSE_MALFORMED, "refused by the marketplace",
                    record.lane_key, intent.SerializeAsString(), effects);
  }
  bool wait = alone && shared_->rules.lane_waits_for_refusal;
  if (wait) ++record.lane->refusing;
  Write(number, bytes, /*frees_lane=*/wait, effects);
}

void Scope::Write(uint64_t number, const Finals::Bytes& bytes, bool frees_lane, Effects* effects) {
  Record& record = At(number);
  record.stage = Stage::kRecorded;
  uint64_t cookie = NextId();
  cookies_[cookie] =
      Cookie{.kind = Cookie::Kind::kOutcome, .record = number, .frees_lane = frees_lane};
  effects->push_back(effect::ProduceOutcome{cookie, number_, record.lane_key,
                                            FinalRecord(market_->writer, token_, *bytes)});
}

void Scope::WriteDeadLetter(uint64_t number, DeadLetter::Cause cause, std::string_view detail,
                            std::string_view key, std::string_view value, Effects* effects) {
  Record& record = At(number);
  record.dead_letter_due = true;
  ++market_->counts.dead_letters;
  DeadLetter letter;
  letter.set_cause(cause);
  letter.set_detail(std::string(detail));
  letter.set_topic("jembatan.intents.v1");
  letter.set_partition(number_);
  letter.set_offset(record.offset);
  base::SetMs(record.append_ms, letter.mutable_append_time());
  letter.set_key(std::string(key));
  letter.set_value(std::string(value.substr(0, kDeadLetterValueBytes)));
  letter.set_attempts(std::max(record.attempts, 1u));
  letter.set_written_by(market_->writer.instance);
  if (cause != DeadLetter::CAUSE_UNDECODABLE) letter.set_traceparent(record.intent->traceparent());
  uint64_t cookie = NextId();
  Cookie& kept = cookies_[cookie];
  kept.kind = Cookie::Kind::kDeadLetter;
  kept.record = number;
  kept.key = std::string(key);
  kept.value = letter.SerializeAsString();
  effects->push_back(effect::ProduceDeadLetter{cookie, kept.key, kept.value});
}

}  // namespace jembatan::bridge
