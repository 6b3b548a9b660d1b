#include "tests/simulation/sim_group.h"

#include <algorithm>

namespace jembatan::simulation {
namespace {

constexpr int64_t kSessionTimeoutMs = 10'000;
constexpr int64_t kDrainBudgetMs = 5'000;

}  // namespace

SimGroup::SimGroup(World* world, Members* members)
    : world_(world), members_(*members), dice_(world, part::kGroup) {
  std::fill(std::begin(owner_), std::end(owner_), -1);
  std::fill(std::begin(silent_since_), std::end(silent_since_), World::kEpochMs);
  for (size_t i = 0; i < members_.size(); ++i) {
    members_[i]->commit_allowed = [this, i](int partition) {
      return Owns(static_cast<int>(i), partition);
    };
    members_[i]->on_release = [this](int partition) { Released(partition); };
  }
}

void SimGroup::Start() {
  for (int p = 0; p < kPartitions; ++p) Give(p, static_cast<int>(dice_->Between(0, kBridges - 1)));
  Watch();
}

bool SimGroup::Healthy(int member) const {
  return members_[member]->alive() && !members_[member]->frozen();
}

bool SimGroup::Owns(int member, int partition) const {
  return owner_[partition] == member && owner_life_[partition] == members_[member]->life();
}

int SimGroup::SomeHealthy(int but) {
  int first = static_cast<int>(dice_->Between(0, kBridges - 1));
  for (int i = 0; i < kBridges; ++i) {
    int member = (first + i) % kBridges;
    if (member != but && Healthy(member)) return member;
  }
  return -1;
}

void SimGroup::Give(int partition, int member) {
  world_->Trace("group: partition %d to bridge %d", partition, member);
  owner_[partition] = member;
  owner_life_[partition] = members_[member]->life();
  members_[member]->Assign(partition);
}

void SimGroup::TakeAway(int partition, int next) {
  moving_.erase(partition);
  if (owner_[partition] >= 0) members_[owner_[partition]]->Revoke(partition, /*lost=*/true);
  Give(partition, next);
  silent_since_[partition] = world_->now_ms();
}

void SimGroup::Move(int partition) {
  int owner = owner_[partition];
  if (owner < 0 || !Healthy(owner) || !Owns(owner, partition)) return;
  if (moving_.contains(partition)) return;
  moving_[partition] = ++moves_;
  members_[owner]->Revoke(partition, /*lost=*/false);
  world_->After(kDrainBudgetMs, [this, partition, move = moves_] {
    auto moving = moving_.find(partition);
    if (moving != moving_.end() && moving->second == move) Released(partition);
  });
}

void SimGroup::Cut(int member) {
  for (int p = 0; p < kPartitions; ++p) {
    if (!Owns(member, p)) continue;
    int next = SomeHealthy(member);
    if (next >= 0) TakeAway(p, next);
  }
}

void SimGroup::Released(int partition) {
  if (moving_.erase(partition) == 0) return;
  int next = SomeHealthy();
  owner_[partition] = -1;
  if (next >= 0) Give(partition, next);
}

// Members that are silent for longer than the session time-out lose their partitions.
void SimGroup::Watch() {
  for (int p = 0; p < kPartitions; ++p) {
    int owner = owner_[p];
    if (owner >= 0 && Healthy(owner) && Owns(owner, p)) {
      silent_since_[p] = world_->now_ms();
    } else if (world_->now_ms() - silent_since_[p] > kSessionTimeoutMs) {
      int next = SomeHealthy();
      if (next >= 0) TakeAway(p, next);
    }
  }
  world_->After(1'000, [this] { Watch(); });
}

}  // namespace jembatan::simulation
