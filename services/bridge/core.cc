#include "services/bridge/core.h"

#include <utility>

#include "libs/base/check.h"
#include "libs/base/overloaded.h"

namespace jembatan::bridge {
Core::Core(Options options) {
  JEMB_CHECK(!options.marketplaces.empty() && options.marketplaces.size() <= kMarketplacesMax);
  for (Marketplace& each : options.marketplaces) {
    shared_.markets.push_back(std::make_unique<Market>());
    shared_.markets.back()->writer = {std::move(each.id), options.instance};
    shared_.markets.back()->link_out = std::move(each.link_out);
  }
  shared_.rules = options.rules;
  shared_.random = base::Random(options.seed);
}

Partition* Core::Find(int32_t number) {
  auto it = partitions_.find(number);
  return it == partitions_.end() ? nullptr : it->second.get();
}

Scope* Core::FindScope(int32_t number, size_t market) {
  Partition* partition = Find(number);
  return partition == nullptr || market >= partition->scopes() ? nullptr
                                                               : &partition->scope(market);
}

BridgeCounts Core::counts() const {
  BridgeCounts all;
  for (const auto& market : shared_.markets) all += market->counts;
  return all;
}

void Core::Step(const Event& event, Now now, Effects* effects) {
  // Answers for a partition that is no longer ours find nobody and are dropped.
  auto at = [](auto* found, auto act) {
    if (found != nullptr) act(*found);
  };
  std::visit(base::Overloaded{
                 [&](const event::Assigned& e) {
                   partitions_[e.partition] =
                       std::make_unique<Partition>(&shared_, e.partition, e.offset, now);
                 },
                 [&](const event::Revoked& e) { Revoke(e, effects); },
                 [&](const event::Intent& e) {
                   at(Find(e.partition), [&](Partition& p) { p.OnIntent(e, effects); });
                 },
                 [&](const event::IntentsEnd& e) {
                   at(Find(e.partition), [&](Partition& p) { p.OnIntentsEnd(e); });
                 },
                 [&](const event::OutcomeRead& e) {
                   at(Find(e.partition), [&](Partition& p) { p.OnOutcome(e, now, effects); });
                 },
                 [&](const event::Produced& e) {
                   at(FindById(e.cookie), [&](Scope& s) { s.OnProduced(e, now, effects); });
                 },
                 [&](const event::StreamUp& e) { shared_.markets.at(e.market)->stream_up = true; },
                 [&](const event::StreamDown& e) {
                   shared_.markets.at(e.market)->stream_up = false;
                   for (auto& [number, partition] : partitions_) {
                     partition->scope(e.market).OnStreamDown(now);
                   }
                 },
                 [&](const event::Fenced& e) {
                   at(FindScope(e.partition, e.market),
                      [&](Scope& s) { s.OnFenced(e, now, effects); });
                 },
                 [&](const event::Answered& e) {
                   at(FindById(e.batch), [&](Scope& s) { s.OnAnswered(e, now, effects); });
                 },
                 [&](const event::Found& e) {
                   at(FindById(e.ask), [&](Scope& s) { s.OnFound(e, now, effects); });
                 },
                 [&](const event::EndOffset& e) {
                   at(FindById(e.query), [&](Scope& s) { s.OnEndOffset(e, now, effects); });
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
