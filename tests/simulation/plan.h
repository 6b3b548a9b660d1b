#pragma once

// Plan: what a seed has in store for its history, as a list of entries that can be left out one by
// one. Each entry draws from a chance of its own, made of the seed and its number, so that leaving
// one out changes nothing of the others. Pure values.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace jembatan::simulation {

inline constexpr int kPartitions = 2;
inline constexpr int kBridges = 3;
inline constexpr int kGateways = 2;
inline constexpr int kViewers = 4;
inline constexpr int kOffers = 4;
inline constexpr int kPolicies = 4;
// At most.
inline constexpr int kMarkets = 2;
inline constexpr std::array<const char*, kMarkets> kMarketIds = {"m", "n"};
// Trouble lasts this long; then calm, until everything is decided.
inline constexpr int64_t kTroubleMs = 300'000;
inline constexpr int64_t kCalmMs = 400'000;

struct Entry {
  enum class Kind {
    kTap,      // a viewer taps; it first sends length_ms later
    kRawTap,   // an intent appended past every gateway
    kCopy,     // a further copy of the raw tap that is entry `victim`
    kForgery,  // another body under that tap's id
    kGarbage,  // a record that is no intent
    kBridgeCrash,
    kBridgeFreeze,
    kBridgeCut,  // the group gives a living bridge up; it hears of it late
    kBridgeClock,
    kBreakStream,
    kMarketRestart,
    kMarketCrash,  // in the middle of its next transaction
    kMarketFlaps,  // restarts again and again for length_ms
    kMarketAway,   // cannot be reached for length_ms
    kLeaderChange,
    kMove,
    kGatewayCrash,
    kGatewayFreeze,
    kGatewayClock,
    kProducerRebuilt,
    // An operator orders something, and takes it back length_ms later.
    kHaltAll,
    kHaltOffer,  // one drawn by the entry's chance
    kRollout,    // open to the share `victim`, in hundredths of a percent
    kShadow,
    kLinkOut,
    kPolicy,  // operators put policy `victim` of SimPolicies in force
  };

  int number = 0;
  Kind kind = Kind::kTap;
  // Since the history's beginning.
  int64_t at_ms = 0;
  // Whom it befalls: a viewer, a bridge, a gateway, a partition or an entry, or (its remainder) a
  // marketplace; how many.
  int victim = 0;
  // How long it lasts; how far a clock steps.
  int64_t length_ms = 0;
  // Of the entry's own chance.
  uint64_t seed = 0;
};

struct Plan {
  std::vector<Entry> entries;
  // How far the clocks of brokers and of gateways are off at most: together the protocol's G.
  int64_t broker_skew_ms = 0;
  int64_t gateway_skew_ms = 0;
  // In every other history there are two marketplaces.
  int markets = 1;
  // Most of it happens within seconds, on a slow network, while owners of partitions duel.
  bool storm = false;
};

Plan MakePlan(uint64_t seed);

// One line for people.
std::string InWords(const Entry& entry);

}  // namespace jembatan::simulation
