#include "services/bridge/core.h"

#include <utility>

#include "libs/base/overloaded.h"

namespace jembatan::bridge {
Core::Core(Options options) {
  shared_.writer = std::move(options.writer);
  shared_.rules = options.rules;
  shared_.link_out = std::move(options.link_out);
  shared_.random = base::Random(options.seed);
}

Partition* Core::Find(int32_t number) {
  auto it = partitions_.find(number);
  return it == partitions_.end() ? nullptr : it->second.get();
}

void Core::Step(const Event& event, Now now, Effects* effects) {
  // Answers for a partition that is no longer ours find nobody and are dropped.
  auto at = [](Partition* partition, auto act) {
    if (partition != nullptr) act(*partition);
  };
  std::visit(base::Overloaded{
                 [&](const event::Assigned& e) {
                   partitions_[e.partition] =
                       std::make_unique<Partition>(&shared_, e.partition, e.offset, now);
                 },
                 [&](const event::Revoked& e) { Revoke(e, effects); },
                 [&](const event::Intent& e) {
                   at(Find(e.partition), [&](Partition& p) { p.OnIntent(e, now, effects); });
                 },
                 [&](const event::IntentsEnd& e) {
                   at(Find(e.partition), [&](Partition& p) { p.OnIntentsEnd(e); });
                 },
                 [&](const event::OutcomeRead& e) {
                   at(Find(e.partition), [&](Partition& p) { p.OnOutcome(e, now, effects); });
                 },
                 [&](const event::Produced& e) {
                   at(FindById(e.cookie), [&](Partition& p) { p.OnProduced(e, now, effects); });
                 },
                 [&](const event::StreamUp&) { shared_.stream_up = true; },
                 [&](const event::StreamDown&) {
                   shared_.stream_up = false;
                   for (auto& [number, partition] : partitions_) partition->OnStreamDown(now);
                 },
                 [&](const event::Fenced& e) {
                   at(Find(e.partition), [&](Partition& p) { p.OnFenced(e, now, effects); });
                 },
                 [&](const event::Answered& e) {
                   at(FindById(e.batch), [&](Partition& p) { p.OnAnswered(e, now, effects); });
                 },
                 [&](const event::Found& e) {
                   at(FindById(e.ask), [&](Partition& p) { p.OnFound(e, now, effects); });
                 },
                 [&](const event::EndOffset& e) {
                   at(Find(e.partition), [&](Partition& p) { p.OnEndOffset(e, now, effects); });
                 },
                 [&](const event::Committed& e) {
                   at(Find(e.partition), [&](Partition& p) { p.OnCommitted(e, now); });
                 },
                 [&](const event::ControlsChanged& e) { shared_.in_force = e.in_force; },
                 [&](const event::PolicyTaken& e) { shared_.policy = e.policy; },
                 [&](const event::GoodsBegin&) { shared_.goods.Begin(); },
                 [&](const event::GoodsTold& e) { shared_.goods.Tell(e.offer_id, e.goods); },
                 [&](const event::GoodsComplete&) { shared_.goods.Complete(); },
                 [&](const event::Tick&) { Tick(now, effects); },
             },
             event);
}

void Core::Revoke(const event::Revoked& event, Effects* effects) {
  Partition* partition = Find(event.partition);
  if (partition == nullptr) return;
  if (!event.lost) {
    partition->OnRevoked();
    return;
  }
  partitions_.erase(event.partition);
  effects->push_back(effect::StopOutcomes{event.partition});
  effects->push_back(effect::Release{event.partition});
}

void Core::Tick(Now now, Effects* effects) {
  for (auto it = partitions_.begin(); it != partitions_.end();) {
    it->second->OnTick(now, effects);
    it = it->second->released() ? partitions_.erase(it) : std::next(it);
  }
}

}  // namespace jembatan::bridge
