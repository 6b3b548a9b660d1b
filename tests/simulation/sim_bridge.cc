#include "tests/simulation/sim_bridge.h"

#include <algorithm>

#include "libs/base/overloaded.h"
#include "libs/base/timestamp.h"
#include "services/bridge/limits.h"
#include "tests/simulation/offers.h"

namespace jembatan::simulation {

using bridge::Core;
namespace effect = bridge::effect;
namespace event = bridge::event;

namespace {

constexpr int64_t kHeartbeatMs = 250;

}  // namespace

SimBridge::SimBridge(World* world, SimLog* log, std::vector<SimMarket*> markets,
                     const SimControls* controls, int number, bridge::Rules rules, BridgeBugs bugs)
    : world_(world),
      log_(log),
      markets_(std::move(markets)),
      controls_(controls),
      number_(number),
      dice_(world, part::kBridge + static_cast<uint64_t>(number)),
      rules_(rules),
      bugs_(bugs),
      streams_(markets_.size()) {}

void SimBridge::Boot() {
  ++life_;
  clock_skew_ms_ = dice_->Between(-2'000, 2'000);
  Core::Options options{
      .instance = "bridge-" + std::to_string(number_), .seed = dice_->Next(), .rules = rules_};
  for (size_t market = 0; market < markets_.size(); ++market) {
    options.marketplaces.push_back(
        {kMarketIds[market], [](const crossing::v1::PurchaseIntent& intent, int64_t wall_ms) {
           return intent.intent_id() + std::to_string(wall_ms);
         }});
  }
  core_ = std::make_unique<Core>(std::move(options));
  known_controls_ = nullptr;
  core_->Step(event::ControlsChanged{nullptr}, Clocks(), &effects_);
  ReadControls();
  Feed(event::PolicyTaken{policy_in_force()});
  for (size_t market = 0; market < markets_.size(); ++market) OpenStream(market, life_);
  if (policy_in_force() != policy::ConsentOnly()) {
    Arrive(dice_.Delay(), [this] { ReadGoods(); });
  }
  Heartbeat();
}

void SimBridge::HearOfPolicy() {
  Arrive(dice_.Delay(), [this] {
    Feed(event::PolicyTaken{policy_in_force()});
    Arrive(dice_.Delay(), [this] { ReadGoods(); });
  });
}

// The feed of goods, in two parts as it may come. Histories without policies do without it.
void SimBridge::ReadGoods() {
  Feed(event::GoodsBegin{});
  for (size_t offer = 0; offer < AllOffers().size(); offer += 2) {
    Feed(event::GoodsTold{AllOffers()[offer], SimGoods(offer)});
  }
  Arrive(dice_.Delay(), [this] {
    for (size_t offer = 1; offer < AllOffers().size(); offer += 2) {
      Feed(event::GoodsTold{AllOffers()[offer], SimGoods(offer)});
    }
    Feed(event::GoodsComplete{});
  });
}

void SimBridge::Crash() {
  ++life_;
  core_.reset();
  effects_.clear();
  waiting_.clear();
  intents_.clear();
  outcomes_.clear();
  revoked_.clear();
  for (Stream& stream : streams_) stream.up = false;
  told_progress_ms_.clear();
  frozen_until_ms_ = 0;
}

void SimBridge::Freeze(int64_t for_ms) {
  frozen_until_ms_ = std::max(frozen_until_ms_, world_->now_ms() + for_ms);
  uint64_t life = life_;
  world_->At(frozen_until_ms_, [this, life] { Thaw(life); });
}

void SimBridge::Thaw(uint64_t life) {
  if (life != life_ || frozen()) return;
  std::deque<Action> waiting = std::exchange(waiting_, {});
  for (const Action& action : waiting) Run(action);
}

void SimBridge::Arrive(int64_t delay_ms, Action action) {
  world_->After(delay_ms, [this, life = life_, action = std::move(action)] {
    if (life != life_ || !alive()) return;
    if (frozen()) {
      waiting_.push_back(action);
    } else {
      Run(action);
    }
  });
}

// One turn: what arrived, then a tick, then the effects.
void SimBridge::Run(const Action& action) {
  uint64_t life = life_;
  action();
  if (life != life_ || !alive()) return;
  core_->Step(event::Tick{}, Clocks(), &effects_);
  bridge::Effects effects = std::exchange(effects_, {});
  for (bridge::Effect& effect : effects) Execute(effect);
}

void SimBridge::Feed(const bridge::Event& event) {
  if (world_->tracing) TraceEvent(event);
  core_->Step(event, Clocks(), &effects_);
}

void SimBridge::TraceEvent(const bridge::Event& event) const {
  static constexpr const char* kNames[] = {
      "Assigned",   "Revoked",   "Intent",        "IntentsEnd", "OutcomeRead",
      "Produced",   "StreamUp",  "StreamDown",    "Fenced",     "Answered",
      "Found",      "EndOffset", "Committed",     "Controls",   "PolicyTaken",
      "GoodsBegin", "GoodsTold", "GoodsComplete", "Tick"};
  std::string detail;
  if (auto* e = std::get_if<event::Produced>(&event)) {
    detail = (e->ok ? "offset " + std::to_string(e->offset) : std::string("failed"));
  } else if (auto* o = std::get_if<event::OutcomeRead>(&event)) {
    crossing::v1::OutcomeRecord record;
    record.ParseFromArray(o->value.data(), static_cast<int>(o->value.size()));
    detail = std::to_string(o->partition) + "/" + std::to_string(o->offset) + " " +
             record.ShortDebugString().substr(0, 120);
  } else if (auto* i = std::get_if<event::Intent>(&event)) {
    detail = std::to_string(i->partition) + "/" + std::to_string(i->offset);
  } else if (auto* c = std::get_if<event::Committed>(&event)) {
    detail = std::to_string(c->partition) + "/" + std::to_string(c->next_offset) +
             (c->ok ? "" : " refused");
  } else if (auto* f = std::get_if<event::Fenced>(&event)) {
    detail = std::to_string(f->partition) + " token " + std::to_string(f->token);
  }
  world_->Trace("bridge %d: %s %s", number_, kNames[event.index()], detail.c_str());
}

// What is read is what the topic holds then, not what it held when the reading was due.
void SimBridge::ReadControls() {
  if (!alive()) return;
  Arrive(dice_.Delay(), [this] {
    known_controls_ = controls_->now();
    Feed(event::ControlsChanged{known_controls_});
  });
}

bridge::Now SimBridge::Clocks() const {
  return {world_->now_ms() + clock_skew_ms_, world_->now_ms() - World::kEpochMs};
}

void SimBridge::Heartbeat() {
  Arrive(kHeartbeatMs, [this] { Heartbeat(); });
}

// Messages of one connection arrive in the order sent.
int64_t SimBridge::InOrder(int64_t* last_ms) {
  *last_ms = std::max(*last_ms, world_->now_ms() + dice_.Delay());
  return *last_ms;
}

void SimBridge::Execute(bridge::Effect& effect) {
  std::visit(
      base::Overloaded{
          [&](effect::ProduceOutcome& e) {
            Produce(e.partition, e.cookie, std::move(e.key), std::move(e.value), true);
          },
          [&](effect::ProduceDeadLetter& e) {
            Produce(-1, e.cookie, std::move(e.key), std::move(e.value), false);
          },
          [&](effect::ReadOutcomes& e) {
            Reading& reading = outcomes_[e.partition];
            bool goes_on = bugs_.stale_reading && reading.id != 0;
            reading.active = true;
            reading.id = e.reading;
            if (goes_on) return LookAgain(e.partition);
            if (bugs_.window_from_claim) e.append_ms += bridge::kWindowBackMs;
            reading.next =
                e.offset >= 0 ? e.offset : log_->OutcomesAtTime(e.partition, e.append_ms);
            LookAgain(e.partition);
          },
          [&](effect::StopOutcomes& e) { outcomes_[e.partition].active = false; },
          [&](effect::Fence& e) {
            world_->After(dice_.Delay(), [this, e, life = life_] {
              SimMarket& market = *markets_[bugs_.fence_elsewhere ? 0 : e.market];
              const bool away = market.away();
              uint64_t highest =
                  bugs_.fence_skipped || away ? e.token : market.Fence(e.partition, e.token);
              if (life != life_) return;
              bool lost = (!world_->calm && dice_->OneIn(20)) || away;
              Arrive(dice_.Delay(), [this, e, highest, lost] {
                Feed(event::Fenced{e.partition, e.token,
                                   lost ? std::nullopt : std::optional<uint64_t>(highest),
                                   e.market});
              });
            });
          },
          [&](effect::QueryEnd& e) {
            Arrive(dice_.Delay(), [this, e] {
              auto end = static_cast<int64_t>(log_->intents[e.partition].size());
              Feed(event::EndOffset{e.partition, e.query, end});
            });
          },
          [&](effect::Place& e) { Place(e); },
          [&](effect::Ask& e) { Ask(e); },
          [&](effect::ResetStream& e) { BreakStream(e.market); },
          [&](effect::Commit& e) {
            if (bugs_.commit_at_delivery) e.next_offset = intents_[e.partition].next;
            if (bugs_.commit_off_by_one) ++e.next_offset;
            world_->After(dice_.Delay(), [this, e, life = life_] {
              bool ok = commit_allowed(e.partition);
              if (ok) log_->committed[e.partition] = e.next_offset;
              if (life != life_) return;
              Arrive(1, [this, e, ok] { Feed(event::Committed{e.partition, e.next_offset, ok}); });
            });
          },
          [&](effect::Pause& e) { intents_[e.partition].paused = true; },
          [&](effect::Resume& e) {
            intents_[e.partition].paused = false;
            LookAgain(e.partition);
          },
          [&](effect::Release& e) {
            intents_[e.partition].active = false;
            on_release(e.partition);
          },
      },
      effect);
}

void SimBridge::Produce(int32_t partition, uint64_t cookie, std::string key, std::string value,
                        bool outcome) {
  if ((bugs_.progress_is_now || bugs_.progress_of_another) && outcome) {
    value = WithProgress(partition, value);
  }
  int64_t at_ms = InOrder(&produced_ms_[partition]);
  // A failed produce may be in the log all the same.
  bool fails = !world_->calm && dice_->Percent(2);
  bool persisted = !fails || dice_->OneIn(2);
  if (bugs_.ack_on_enqueue && fails) {
    auto end = static_cast<int64_t>(outcome ? log_->outcomes[partition].size() : 0);
    Feed(event::Produced{cookie, true, end, world_->now_ms()});
  }
  world_->At(at_ms, [this, partition, cookie, key = std::move(key), value = std::move(value),
                     outcome, fails, persisted, life = life_] {
    int64_t offset = -1;
    int64_t append_ms = -1;
    if (persisted && outcome) {
      append_ms = log_->BrokerMs(SimLog::Topic::kOutcomes, partition);
      offset = log_->Append(SimLog::Topic::kOutcomes, partition, key, value);
    } else if (persisted) {
      ++log_->dead_letters;
    }
    if (life != life_) return;
    if (bugs_.ack_on_enqueue && fails) return;  // told already
    bool unheard = outcome && log_->AcksAreLost(SimLog::Topic::kOutcomes, partition);
    bool ok = !fails && !unheard;
    Arrive(dice_.Delay(), [this, cookie, offset, append_ms, ok] {
      Feed(event::Produced{cookie, ok, ok ? offset : -1, append_ms});
    });
  });
}

void SimBridge::Place(const effect::Place& place) {
  const size_t market = bugs_.order_elsewhere && dice_->OneIn(20) ? 0 : place.market;
  Stream& to = streams_[market];
  if (!to.up) return;
  auto intents = std::make_shared<std::vector<crossing::v1::PurchaseIntent>>();
  for (const crossing::v1::PurchaseIntent* intent : place.intents) {
    const controls::Tap tap{.marketplace_id = intent->marketplace_id(),
                            .offer_id = intent->offer_id(),
                            .buyer_ref = intent->buyer_ref()};
    disobeyed_ += known_controls_ == nullptr ||
                  known_controls_->WayOf(tap, world_->now_ms()) != controls::Way::kOrder;
    intents->push_back(*intent);
    if (!bugs_.deadline_renewed) continue;
    base::SetMs(world_->now_ms() + intent::kTtlMs, intents->back().mutable_deadline());
  }
  if (bugs_.shuffled_batch) std::reverse(intents->begin(), intents->end());
  int64_t at_ms = InOrder(&to.sent_ms);
  world_->At(at_ms, [this, intents, batch = place.batch, partition = place.partition,
                     token = place.token, life = life_, stream = to.number, market] {
    // It stalls before the transaction; the token and the deadline count inside it.
    int64_t stall_ms = dice_.Delay() / 4;
    int64_t arrived_ms = world_->now_ms();
    world_->After(stall_ms,
                  [this, intents, batch, partition, token, arrived_ms, life, stream, market] {
                    Decide(intents, batch, partition, token, arrived_ms, life, stream, market);
                  });
  });
}

void SimBridge::Decide(std::shared_ptr<std::vector<crossing::v1::PurchaseIntent>> intents,
                       uint64_t batch, int32_t partition, uint64_t token, int64_t arrived_ms,
                       uint64_t life, uint64_t stream, size_t market) {
  bool stale = markets_[market]->Stale(partition, token);
  auto decisions = std::make_shared<std::vector<bridge::Decision>>();
  if (!stale && !world_->calm && dice_->OneIn(40)) {
    decisions->resize(intents->size());
    for (bridge::Decision& decision : *decisions) {
      decision.retry = true;
      decision.retry_after_ms = dice_->Between(0, 200);
    }
  } else if (!stale) {
    std::optional<std::vector<bridge::Decision>> decided =
        markets_[market]->Decide(*intents, arrived_ms);
    if (!decided) return;
    *decisions = *std::move(decided);
  }
  for (uint32_t i = 0; i < decisions->size(); ++i) {
    (*decisions)[i].index =
        bugs_.shuffled_batch ? static_cast<uint32_t>(intents->size()) - 1 - i : i;
  }
  if (bugs_.swapped_results && decisions->size() > 1) {
    std::swap((*decisions)[0].index, (*decisions)[1].index);
  }
  if (life != life_ || stream != streams_[market].number) return;
  Arrive(dice_.Delay(), [this, batch, stale, decisions, stream, market] {
    if (stream != streams_[market].number) return;
    Feed(event::Answered{batch, stale, *decisions});
  });
}

void SimBridge::Ask(const effect::Ask& ask) {
  auto intents = std::make_shared<std::vector<crossing::v1::PurchaseIntent>>();
  for (const crossing::v1::PurchaseIntent* intent : ask.intents) intents->push_back(*intent);
  world_->After(dice_.Delay(), [this, intents, id = ask.ask, partition = ask.partition,
                                token = ask.token, life = life_, market = ask.market] {
    const bool away = markets_[market]->away();
    bool stale = !away && markets_[market]->Stale(partition, token);
    auto findings = std::make_shared<std::vector<bridge::Finding>>();
    for (const crossing::v1::PurchaseIntent& intent : *intents) {
      if (!stale) findings->push_back(markets_[market]->Find(intent));
    }
    bool lost = (!world_->calm && dice_->OneIn(15)) || away;
    if (life != life_) return;
    Arrive(dice_.Delay(),
           [this, id, stale, findings, lost] { Feed(event::Found{id, !lost, stale, *findings}); });
  });
}

void SimBridge::OpenStream(size_t market, uint64_t life) {
  // The draw comes first: a marketplace that is never away changes nothing of it.
  const int64_t at_ms = world_->now_ms() + dice_->Between(1, 400);
  world_->At(std::max(at_ms, markets_[market]->away_until_ms()), [this, market, life] {
    if (life != life_ || streams_[market].up) return;
    if (markets_[market]->away()) return OpenStream(market, life);
    Arrive(0, [this, market] {
      Stream& stream = streams_[market];
      if (stream.up) return;
      ++stream.number;
      stream.sent_ms = world_->now_ms();
      stream.up = true;
      Feed(event::StreamUp{market});
    });
  });
}

void SimBridge::BreakStream(size_t market) {
  Stream& stream = streams_[market];
  if (!stream.up) return;
  stream.up = false;
  ++stream.number;
  Arrive(0, [this, market] {
    Feed(event::StreamDown{market});
    OpenStream(market, life_);
  });
}

void SimBridge::Assign(int partition) {
  Arrive(dice_->Between(1, 50), [this, partition] {
    // A member hears that a partition was taken away before it is given the partition again.
    if (revoked_.erase(partition) > 0) {
      Feed(event::Revoked{partition, true});
      Assign(partition);
      return;
    }
    Reading& reading = intents_[partition];
    reading.active = true;
    reading.paused = false;
    reading.next = log_->committed[partition];
    if (bugs_.assigned_at_end) reading.next = static_cast<int64_t>(log_->intents[partition].size());
    Feed(event::Assigned{partition, reading.next});
    LookAgain(partition);
  });
}

void SimBridge::Revoke(int partition, bool lost) {
  // Word of a lost partition comes late: until then its former owner is a zombie.
  int64_t delay_ms = lost ? dice_->Between(1, 20'000) : dice_->Between(1, 50);
  bool& unheard = revoked_[partition];
  unheard = unheard || lost;
  Arrive(delay_ms, [this, partition, lost] {
    auto word = revoked_.find(partition);
    if (word == revoked_.end()) return;
    if (lost || !word->second) revoked_.erase(word);
    intents_[partition].active = false;
    Feed(event::Revoked{partition, lost});
  });
}

void SimBridge::LookAgain(int partition) {
  for (auto* readings : {&intents_, &outcomes_}) {
    auto it = readings->find(partition);
    if (it == readings->end() || !it->second.active || it->second.scheduled) continue;
    it->second.scheduled = true;
    bool is_intents = readings == &intents_;
    Arrive(world_->calm ? 2 : dice_->Between(1, 80), [this, partition, is_intents] {
      is_intents ? PumpIntents(partition) : PumpOutcomes(partition);
    });
  }
}

void SimBridge::PumpIntents(int partition) {
  Reading& reading = intents_[partition];
  reading.scheduled = false;
  const auto& log = log_->intents[partition];
  while (reading.active && !reading.paused && reading.next < static_cast<int64_t>(log.size())) {
    int64_t offset = reading.next++;
    if (bugs_.skipped_record && dice_->OneIn(50)) continue;
    const LogRecord& record = log[offset];
    Feed(event::Intent{partition, offset, record.append_ms, record.key, record.value});
  }
  if (reading.active) Feed(event::IntentsEnd{partition, reading.next});
}

void SimBridge::PumpOutcomes(int partition) {
  Reading& reading = outcomes_[partition];
  reading.scheduled = false;
  while (reading.active && reading.next < static_cast<int64_t>(log_->outcomes[partition].size())) {
    int64_t offset = reading.next++;
    std::string value = log_->outcomes[partition][offset].value;
    Feed(event::OutcomeRead{partition, reading.id, offset, value});
  }
}

std::string SimBridge::WithProgress(int32_t partition, const std::string& value) {
  crossing::v1::OutcomeRecord record;
  if (!record.ParseFromString(value) || !record.has_open()) return value;
  int64_t progress_ms = log_->BrokerMs(SimLog::Topic::kOutcomes, partition);
  if (bugs_.progress_of_another) {
    int64_t& told_ms = told_progress_ms_[partition];
    told_ms = std::max(told_ms, base::ToMs(record.open().progress()));
    progress_ms = told_ms;
  }
  if (progress_ms > 0) base::SetMs(progress_ms, record.mutable_open()->mutable_progress());
  return record.SerializeAsString();
}

}  // namespace jembatan::simulation
