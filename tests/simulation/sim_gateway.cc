#include "tests/simulation/sim_gateway.h"

#include <algorithm>
#include <utility>

#include "libs/base/status.h"
#include "libs/base/timestamp.h"
#include "libs/intent/limits.h"
#include "tests/simulation/offers.h"
#include "tests/simulation/plan.h"

namespace jembatan::simulation {

using gateway::FinalPtr;
using kafka::Persistence;

namespace {

// Shorter than a service's, so that a history is long enough for its end to matter.
constexpr int64_t kReachMs = intent::kTtlMs + intent::kFutureMs + 2 * intent::kBrokerSkewMs +
                             intent::kGatewaySkewMs + 60'000;
// Within this time librdkafka gives a record up.
constexpr int64_t kMessageTimeoutMs = 30'000;
constexpr uint64_t kConnectionsEach = 1'000'000;

}  // namespace

// The gateway's end of a connection.
class SimGateway::Link final : public gateway::Session {
 public:
  Link(SimGateway* gateway, uint64_t connection,
       std::shared_ptr<const gateway::Principal> principal)
      : Session(std::move(principal)), gateway_(gateway), connection_(connection) {}

  void OnOutbox() override { gateway_->SendDown(connection_, TakeOutbox()); }
  void OnOverflow() override {}

  gateway::Intake::SessionKey key = 0;

 private:
  SimGateway* gateway_;
  const uint64_t connection_;
};

SimGateway::SimGateway(World* world, SimLog* log, const SimControls* controls, Options options)
    : world_(world),
      log_(log),
      controls_(controls),
      options_(options),
      dice_(world, part::kGateway + static_cast<uint64_t>(options.number)),
      next_connection_(static_cast<uint64_t>(options.number + 1) * kConnectionsEach) {}

SimGateway::~SimGateway() = default;

// --- The process --------------------------------------------------------------------------------

void SimGateway::Boot() {
  ++life_;
  SetClockRight();
  std::vector<registry::Marketplace> markets(static_cast<size_t>(options_.markets));
  for (size_t market = 0; market < markets.size(); ++market) {
    markets[market].id = kMarketIds[market];
    // The first has all the others.
    for (size_t offer = kOffers / 2; market > 0 && offer < kOffers; ++offer) {
      markets[market].offers.push_back(AllOffers()[offer]);
    }
  }
  window_ = std::make_unique<gateway::OutcomeWindow>(gateway::OutcomeWindow::Options{
      .partitions = kPartitions,
      .marketplaces = {kMarketIds.begin(), kMarketIds.begin() + options_.markets},
      .capacity = 1'000});
  lag_ = std::make_unique<gateway::LagForecast>(kPartitions * options_.markets);
  feed_ = std::make_unique<gateway::OutcomeFeed>(kPartitions, *window_, *lag_, kReachMs);
  gateway::IntakeOptions intake;
  intake.crossing.accepted_by = "gateway-" + std::to_string(options_.number);
  intake.registry = std::make_shared<const registry::Registry>(std::move(markets));
  intake.partitions = kPartitions;
  intake.in_flight_max = 16;
  intake.in_flight_per_session = 4;
  gateway::IntentLog* intents = this;
  intake_ =
      std::make_unique<gateway::Intake>(std::move(intake), intents, window_.get(), lag_.get());
  intake_->SetControls(nullptr);
  ReadControls();
  for (int p = 0; p < kPartitions; ++p) StartReading(p);
}

void SimGateway::ReadControls() {
  if (alive()) Arrive(dice_.Delay(), [this] { intake_->SetControls(controls_->now()); });
}

void SimGateway::Crash() {
  ++life_;
  world_->Trace("gateway %d: down", options_.number);
  for (const auto& [connection, link] : links_) {
    // Most viewers see their connection break; some only notice by waiting.
    if (dice_->OneIn(5)) continue;
    world_->After(dice_.Delay(), [this, name = connection] { Broken(name); });
  }
  intake_.reset();
  feed_.reset();
  lag_.reset();
  window_.reset();
  links_.clear();
  readings_.clear();
  outstanding_.clear();
  waiting_.clear();
  frozen_until_ms_ = 0;
  tick_due_ms_ = -1;
}

void SimGateway::Freeze(int64_t for_ms) {
  frozen_until_ms_ = std::max(frozen_until_ms_, world_->now_ms() + for_ms);
  world_->At(frozen_until_ms_, [this, life = life_] { Thaw(life); });
}

void SimGateway::Thaw(uint64_t life) {
  if (life != life_ || frozen()) return;
  std::deque<Action> waiting = std::exchange(waiting_, {});
  for (const Action& action : waiting) {
    if (alive()) Run(action);
  }
}

void SimGateway::StepClock(int64_t by_ms) {
  clock_ms_ = std::min(clock_ms_ + by_ms, options_.clock_skew_max_ms);
}

void SimGateway::SetClockRight() {
  clock_ms_ = dice_->Between(-options_.clock_skew_max_ms, options_.clock_skew_max_ms);
}

// Runs the action when the process is there and thawed, unless it has crashed since.
void SimGateway::Arrive(int64_t delay_ms, Action action) {
  world_->After(delay_ms, [this, life = life_, action = std::move(action)] {
    if (life != life_ || !alive()) return;
    if (frozen()) {
      waiting_.push_back(action);
    } else {
      Run(action);
    }
  });
}

// One turn: what arrived, then the end of the tick.
void SimGateway::Run(const Action& action) {
  action();
  intake_->EndTick(Now());
  ArmTick();
}

void SimGateway::ArmTick() {
  const int64_t due_ms = intake_->NextDueMs();
  if (due_ms < 0) return;
  const int64_t at_ms = world_->now_ms() + std::max<int64_t>(1, due_ms - Now());
  if (tick_due_ms_ >= world_->now_ms() && tick_due_ms_ <= at_ms) return;
  tick_due_ms_ = at_ms;
  Arrive(at_ms - world_->now_ms(), [this] { tick_due_ms_ = -1; });
}

std::shared_ptr<const gateway::Principal> SimGateway::PrincipalOf(int viewer) const {
  auto principal = std::make_shared<gateway::Principal>();
  principal->viewer = {.id = "viewer-" + std::to_string(viewer),
                       .region = "ID",
                       .shop_consent = true,
                       .consent_version = "1",
                       .expires_ms = World::kEpochMs * 2};
  const auto refs = [&](size_t market) {
    const auto ref = [&](int64_t id_ms) {
      identity::BuyerRef buyer;
      const std::string bytes = BuyerOf(viewer, id_ms, market);
      std::copy(bytes.begin(), bytes.end(), buyer.bytes.begin());
      return buyer;
    };
    if (options_.bugs.key_by_wall_clock) return identity::BuyerRefs(ref(Now()));
    identity::BuyerRefs::Entries epochs;
    for (int64_t from_ms : {int64_t{0}, kSecondKeyMs}) epochs.push_back({from_ms, ref(from_ms)});
    return identity::BuyerRefs(std::move(epochs));
  };
  principal->buyers = refs(0);
  for (int market = 1; market < options_.markets; ++market) {
    principal->further.push_back(refs(static_cast<size_t>(market)));
  }
  return principal;
}

// --- Viewers ------------------------------------------------------------------------------------

uint64_t SimGateway::NewConnection(SimClient* client, int viewer, bool stream) {
  uint64_t connection = next_connection_++;
  wires_[connection] = {.client = client, .viewer = viewer, .stream = stream, .life = life_};
  return connection;
}

void SimGateway::Send(uint64_t connection, intake::v1::ClientFrame frame) {
  Wire& wire = wires_.at(connection);
  wire.up_ms = std::max(wire.up_ms, world_->now_ms() + dice_.Delay());
  world_->At(wire.up_ms, [this, connection, frame = std::move(frame), life = wire.life] {
    if (life == life_ && alive()) {
      Arrive(0, [this, connection, frame] { Receive(connection, frame); });
    } else {
      // Another process, or none, knows nothing of this connection.
      Broken(connection);
    }
  });
}

void SimGateway::Broken(uint64_t connection) {
  auto wire = wires_.find(connection);
  if (wire == wires_.end()) return;
  SimClient* client = wire->second.client;
  wires_.erase(wire);
  client->OnClosed(connection);
}

void SimGateway::Receive(uint64_t connection, const intake::v1::ClientFrame& frame) {
  auto wire = wires_.find(connection);
  if (wire == wires_.end()) return;
  std::unique_ptr<Link>& link = links_[connection];
  if (!link) {
    link = std::make_unique<Link>(this, connection, PrincipalOf(wire->second.viewer));
    link->key = intake_->Open(link.get(), wire->second.stream);
  }
  for (const auto& intent : frame.intents()) {
    world_->Trace("gateway %d: %s submitted on %llu", options_.number, intent.intent_id().c_str(),
                  static_cast<unsigned long long>(connection));
  }
  intake_->Submit(link->key, frame, Now()).IgnoreError();
}

void SimGateway::SendDown(uint64_t connection, std::unique_ptr<intake::v1::ServerFrame> frame) {
  auto it = wires_.find(connection);
  if (it == wires_.end()) return;
  Wire& wire = it->second;
  wire.down_ms = std::max(wire.down_ms, world_->now_ms() + dice_.Delay());
  world_->At(wire.down_ms, [this, connection, frame = std::shared_ptr(std::move(frame))] {
    auto open = wires_.find(connection);
    if (open != wires_.end()) open->second.client->OnFrame(connection, *frame);
  });
}

// The viewer's end is gone at once, and with it what is on its way down; the gateway hears of it
// later, and what was sent up may still arrive before.
void SimGateway::Close(uint64_t connection) {
  auto wire = wires_.find(connection);
  if (wire == wires_.end()) return;
  int64_t at_ms = std::max(wire->second.up_ms, world_->now_ms() + dice_.Delay());
  struct Nobody final : SimClient {
    void OnFrame(uint64_t, const intake::v1::ServerFrame&) override {}
    void OnClosed(uint64_t) override {}
  };
  static Nobody nobody;
  wire->second.client = &nobody;
  world_->At(at_ms, [this, connection] {
    if (!alive()) {
      wires_.erase(connection);
      return;
    }
    Arrive(0, [this, connection] { Drop(connection); });
  });
}

void SimGateway::Drop(uint64_t connection) {
  wires_.erase(connection);
  auto link = links_.find(connection);
  if (link == links_.end()) return;
  intake_->Close(link->second->key);
  links_.erase(link);
}

void SimGateway::Ask(int viewer, const intake::v1::GetOutcomesRequest& request,
                     OnAnswer on_answer) {
  int64_t there_ms = dice_.Delay();
  int64_t back_ms = dice_.Delay();
  if (!alive()) return;
  Arrive(there_ms, [this, viewer, request, back_ms, on_answer = std::move(on_answer)] {
    intake::v1::GetOutcomesResponse response;
    intake_->Answer(*PrincipalOf(viewer), request, &response);
    world_->After(back_ms, [response, on_answer] { on_answer(response); });
  });
}

// --- The log of intents -------------------------------------------------------------------------

absl::Status SimGateway::Produce(int32_t partition, std::string_view key, std::string_view value,
                                 uint64_t opaque) {
  if (world_->now_ms() < rebuilt_at_ms_) return base::Unavailable("rebuilding");
  if (!world_->calm && dice_->Percent(1)) return base::ResourceExhausted("full");
  auto attempt =
      std::make_shared<Attempt>(Attempt{opaque, partition, std::string(key), std::string(value)});
  if (options_.bugs.deadline_from_arrival) {
    crossing::v1::PurchaseIntent intent;
    intent.ParseFromString(attempt->value);
    base::SetMs(Now() + intent::kTtlMs, intent.mutable_deadline());
    attempt->value = intent.SerializeAsString();
  }
  attempt->queued = dice_->OneIn(2);
  outstanding_[opaque] = attempt;
  if (options_.bugs.accepted_on_enqueue) {
    Arrive(0, [this, attempt] {
      auto end = static_cast<int64_t>(log_->intents[attempt->partition].size());
      Tell(attempt, {.offset = end, .append_time_ms = world_->now_ms()});
    });
  }
  int64_t fate = world_->calm ? 99 : dice_->Between(0, 99);
  if (fate < 3) {
    TellFailed(dice_->Between(5, kMessageTimeoutMs), attempt, Persistence::kNotPersisted);
  } else if (fate < 6) {
    // The acknowledgement is lost; the record may be in the log, and may be there much later.
    bool late = dice_->OneIn(3);
    if (dice_->OneIn(2)) {
      AppendLater(late ? dice_->Between(5'000, 200'000) : dice_.Delay(), attempt, false);
    }
    TellFailed(dice_->Between(5, kMessageTimeoutMs), attempt, Persistence::kPossiblyPersisted);
  } else {
    AppendLater(dice_.Delay(), attempt, true);
  }
  return absl::OkStatus();
}

void SimGateway::AppendLater(int64_t delay_ms, const std::shared_ptr<Attempt>& attempt,
                             bool heard) {
  world_->After(delay_ms, [this, attempt, heard, life = life_] {
    if (attempt->queued && life != life_) return;
    if (attempt->queued && frozen()) {
      AppendLater(frozen_until_ms_ - world_->now_ms() + dice_->Between(0, 50), attempt, heard);
    } else {
      Append(attempt, heard && life == life_);
    }
  });
}

void SimGateway::Append(const std::shared_ptr<Attempt>& attempt, bool heard) {
  constexpr SimLog::Topic kIntents = SimLog::Topic::kIntents;
  const int32_t partition = attempt->partition;
  const int64_t append_ms = log_->BrokerMs(kIntents, partition);
  const int64_t offset = log_->Append(kIntents, partition, attempt->key, attempt->value);
  world_->Trace("gateway %d: appended at %d/%lld%s", options_.number, partition,
                static_cast<long long>(offset), heard ? "" : ", unheard");
  if (!heard) return;
  if (log_->AcksAreLost(kIntents, partition)) {
    TellFailed(dice_->Between(5, kMessageTimeoutMs), attempt, Persistence::kPossiblyPersisted);
    return;
  }
  Arrive(dice_.Delay(), [this, attempt, offset, append_ms] {
    Tell(attempt, {.offset = offset, .append_time_ms = append_ms});
  });
}

void SimGateway::TellFailed(int64_t delay_ms, const std::shared_ptr<Attempt>& attempt,
                            Persistence persistence) {
  Arrive(delay_ms, [this, attempt, persistence] {
    Tell(attempt, {.status = base::Unavailable("no answer"), .persistence = persistence});
  });
}

// One delivery for each attempt, as the producer promises.
void SimGateway::Tell(const std::shared_ptr<Attempt>& attempt, kafka::Delivery delivery) {
  if (std::exchange(attempt->told, true)) return;
  outstanding_.erase(attempt->opaque);
  delivery.opaque = attempt->opaque;
  delivery.partition = attempt->partition;
  if (delivery.status.ok()) delivery.persistence = Persistence::kPersisted;
  if (options_.bugs.refused_though_persisted && !delivery.status.ok()) {
    delivery.persistence = Persistence::kNotPersisted;
  }
  if (options_.bugs.accepted_when_late) delivery.append_time_ms = 0;
  if (options_.bugs.offset_of_another && delivery.offset > 0) --delivery.offset;
  intake_->OnDeliveries(std::span(&delivery, 1), Now());
}

void SimGateway::RebuildProducer() {
  rebuilt_at_ms_ = world_->now_ms() + dice_->Between(1, 500);
  std::map<uint64_t, std::shared_ptr<Attempt>> outstanding = outstanding_;
  for (const auto& [opaque, attempt] : outstanding) {
    TellFailed(0, attempt, Persistence::kPossiblyPersisted);
  }
}

// --- The outcomes -------------------------------------------------------------------------------

void SimGateway::StartReading(int partition) {
  Arrive(dice_.Delay(), [this, partition] {
    feed_->OnEnd(partition, static_cast<int64_t>(log_->outcomes[partition].size()));
    int64_t since_ms = feed_->SinceMs(Now());
    Arrive(dice_.Delay(), [this, partition, since_ms] { BeginReading(partition, since_ms); });
  });
}

void SimGateway::BeginReading(int partition, int64_t since_ms) {
  Reading& reading = readings_[partition];
  reading.next = log_->OutcomesAtTime(partition, since_ms);
  if (options_.bugs.window_not_rewound) {
    reading.next = static_cast<int64_t>(log_->outcomes[partition].size());
  }
  reading.active = true;
  feed_->OnStart(partition, reading.next, since_ms);
  if (options_.bugs.floor_forgotten) window_->StartPartition(partition, reading.next, 0);
  feed_->OnReached(partition, reading.next);
  LookAgain(partition);
}

void SimGateway::LookAgain(int partition) {
  auto it = readings_.find(partition);
  if (it == readings_.end() || !it->second.active || it->second.scheduled) return;
  it->second.scheduled = true;
  Arrive(world_->calm ? 2 : dice_->Between(1, 80), [this, partition] { Pump(partition); });
}

void SimGateway::Pump(int partition) {
  Reading& reading = readings_[partition];
  reading.scheduled = false;
  const auto& log = log_->outcomes[partition];
  while (reading.next < static_cast<int64_t>(log.size())) {
    int64_t offset = reading.next++;
    if (options_.bugs.outcome_skipped && dice_->OneIn(50)) continue;
    std::string value = Spoilt(partition, log[offset].value);
    gateway::OutcomeFeed::Step step = feed_->OnRecord(partition, offset, value, Now());
    if (step.read_again_from >= 0) {
      if (options_.bugs.read_again_ignored) continue;
      world_->Trace("gateway %d: reads outcomes %d again from %lld", options_.number, partition,
                    static_cast<long long>(step.read_again_from));
      reading.next = step.read_again_from;
      feed_->Begin(partition, reading.next);
      continue;
    }
    if (step.final) Push(std::move(step.final));
    feed_->OnReached(partition, offset + 1);
  }
}

// The record as a gateway with one of these bugs would take it.
std::string SimGateway::Spoilt(int partition, const std::string& value) {
  const GatewayBugs& bugs = options_.bugs;
  if (!bugs.void_outcomes_count && !bugs.none_from_void_open && !bugs.none_without_m) return value;
  crossing::v1::OutcomeRecord record;
  record.ParseFromString(value);
  uint64_t& highest = readings_[partition].highest_open[record.marketplace_id()];
  if (record.has_open() && record.token() > highest) highest = record.token();
  bool counts = (bugs.void_outcomes_count && record.has_outcome()) ||
                (bugs.none_from_void_open && record.has_open());
  if (counts) record.set_token(std::max(record.token(), highest));
  if (bugs.none_without_m && record.has_open() && record.open().has_progress()) {
    base::SetMs(base::ToMs(record.open().progress()) + intent::kBrokerSkewMs,
                record.mutable_open()->mutable_progress());
  }
  return record.SerializeAsString();
}

void SimGateway::Push(FinalPtr final) {
  if (options_.bugs.pushed_to_another) {
    auto other = std::make_shared<gateway::Final>(*final);
    other->buyer.bytes.fill(static_cast<uint8_t>('A' + (final->buyer.bytes[1] + 1) % kViewers));
    final = other;
  }
  intake_->OnFinal(final);
}

}  // namespace jembatan::simulation
