#pragma once

// SimMarket: an in-memory marketplace that keeps the orders contract: token, deadline and
// remembered results are checked at the moment of deciding. Its own rules can be switched off one
// by one, like the bridge's, to see that the simulation finds their absence.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
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
  bool batch_is_atomic = true;              // a crash in mid-transaction leaves nothing of it
};

struct LedgerRow {
  size_t market = 0;
  std::string buyer_ref;
  std::string intent_id;
  std::string fingerprint;
  std::string offer_id;
  int64_t decided_ms = 0;
};

class SimMarket {
 public:
  // number: its place in kMarketIds.
  SimMarket(World* world, size_t number, MarketRules rules)
      : world_(world), number_(number), rules_(rules) {}

  uint64_t Fence(int32_t partition, uint64_t token);
  bool Stale(int32_t partition, uint64_t token);
  // One transaction; arrived_ms is when its batch came in. Nothing: the marketplace crashed in it.
  std::optional<std::vector<bridge::Decision>> Decide(
      const std::vector<crossing::v1::PurchaseIntent>& intents, int64_t arrived_ms);
  bridge::Finding Find(const crossing::v1::PurchaseIntent& intent) const;
  void Restart();
  // Nobody reaches it for so long: streams break, and calls get no answer.
  void GoAway(int64_t for_ms) {
    away_until_ms_ = std::max(away_until_ms_, world_->now_ms() + for_ms);
    on_restart();
  }
  void ComeBack() { away_until_ms_ = 0; }
  bool away() const { return world_->now_ms() < away_until_ms_; }
  int64_t away_until_ms() const { return away_until_ms_; }
  // The next transaction ends in a crash before its commit.
  void CrashInNextTransaction() { crash_due_ = true; }
  // Streams to it break.
  std::function<void()> on_restart;

  // Orders in the order they took effect.
  std::vector<LedgerRow> ledger;
  int64_t stock = 1'000'000;

 private:
  using Key = std::pair<std::string, std::string>;  // buyer_ref, intent_id

  bridge::Decision DecideOne(const crossing::v1::PurchaseIntent& intent, int64_t arrived_ms,
                             std::vector<Key>* written);
  void Crash(size_t rows_before, const std::vector<Key>& written);

  World* world_;
  const size_t number_;
  const MarketRules rules_;
  int64_t away_until_ms_ = 0;
  bool crash_due_ = false;
  std::map<int32_t, uint64_t> fences_;
  std::map<Key, crossing::v1::Outcome> results_;
};

}  // namespace jembatan::simulation
