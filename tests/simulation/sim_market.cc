#include "tests/simulation/sim_market.h"

#include <algorithm>

#include "libs/base/timestamp.h"

namespace jembatan::simulation {

using crossing::v1::Outcome;

namespace {

// Whether the goods were sold out does not depend on what else happens.
bool SoldOut(uint64_t seed, const std::string& intent_id) {
  uint64_t hash = seed;
  for (char c : intent_id) hash = hash * 1099511628211u ^ static_cast<uint8_t>(c);
  return Chance(Mix(part::kMarket, hash)).OneIn(8);
}

}  // namespace

uint64_t SimMarket::Fence(int32_t partition, uint64_t token) {
  uint64_t& highest = fences_[partition];
  highest = std::max(highest, token);
  return highest;
}

bool SimMarket::Stale(int32_t partition, uint64_t token) {
  if (!rules_.token_checked) return false;
  return token < Fence(partition, token);
}

void SimMarket::Restart() {
  if (!rules_.fence_is_durable) fences_.clear();
  if (!rules_.results_are_durable) results_.clear();
  on_restart();
}

std::optional<std::vector<bridge::Decision>> SimMarket::Decide(
    const std::vector<crossing::v1::PurchaseIntent>& intents, int64_t arrived_ms) {
  const size_t rows_before = ledger.size();
  std::vector<Key> written;
  std::vector<bridge::Decision> decisions;
  for (const crossing::v1::PurchaseIntent& intent : intents) {
    decisions.push_back(DecideOne(intent, arrived_ms, &written));
  }
  if (!std::exchange(crash_due_, false)) return decisions;
  Crash(rows_before, written);
  return std::nullopt;
}

void SimMarket::Crash(size_t rows_before, const std::vector<Key>& written) {
  world_->Trace("marketplace: crashes in mid-transaction");
  size_t kept = rules_.batch_is_atomic ? 0 : (ledger.size() - rows_before + 1) / 2;
  ledger.resize(rows_before + kept);
  for (const Key& key : written) results_.erase(key);
  Restart();
}

bridge::Decision SimMarket::DecideOne(const crossing::v1::PurchaseIntent& intent,
                                      int64_t arrived_ms, std::vector<Key>* written) {
  bridge::Decision decision;
  Outcome& outcome = decision.outcome;
  Key key(intent.buyer_ref(), intent.intent_id());
  auto known = results_.find(key);
  if (known != results_.end() && rules_.remember_results) {
    if (known->second.fingerprint() == intent.fingerprint() || !rules_.bodies_compared) {
      outcome = known->second;
    } else {
      outcome.set_state(Outcome::STATE_REJECTED);
      outcome.set_reason(crossing::v1::REASON_ID_REUSED);
      outcome.set_fingerprint(known->second.fingerprint());
    }
    return decision;
  }
  int64_t deadline_ms = base::ToMs(intent.deadline());
  int64_t clock_ms = rules_.deadline_inside_transaction ? world_->now_ms() : arrived_ms;
  outcome.set_fingerprint(intent.fingerprint());
  if (clock_ms > deadline_ms) {
    outcome.set_state(Outcome::STATE_EXPIRED);
  } else if (SoldOut(world_->seed, intent.intent_id())) {
    outcome.set_state(Outcome::STATE_REJECTED);
    outcome.set_reason(crossing::v1::REASON_OUT_OF_STOCK);
  } else {
    ledger.push_back({number_, intent.buyer_ref(), intent.intent_id(), intent.fingerprint(),
                      intent.offer_id(), world_->now_ms()});
    outcome.set_state(Outcome::STATE_ORDERED);
    outcome.set_order_id((number_ == 0 ? "T-" : "U-") + std::to_string(ledger.size()));
    outcome.set_sequence(ledger.size());
  }
  if (known == results_.end()) written->push_back(key);
  results_[key] = outcome;
  return decision;
}

bridge::Finding SimMarket::Find(const crossing::v1::PurchaseIntent& intent) const {
  bridge::Finding finding;
  auto known = results_.find({intent.buyer_ref(), intent.intent_id()});
  finding.found = known != results_.end();
  if (finding.found) finding.outcome = known->second;
  return finding;
}

}  // namespace jembatan::simulation
