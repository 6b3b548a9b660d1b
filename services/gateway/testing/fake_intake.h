#pragma once

// What the tests of the intake core put around it: a log that only records, sessions that keep what
// they are told, and intents of a given time. One test's thread only.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "jembatan/crossing/v1/crossing.pb.h"
#include "jembatan/intake/v1/intake.pb.h"
#include "libs/base/ids.h"
#include "libs/base/status.h"
#include "libs/base/timestamp.h"
#include "libs/intent/intent.h"
#include "services/gateway/intake.h"
#include "services/gateway/session.h"

namespace jembatan::gateway::testing {

inline constexpr int64_t kNowMs = 1'800'000'000'000;

// Records what it is handed; a test answers with the deliveries made here.
class FakeLog : public IntentLog {
 public:
  struct Record {
    int32_t partition;
    std::string key;
    std::string value;
    uint64_t opaque;
  };

  absl::Status Produce(int32_t partition, std::string_view key, std::string_view value,
                       uint64_t opaque) override {
    if (!answer.ok()) return answer;
    records.push_back({partition, std::string(key), std::string(value), opaque});
    return absl::OkStatus();
  }

  kafka::Delivery Delivered(size_t i, int64_t append_time_ms) {
    return {.opaque = records.at(i).opaque,
            .partition = records.at(i).partition,
            .offset = next_offset++,
            .append_time_ms = append_time_ms,
            .status = absl::OkStatus(),
            .persistence = kafka::Persistence::kPersisted};
  }
  kafka::Delivery Failed(size_t i, kafka::Persistence persistence,
                         absl::Status status = base::Unavailable("timed out")) {
    return {.opaque = records.at(i).opaque,
            .partition = records.at(i).partition,
            .status = std::move(status),
            .persistence = persistence};
  }

  std::vector<Record> records;
  absl::Status answer;
  int64_t next_offset = 100;
};

class FakeSession : public Session {
 public:
  using Session::Session;
  void OnOutbox() override {
    if (!reads) return;
    frames.push_back(TakeOutbox());
    for (const auto& receipt : frames.back()->receipts()) receipts.push_back(receipt);
    for (const auto& outcome : frames.back()->outcomes()) outcomes.push_back(outcome);
  }
  void OnOverflow() override { ++overflows; }

  bool reads = true;
  int overflows = 0;
  std::vector<std::unique_ptr<intake::v1::ServerFrame>> frames;
  std::vector<intake::v1::Receipt> receipts;
  std::vector<intake::v1::Outcome> outcomes;
};

inline identity::BuyerRef BuyerOf(uint8_t number) {
  identity::BuyerRef buyer;
  buyer.bytes.fill(number);
  return buyer;
}

inline std::shared_ptr<const Principal> PrincipalOf(uint8_t number) {
  auto principal = std::make_shared<Principal>();
  principal->viewer = {.id = "viewer-" + std::to_string(number),
                       .region = "ID",
                       .shop_consent = true,
                       .consent_version = "2026-01",
                       .expires_ms = kNowMs + 3'600'000};
  principal->buyers = identity::BuyerRefs(BuyerOf(number));
  return principal;
}

inline base::Uuid IdAt(int64_t unix_ms, uint64_t number) {
  return base::Uuid::MakeV7(unix_ms, number >> 32, number);
}

inline intake::v1::Intent IntentOf(const base::Uuid& id, const std::string& offer_id = "offer-1",
                                   uint32_t quantity = 1) {
  intake::v1::Intent intent;
  intent.set_intent_id(id.ToString());
  intent.set_offer_id(offer_id);
  intent.set_quantity(quantity);
  intent.mutable_price_seen()->set_currency("IDR");
  intent.mutable_price_seen()->set_amount_minor(2'500'000);
  return intent;
}

inline intake::v1::ClientFrame FrameOf(const intake::v1::Intent& intent) {
  intake::v1::ClientFrame frame;
  *frame.add_intents() = intent;
  return frame;
}

// An outcome record as a bridge writes it, of the copy at intent_offset.
inline crossing::v1::OutcomeRecord OutcomeRecordOf(
    const intake::v1::Intent& intent, uint8_t buyer,
    crossing::v1::Outcome::State state = crossing::v1::Outcome::STATE_ORDERED,
    int64_t intent_offset = 7) {
  crossing::v1::OutcomeRecord record;
  record.set_token(0);
  record.set_marketplace_id("shop");
  crossing::v1::Outcome* outcome = record.mutable_outcome();
  outcome->set_intent_id(intent.intent_id());
  outcome->set_buyer_ref(std::string(BuyerOf(buyer).view()));
  outcome->set_offer_id(intent.offer_id());
  outcome->set_state(state);
  outcome->set_fingerprint(intent::Fingerprint(intent));
  outcome->set_intent_offset(intent_offset);
  base::SetMs(kNowMs, outcome->mutable_intent_append_time());
  return record;
}

}  // namespace jembatan::gateway::testing
