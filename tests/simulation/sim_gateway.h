#pragma once

// SimGateway: one gateway process: the real Intake, OutcomeWindow, LagForecast and OutcomeFeed over
// the simulated log, and the connections of its viewers. It can crash (its memory is gone, the
// window is read anew at its next start), freeze (what its producer had queued leaves late), have
// its producer rebuilt, and be wrong about the time.
//
// Single-threaded; owned by the History.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "services/gateway/intake.h"
#include "services/gateway/outcome_feed.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/sim_controls.h"
#include "tests/simulation/sim_log.h"
#include "tests/simulation/world.h"

namespace jembatan::simulation {

// What a careless gateway might do; all off but in a mutant.
struct GatewayBugs {
  bool accepted_on_enqueue = false;
  bool refused_though_persisted = false;
  bool accepted_when_late = false;
  bool void_outcomes_count = false;
  bool none_from_void_open = false;
  bool none_without_m = false;
  bool window_not_rewound = false;
  bool floor_forgotten = false;
  bool read_again_ignored = false;
  bool outcome_skipped = false;
  bool deadline_from_arrival = false;
  bool key_by_wall_clock = false;
  bool pushed_to_another = false;
  bool offset_of_another = false;
};

// When the second epoch of the buyers' key begins: in the middle of what happens.
inline constexpr int64_t kSecondKeyMs = World::kEpochMs + 150'000;

// A viewer's pseudonym at a marketplace for intents whose id is of that time.
inline std::string BuyerOf(int viewer, int64_t id_ms, size_t market) {
  const char first = id_ms < kSecondKeyMs ? 'A' : 'N';
  return std::string(32, static_cast<char>(first + viewer + static_cast<int>(market) * kViewers));
}

// The viewer's end of connections. A frame of a connection that the viewer has closed is its own to
// ignore.
class SimClient {
 public:
  virtual ~SimClient() = default;
  virtual void OnFrame(uint64_t connection, const intake::v1::ServerFrame& frame) = 0;
  virtual void OnClosed(uint64_t connection) = 0;
};

class SimGateway : private gateway::IntentLog {
 public:
  struct Options {
    int number = 0;
    int markets = 1;
    int64_t clock_skew_max_ms = 0;
    GatewayBugs bugs = {};
  };
  SimGateway(World* world, SimLog* log, const SimControls* controls, Options options);
  ~SimGateway() override;

  void Boot();
  void Crash();
  void Freeze(int64_t for_ms);
  // The wall clock steps: back by any amount, ahead only within what the protocol allows.
  void StepClock(int64_t by_ms);
  void SetClockRight();
  // Everything outstanding is told as possibly persisted; for a while nothing can be produced.
  void RebuildProducer();
  bool alive() const { return intake_ != nullptr; }
  bool frozen() const { return world_->now_ms() < frozen_until_ms_; }

  // --- For viewers. Frames of a connection arrive in the order sent, or never.

  // A name for a connection; it is open at the gateway from its first frame on. stream: outcomes
  // are pushed on it.
  uint64_t NewConnection(SimClient* client, int viewer, bool stream);
  void Send(uint64_t connection, intake::v1::ClientFrame frame);
  void Close(uint64_t connection);
  using OnAnswer = std::function<void(const intake::v1::GetOutcomesResponse&)>;
  // Called back when and if the answer arrives.
  void Ask(int viewer, const intake::v1::GetOutcomesRequest& request, OnAnswer on_answer);

  // Something was appended to the partition.
  void LookAgain(int partition);
  // The operators have ordered something: it is read later.
  void ReadControls();

 private:
  class Link;
  // What the network knows of a connection.
  struct Wire {
    SimClient* client;
    int viewer;
    bool stream;
    uint64_t life;      // of the process it was made to
    int64_t up_ms = 0;  // arrival of the last frame sent
    int64_t down_ms = 0;
  };
  // A record handed to the producer.
  struct Attempt {
    uint64_t opaque;
    int32_t partition;
    std::string key;
    std::string value;
    bool queued = false;  // in this process, not on its way: frozen and lost with it
    bool told = false;
  };
  struct Reading {
    int64_t next = 0;
    bool active = false;
    bool scheduled = false;
    std::map<std::string, uint64_t> highest_open;  // by marketplace, for the mutants
  };
  using Action = std::function<void()>;

  void Arrive(int64_t delay_ms, Action action);
  void Run(const Action& action);
  void Thaw(uint64_t life);
  void ArmTick();
  int64_t Now() const { return world_->now_ms() + clock_ms_; }
  std::shared_ptr<const gateway::Principal> PrincipalOf(int viewer) const;

  void Receive(uint64_t connection, const intake::v1::ClientFrame& frame);
  void Broken(uint64_t connection);
  void SendDown(uint64_t connection, std::unique_ptr<intake::v1::ServerFrame> frame);
  void Drop(uint64_t connection);

  absl::Status Produce(int32_t partition, std::string_view key, std::string_view value,
                       uint64_t opaque) override;
  void AppendLater(int64_t delay_ms, const std::shared_ptr<Attempt>& attempt, bool heard);
  void Append(const std::shared_ptr<Attempt>& attempt, bool heard);
  void Tell(const std::shared_ptr<Attempt>& attempt, kafka::Delivery delivery);
  void TellFailed(int64_t delay_ms, const std::shared_ptr<Attempt>& attempt,
                  kafka::Persistence persistence);

  void StartReading(int partition);
  void BeginReading(int partition, int64_t since_ms);
  void Pump(int partition);
  std::string Spoilt(int partition, const std::string& value);
  void Push(gateway::FinalPtr final);

  World* world_;
  SimLog* log_;
  const SimControls* controls_;
  const Options options_;
  Dice dice_;
  std::unique_ptr<gateway::OutcomeWindow> window_;
  std::unique_ptr<gateway::LagForecast> lag_;
  std::unique_ptr<gateway::OutcomeFeed> feed_;
  std::unique_ptr<gateway::Intake> intake_;
  std::map<uint64_t, Wire> wires_;
  std::map<uint64_t, std::unique_ptr<Link>> links_;
  std::map<int, Reading> readings_;
  std::map<uint64_t, std::shared_ptr<Attempt>> outstanding_;  // by opaque
  uint64_t life_ = 0;
  uint64_t next_connection_;
  int64_t frozen_until_ms_ = 0;
  int64_t rebuilt_at_ms_ = 0;
  int64_t clock_ms_ = 0;
  int64_t tick_due_ms_ = -1;
  std::deque<Action> waiting_;  // what arrived while frozen
};

}  // namespace jembatan::simulation
