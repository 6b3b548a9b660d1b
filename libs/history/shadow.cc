#include "libs/history/shadow.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>

#include "libs/base/timestamp.h"
#include "libs/intent/limits.h"

namespace jembatan::history {
namespace {

using crossing::v1::Outcome;

constexpr size_t kReferenceBytes = 32;

int64_t DeadlineOf(const base::Uuid& id) { return id.unix_ms() + intent::kTtlMs; }

// HMACs and digests: the half of them tells them apart.
std::optional<std::array<char, 16>> HalfOf(const std::string& bytes) {
  if (bytes.size() != kReferenceBytes) return std::nullopt;
  std::array<char, 16> half;
  std::memcpy(half.data(), bytes.data(), half.size());
  return half;
}

bool IsFinal(Outcome::State state) {
  return state >= Outcome::STATE_ORDERED && state <= Outcome::STATE_EXPIRED;
}

std::string NameOf(Outcome::State state) {
  return Outcome::State_Name(state).substr(std::string_view("STATE_").size());
}

size_t HashOf(const std::string& text) { return std::hash<std::string>()(text); }

// What a viewer is told of it.
size_t AnswerOf(const Outcome& outcome) {
  return absl::HashOf(outcome.reason(), outcome.order_id(), outcome.continue_url(),
                      outcome.invoice_url(), outcome.price().currency(),
                      outcome.price().amount_minor());
}

}  // namespace

const Shadow::Body* Shadow::Find(const Key& key, const Bytes16& fingerprint) const {
  const auto at = intents_.find(key);
  if (at == intents_.end()) return nullptr;
  for (const Body& body : at->second) {
    if (body.fingerprint == fingerprint) return &body;
  }
  return nullptr;
}

Shadow::Body& Shadow::BodyOf(const Key& key, const Bytes16& fingerprint) {
  while (remembered_ >= kIntentsMax) DropOldest();
  std::vector<Body>& bodies = intents_[key];
  for (Body& body : bodies) {
    if (body.fingerprint == fingerprint) return body;
  }
  if (bodies.empty()) by_deadline_[DeadlineOf(key.id) / 1'000].push_back(key);
  ++remembered_;
  bodies.push_back({.fingerprint = fingerprint});
  return bodies.back();
}

void Shadow::OnIntent(int64_t offset, int64_t append_ms, std::string_view record_key,
                      std::string_view value, std::vector<Breach>* breaches) {
  intents_append_ms_ = std::max(intents_append_ms_, append_ms);
  Forget();
  const bool decoded = intent_.ParseFromArray(value.data(), static_cast<int>(value.size()));
  const auto id = decoded ? base::Uuid::ParseV7(intent_.intent_id()) : std::nullopt;
  const auto buyer = HalfOf(intent_.buyer_ref());
  const auto fingerprint = HalfOf(intent_.fingerprint());
  // What breaks the contract becomes a dead letter; a copy after the deadline counts for nothing.
  if (!id || !buyer || !fingerprint || intent_.offer_id() != record_key ||
      intent_.offer_id().empty() || intent_.offer_id().size() > intent::kOfferIdBytes ||
      intent_.quantity() == 0 || intent_.quantity() > intent::kQuantityMax ||
      base::ToMs(intent_.deadline()) != DeadlineOf(*id)) {
    return;
  }
  if (append_ms > DeadlineOf(*id) || append_ms <= blind_ms_) return;
  const Key key{*id, *buyer};
  Body& body = BodyOf(key, *fingerprint);
  if (body.lowest_offset >= 0) return;
  body.lowest_offset = offset;
  body.append_ms = append_ms;
  if (IsFinal(body.final)) {
    ++checked_;
    if (body.turn > offset) {
      LeaveTurn(body);
      body.turn = offset;
      TakeTurn(&body, *id, /*in_outcomes=*/false, offset, breaches);
    }
    return;
  }
  const size_t marketplace = HashOf(intent_.marketplace_id());
  if (append_ms < ProgressOf(marketplace)) {
    ++checked_;
    breaches->push_back({1, false, offset, *id, "its owner is done with it, and it has no final"});
    return;
  }
  unfinished_.push_back({key, *fingerprint, offset, append_ms, marketplace});
}

void Shadow::OnOutcome(int64_t offset, int64_t append_ms, std::string_view value,
                       std::vector<Breach>* breaches) {
  using Verdict = crossing::OutcomeJudge::Verdict;
  if (!judge_) judge_.emplace(offset);
  if (!record_.ParseFromArray(value.data(), static_cast<int>(value.size()))) return;
  const Verdict verdict = judge_->Judge(record_);
  // Whether it counts stands in what the log no longer has, and so does what it says of intents.
  if (verdict == Verdict::kReadEarlier) {
    blind_ms_ = std::max(blind_ms_, append_ms + intent::kBrokerSkewMs);
  }
  if (verdict != Verdict::kValid) return;
  if (record_.has_open()) {
    OnProgress(record_.marketplace_id(), base::ToMs(record_.open().progress()), breaches);
  } else if (record_.has_outcome() && IsFinal(record_.outcome().state())) {
    OnFinal(offset, record_.outcome(), breaches);
  }
}

void Shadow::OnFinal(int64_t offset, const Outcome& outcome, std::vector<Breach>* breaches) {
  const auto id = base::Uuid::ParseV7(outcome.intent_id());
  const auto buyer = HalfOf(outcome.buyer_ref());
  const auto fingerprint = HalfOf(outcome.fingerprint());
  if (!id || !buyer || !fingerprint) return;
  const Key key{*id, *buyer};
  Body& body = BodyOf(key, *fingerprint);
  const size_t answer = AnswerOf(outcome);
  const size_t order = HashOf(outcome.order_id());
  if (IsFinal(body.final)) return Compare(body, offset, key, outcome, answer, order, breaches);
  body.final = outcome.state();
  body.answer = answer;
  body.order = order;
  if (body.lowest_offset >= 0) ++checked_;
  if (outcome.state() != Outcome::STATE_ORDERED) return;
  OnOrdered(key, offset, outcome, breaches);
  if (outcome.sequence() == 0) return;
  body.offer = absl::HashOf(record_.marketplace_id(), outcome.offer_id());
  body.sequence = outcome.sequence();
  // A copy below the one decided may have been read before, or be read yet.
  body.turn = outcome.intent_offset();
  if (body.lowest_offset >= 0) body.turn = std::min(body.turn, body.lowest_offset);
  TakeTurn(&body, *id, /*in_outcomes=*/true, offset, breaches);
}

// Those that are in turn already are in order: so its two neighbours tell all.
void Shadow::TakeTurn(Body* body, const base::Uuid& id, bool in_outcomes, int64_t offset,
                      std::vector<Breach>* breaches) {
  if (turns_.size() >= kOffersMax) {
    absl::erase_if(turns_, [](const auto& entry) {
      return entry.second.size() == 1 && entry.second.begin()->second.last_forgotten;
    });
  }
  Turns& turns = turns_[body->offer];
  const auto after = turns.upper_bound(body->turn);
  const auto before = after == turns.begin() ? turns.end() : std::prev(after);
  if (before != turns.end() && before->first == body->turn && before->second.last_forgotten &&
      before->second.sequence == body->sequence) {
    // A new owner repeats what was forgotten since.
    before->second.last_forgotten = false;
    return;
  }
  const bool too_early = before != turns.end() && before->second.sequence >= body->sequence;
  const bool too_late = after != turns.end() && after->second.sequence <= body->sequence;
  if (too_early || too_late) {
    breaches->push_back({6, in_outcomes, offset, id,
                         too_early ? "ordered before one of its offer that was accepted first"
                                   : "ordered after one of its offer that was accepted later"});
    // It is told once, and not of all that come after it.
    body->turn = -1;
    return;
  }
  const bool newest = after == turns.end();
  turns.emplace(body->turn, Turn{.sequence = body->sequence});
  if (newest && before != turns.end() && before->second.last_forgotten) turns.erase(before);
}

void Shadow::LeaveTurn(const Body& body) {
  if (body.turn < 0) return;
  const auto offer = turns_.find(body.offer);
  if (offer == turns_.end()) return;
  const auto at = offer->second.find(body.turn);
  if (at != offer->second.end()) offer->second.erase(at);
}

void Shadow::Compare(const Body& body, int64_t offset, const Key& key, const Outcome& outcome,
                     size_t answer, size_t order, std::vector<Breach>* breaches) const {
  if (body.final == outcome.state() && body.answer == answer) return;
  const bool never = body.final == Outcome::STATE_REJECTED || body.final == Outcome::STATE_EXPIRED;
  int promise = 3;
  if (body.final != outcome.state() || body.order != order) {
    promise = never && outcome.state() == Outcome::STATE_ORDERED ? 2 : 1;
  }
  breaches->push_back(
      {promise, true, offset, key.id,
       "two finals that differ, " + NameOf(body.final) + " and " + NameOf(outcome.state())});
}

void Shadow::OnOrdered(const Key& key, int64_t offset, const Outcome& outcome,
                       std::vector<Breach>* breaches) const {
  const std::vector<Body>& bodies = intents_.at(key);
  if (std::count_if(bodies.begin(), bodies.end(),
                    [](const Body& one) { return one.final == Outcome::STATE_ORDERED; }) > 1) {
    breaches->push_back({4, true, offset, key.id, "ordered with two bodies"});
  }
  if (base::ToMs(outcome.intent_append_time()) > DeadlineOf(key.id)) {
    breaches->push_back({5, true, offset, key.id, "ordered, though it came after its deadline"});
  }
}

int64_t Shadow::ProgressOf(size_t marketplace) const {
  const auto at = progress_.find(marketplace);
  return at == progress_.end() ? 0 : at->second;
}

void Shadow::OnProgress(const std::string& marketplace_id, int64_t progress_ms,
                        std::vector<Breach>* breaches) {
  int64_t& progress = progress_[HashOf(marketplace_id)];
  // The brokers' clocks that append times come from may differ by so much.
  progress = std::max(progress, progress_ms - intent::kBrokerSkewMs);
  // Those of another marketplace, and those that are not due, stay where they are.
  std::deque<Unfinished> left;
  for (const Unfinished& one : unfinished_) {
    const Body* body = Find(one.key, one.fingerprint);
    if (body == nullptr || IsFinal(body->final) || one.append_ms <= blind_ms_) continue;
    if (one.append_ms >= ProgressOf(one.marketplace)) {
      left.push_back(one);
      continue;
    }
    ++checked_;
    breaches->push_back(
        {1, false, one.offset, one.key.id, "its owner is done with it, and it has no final"});
  }
  unfinished_ = std::move(left);
  Forget();
}

void Shadow::Forget() {
  if (progress_.empty()) return;
  int64_t passed_ms = intents_append_ms_ - intent::kBrokerSkewMs;
  for (const auto& [marketplace, progress_ms] : progress_) {
    passed_ms = std::min(passed_ms, progress_ms);
  }
  while (!by_deadline_.empty() && by_deadline_.begin()->first * 1'000 + 999 < passed_ms) {
    for (const Key& key : by_deadline_.begin()->second) Forget(key);
    by_deadline_.erase(by_deadline_.begin());
  }
}

// The last order of an offer keeps its turn.
void Shadow::Forget(const Key& key) {
  const auto at = intents_.find(key);
  if (at == intents_.end()) return;
  for (const Body& body : at->second) {
    const auto offer = body.turn < 0 ? turns_.end() : turns_.find(body.offer);
    if (offer == turns_.end()) continue;
    const auto turn = offer->second.find(body.turn);
    if (turn == offer->second.end()) continue;
    if (std::next(turn) == offer->second.end()) {
      turn->second.last_forgotten = true;
    } else {
      offer->second.erase(turn);
    }
  }
  remembered_ -= at->second.size();
  intents_.erase(at);
}

void Shadow::DropOldest() {
  auto oldest = by_deadline_.begin();
  const size_t before = remembered_;
  Forget(oldest->second.back());
  oldest->second.pop_back();
  unchecked_ += before - remembered_;
  if (oldest->second.empty()) by_deadline_.erase(oldest);
  // Theirs are no longer known, and are left out when next looked at; so this stays bounded too.
  if (unfinished_.size() > 2 * kIntentsMax) {
    std::erase_if(unfinished_, [this](const Unfinished& one) {
      return Find(one.key, one.fingerprint) == nullptr;
    });
  }
}

}  // namespace jembatan::history
