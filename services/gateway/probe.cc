#include "services/gateway/probe.h"

#include <algorithm>
#include <string>

#include "libs/base/clock.h"
#include "libs/base/metrics.h"
#include "libs/intent/reasons.h"

namespace jembatan::gateway {
namespace {

constexpr std::array<const char*, kTransports> kTransportNames = {"http", "websocket", "grpc"};
constexpr std::array<const char*, kTurned> kTurnedNames = {
    "full",      "unauthenticated", "expired", "malformed",
    "too_large", "slow_reader",     "silent",  "origin"};

prometheus::Counter& MakeCounter(prometheus::Registry& registry, const char* name,
                                 const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Gauge& MakeGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

Probe::Probe()
    : registry_(std::make_shared<prometheus::Registry>()),
      intents_(prometheus::BuildCounter()
                   .Name("jembatan_gateway_intents_total")
                   .Help("Receipts by status and reason")
                   .Register(*registry_)),
      in_flight_(prometheus::BuildGauge()
                     .Name("jembatan_gateway_in_flight")
                     .Help("Records handed to the log without a delivery yet")
                     .Register(*registry_)) {
  auto& connections = prometheus::BuildGauge()
                          .Name("jembatan_gateway_connections")
                          .Help("Open connections and gRPC streams")
                          .Register(*registry_);
  for (int i = 0; i < kTransports; ++i) {
    connections_[i] = &connections.Add({{"transport", kTransportNames[i]}});
  }
  auto& turned = prometheus::BuildCounter()
                     .Name("jembatan_gateway_turned_away_total")
                     .Help("Connections ended and requests refused by the edge, by cause")
                     .Register(*registry_);
  for (int i = 0; i < kTurned; ++i) turned_[i] = &turned.Add({{"cause", kTurnedNames[i]}});
  receipt_seconds_ = &prometheus::BuildHistogram()
                          .Name("jembatan_gateway_receipt_seconds")
                          .Help("From an intent's arrival to its first receipt, sampled")
                          .Register(*registry_)
                          .Add({}, base::LatencyBucketsSeconds());
  outcomes_pushed_ = &MakeCounter(*registry_, "jembatan_gateway_outcomes_pushed_total",
                                  "Outcomes handed to connected viewers");
  republished_ = &MakeCounter(*registry_, "jembatan_gateway_republished_total",
                              "Records published again because they were possibly persisted");
  replayed_ = &MakeCounter(*registry_, "jembatan_gateway_replayed_total",
                           "Receipts that repeat an earlier acceptance");
  auto& unknown = prometheus::BuildCounter()
                      .Name("jembatan_gateway_unknown_fields_total")
                      .Help("Fields that the contract does not have, dropped at the border")
                      .Register(*registry_);
  unknown_fields_ = &unknown.Add({{"from", "clients"}});
  unknown_outcome_fields_ = &unknown.Add({{"from", "outcomes"}});
  window_finals_ =
      &MakeGauge(*registry_, "jembatan_gateway_outcome_window_finals", "Finals remembered");
  window_unreadable_ = &MakeGauge(*registry_, "jembatan_gateway_outcomes_unreadable",
                                  "Outcome records that could not be parsed, since start");
  producer_rebuilds_ = &MakeGauge(*registry_, "jembatan_gateway_producer_rebuilds",
                                  "Times a fatal error forced a new producer, since start");
  hint_rounds_ = &MakeCounter(*registry_, "jembatan_gateway_hint_rounds_total",
                              "Times that a room's audience was told what is new");
  hints_encoded_ =
      &MakeCounter(*registry_, "jembatan_gateway_hints_encoded_total", "Frames of hints encoded");
  hints_told_ = &MakeCounter(*registry_, "jembatan_gateway_hints_told_total",
                             "Frames of hints handed to connected viewers");
  rooms_open_ = &MakeGauge(*registry_, "jembatan_gateway_rooms_open", "Live rooms that are open");
  rooms_unreadable_ = &MakeGauge(*registry_, "jembatan_gateway_rooms_unreadable",
                                 "Records of rooms that could not be read, since start");
}

void Probe::SetMarketplaces(const std::vector<std::string>& ids) {
  auto& family = prometheus::BuildCounter()
                     .Name("jembatan_gateway_admitted_total")
                     .Help("Final receipts, by marketplace and status")
                     .Register(*registry_);
  for (const std::string& id : ids) {
    by_market_.emplace_back(&family.Add({{"marketplace", id}, {"status", "accepted"}}),
                            &family.Add({{"marketplace", id}, {"status", "refused"}}));
  }
}

void Probe::Opened(Transport transport) { connections_[static_cast<int>(transport)]->Increment(); }
void Probe::Closed(Transport transport) { connections_[static_cast<int>(transport)]->Decrement(); }
void Probe::TurnedAway(Turned why) { turned_[static_cast<int>(why)]->Increment(); }

void Probe::ReceiptTook(int64_t nanoseconds) {
  receipt_seconds_->Observe(static_cast<double>(nanoseconds) * 1e-9);
}

void Probe::Add(const IntakeCounts& now, IntakeCounts* last) {
  const auto count = [this](const char* status, const std::string& reason, uint64_t current,
                            uint64_t before) {
    if (current == before) return;
    intents_.Add({{"status", status}, {"reason", reason}})
        .Increment(static_cast<double>(current - before));
  };
  count("accepted", "", now.accepted, last->accepted);
  count("pending", "", now.pending, last->pending);
  for (const auto& [reason, refused] : now.refused_by_reason) {
    const auto before = last->refused_by_reason.find(reason);
    const auto& info = intent::Info(static_cast<intake::v1::Reason>(reason));
    count("refused", std::string(info.name), refused,
          before == last->refused_by_reason.end() ? 0 : before->second);
  }
  last->by_market.resize(now.by_market.size());
  for (size_t i = 0; i < std::min(by_market_.size(), now.by_market.size()); ++i) {
    const auto& before = last->by_market[i];
    const auto& after = now.by_market[i];
    by_market_[i].first->Increment(static_cast<double>(after.accepted - before.accepted));
    by_market_[i].second->Increment(static_cast<double>(after.refused - before.refused));
  }
  outcomes_pushed_->Increment(static_cast<double>(now.outcomes_pushed - last->outcomes_pushed));
  republished_->Increment(static_cast<double>(now.republished - last->republished));
  replayed_->Increment(static_cast<double>(now.replayed - last->replayed));
  *last = now;
}

void Probe::Add(const HintCounts& now, HintCounts* last) {
  hint_rounds_->Increment(static_cast<double>(now.rounds - last->rounds));
  hints_encoded_->Increment(static_cast<double>(now.encoded - last->encoded));
  hints_told_->Increment(static_cast<double>(now.told - last->told));
  *last = now;
}

void Probe::AddUnknownFields(uint64_t fields) {
  unknown_fields_->Increment(static_cast<double>(fields));
}

void Probe::SetUnknownOutcomeFields(uint64_t fields) {
  unknown_outcome_fields_->Increment(
      static_cast<double>(fields - unknown_outcome_fields_published_));
  unknown_outcome_fields_published_ = fields;
}

void Probe::SetInFlight(int shard, size_t records) {
  in_flight_.Add({{"shard", std::to_string(shard)}}).Set(static_cast<double>(records));
}

void Probe::SetOutcomeWindow(size_t finals, uint64_t unreadable) {
  window_finals_->Set(static_cast<double>(finals));
  window_unreadable_->Set(static_cast<double>(unreadable));
}

void Probe::SetProducerRebuilds(uint64_t rebuilds) {
  producer_rebuilds_->Set(static_cast<double>(rebuilds));
}

void Probe::SetRooms(size_t open, uint64_t unreadable) {
  rooms_open_->Set(static_cast<double>(open));
  rooms_unreadable_->Set(static_cast<double>(unreadable));
}

void ReceiptSample::Begin(const intake::v1::ClientFrame& frame) {
  if (since_ns_ >= 0 || frame.intents_size() == 0) return;
  const std::string& id = frame.intents(0).intent_id();
  if (id.size() != kIdBytes) return;
  id.copy(id_.data(), kIdBytes);
  since_ns_ = base::MonotonicNs();
}

void ReceiptSample::Look(const intake::v1::ServerFrame& frame, Probe& probe) {
  if (since_ns_ < 0) return;
  const std::string_view wanted(id_.data(), kIdBytes);
  for (const auto& receipt : frame.receipts()) {
    if (receipt.intent_id() != wanted) continue;
    probe.ReceiptTook(base::MonotonicNs() - since_ns_);
    since_ns_ = -1;
    return;
  }
}

}  // namespace jembatan::gateway
