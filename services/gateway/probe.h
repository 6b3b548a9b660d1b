#pragma once

// Probe: the gateway's numbers for operators (Prometheus, on the admin port). One per process,
// shared by all shards: every metric is internally synchronised. Shards add what their intake
// counted at each sweep, so that no intent pays for it.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "jembatan/intake/v1/intake.pb.h"
#include "services/gateway/intake.h"
#include "services/gateway/room_hints.h"

namespace jembatan::gateway {

enum class Transport { kHttp, kWebSocket, kGrpc };
inline constexpr int kTransports = 3;

// Why a connection was ended or a request refused by the edge itself.
enum class Turned {
  kFull,
  kUnauthenticated,
  kExpired,
  kMalformed,
  kTooLarge,
  kSlowReader,
  kSilent,
  kOrigin,
};
inline constexpr int kTurned = 8;

class Probe {
 public:
  Probe();

  std::shared_ptr<prometheus::Registry> registry() const { return registry_; }

  // Names the marketplaces, by number; once, before the first Add.
  void SetMarketplaces(const std::vector<std::string>& ids);
  void Opened(Transport transport);
  void Closed(Transport transport);
  void TurnedAway(Turned why);
  // From the arrival of an intent to its first receipt, sampled: one intent at a time per
  // connection.
  void ReceiptTook(int64_t nanoseconds);
  // Adds what was counted since *last and makes *last equal to now.
  void Add(const IntakeCounts& now, IntakeCounts* last);
  void Add(const HintCounts& now, HintCounts* last);
  void AddUnknownFields(uint64_t fields);
  // Of outcomes, since the start.
  void SetUnknownOutcomeFields(uint64_t fields);
  void SetInFlight(int shard, size_t records);
  void SetOutcomeWindow(size_t finals, uint64_t unreadable);
  void SetProducerRebuilds(uint64_t rebuilds);
  void SetRooms(size_t open, uint64_t unreadable);

 private:
  using Counters = prometheus::Family<prometheus::Counter>;

  std::shared_ptr<prometheus::Registry> registry_;
  Counters& intents_;
  // Accepted and refused, by the marketplace's number.
  std::vector<std::pair<prometheus::Counter*, prometheus::Counter*>> by_market_;
  prometheus::Family<prometheus::Gauge>& in_flight_;
  std::array<prometheus::Gauge*, kTransports> connections_{};
  std::array<prometheus::Counter*, kTurned> turned_{};
  prometheus::Histogram* receipt_seconds_ = nullptr;
  prometheus::Counter* outcomes_pushed_ = nullptr;
  prometheus::Counter* republished_ = nullptr;
  prometheus::Counter* replayed_ = nullptr;
  prometheus::Counter* unknown_fields_ = nullptr;
  prometheus::Counter* unknown_outcome_fields_ = nullptr;
  uint64_t unknown_outcome_fields_published_ = 0;
  prometheus::Gauge* window_finals_ = nullptr;
  prometheus::Gauge* window_unreadable_ = nullptr;
  prometheus::Gauge* producer_rebuilds_ = nullptr;
  prometheus::Counter* hint_rounds_ = nullptr;
  prometheus::Counter* hints_encoded_ = nullptr;
  prometheus::Counter* hints_told_ = nullptr;
  prometheus::Gauge* rooms_open_ = nullptr;
  prometheus::Gauge* rooms_unreadable_ = nullptr;
};

// Follows one intent of a connection from its arrival to its first receipt. A value of its
// connection.
class ReceiptSample {
 public:
  // Takes the frame's first intent, unless one is already followed.
  void Begin(const intake::v1::ClientFrame& frame);
  void Look(const intake::v1::ServerFrame& frame, Probe& probe);

 private:
  static constexpr size_t kIdBytes = 36;
  std::array<char, kIdBytes> id_{};
  int64_t since_ns_ = -1;
};

}  // namespace jembatan::gateway
