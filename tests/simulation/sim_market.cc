#include "tests/simulation/sim_market.h"

#include "libs/base/timestamp.h"

namespace jembatan::simulation {

using crossing::v1::Outcome;

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
}

bridge::Decision SimMarket::Decide(const crossing::v1::PurchaseIntent& intent, int64_t arrived_ms) {
  bridge::Decision decision;
  Outcome& outcome = decision.outcome;
  auto key = std::pair(intent.buyer_ref(), intent.intent_id());
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
  } else if (world_->chance.OneIn(8)) {
    outcome.set_state(Outcome::STATE_REJECTED);
    outcome.set_reason(crossing::v1::REASON_OUT_OF_STOCK);
  } else {
    ledger.push_back({intent.buyer_ref(), intent.intent_id(), intent.fingerprint(),
                      intent.offer_id(), world_->now_ms()});
    outcome.set_state(Outcome::STATE_ORDERED);
    outcome.set_order_id("T-" + std::to_string(ledger.size()));
  }
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
