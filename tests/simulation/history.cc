#include "tests/simulation/history.h"

#include <memory>

#include "libs/base/timestamp.h"
#include "libs/controls/limits.h"
#include "libs/intent/limits.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/offers.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/sim_controls.h"
#include "tests/simulation/sim_group.h"
#include "tests/simulation/sim_log.h"

namespace jembatan::simulation {
namespace {

using Kind = Entry::Kind;

// A marketplace that no bridge knows.
constexpr char kElsewhere[] = "elsewhere";
constexpr int64_t kEndMs = World::kEpochMs + kTroubleMs + kCalmMs;

class History {
 public:
  explicit History(const HistoryOptions& options)
      : options_(options),
        plan_(MakePlan(options.seed)),
        world_(options.seed),
        log_(&world_, kPartitions, plan_.broker_skew_ms) {
    world_.tracing = options.trace;
    world_.stormy = plan_.storm;
    std::vector<SimMarket*> markets;
    for (int i = 0; i < plan_.markets; ++i) {
      markets_.push_back(
          std::make_unique<SimMarket>(&world_, static_cast<size_t>(i), options.market_rules));
      markets.push_back(markets_.back().get());
      markets_.back()->on_restart = [this, i] {
        for (auto& bridge : bridges_) bridge->BreakStream(static_cast<size_t>(i));
      };
    }
    for (int i = 0; i < kBridges; ++i) {
      bridges_.push_back(std::make_unique<SimBridge>(&world_, &log_, markets, &controls_, i,
                                                     options.bridge_rules, options.bridge_bugs));
      bridges_.back()->policy_in_force = [this] { return SimPolicies().at(policy_); };
    }
    for (int i = 0; i < kGateways; ++i) {
      gateways_.push_back(std::make_unique<SimGateway>(
          &world_, &log_, &controls_,
          SimGateway::Options{.number = i,
                              .markets = plan_.markets,
                              .clock_skew_max_ms = plan_.gateway_skew_ms,
                              .bugs = options.gateway_bugs}));
    }
    for (int i = 0; i < kViewers; ++i) {
      viewers_.push_back(
          std::make_unique<SimViewer>(&world_, i, plan_.markets, &gateways_, options.viewer_bugs));
    }
    log_.on_append = [this](int partition) {
      for (auto& bridge : bridges_) bridge->LookAgain(partition);
      for (auto& gateway : gateways_) gateway->LookAgain(partition);
    };
    controls_.on_change = [this] {
      for (auto& bridge : bridges_) bridge->ReadControls();
      for (auto& gateway : gateways_) gateway->ReadControls();
    };
  }

  HistoryResult Run() {
    for (auto& bridge : bridges_) bridge->Boot();
    for (auto& gateway : gateways_) gateway->Boot();
    group_ = std::make_unique<SimGroup>(&world_, &bridges_);
    group_->Start();
    for (const Entry& entry : plan_.entries) {
      if (options_.only && !options_.only->contains(entry.number)) continue;
      world_.At(World::kEpochMs + entry.at_ms, [this, &entry] { Happen(entry); });
    }
    world_.RunUntil(World::kEpochMs + kTroubleMs);
    Calm();
    world_.RunUntil(kEndMs - 5'000);
    for (auto& viewer : viewers_) viewer->AskAgain();
    world_.RunUntil(kEndMs);
    return Conclude();
  }

 private:
  void Happen(const Entry& entry) {
    world_.Trace("plan: %s", InWords(entry).c_str());
    Chance chance(Mix(entry.seed, 3));
    switch (entry.kind) {
      case Kind::kTap:
        return viewers_[entry.victim]->OnTap(entry);
      case Kind::kRawTap:
        return AppendRaw(RawIntent(entry));
      case Kind::kCopy:
        return AppendRaw(RawIntent(plan_.entries[entry.victim - 1]));
      case Kind::kForgery:
        return AppendRaw(Forged(entry, chance));
      case Kind::kGarbage:
        log_.Append(SimLog::Topic::kIntents, 0, "offer-0", "\xff not a message");
        return;
      case Kind::kMarketRestart:
        return MarketOf(entry).Restart();
      case Kind::kMarketCrash:
        return MarketOf(entry).CrashInNextTransaction();
      case Kind::kMarketFlaps:
        return Flap(&MarketOf(entry), World::kEpochMs + entry.at_ms + entry.length_ms, chance);
      case Kind::kMarketAway:
        return MarketOf(entry).GoAway(entry.length_ms);
      case Kind::kLeaderChange:
        return log_.ChangeLeader(
            entry.victim < kPartitions ? SimLog::Topic::kIntents : SimLog::Topic::kOutcomes,
            entry.victim % kPartitions, chance);
      case Kind::kMove:
        return group_->Move(entry.victim);
      case Kind::kBridgeCut:
        return group_->Cut(entry.victim);
      case Kind::kPolicy:
        policy_ = static_cast<size_t>(entry.victim);
        for (auto& bridge : bridges_) bridge->HearOfPolicy();
        return;
      case Kind::kBridgeCrash:
      case Kind::kBridgeFreeze:
      case Kind::kBridgeClock:
      case Kind::kBreakStream:
        return BefallBridge(entry, *bridges_[entry.victim]);
      case Kind::kGatewayCrash:
      case Kind::kGatewayFreeze:
      case Kind::kGatewayClock:
      case Kind::kProducerRebuilt:
        return BefallGateway(entry, *gateways_[entry.victim]);
      case Kind::kHaltAll:
      case Kind::kHaltOffer:
      case Kind::kRollout:
      case Kind::kShadow:
      case Kind::kLinkOut:
        return Order(entry, chance);
    }
  }

  SimMarket& MarketOf(const Entry& entry) {
    return *markets_[static_cast<size_t>(entry.victim) % markets_.size()];
  }

  // What an operator orders holds for a while.
  void Order(const Entry& entry, Chance& chance) {
    const int64_t until_ms = world_.now_ms() + entry.length_ms;
    const size_t market = entry.seed % markets_.size();
    if (entry.kind == Kind::kRollout || entry.kind == Kind::kShadow) {
      const bool shadow = entry.kind == Kind::kShadow;
      controls_.Open(market, shadow ? controls::kWholeShare : static_cast<uint32_t>(entry.victim),
                     shadow);
      return world_.At(until_ms,
                       [this, market] { controls_.Open(market, controls::kWholeShare, false); });
    }
    if (entry.kind == Kind::kLinkOut) {
      controls_.Route(market, true);
      return world_.At(until_ms, [this, market] { controls_.Route(market, false); });
    }
    const std::string offer = entry.kind == Kind::kHaltAll ? std::string() : SomeOffer(chance);
    controls_.Halt(offer, true);
    world_.At(until_ms, [this, offer] { controls_.Halt(offer, false); });
  }

  void Flap(SimMarket* market, int64_t until_ms, Chance chance) {
    market->Restart();
    int64_t next_ms = chance.Between(200, 3'000);
    if (world_.now_ms() + next_ms > until_ms) return;
    world_.After(next_ms, [this, market, until_ms, chance] { Flap(market, until_ms, chance); });
  }

  void BefallBridge(const Entry& entry, SimBridge& bridge) {
    if (!bridge.alive()) return;
    if (entry.kind == Kind::kBridgeFreeze) bridge.Freeze(entry.length_ms);
    if (entry.kind == Kind::kBridgeClock) bridge.StepClock(entry.length_ms);
    if (entry.kind == Kind::kBreakStream) bridge.BreakStream(entry.seed % markets_.size());
    if (entry.kind != Kind::kBridgeCrash) return;
    bridge.Crash();
    world_.After(entry.length_ms, [&bridge] {
      if (!bridge.alive()) bridge.Boot();
    });
  }

  void BefallGateway(const Entry& entry, SimGateway& gateway) {
    if (!gateway.alive()) return;
    if (entry.kind == Kind::kGatewayFreeze) gateway.Freeze(entry.length_ms);
    if (entry.kind == Kind::kGatewayClock) gateway.StepClock(entry.length_ms);
    if (entry.kind == Kind::kProducerRebuilt) gateway.RebuildProducer();
    if (entry.kind != Kind::kGatewayCrash) return;
    gateway.Crash();
    world_.After(entry.length_ms, [&gateway] {
      if (!gateway.alive()) gateway.Boot();
    });
  }

  // --- Intents that no viewer of ours sent: copies and forgeries that no sound gateway makes.

  static void Sign(crossing::v1::PurchaseIntent* intent) {
    std::string body = intent->offer_id() + "/" + std::to_string(intent->quantity());
    intent->set_fingerprint((body + std::string(32, '.')).substr(0, 32));
  }

  // The seller of the offer, and the buyer's pseudonym there: what even a careless gateway tells.
  void SetMarket(char buyer, crossing::v1::PurchaseIntent* intent) const {
    const size_t market = simulation::MarketOf(intent->offer_id(), plan_.markets);
    intent->set_buyer_ref(std::string(32, static_cast<char>(buyer + 3 * market)));
    if (intent->marketplace_id() != kElsewhere) intent->set_marketplace_id(kMarketIds[market]);
  }

  crossing::v1::PurchaseIntent RawIntent(const Entry& tap) const {
    Chance chance(Mix(tap.seed, 4));
    crossing::v1::PurchaseIntent intent;
    int64_t tap_ms = World::kEpochMs + tap.at_ms + chance.Between(-2'000, 4'000);
    base::Uuid id = base::Uuid::MakeV7(tap_ms, chance.Next(), chance.Next());
    intent.set_intent_id(id.ToString());
    const char buyer = static_cast<char>('a' + chance.Between(0, 2));
    intent.set_offer_id(SomeOffer(chance));
    intent.set_quantity(1);
    intent.set_marketplace_id(chance.OneIn(40) ? kElsewhere : "");
    SetMarket(buyer, &intent);
    intent.set_consent_given(!chance.OneIn(30));
    base::SetMs(tap_ms + intent::kTtlMs, intent.mutable_deadline());
    Sign(&intent);
    return intent;
  }

  crossing::v1::PurchaseIntent Forged(const Entry& entry, Chance& chance) const {
    crossing::v1::PurchaseIntent other = RawIntent(plan_.entries[entry.victim - 1]);
    if (chance.OneIn(2)) {
      other.set_quantity(2);
    } else {
      const auto buyer = static_cast<char>('a' + (other.buyer_ref()[0] - 'a') % 3);
      other.set_offer_id(SomeOffer(chance));
      SetMarket(buyer, &other);
    }
    Sign(&other);
    return other;
  }

  void AppendRaw(const crossing::v1::PurchaseIntent& intent) {
    int partition = PartitionOf(intent.offer_id());
    world_.Trace("append intent %s %s %s at %d/%zu", intent.intent_id().c_str(),
                 intent.buyer_ref().substr(0, 1).c_str(), intent.fingerprint().substr(0, 9).c_str(),
                 partition, log_.intents[partition].size());
    log_.Append(SimLog::Topic::kIntents, partition, intent.offer_id(), intent.SerializeAsString());
  }

  // --- The end

  void Calm() {
    world_.calm = true;
    for (auto& market : markets_) market->ComeBack();
    for (auto& bridge : bridges_) {
      if (!bridge->alive()) bridge->Boot();
      bridge->SetClockRight();
    }
    for (auto& gateway : gateways_) {
      if (!gateway->alive()) gateway->Boot();
      gateway->SetClockRight();
    }
  }

  HistoryResult Conclude() {
    Witnesses witnesses;
    for (const auto& viewer : viewers_) {
      for (const TapStory* story : viewer->stories()) witnesses.stories.push_back(story);
      witnesses.strangers += viewer->strangers();
    }
    for (const auto& bridge : bridges_) witnesses.disobeyed += bridge->disobeyed();
    std::vector<LedgerRow> ledger;
    for (const auto& market : markets_) {
      ledger.insert(ledger.end(), market->ledger.begin(), market->ledger.end());
    }
    JudgedHistory judged = JudgeHistory(log_, ledger, witnesses);
    HistoryResult result;
    result.violation = judged.violation;
    result.intents = judged.intents;
    result.expired = judged.expired;
    result.void_outcomes = judged.void_outcomes;
    result.stopped = judged.stopped;
    result.ordered = ledger.size();
    for (auto& bridge : bridges_) result.claims += bridge->core()->counts().claims;
    result.taps = witnesses.stories.size();
    for (const TapStory* story : witnesses.stories) {
      result.accepted += !story->ids.back().accepted.empty();
      result.none += story->end == TapStory::End::kNone;
      result.refused += story->end == TapStory::End::kRefused;
      result.forgotten += story->end == TapStory::End::kForgotten;
    }
    result.steps = world_.steps;
    result.virtual_ms = kTroubleMs + kCalmMs;
    return result;
  }

  const HistoryOptions& options_;
  const Plan plan_;
  World world_;
  SimLog log_;
  std::vector<std::unique_ptr<SimMarket>> markets_;
  SimControls controls_;
  size_t policy_ = 0;  // of SimPolicies, in force
  std::vector<std::unique_ptr<SimBridge>> bridges_;
  std::vector<std::unique_ptr<SimGateway>> gateways_;
  std::vector<std::unique_ptr<SimViewer>> viewers_;
  std::unique_ptr<SimGroup> group_;
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
