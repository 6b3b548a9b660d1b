#include "tests/simulation/history.h"

#include <memory>
#include <set>

#include "libs/base/timestamp.h"
#include "libs/intent/limits.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/sim_bridge.h"
#include "tests/simulation/sim_log.h"

namespace jembatan::simulation {
namespace {

constexpr int kPartitions = 2;
constexpr int kBridges = 3;
constexpr int kOffers = 4;
constexpr int64_t kTroubleMs = 300'000;
constexpr int64_t kCalmMs = 400'000;
constexpr int64_t kSessionTimeoutMs = 10'000;

class History {
 public:
  explicit History(const HistoryOptions& options)
      : world_(options.seed),
        log_(&world_, kPartitions),
        market_(&world_, options.market_rules),
        owner_(kPartitions, -1) {
    world_.tracing = options.trace;
    for (int i = 0; i < kBridges; ++i) {
      bridges_.push_back(std::make_unique<SimBridge>(&world_, &log_, &market_, i,
                                                     options.bridge_rules, options.bridge_bugs));
      bridges_[i]->commit_allowed = [this, i](int partition) {
        return owner_[partition] == i && owner_life_[partition] == bridges_[i]->life();
      };
      bridges_[i]->on_release = [this](int partition) { Released(partition); };
    }
    log_.on_append = [this](int partition) {
      for (auto& bridge : bridges_) bridge->LookAgain(partition);
    };
  }

  HistoryResult Run() {
    for (auto& bridge : bridges_) bridge->Boot();
    for (int p = 0; p < kPartitions; ++p) Give(p, static_cast<int>(world_.chance.Between(0, 2)));
    PlanTaps();
    PlanTrouble();
    WatchMembers();
    world_.RunUntil(World::kEpochMs + kTroubleMs);
    Calm();
    world_.RunUntil(World::kEpochMs + kTroubleMs + kCalmMs);
    return Conclude();
  }

 private:
  // --- The viewers and their gateways
  // -------------------------------------------------------------

  crossing::v1::PurchaseIntent Tap(int64_t tap_ms) {
    crossing::v1::PurchaseIntent intent;
    base::Uuid id = base::Uuid::MakeV7(tap_ms, world_.chance.Next(), world_.chance.Next());
    intent.set_intent_id(id.ToString());
    intent.set_buyer_ref(std::string(32, static_cast<char>('a' + world_.chance.Between(0, 2))));
    intent.set_offer_id(Offer());
    intent.set_quantity(1);
    intent.set_marketplace_id(world_.chance.OneIn(40) ? "elsewhere" : "m");
    intent.set_consent_given(!world_.chance.OneIn(30));
    base::SetMs(tap_ms + intent::kTtlMs, intent.mutable_deadline());
    Sign(&intent);
    return intent;
  }

  std::string Offer() { return "offer-" + std::to_string(world_.chance.Between(0, kOffers - 1)); }

  void Sign(crossing::v1::PurchaseIntent* intent) {
    std::string body = intent->offer_id() + "/" + std::to_string(intent->quantity());
    intent->set_fingerprint((body + std::string(32, '.')).substr(0, 32));
  }

  static int PartitionOf(const std::string& offer) { return (offer.back() - '0') % kPartitions; }

  void Submit(const crossing::v1::PurchaseIntent& intent, int64_t delay_ms) {
    world_.After(delay_ms, [this, intent] {
      world_.Trace("append intent %s %s %s at %d/%zu", intent.intent_id().c_str(),
                   intent.buyer_ref().substr(0, 1).c_str(),
                   intent.fingerprint().substr(0, 9).c_str(), PartitionOf(intent.offer_id()),
                   log_.intents[PartitionOf(intent.offer_id())].size());
      log_.AppendIntent(PartitionOf(intent.offer_id()), intent.offer_id(),
                        intent.SerializeAsString());
    });
  }

  void PlanTaps() {
    int64_t taps = world_.chance.Between(8, 40);
    for (int64_t i = 0; i < taps; ++i) {
      world_.After(world_.chance.Between(0, kTroubleMs), [this] {
        crossing::v1::PurchaseIntent intent =
            Tap(world_.now_ms() + world_.chance.Between(-2'000, 4'000));
        Submit(intent, world_.Delay());
        // Copies, some of them appended long after (a frozen gateway).
        for (int64_t copies = world_.chance.Between(-3, 3); copies > 0; --copies) {
          Submit(intent,
                 world_.chance.OneIn(2) ? world_.Delay() : world_.chance.Between(0, 200'000));
        }
        if (world_.chance.OneIn(8)) {
          crossing::v1::PurchaseIntent other = intent;
          world_.chance.OneIn(2) ? other.set_quantity(2) : other.set_offer_id(Offer());
          Sign(&other);
          Submit(other, world_.chance.Between(0, 60'000));
        }
      });
    }
    if (world_.chance.OneIn(3)) {
      world_.After(world_.chance.Between(0, kTroubleMs),
                   [this] { log_.AppendIntent(0, "offer-0", "\xff not a message"); });
    }
  }

  // --- Trouble
  // -------------------------------------------------------------------------------------

  void PlanTrouble() {
    int64_t troubles = world_.chance.Between(0, 24);
    for (int64_t i = 0; i < troubles; ++i) {
      world_.After(world_.chance.Between(0, kTroubleMs), [this] { Trouble(); });
    }
  }

  void Trouble() {
    int64_t victim = world_.chance.Between(0, kBridges - 1);
    int64_t kind = world_.chance.Between(0, 5);
    static constexpr const char* kKinds[] = {"crash",          "freeze",        "break stream",
                                             "market restart", "leader change", "move"};
    world_.Trace("trouble: %s, bridge %d", kKinds[kind], static_cast<int>(victim));
    SimBridge& bridge = *bridges_[victim];
    switch (kind) {
      case 0:
        if (!bridge.alive()) return;
        bridge.Crash();
        world_.After(world_.chance.Between(100, 60'000), [&bridge] {
          if (!bridge.alive()) bridge.Boot();
        });
        return;
      case 1:
        if (bridge.alive()) bridge.Freeze(world_.chance.Between(1'000, 150'000));
        return;
      case 2:
        bridge.BreakStream();
        return;
      case 3:
        market_.Restart();
        for (auto& each : bridges_) each->BreakStream();
        return;
      case 4:
        log_.ChangeLeader(static_cast<int>(world_.chance.Between(0, kPartitions - 1)));
        return;
      default:
        Move(static_cast<int>(world_.chance.Between(0, kPartitions - 1)));
        return;
    }
  }

  // --- The group
  // -----------------------------------------------------------------------------------

  bool Healthy(int member) const {
    return bridges_[member]->alive() && !bridges_[member]->frozen();
  }

  void Give(int partition, int member) {
    world_.Trace("group: partition %d to bridge %d", partition, member);
    owner_[partition] = member;
    owner_life_[partition] = bridges_[member]->life();
    bridges_[member]->Assign(partition);
  }

  int SomeHealthy() {
    int first = static_cast<int>(world_.chance.Between(0, kBridges - 1));
    for (int i = 0; i < kBridges; ++i) {
      if (Healthy((first + i) % kBridges)) return (first + i) % kBridges;
    }
    return -1;
  }

  // A rebalance that the owner takes part in: it drains within a budget.
  void Move(int partition) {
    int owner = owner_[partition];
    if (owner < 0 || !Healthy(owner) || moving_.contains(partition)) return;
    moving_.insert(partition);
    bridges_[owner]->Revoke(partition, /*lost=*/false);
    world_.After(5'000, [this, partition, owner] {
      if (owner_[partition] == owner && moving_.contains(partition)) Released(partition);
    });
  }

  void Released(int partition) {
    if (moving_.erase(partition) == 0) return;
    int next = SomeHealthy();
    owner_[partition] = -1;
    if (next >= 0) Give(partition, next);
  }

  // Members that are silent for longer than the session time-out lose their partitions.
  void WatchMembers() {
    for (int p = 0; p < kPartitions; ++p) {
      int owner = owner_[p];
      bool silent = owner < 0 || !Healthy(owner) || owner_life_[p] != bridges_[owner]->life();
      if (!silent) {
        silent_since_[p] = world_.now_ms();
      } else if (world_.now_ms() - silent_since_[p] > kSessionTimeoutMs) {
        int next = SomeHealthy();
        if (next >= 0) {
          moving_.erase(p);
          if (owner >= 0) bridges_[owner]->Revoke(p, /*lost=*/true);
          Give(p, next);
          silent_since_[p] = world_.now_ms();
        }
      }
    }
    world_.After(1'000, [this] { WatchMembers(); });
  }

  void Calm() {
    world_.calm = true;
    for (auto& bridge : bridges_) {
      if (!bridge->alive()) bridge->Boot();
    }
  }

  HistoryResult Conclude() {
    HistoryResult result;
    JudgedHistory judged = JudgeHistory(log_, market_.ledger);
    result.violation = judged.violation;
    result.intents = judged.intents;
    result.expired = judged.expired;
    result.void_outcomes = judged.void_outcomes;
    result.ordered = market_.ledger.size();
    for (auto& bridge : bridges_) {
      if (bridge->core() != nullptr) result.claims += bridge->core()->counts().claims;
    }
    result.steps = world_.steps;
    result.virtual_ms = kTroubleMs + kCalmMs;
    return result;
  }

  World world_;
  SimLog log_;
  SimMarket market_;
  std::vector<std::unique_ptr<SimBridge>> bridges_;
  std::vector<int> owner_;
  uint64_t owner_life_[kPartitions] = {};
  std::set<int> moving_;
  int64_t silent_since_[kPartitions] = {World::kEpochMs, World::kEpochMs};
};

}  // namespace

HistoryResult RunHistory(const HistoryOptions& options) { return History(options).Run(); }

uint64_t FirstBroken(HistoryOptions options, uint64_t seeds, std::string* violation) {
  for (options.seed = 1; options.seed <= seeds; ++options.seed) {
    *violation = RunHistory(options).violation;
    if (!violation->empty()) return options.seed;
  }
  return 0;
}

}  // namespace jembatan::simulation
