#pragma once

// SimBridge: one bridge process: the real Core with its effects executed on the simulated log,
// group and marketplace. It can crash (its state is gone, its messages under way are not), freeze
// (time stands still for it, what it sent goes on) and lose its connections.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/bridge/core.h"
#include "tests/simulation/sim_controls.h"
#include "tests/simulation/sim_log.h"
#include "tests/simulation/sim_market.h"
#include "tests/simulation/sim_policies.h"
#include "tests/simulation/world.h"

namespace jembatan::simulation {

// What a careless service might do between the core and its world; all off but in a mutant.
struct BridgeBugs {
  bool commit_at_delivery = false;
  bool commit_off_by_one = false;
  bool ack_on_enqueue = false;
  bool deadline_renewed = false;
  bool window_from_claim = false;
  bool shuffled_batch = false;
  bool swapped_results = false;
  bool fence_skipped = false;
  bool progress_is_now = false;
  bool stale_reading = false;
  bool assigned_at_end = false;
  bool skipped_record = false;
  bool fence_elsewhere = false;
  bool order_elsewhere = false;
  bool progress_of_another = false;
};

class SimBridge {
 public:
  SimBridge(World* world, SimLog* log, std::vector<SimMarket*> markets, const SimControls* controls,
            int number, bridge::Rules rules, BridgeBugs bugs);

  void Boot();
  void Crash();
  void Freeze(int64_t for_ms);
  // The stream to a marketplace breaks; what is on its way may still arrive.
  void BreakStream(size_t market);
  // The wall clock steps; monotonic time does not.
  void StepClock(int64_t by_ms) { clock_skew_ms_ += by_ms; }
  // It is right again.
  void SetClockRight() { clock_skew_ms_ = 0; }
  bool alive() const { return core_ != nullptr; }
  // Changes with each boot and crash: another member of the group.
  uint64_t life() const { return life_; }
  bool frozen() const { return world_->now_ms() < frozen_until_ms_; }

  // The group's word. Refused commits are the group's business: see commit_allowed.
  void Assign(int partition);
  void Revoke(int partition, bool lost);
  // Asked at the moment a commit reaches the group.
  std::function<bool(int partition)> commit_allowed;
  std::function<void(int partition)> on_release;

  // What operators have put in force; heard of after a while, by whoever is alive.
  void HearOfPolicy();
  std::function<PolicyPtr()> policy_in_force;

  // Something was appended to the partition.
  void LookAgain(int partition);
  // The operators have ordered something: it is read later.
  void ReadControls();
  // Orders sent though the process knew a control that said otherwise.
  int disobeyed() const { return disobeyed_; }

  const bridge::Core* core() const { return core_.get(); }

 private:
  struct Reading {
    int64_t next = 0;
    uint64_t id = 0;  // the core's name of the reading
    bool active = false;
    bool scheduled = false;
    bool paused = false;
  };
  using Action = std::function<void()>;

  // Runs the action when the process is there and thawed, unless it has crashed since.
  void Arrive(int64_t delay_ms, Action action);
  void Run(const Action& action);
  void Thaw(uint64_t life);
  void Feed(const bridge::Event& event);
  void TraceEvent(const bridge::Event& event) const;
  void Execute(bridge::Effect& effect);
  void Heartbeat();
  bridge::Now Clocks() const;

  void Produce(int32_t partition, uint64_t cookie, std::string key, std::string value,
               bool outcome);
  void Place(const bridge::effect::Place& place);
  void Decide(std::shared_ptr<std::vector<crossing::v1::PurchaseIntent>> intents, uint64_t batch,
              int32_t partition, uint64_t token, int64_t arrived_ms, uint64_t life, uint64_t stream,
              size_t market);
  void Ask(const bridge::effect::Ask& ask);
  void OpenStream(size_t market, uint64_t life);
  void ReadGoods();
  void PumpIntents(int partition);
  void PumpOutcomes(int partition);
  int64_t InOrder(int64_t* last_ms);
  // An open record that tells another progress than its own.
  std::string WithProgress(int32_t partition, const std::string& value);

  World* world_;
  SimLog* log_;
  const std::vector<SimMarket*> markets_;
  const SimControls* controls_;
  const int number_;
  Dice dice_;
  const bridge::Rules rules_;
  const BridgeBugs bugs_;
  std::unique_ptr<bridge::Core> core_;
  bridge::Effects effects_;
  uint64_t life_ = 0;
  // To a marketplace; its number changes with each opening and break.
  struct Stream {
    uint64_t number = 0;
    bool up = false;
    int64_t sent_ms = 0;
  };
  std::vector<Stream> streams_;
  std::map<int32_t, int64_t> told_progress_ms_;  // the highest, by partition, for a mutant
  int64_t frozen_until_ms_ = 0;
  std::deque<Action> waiting_;  // what arrived while frozen
  int64_t clock_skew_ms_ = 0;
  controls::Snapshot known_controls_;  // null: not read yet
  int disobeyed_ = 0;
  std::map<int, int64_t> produced_ms_;
  std::map<int, Reading> intents_;
  std::map<int, Reading> outcomes_;
  // Partitions taken away from this member that it has not heard of yet; true: they are lost.
  std::map<int, bool> revoked_;
};

}  // namespace jembatan::simulation
