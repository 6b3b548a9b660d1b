#include "services/gateway/edge.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "libs/base/clock.h"
#include "libs/base/crash_point.h"

namespace jembatan::gateway {
namespace {

int64_t MonotonicMs() { return base::MonotonicNs() / 1'000'000; }

}  // namespace

Edge::Edge(Options options, runtime::Shard& shard, Intake& intake, RoomHints& hints, RoomDesk& desk,
           Authenticator& authenticator, Probe& probe)
    : options_(std::move(options)),
      shard_(shard),
      intake_(intake),
      hints_(hints),
      desk_(desk),
      authenticator_(authenticator),
      probe_(probe),
      random_(static_cast<uint32_t>(base::MonotonicNs())),
      sweep_timer_(shard.context()),
      due_timer_(shard.context()),
      coarse_ms_(MonotonicMs()) {}

void Edge::Start() {
  shard_.AddTickHook([this] { return EndTick(); });
  ArmSweep();
}

void Edge::Add(Connection& connection, Transport transport) {
  list_.push_back(connection);
  ++open_[static_cast<size_t>(transport)];
  probe_.Opened(transport);
}

void Edge::Remove(Connection& connection, Transport transport) {
  connection.unlink();
  --open_[static_cast<size_t>(transport)];
  probe_.Closed(transport);
}

void Edge::AfterTick(std::function<void()> task) { after_tick_.push_back(std::move(task)); }

uint32_t Edge::ReconnectSpread() {
  return std::uniform_int_distribution<uint32_t>(0, kReconnectSpreadMs)(random_);
}

size_t Edge::EndTick() {
  const size_t units = intake_.EndTick(base::WallMs());
  if (units > 0) JEMB_CRASH_POINT("gateway.told");
  for (auto& task : std::exchange(after_tick_, {})) task();
  ArmDue();
  return units;
}

void Edge::ArmDue() {
  const int64_t due_ms = intake_.NextDueMs();
  if (stopped_ || due_ms < 0 || (armed_due_ms_ >= 0 && armed_due_ms_ <= due_ms)) return;
  armed_due_ms_ = due_ms;
  // At least a millisecond, so that a due time in the past cannot spin the shard.
  const int64_t wait_ms = std::max<int64_t>(1, due_ms - base::WallMs());
  due_timer_.expires_after(std::chrono::milliseconds(wait_ms));
  due_timer_.async_wait([this](const boost::system::error_code& error) {
    // The tick that this handler belongs to does the work.
    if (!error) armed_due_ms_ = -1;
  });
}

void Edge::ArmSweep() {
  sweep_timer_.expires_after(std::chrono::milliseconds(kSweepMs));
  sweep_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && !stopped_) Sweep();
  });
}

void Edge::Sweep() {
  coarse_ms_ = MonotonicMs();
  const SweepTime now{coarse_ms_, base::WallMs()};
  ForEach([&now](Connection& connection) { connection.OnSweep(now); });
  desk_.Sweep(now.wall_ms);
  probe_.Add(intake_.counts(), &counted_);
  probe_.Add(hints_.counts(), &hints_counted_);
  probe_.SetInFlight(options_.shard, intake_.in_flight());
  const uint64_t unknown = decoder_.unknown_fields();
  probe_.AddUnknownFields(unknown - unknown_fields_counted_);
  unknown_fields_counted_ = unknown;
  ArmSweep();
}

void Edge::Drain() {
  draining_ = true;
  intake_.StartDrain();
  desk_.Stop();
  ForEach([](Connection& connection) { connection.OnDrain(); });
}

void Edge::AbortAll() {
  ForEach([](Connection& connection) { connection.Abort(); });
}

void Edge::Stop() {
  stopped_ = true;
  sweep_timer_.cancel();
  due_timer_.cancel();
}

template <typename Visit>
void Edge::ForEach(Visit visit) {
  // A visit may unlink the connection visited.
  for (auto it = list_.begin(); it != list_.end();) {
    Connection& connection = *it++;
    visit(connection);
  }
}

}  // namespace jembatan::gateway
