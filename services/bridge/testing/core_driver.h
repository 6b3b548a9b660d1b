#pragma once

// CoreDriver: a bridge's Core with the test as its world. The test feeds events, turns, and takes
// the effects by their type. Virtual time; single-threaded; one partition, number 0, unless told
// otherwise.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gtest/gtest.h"

#include "libs/base/timestamp.h"
#include "services/bridge/core.h"

namespace jembatan::bridge {

class CoreDriver {
 public:
  static constexpr int64_t kEpochMs = 1'800'000'000'000;
  static constexpr char kMarketplace[] = "toko";

  explicit CoreDriver(Rules rules = {})
      : core_(
            {.instance = "bridge-1", .marketplaces = {{kMarketplace}}, .seed = 7, .rules = rules}) {
  }
  // With a marketplace's page under that address.
  explicit CoreDriver(const std::string& page)
      : core_({.instance = "bridge-1",
               .marketplaces = {{kMarketplace,
                                 [page](const crossing::v1::PurchaseIntent& intent, int64_t) {
                                   return page + intent.intent_id();
                                 }}},
               .seed = 7}) {}

  // With several marketplaces.
  explicit CoreDriver(std::vector<Core::Marketplace> marketplaces)
      : core_({.instance = "bridge-1", .marketplaces = std::move(marketplaces), .seed = 7}) {}

  Core& core() { return core_; }
  const Partition& partition() const { return *core_.partitions().at(0); }
  BridgeCounts counts() const { return core_.counts(); }
  int64_t wall_ms() const { return now_.wall_ms; }

  // --- Time and turns ---------------------------------------------------------------------------

  void Feed(const Event& event) { core_.Step(event, now_, &effects_); }

  // Feeds the event and ends the turn.
  void Turn(const Event& event) {
    Feed(event);
    Feed(event::Tick{});
  }
  void Tick() { Feed(event::Tick{}); }

  void Pass(int64_t ms) {
    now_.wall_ms += ms;
    now_.mono_ms += ms;
    Tick();
  }

  // Takes every effect of the type, in order; others stay.
  template <typename E>
  std::vector<E> Take() {
    std::vector<E> taken;
    Effects rest;
    for (Effect& effect : std::exchange(effects_, {})) {
      if (E* wanted = std::get_if<E>(&effect)) {
        taken.push_back(std::move(*wanted));
      } else {
        rest.push_back(std::move(effect));
      }
    }
    effects_ = std::move(rest);
    return taken;
  }

  // The only effect of the type.
  template <typename E>
  E TakeOne() {
    std::vector<E> taken = Take<E>();
    EXPECT_EQ(taken.size(), 1u);
    return taken.size() == 1 ? std::move(taken.front()) : E{};
  }

  // --- Records ----------------------------------------------------------------------------------

  // A good intent: id made age_ms ago, number tells ids, bodies and buyers apart.
  crossing::v1::PurchaseIntent NewIntent(uint64_t number, const std::string& offer = "offer-1",
                                         int64_t age_ms = 100) const {
    crossing::v1::PurchaseIntent intent;
    base::Uuid id = base::Uuid::MakeV7(now_.wall_ms - age_ms, number, number);
    intent.set_intent_id(id.ToString());
    intent.set_buyer_ref(std::string(31, 'b') + static_cast<char>(number));
    intent.set_offer_id(offer);
    intent.set_quantity(1);
    intent.set_marketplace_id(kMarketplace);
    intent.set_consent_given(true);
    intent.set_fingerprint(std::string(31, 'f') + static_cast<char>(number));
    base::SetMs(id.unix_ms() + intent::kTtlMs, intent.mutable_deadline());
    return intent;
  }

  // Brings the next record of the intents topic, appended just now; returns its offset.
  int64_t Bring(const crossing::v1::PurchaseIntent& intent) {
    return BringBytes(intent.offer_id(), intent.SerializeAsString());
  }
  int64_t BringBytes(std::string_view key, std::string_view value) {
    Feed(event::Intent{0, next_intent_, now_.wall_ms, key, value});
    return next_intent_++;
  }

  // Says that the record asked for is in the outcomes log; returns its offset there.
  int64_t Acknowledge(const effect::ProduceOutcome& produce) {
    int64_t offset = next_outcome_++;
    Feed(event::Produced{produce.cookie, true, offset, now_.wall_ms});
    return offset;
  }

  // Brings a record of the outcomes topic under the reading last asked for.
  void ReadBack(int64_t offset, std::string_view value) {
    next_outcome_ = std::max(next_outcome_, offset + 1);
    Feed(event::OutcomeRead{0, reading_, offset, value});
  }
  // Acknowledged and read back: what an ordinary write goes through.
  void Settle(const effect::ProduceOutcome& produce) {
    ReadBack(Acknowledge(produce), produce.value);
  }

  static crossing::v1::OutcomeRecord Parse(std::string_view value) {
    crossing::v1::OutcomeRecord record;
    EXPECT_TRUE(record.ParseFromArray(value.data(), static_cast<int>(value.size())));
    return record;
  }

  // --- Ownership --------------------------------------------------------------------------------

  void Assign(int64_t offset = 0) {
    next_intent_ = offset;
    Feed(event::StreamUp{});
    Feed(event::Assigned{0, offset});
  }

  // Claim, fence, open and window, up to owning; horizon: the intents' end after the fence.
  void Own(int64_t horizon = 0) {
    Feed(event::IntentsEnd{0, next_intent_});
    Tick();
    FinishClaim(horizon);
  }
  // The same from the claim that is already asked for.
  void FinishClaim(int64_t horizon, size_t market = 0) {
    auto claim = TakeOne<effect::ProduceOutcome>();
    token_ = static_cast<uint64_t>(Acknowledge(claim));
    const auto fence = TakeOne<effect::Fence>();
    EXPECT_EQ(fence.market, market);
    Feed(event::Fenced{0, fence.token, uint64_t{0}, market});
    Tick();
    auto open = TakeOne<effect::ProduceOutcome>();
    for (const auto& read : Take<effect::ReadOutcomes>()) reading_ = read.reading;
    Feed(event::EndOffset{0, TakeOne<effect::QueryEnd>().query, horizon});
    ReadBack(static_cast<int64_t>(token_), claim.value);
    Settle(open);
    Tick();
    EXPECT_TRUE(partition().scope(market).owns());
  }
  uint64_t token() const { return token_; }
  void set_reading(uint64_t reading) { reading_ = reading; }

  // --- The marketplace --------------------------------------------------------------------------

  // Every order of the batch ends so.
  void Answer(const effect::Place& place, crossing::v1::Outcome::State state,
              crossing::v1::Reason reason = crossing::v1::REASON_UNSPECIFIED) {
    std::vector<Decision> decisions(place.intents.size());
    for (uint32_t i = 0; i < decisions.size(); ++i) {
      decisions[i].index = i;
      decisions[i].outcome.set_state(state);
      decisions[i].outcome.set_reason(reason);
      decisions[i].outcome.set_order_id("order-" + std::to_string(i));
    }
    Turn(event::Answered{place.batch, false, decisions});
  }

 private:
  Core core_;
  Now now_{kEpochMs, 1'000'000};
  Effects effects_;
  int64_t next_intent_ = 0;
  int64_t next_outcome_ = 100;
  uint64_t reading_ = 0;
  uint64_t token_ = 0;
};

}  // namespace jembatan::bridge
