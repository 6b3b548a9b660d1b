#pragma once

// Intake: the core that the four transports share. It validates, admits, hands intents to the log,
// and answers: one receipt per submission, ACCEPTED only from a delivery, PENDING after
// pending_after_ms without one, or while what the log may have, or refuses for now (its topic is
// missing, a right revoked, credentials expired), is published again; outcomes to the sessions of
// the viewer who owns them. It does no I/O and reads no clock: the log is an interface, time an
// argument; a simulation drives the real thing.
//
// One per shard, shard's thread only. The OutcomeWindow and LagForecast are shared by the shards.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

#include "jembatan/intake/v1/intake.pb.h"
#include "libs/controls/controls.h"
#include "libs/kafka/producer.h"
#include "libs/registry/registry.h"
#include "services/gateway/crossing.h"
#include "services/gateway/lag_forecast.h"
#include "services/gateway/offers.h"
#include "services/gateway/outcome_window.h"
#include "services/gateway/room_hints.h"
#include "services/gateway/rooms.h"
#include "services/gateway/session.h"

namespace jembatan::gateway {

// Where intents go: the Kafka producer, or a simulated log.
class IntentLog {
 public:
  virtual ~IntentLog() = default;
  // As kafka::Producer::Produce: an error means that the record will never be in the log.
  virtual absl::Status Produce(int32_t partition, std::string_view key, std::string_view value,
                               uint64_t opaque) = 0;
};

struct IntakeOptions {
  CrossingContext crossing;
  // Whose each offer is, in the place of crossing's marketplace; null: all are that one's.
  std::shared_ptr<const registry::Registry> registry = nullptr;
  int partitions = 6;
  // ISO 3166-1 codes served; empty: all.
  std::vector<std::string> regions;
  // Records without a delivery, over all sessions of the shard; beyond: REFUSED(OVERLOADED).
  size_t in_flight_max = 32'768;
  // The same for one session, so that one viewer cannot take the window.
  size_t in_flight_per_session = 512;
  // Submissions a second of one viewer, over all its sessions; beyond: REFUSED(RATE_LIMITED). A
  // person taps a few times a second. 0: no bound.
  int viewer_rate = 100;
  int64_t pending_after_ms = 1'000;
  // Longest queue before the marketplace that is still joined, by its rate as seen; beyond:
  // REFUSED(OVERLOADED). A demand above what the marketplace serves would otherwise fill the log up
  // to the deadline, and every outcome come two minutes late. A marketplace that serves nothing is
  // another matter: it may be back any moment, and the deadline alone bounds that wait.
  int64_t queue_max_ms = 8'000;
  // Distinguishes the opaques of shards that share a producer: the shard's number in the top 8
  // bits.
  uint8_t shard = 0;
};

// Counters since start; plain numbers for the shard's probe.
struct IntakeCounts {
  uint64_t submitted = 0;
  uint64_t accepted = 0;
  uint64_t pending = 0;
  uint64_t refused = 0;
  uint64_t replayed = 0;
  uint64_t republished = 0;
  uint64_t outcomes_pushed = 0;
  absl::flat_hash_map<int, uint64_t> refused_by_reason;
  // By the marketplace's number, of offers that are somebody's: so that two marketplaces can be
  // held against each other.
  struct AtMarket {
    uint64_t accepted = 0;
    uint64_t refused = 0;
  };
  std::vector<AtMarket> by_market;
};

class Intake {
 public:
  using SessionKey = uint64_t;

  Intake(IntakeOptions options, IntentLog* log, const OutcomeWindow* window, LagForecast* lag);
  ~Intake();

  // A session may be told outcomes of its viewer from now on. push_outcomes: false for unary calls.
  SessionKey Open(Session* session, bool push_outcomes);
  // Its submissions stay in flight; their receipts are dropped.
  void Close(SessionKey key);

  // Submits the frame's intents, each answered by a receipt in the session's outbox, now or later
  // (PENDING first if the log is slow), tells known outcomes of watched ids, and begins to tell
  // watched rooms. The frame may be reused after the call. When it returns an error the frame as a
  // whole broke a bound and nothing was submitted.
  absl::Status Submit(SessionKey key, const intake::v1::ClientFrame& frame, int64_t now_ms);

  // The session's last frame went over its viewer's rate: its transport had better read nothing
  // more from it for a while, for every refusal costs time that the others' intents need.
  bool OverRate(SessionKey key) const;

  // Answers in the order of the queries; only this principal's outcomes.
  void Answer(const Principal& principal, const intake::v1::GetOutcomesRequest& request,
              intake::v1::GetOutcomesResponse* response) const;

  // Deliveries of this shard's records.
  void OnDeliveries(std::span<const kafka::Delivery> deliveries, int64_t now_ms);
  // A final or UNCONFIRMED that the outcome reader fed to the window.
  void OnFinal(const FinalPtr& final);

  // Tells PENDING where due, re-publishes what is due, then calls OnOutbox of every session with
  // something to send. Returns the intents handed to the log plus frames handed on since the last
  // call.
  size_t EndTick(int64_t now_ms);
  // When EndTick must run next even without events (monotone wall ms); -1: never.
  int64_t NextDueMs() const;

  // Whether the log of intents is another than it was: it has another number of partitions, or was
  // made anew. While it is, what would be new to it is REFUSED(LOG_UNAVAILABLE): another gateway
  // may send an offer elsewhere by now, and one partition is what keeps its order (P6); of a log
  // made anew nobody reads on. What was handed to the log before goes on.
  void SetOtherLog(bool other);

  // What the operators' controls say from now on. What they stop is REFUSED(SALES_HALTED or
  // ROLLOUT_EXCLUDED) if it would be new to the log; what was handed to it before goes on, and
  // decided ids are repeated. Null: nobody knows what they say, and everything new is
  // REFUSED(LOG_UNAVAILABLE). Before the first call nothing is stopped.
  void SetControls(controls::Snapshot controls);

  // Where the sellers of offers are looked up, for controls that name one; it outlives the intake.
  // Before the call no seller is known.
  void SetOffers(const Offers* offers);

  // The keys that pseudonyms are made with from now on, for all sessions. Without those of a
  // marketplace: they could not be read again for too long, and an epoch may have begun that is not
  // known here, so nothing new for it is taken (REFUSED(LOG_UNAVAILABLE)): under the key of before
  // it could become a second order.
  void SetBuyerKeys(Keyring keys);

  // Judges taps by the live rooms from now on: in a closed one they are REFUSED(SESSION_NOT_LIVE),
  // for what is not pinned there REFUSED(OFFER_NOT_IN_SESSION). refuse_unknown: also in a room that
  // was never heard of. And tells the rooms that sessions watch. Both outlive the intake.
  void SetRooms(const Rooms* rooms, RoomHints* hints, bool refuse_unknown);

  // From now on every submission is REFUSED(SHUTTING_DOWN); deliveries go on.
  void StartDrain();
  size_t in_flight() const;
  const IntakeCounts& counts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jembatan::gateway
