// Random interleavings of submissions, deliveries of every kind and ticks, against what each
// submission must be told. The seeds are fixed: a failure names the one to run again.

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <utility>

#include <gtest/gtest.h>

#include "services/gateway/intake.h"
#include "services/gateway/testing/fake_intake.h"

namespace jembatan::gateway {
namespace {

using intake::v1::Receipt;
using kafka::Persistence;
using testing::FakeLog;
using testing::FakeSession;
using testing::IdAt;
using testing::IntentOf;
using testing::kNowMs;
using testing::PrincipalOf;

constexpr size_t kSessions = 6;

// Name of a submission: its id, and its place in its frame, which the quantity repeats so that a
// record tells it too.
using Name = std::pair<std::string, uint32_t>;

struct Fate {
  size_t session = 0;
  int64_t submitted_ms = 0;
  bool in_time = false;   // a delivery succeeded within the deadline
  bool possibly = false;  // an attempt failed and may be in the log all the same
  std::vector<Receipt::Status> told;
};

class RandomRun {
 public:
  explicit RandomRun(uint32_t seed) : random_(seed), intake_(Options(), &log_, &window_, &lag_) {
    window_.StartPartition(0, 0, 0);
    for (size_t i = 0; i < kSessions; ++i) OpenSession();
  }

  void Run(int steps) {
    for (int i = 0; i < steps; ++i) Step();
    // Then everything comes to rest: the log answers what it still holds, time passes the
    // deadlines.
    for (int i = 0; i < 200; ++i) {
      while (!waiting_.empty()) Deliver();
      Tick(2'000);
    }
  }

  void Check() const {
    EXPECT_EQ(intake_.in_flight(), 0u);
    EXPECT_EQ(intake_.counts().submitted, fates_.size());
    size_t accepted = 0;
    for (const auto& [name, fate] : fates_) {
      SCOPED_TRACE(name.first + " at " + std::to_string(name.second));
      if (fate.in_time) ++accepted;
      if (closed_.contains(fate.session)) continue;
      CheckTold(fate);
    }
    EXPECT_EQ(intake_.counts().accepted, accepted);
    EXPECT_GT(accepted, 0u);
    EXPECT_GT(intake_.counts().republished, 0u);
    EXPECT_GT(intake_.counts().refused_by_reason.at(intake::v1::REASON_OVERLOADED), 0u);
    EXPECT_GT(intake_.counts().refused_by_reason.at(intake::v1::REASON_DEADLINE_PASSED), 0u);
  }

 private:
  static IntakeOptions Options() {
    IntakeOptions options;
    options.crossing = {.marketplace_id = "shop", .accepted_by = "gateway-1"};
    options.partitions = 1;
    options.in_flight_max = 64;
    options.in_flight_per_session = 24;
    return options;
  }

  static void CheckTold(const Fate& fate) {
    ASSERT_FALSE(fate.told.empty());
    bool pending = fate.told[0] == Receipt::STATUS_PENDING;
    ASSERT_LE(fate.told.size(), pending ? 2u : 1u);
    Receipt::Status last = fate.told.back();
    EXPECT_EQ(last == Receipt::STATUS_ACCEPTED, fate.in_time);
    if (last == Receipt::STATUS_REFUSED) EXPECT_FALSE(fate.possibly);
    if (last == Receipt::STATUS_PENDING) EXPECT_TRUE(fate.possibly);
  }

  int64_t Below(int64_t bound) {
    return std::uniform_int_distribution<int64_t>(0, bound - 1)(random_);
  }

  void OpenSession() {
    auto viewer = static_cast<uint8_t>(1 + Below(3));
    sessions_.push_back(std::make_unique<FakeSession>(PrincipalOf(viewer)));
    keys_.push_back(intake_.Open(sessions_.back().get(), Below(4) > 0));
  }

  void Step() {
    int64_t dice = Below(100);
    if (dice < 40) {
      Submit();
    } else if (dice < 80) {
      Deliver();
    } else if (dice < 98) {
      Tick(Below(700));
    } else {
      CloseSession();
    }
  }

  void CloseSession() {
    size_t place = sessions_.size() - 1 - static_cast<size_t>(Below(kSessions));
    if (!closed_.insert(place).second) return;
    intake_.Close(keys_[place]);
    OpenSession();
  }

  void Submit() {
    size_t place = sessions_.size() - 1 - static_cast<size_t>(Below(kSessions));
    if (closed_.contains(place)) return;
    intake::v1::ClientFrame frame;
    int64_t count = 1 + Below(8);
    for (int64_t i = 0; i < count; ++i) {
      // Now and then a copy of the one before; some are old, so that deadlines pass in flight.
      if (i == 0 || Below(4) > 0) ++number_;
      base::Uuid id = IdAt(now_ms_ - number_ % 3 * 59'000, static_cast<uint64_t>(number_));
      auto intent = IntentOf(id, "offer-1", static_cast<uint32_t>(i + 1));
      Fate& fate = fates_[{intent.intent_id(), static_cast<uint32_t>(i)}];
      fate.session = place;
      fate.submitted_ms = now_ms_;
      *frame.add_intents() = intent;
    }
    log_.answer = Below(10) == 0 ? base::Unavailable("rebuilding") : absl::OkStatus();
    ASSERT_TRUE(intake_.Submit(keys_[place], frame, now_ms_).ok());
    TakeRecords();
  }

  void TakeRecords() {
    for (; seen_ < log_.records.size(); ++seen_) waiting_.push_back(seen_);
  }

  void Deliver() {
    if (waiting_.empty()) return;
    auto chosen = waiting_.begin() + Below(static_cast<int64_t>(waiting_.size()));
    size_t record = *chosen;
    waiting_.erase(chosen);
    crossing::v1::PurchaseIntent crossed;
    ASSERT_TRUE(crossed.ParseFromString(log_.records[record].value));
    Fate& fate = fates_.at({crossed.intent_id(), crossed.quantity() - 1});
    int64_t deadline_ms = base::ToMs(crossed.deadline());
    kafka::Delivery delivery;
    switch (Below(5)) {
      case 0:
        delivery = log_.Failed(record, Persistence::kNotPersisted);
        break;
      case 1:
        delivery = log_.Failed(record, Persistence::kPossiblyPersisted);
        fate.possibly = true;
        break;
      case 2:
        delivery = log_.Delivered(record, deadline_ms + 1);
        break;
      default:
        delivery = log_.Delivered(record, deadline_ms);
        fate.in_time = true;
        break;
    }
    intake_.OnDeliveries(std::span(&delivery, 1), now_ms_);
    // A delivery told twice says nothing new.
    if (Below(8) == 0) intake_.OnDeliveries(std::span(&delivery, 1), now_ms_);
  }

  void Tick(int64_t passed_ms) {
    now_ms_ += passed_ms;
    log_.answer = Below(10) == 0 ? base::ResourceExhausted("full") : absl::OkStatus();
    intake_.EndTick(now_ms_);
    TakeRecords();
    for (size_t i = 0; i < sessions_.size(); ++i) {
      for (const Receipt& receipt : sessions_[i]->receipts) {
        Fate& fate = fates_.at({receipt.intent_id(), receipt.index()});
        EXPECT_EQ(fate.session, i) << "told to another session";
        fate.told.push_back(receipt.status());
      }
      sessions_[i]->receipts.clear();
    }
    for (const auto& [name, fate] : fates_) {
      bool due = now_ms_ - fate.submitted_ms >= 1'000 && !closed_.contains(fate.session);
      if (due) EXPECT_FALSE(fate.told.empty()) << name.first << " waits for more than a second";
    }
  }

  std::mt19937 random_;
  FakeLog log_;
  OutcomeWindow window_{{.partitions = 1, .marketplaces = {"shop"}, .capacity = 10}};
  // Of its own, so that no backlog is forecast: nothing is ever served here.
  LagForecast lag_{1};
  Intake intake_;
  std::vector<std::unique_ptr<FakeSession>> sessions_;
  std::vector<Intake::SessionKey> keys_;
  std::set<size_t> closed_;
  std::map<Name, Fate> fates_;
  std::vector<size_t> waiting_;  // records without a delivery
  size_t seen_ = 0;
  int64_t number_ = 0;
  int64_t now_ms_ = kNowMs;
};

TEST(IntakeProperty, EverySubmissionIsToldExactlyWhatBecameOfIt) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRun run(seed);
    run.Run(300);
    run.Check();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace jembatan::gateway
