#pragma once

// The offers of the simulated world, spread evenly over its partitions. Pure.

#include <algorithm>
#include <array>
#include <string>

#include "libs/kafka/config.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/world.h"

namespace jembatan::simulation {

inline int PartitionOf(const std::string& offer_id) {
  return kafka::PartitionOf(offer_id, kPartitions);
}

inline const std::array<std::string, kOffers>& AllOffers() {
  static const std::array<std::string, kOffers> kNames = [] {
    std::array<std::string, kOffers> names;
    int candidate = 0;
    for (int i = 0; i < kOffers; ++i) {
      do {
        names[i] = "offer-" + std::to_string(candidate++);
      } while (PartitionOf(names[i]) != i % kPartitions);
    }
    return names;
  }();
  return kNames;
}

// The first half of the offers is the first marketplace's, unless there is only one: each partition
// has some of both.
inline size_t MarketOf(const std::string& offer_id, int markets) {
  if (markets == 1) return 0;
  const auto& all = AllOffers();
  const auto at = std::find(all.begin(), all.end(), offer_id) - all.begin();
  return at < kOffers / 2 ? 0 : 1;
}

inline const std::string& SomeOffer(Chance& chance) {
  return AllOffers()[chance.Between(0, kOffers - 1)];
}

}  // namespace jembatan::simulation
