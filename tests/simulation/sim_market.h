#pragma once

// SimMarket: an in-memory marketplace that keeps the orders contract: token, deadline and
// remembered results are checked at the moment of deciding. Its own rules can be switched off one
// by one, like the bridge's, to see that the simulation finds their absence.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/bridge/events.h"
#include "tests/simulation/world.h"

namespace jembatan::simulation {

struct MarketRules {
  bool token_checked = true;                // 3: the token is checked at all
  bool deadline_inside_transaction = true;  // 3
  bool remember_results = true;             // 7
  bool fence_is_durable = true;             // 3: survives a restart
  bool bodies_compared = true;              // 7: ID_REUSED
  bool results_are_durable = true;          // 7: survive a restart
};

struct LedgerRow {
  std::string buyer_ref;
  std::string intent_id;
  std::string fingerprint;
  std::string offer_id;
  int64_t decided_ms = 0;
};

class SimMarket {
 public:
  SimMarket(World* world, MarketRules rules) : world_(world), rules_(rules) {}

  uint64_t Fence(int32_t partition, uint64_t token);
  bool Stale(int32_t partition, uint64_t token);
  // One order inside the transaction; arrived_ms is when its batch came in.
  bridge::Decision Decide(const crossing::v1::PurchaseIntent& intent, int64_t arrived_ms);
  bridge::Finding Find(const crossing::v1::PurchaseIntent& intent) const;
  void Restart();

  // Orders in the order they took effect.
  std::vector<LedgerRow> ledger;
  int64_t stock = 1'000'000;

 private:
  World* world_;
  const MarketRules rules_;
  std::map<int32_t, uint64_t> fences_;
  std::map<std::pair<std::string, std::string>, crossing::v1::Outcome> results_;
};

}  // namespace jembatan::simulation
