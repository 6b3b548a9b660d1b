#pragma once

// SimGroup: the consumer group: who is given which partition, rebalances, and members that are
// silent for too long and lose what they had. It only decides who tries; the promise never rests
// on it. Single-threaded.

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "tests/simulation/plan.h"
#include "tests/simulation/sim_bridge.h"
#include "tests/simulation/world.h"

namespace jembatan::simulation {

class SimGroup {
 public:
  using Members = std::vector<std::unique_ptr<SimBridge>>;

  // The members outlive the group.
  SimGroup(World* world, Members* members);

  // Gives every partition to somebody and watches the members from now on.
  void Start();
  // A rebalance that the owner takes part in: it drains within a budget.
  void Move(int partition);
  // The group has not heard a member, which lives: its partitions go to others.
  void Cut(int member);

 private:
  bool Healthy(int member) const;
  bool Owns(int member, int partition) const;
  int SomeHealthy(int but = -1);
  void Give(int partition, int member);
  void TakeAway(int partition, int next);
  void Released(int partition);
  void Watch();

  World* world_;
  Members& members_;
  Dice dice_;
  int owner_[kPartitions];
  uint64_t owner_life_[kPartitions] = {};
  int64_t silent_since_[kPartitions] = {};
  // Partitions that their owner was asked to drain, with the number of the move.
  std::map<int, uint64_t> moving_;
  uint64_t moves_ = 0;
};

}  // namespace jembatan::simulation
