#include "services/gateway/outcome_window.h"

#include <algorithm>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/timestamp.h"
#include "libs/intent/limits.h"
#include "services/gateway/crossing.h"

namespace jembatan::gateway {
namespace {

// Bodies remembered under one id. Further refused ones (ID_REUSED) are pushed and forgotten, so
// that a client that varies a body cannot make one entry's search long.
constexpr size_t kBodiesPerId = 8;

using CrossingOutcome = crossing::v1::Outcome;
using IntakeOutcome = intake::v1::Outcome;

// Whether this gateway has a word for what became of the intent.
bool CanTell(const Final& final) {
  return final.outcome.state() != IntakeOutcome::STATE_UNSPECIFIED;
}

// Null when the outcome lacks what makes it somebody's.
FinalPtr MakeFinal(int partition, const CrossingOutcome& outcome) {
  auto final = std::make_shared<Final>();
  final->outcome = ToIntake(outcome);
  std::optional<base::Uuid> id = base::Uuid::ParseV7(outcome.intent_id());
  if (!id || outcome.buyer_ref().size() != final->buyer.bytes.size()) return nullptr;
  std::copy(outcome.buyer_ref().begin(), outcome.buyer_ref().end(), final->buyer.bytes.begin());
  final->id = *id;
  final->partition = partition;
  final->intent_offset = outcome.intent_offset();
  return final;
}

}  // namespace

OutcomeWindow::OutcomeWindow(Options options)
    : options_(std::move(options)), partitions_(static_cast<size_t>(options_.partitions)) {
  JEMB_CHECK(options_.partitions > 0 && options_.capacity > 0 && !options_.marketplaces.empty());
  for (Partition& p : partitions_) p.progress_ms.assign(options_.marketplaces.size(), -1);
}

void OutcomeWindow::StartPartition(int partition, int64_t offset, int64_t append_floor_ms) {
  base::MutexLock lock(&mutex_);
  Partition& p = partitions_.at(static_cast<size_t>(partition));
  p.judge.emplace(offset);
  p.append_floor_ms = append_floor_ms;
  // Progress speaks of what lies before it in the log, and that has yet to be read again.
  p.progress_ms.assign(options_.marketplaces.size(), -1);
}

OutcomeWindow::Fed OutcomeWindow::Feed(int partition, int64_t /*offset*/, std::string_view value) {
  Fed fed;
  crossing::v1::OutcomeRecord record;
  bool readable = record.ParseFromArray(value.data(), static_cast<int>(value.size()));
  const uint64_t unknown = readable ? UnknownFieldsIn(record) : 0;
  FinalPtr final;
  if (readable && record.has_outcome()) {
    final = MakeFinal(partition, record.outcome());
    readable = final != nullptr;
  }

  base::MutexLock lock(&mutex_);
  Partition& p = partitions_.at(static_cast<size_t>(partition));
  JEMB_CHECK(p.judge.has_value());
  unknown_fields_ += unknown;
  if (!readable) {
    ++unreadable_;
    fed.unreadable = true;
    return fed;
  }
  // Scopes are apart: one marketplace's progress says nothing of another's intents.
  const auto& ids = options_.marketplaces;
  fed.market = static_cast<size_t>(std::ranges::find(ids, record.marketplace_id()) - ids.begin());
  if (fed.market == ids.size()) return {};
  switch (p.judge->Judge(record)) {
    case crossing::OutcomeJudge::Verdict::kVoid:
      return fed;
    case crossing::OutcomeJudge::Verdict::kReadEarlier:
      fed.read_again_from = static_cast<int64_t>(record.token());
      return fed;
    case crossing::OutcomeJudge::Verdict::kValid:
      break;
  }
  if (record.has_open() && record.open().has_progress()) {
    fed.progress_ms = base::ToMs(record.open().progress());
    p.progress_ms[fed.market] = std::max(p.progress_ms[fed.market], fed.progress_ms);
  }
  if (final) Take(std::move(final), base::ToMs(record.outcome().intent_append_time()), &fed);
  if (fed.intent_offset >= 0)
    fed.offer_id = std::move(*record.mutable_outcome()->mutable_offer_id());
  return fed;
}

void OutcomeWindow::Take(FinalPtr final, int64_t intent_append_ms, Fed* fed) {
  if (final->outcome.state() == IntakeOutcome::STATE_UNCONFIRMED) {
    // Never overrides a final.
    if (!Exact(Key{final->buyer, final->id}, final->outcome.fingerprint())) {
      fed->final = std::move(final);
    }
    return;
  }
  fed->intent_offset = final->intent_offset;
  fed->intent_append_ms = intent_append_ms;
  // No one but a newer gateway can tell what it says. It is a final all the same.
  if (!CanTell(*final)) ++unreadable_;
  if (Remember(final) && CanTell(*final)) fed->final = std::move(final);
}

bool OutcomeWindow::Remember(const FinalPtr& final) {
  const Key key{final->buyer, final->id};
  if (Exact(key, final->outcome.fingerprint())) return false;
  std::vector<FinalPtr>& bodies = finals_[key];
  bool refused_copy = final->outcome.reason() == intake::v1::REASON_ID_REUSED;
  if (refused_copy && bodies.size() >= kBodiesPerId) return true;
  bodies.push_back(final);
  oldest_first_.push_back(final);
  if (oldest_first_.size() > options_.capacity) ForgetOldest();
  return true;
}

void OutcomeWindow::ForgetOldest() {
  FinalPtr oldest = std::move(oldest_first_.front());
  oldest_first_.pop_front();
  evicted_before_ms_ = std::max(evicted_before_ms_, oldest->id.unix_ms());
  auto it = finals_.find(Key{oldest->buyer, oldest->id});
  JEMB_CHECK(it != finals_.end());
  // By its body: how its order fares may have been told since, by a final in its place.
  std::erase_if(it->second, [&oldest](const FinalPtr& final) {
    return final->outcome.fingerprint() == oldest->outcome.fingerprint();
  });
  if (it->second.empty()) finals_.erase(it);
}

FinalPtr OutcomeWindow::FeedOrderState(std::string_view value, bool* readable) {
  crossing::v1::OrderStateRecord record;
  std::optional<OrderStateTold> told;
  if (record.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    told = ToOrderState(record);
  }
  *readable = told.has_value();
  if (!told) return nullptr;
  base::MutexLock lock(&mutex_);
  unknown_fields_ += UnknownFieldsIn(record);
  const auto it = finals_.find(Key{told->buyer, told->id});
  if (it == finals_.end()) return nullptr;
  for (FinalPtr& final : it->second) {
    const IntakeOutcome& known = final->outcome;
    if (known.state() != IntakeOutcome::STATE_ORDERED) continue;
    if (known.has_order_state_at() && base::ToMs(known.order_state_at()) >= told->changed_ms) {
      return nullptr;
    }
    auto changed = std::make_shared<Final>(*final);
    changed->outcome.set_order_state(told->state);
    base::SetMs(told->changed_ms, changed->outcome.mutable_order_state_at());
    final = std::move(changed);
    return final;
  }
  return nullptr;
}

void OutcomeWindow::Forget(int partition, int64_t append_floor_ms) {
  base::MutexLock lock(&mutex_);
  Partition& p = partitions_.at(static_cast<size_t>(partition));
  p.append_floor_ms = std::max(p.append_floor_ms, append_floor_ms);
}

void OutcomeWindow::SetCaughtUp(int partition) {
  base::MutexLock lock(&mutex_);
  partitions_.at(static_cast<size_t>(partition)).caught_up = true;
}

bool OutcomeWindow::ready() const {
  base::MutexLock lock(&mutex_);
  return std::all_of(partitions_.begin(), partitions_.end(),
                     [](const Partition& p) { return p.caught_up; });
}

FinalPtr OutcomeWindow::Find(const identity::BuyerRef& buyer, const base::Uuid& id) const {
  base::MutexLock lock(&mutex_);
  auto it = finals_.find(Key{buyer, id});
  if (it == finals_.end()) return nullptr;
  for (const FinalPtr& final : it->second) {
    // ID_REUSED is never the final of an id's first body.
    if (final->outcome.reason() == intake::v1::REASON_ID_REUSED) continue;
    return CanTell(*final) ? final : nullptr;
  }
  return nullptr;
}

FinalPtr OutcomeWindow::Find(const identity::BuyerRef& buyer, const base::Uuid& id,
                             std::string_view fingerprint) const {
  base::MutexLock lock(&mutex_);
  FinalPtr final = Exact(Key{buyer, id}, fingerprint);
  return final && CanTell(*final) ? final : nullptr;
}

FinalPtr OutcomeWindow::Exact(const Key& key, std::string_view fingerprint) const {
  auto it = finals_.find(key);
  if (it == finals_.end()) return nullptr;
  for (const FinalPtr& final : it->second) {
    if (final->outcome.fingerprint() == fingerprint) return final;
  }
  return nullptr;
}

intake::v1::GetOutcomesResponse::Verdict OutcomeWindow::VerdictWithout(
    int partition, const identity::BuyerRef& buyer, const base::Uuid& id, size_t market) const {
  using Answers = intake::v1::GetOutcomesResponse;
  base::MutexLock lock(&mutex_);
  if (id.unix_ms() <= evicted_before_ms_) return Answers::VERDICT_FORGOTTEN;
  if (partition < 0 || partition >= options_.partitions) return Answers::VERDICT_NOT_YET;
  const Partition& p = partitions_[static_cast<size_t>(partition)];
  // The earliest that a copy can have been appended.
  int64_t earliest_ms = id.unix_ms() - intent::kFutureMs - intent::kBrokerSkewMs;
  if (p.append_floor_ms > earliest_ms) return Answers::VERDICT_FORGOTTEN;
  // Decided, in a word of a newer bridge: another gateway, or this one after its upgrade, tells it.
  auto it = finals_.find(Key{buyer, id});
  bool untold =
      it != finals_.end() && !std::all_of(it->second.begin(), it->second.end(),
                                          [](const FinalPtr& final) { return CanTell(*final); });
  if (untold) return Answers::VERDICT_NOT_YET;
  // Progress is known only from an open read in order, so all finals before it have been read too.
  int64_t last_ms = id.unix_ms() + intent::kTtlMs + intent::kBrokerSkewMs;
  return p.progress_ms.at(market) > last_ms ? Answers::VERDICT_NONE : Answers::VERDICT_NOT_YET;
}

size_t OutcomeWindow::size() const {
  base::MutexLock lock(&mutex_);
  return oldest_first_.size();
}

uint64_t OutcomeWindow::unknown_fields() const {
  base::MutexLock lock(&mutex_);
  return unknown_fields_;
}

uint64_t OutcomeWindow::unreadable() const {
  base::MutexLock lock(&mutex_);
  return unreadable_;
}

}  // namespace jembatan::gateway
