#include "tests/simulation/plan.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "libs/intent/limits.h"
#include "tests/simulation/world.h"

namespace jembatan::simulation {
namespace {

using Kind = Entry::Kind;

// Random times seldom coincide, and what breaks needs several things at once: half of all entries
// happen close to one of a few hot moments.
constexpr int64_t kHotMs = 3'000;
// A storm is that in the extreme: one moment, most of the entries, and two owners of a partition of
// whom one is fast by its clock and both lose their streams.
constexpr int64_t kStormMs = 8'000;

class Planner {
 public:
  explicit Planner(uint64_t seed) : seed_(seed), chance_(Mix(seed, 0)) {}

  Plan Make() {
    int64_t broker_skew_ms = std::array{1'000, 2'500, 4'000}.at(chance_.Between(0, 2));
    plan_.broker_skew_ms = broker_skew_ms;
    plan_.gateway_skew_ms = intent::kGatewaySkewMs - broker_skew_ms;
    for (int64_t moments = chance_.Between(0, 3); moments > 0; --moments) {
      hot_.push_back(chance_.Between(10'000, kTroubleMs - 10'000));
    }
    plan_.storm = chance_.OneIn(2);
    if (plan_.storm) hot_ = {chance_.Between(20'000, kTroubleMs - 40'000)};
    int64_t taps = chance_.Between(4, 16);
    int64_t raw_taps = chance_.Between(4, plan_.storm ? 40 : 20);
    int64_t troubles = chance_.Between(0, 24);
    int64_t gateway_troubles = chance_.Between(0, 6);
    if (chance_.OneIn(3)) Add(Kind::kGarbage);
    for (int64_t i = 0; i < taps; ++i) PlanTap();
    for (int64_t i = 0; i < raw_taps; ++i) PlanRawTap();
    for (int64_t i = 0; i < troubles; ++i) PlanTrouble();
    for (int64_t i = 0; i < gateway_troubles; ++i) PlanGatewayTrouble();
    if (plan_.storm) PlanDuel();
    // Drawn last: what came before is what it was before there were controls.
    int64_t orders = chance_.OneIn(3) ? chance_.Between(1, 4) : 0;
    for (int64_t i = 0; i < orders; ++i) PlanControl();
    PlanPolicies();
    PlanMarkets();
    return std::move(plan_);
  }

 private:
  // A new entry; the caller draws what else it needs from its chance.
  Entry& Add(Kind kind) {
    int number = static_cast<int>(plan_.entries.size()) + 1;
    uint64_t seed = Mix(seed_, static_cast<uint64_t>(number));
    own_ = Chance(Mix(seed, 1));
    plan_.entries.push_back({.number = number, .kind = kind, .seed = seed});
    Entry& entry = plan_.entries.back();
    bool hot = !hot_.empty() && own_.Percent(plan_.storm ? 80 : 50);
    int64_t moment = hot ? hot_[own_.Between(0, static_cast<int64_t>(hot_.size()) - 1)] : 0;
    int64_t around_ms = plan_.storm ? kStormMs : kHotMs;
    entry.at_ms = hot ? moment + own_.Between(-around_ms, around_ms) : own_.Between(0, kTroubleMs);
    return entry;
  }

  void PlanTap() {
    Entry& tap = Add(Kind::kTap);
    tap.victim = static_cast<int>(own_.Between(0, kViewers - 1));
    // Now and then a phone sleeps between the tap and the first send, close to the deadline or
    // beyond it.
    if (own_.OneIn(6)) tap.length_ms = intent::kTtlMs + own_.Between(-8'000, 3'000);
  }

  void PlanRawTap() {
    Entry tap = Add(Kind::kRawTap);
    int64_t copies = own_.Between(-3, 3);
    bool forged = own_.OneIn(8);
    // Copies, some of them appended long after (a frozen gateway).
    for (; copies > 0; --copies) {
      Entry& copy = Add(Kind::kCopy);
      copy.victim = tap.number;
      copy.at_ms = tap.at_ms + (own_.OneIn(2) ? own_.Between(1, 500) : own_.Between(0, 200'000));
    }
    if (!forged) return;
    Entry& forgery = Add(Kind::kForgery);
    forgery.victim = tap.number;
    forgery.at_ms = tap.at_ms + own_.Between(0, 60'000);
  }

  void PlanTrouble() {
    static constexpr Kind kKinds[] = {Kind::kBridgeCrash,   Kind::kBridgeFreeze, Kind::kBreakStream,
                                      Kind::kMarketRestart, Kind::kLeaderChange, Kind::kMove,
                                      Kind::kBridgeCut,     Kind::kBridgeClock,  Kind::kMarketCrash,
                                      Kind::kMarketFlaps};
    Entry& entry = Add(Kind::kMove);
    entry.kind = kKinds[own_.Between(0, std::size(kKinds) - 1)];
    entry.victim = static_cast<int>(own_.Between(0, kBridges - 1));
    if (entry.kind == Kind::kBridgeCrash) entry.length_ms = own_.Between(100, 60'000);
    if (entry.kind == Kind::kBridgeFreeze) entry.length_ms = own_.Between(1'000, 150'000);
    if (entry.kind == Kind::kMarketFlaps) entry.length_ms = own_.Between(1'000, 20'000);
    // Beyond every allowance: nothing rests on a bridge's clock.
    if (entry.kind == Kind::kBridgeClock) entry.length_ms = own_.Between(-60'000, 130'000);
    if (entry.kind == Kind::kLeaderChange) {
      entry.victim = static_cast<int>(own_.Between(0, 2 * kPartitions - 1));
    }
    if (entry.kind == Kind::kMove)
      entry.victim = static_cast<int>(own_.Between(0, kPartitions - 1));
  }

  void PlanDuel() {
    for (int bridge = 0; bridge < kBridges; ++bridge) {
      Entry& clock = Add(Kind::kBridgeClock);
      clock.victim = bridge;
      clock.at_ms = hot_.front() - kStormMs - 1'000;
      clock.length_ms = own_.OneIn(2) ? own_.Between(60'000, 130'000) : 0;
    }
    for (int64_t cuts = own_.Between(2, 6); cuts > 0; --cuts) {
      Add(Kind::kBridgeCut).victim = static_cast<int>(own_.Between(0, kBridges - 1));
    }
    for (int64_t flaps = own_.Between(0, 2); flaps > 0; --flaps) {
      Add(Kind::kMarketFlaps).length_ms = own_.Between(1'000, 10'000);
    }
  }

  // In every third history operators change their mind, mostly while it is hot. By a chance of its
  // own: the other histories know nothing of policies.
  void PlanPolicies() {
    Chance chance(Mix(seed_, 5));
    if (!chance.OneIn(3)) return;
    for (int64_t changes = chance.Between(1, 6); changes > 0; --changes) {
      Add(Kind::kPolicy).victim = static_cast<int>(chance.Between(0, kPolicies - 1));
    }
  }

  // By a chance of its own too: histories with one marketplace know nothing of others.
  void PlanMarkets() {
    Chance chance(Mix(seed_, 6));
    if (!chance.OneIn(2)) return;
    plan_.markets = kMarkets;
    for (int64_t times = chance.Between(0, 3); times > 0; --times) {
      Entry& away = Add(Kind::kMarketAway);
      away.victim = static_cast<int>(chance.Between(0, kMarkets - 1));
      away.length_ms =
          chance.OneIn(2) ? chance.Between(2'000, 20'000) : chance.Between(20'000, 200'000);
    }
  }

  void PlanGatewayTrouble() {
    static constexpr Kind kKinds[] = {Kind::kGatewayCrash, Kind::kGatewayFreeze,
                                      Kind::kGatewayClock, Kind::kProducerRebuilt};
    Entry& entry = Add(Kind::kGatewayCrash);
    entry.kind = kKinds[own_.Between(0, std::size(kKinds) - 1)];
    entry.victim = static_cast<int>(own_.Between(0, kGateways - 1));
    if (entry.kind == Kind::kGatewayCrash) entry.length_ms = own_.Between(100, 60'000);
    if (entry.kind == Kind::kGatewayFreeze) entry.length_ms = own_.Between(500, 150'000);
    // Behind by any amount is safe; ahead only within G, where the gateway cuts it.
    if (entry.kind == Kind::kGatewayClock) entry.length_ms = own_.Between(-60'000, 10'000);
  }

  void PlanControl() {
    static constexpr Kind kKinds[] = {Kind::kHaltAll, Kind::kHaltOffer, Kind::kRollout,
                                      Kind::kShadow, Kind::kLinkOut};
    Entry& entry = Add(Kind::kHaltAll);
    entry.kind = kKinds[own_.Between(0, std::size(kKinds) - 1)];
    entry.length_ms = own_.OneIn(2) ? own_.Between(50, 3'000) : own_.Between(3'000, 60'000);
    if (entry.kind == Kind::kRollout) entry.victim = static_cast<int>(own_.Between(0, 9'999));
  }

  const uint64_t seed_;
  Chance chance_;
  Chance own_{0};
  std::vector<int64_t> hot_;
  Plan plan_;
};

std::string What(const Entry& entry) {
  std::string whom = std::to_string(entry.victim);
  std::string market = std::to_string(entry.victim % kMarkets);
  std::string length = std::to_string(entry.length_ms) + " ms";
  switch (entry.kind) {
    case Kind::kTap:
      return "viewer " + whom + " taps, and sends first after " + length;
    case Kind::kRawTap:
      return "an intent is appended past every gateway";
    case Kind::kCopy:
      return "a copy of entry " + whom + " is appended";
    case Kind::kForgery:
      return "another body under the id of entry " + whom + " is appended";
    case Kind::kGarbage:
      return "a record that is no intent is appended";
    case Kind::kBridgeCrash:
      return "bridge " + whom + " crashes for " + length;
    case Kind::kBridgeFreeze:
      return "bridge " + whom + " freezes for " + length;
    case Kind::kBridgeCut:
      return "the group gives bridge " + whom + " up, which hears of it late";
    case Kind::kBridgeClock:
      return "the clock of bridge " + whom + " steps by " + length;
    case Kind::kBreakStream:
      return "the stream of bridge " + whom + " breaks";
    case Kind::kMarketRestart:
      return "marketplace " + market + " restarts";
    case Kind::kMarketCrash:
      return "marketplace " + market + " crashes in its next transaction";
    case Kind::kMarketFlaps:
      return "marketplace " + market + " restarts again and again for " + length;
    case Kind::kMarketAway:
      return "marketplace " + market + " cannot be reached for " + length;
    case Kind::kLeaderChange:
      return std::string(entry.victim < kPartitions ? "intents" : "outcomes") + " partition " +
             std::to_string(entry.victim % kPartitions) + " gets a new leader";
    case Kind::kMove:
      return "the group moves partition " + whom;
    case Kind::kGatewayCrash:
      return "gateway " + whom + " crashes for " + length;
    case Kind::kGatewayFreeze:
      return "gateway " + whom + " freezes for " + length;
    case Kind::kGatewayClock:
      return "the clock of gateway " + whom + " steps by " + length;
    case Kind::kProducerRebuilt:
      return "the producer of gateway " + whom + " is rebuilt";
    case Kind::kHaltAll:
      return "sales are halted for " + length;
    case Kind::kHaltOffer:
      return "an offer is halted for " + length;
    case Kind::kRollout:
      return "sales are open to " + whom + " in 10,000 buyers for " + length;
    case Kind::kShadow:
      return "everything is decided and nothing ordered for " + length;
    case Kind::kLinkOut:
      return "buyers are sent to the marketplace's page for " + length;
    case Kind::kPolicy:
      return "policy " + whom + " is put in force";
  }
  return {};
}

}  // namespace

Plan MakePlan(uint64_t seed) { return Planner(seed).Make(); }

std::string InWords(const Entry& entry) {
  char when[32];
  std::snprintf(when, sizeof when, "%3d at %7.3f s: ", entry.number,
                static_cast<double>(entry.at_ms) / 1000);
  return when + What(entry);
}

}  // namespace jembatan::simulation
