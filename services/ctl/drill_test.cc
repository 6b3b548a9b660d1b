#include "services/ctl/drill.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "libs/base/timestamp.h"

namespace jembatan::ctl {
namespace {

using crossing::v1::Halt;
using crossing::v1::Outcome;
using ::testing::HasSubstr;

constexpr int64_t kHaltMs = 1'800'000'000'000;

class DrillTest : public ::testing::Test {
 protected:
  // Appended so long after the halt (before it: negative).
  void Intent(Drill& drill, int number, int64_t after_ms, const std::string& offer = "kopi",
              int64_t deadline_after_ms = 60'000) {
    crossing::v1::PurchaseIntent intent;
    intent.set_intent_id("id-" + std::to_string(number));
    intent.set_buyer_ref("buyer");
    intent.set_offer_id(offer);
    intent.set_marketplace_id("toko");
    base::SetMs(kHaltMs + deadline_after_ms, intent.mutable_deadline());
    drill.OnIntent(kHaltMs + after_ms, intent.SerializeAsString());
  }
  void Final(Drill& drill, int number, int64_t after_ms, Outcome::State state,
             crossing::v1::Reason reason = crossing::v1::REASON_UNSPECIFIED, uint64_t token = 0) {
    crossing::v1::OutcomeRecord record;
    record.set_token(token);
    record.set_marketplace_id("toko");
    record.mutable_outcome()->set_intent_id("id-" + std::to_string(number));
    record.mutable_outcome()->set_buyer_ref("buyer");
    record.mutable_outcome()->set_state(state);
    record.mutable_outcome()->set_reason(reason);
    drill.OnOutcome(0, next_offset_++, kHaltMs + after_ms, record.SerializeAsString());
  }

  Drill drill_{Halt(), kHaltMs};
  int64_t next_offset_ = 0;
};

TEST_F(DrillTest, CountsWhatHadNoFinalWhenTheHaltWasOrdered) {
  Intent(drill_, 1, -5'000);
  Final(drill_, 1, -4'000, Outcome::STATE_ORDERED);
  Intent(drill_, 2, -100);
  Final(drill_, 2, 40, Outcome::STATE_ORDERED);
  Intent(drill_, 3, -50);
  Final(drill_, 3, 90, Outcome::STATE_REJECTED, crossing::v1::REASON_SALES_HALTED);
  Intent(drill_, 4, 30);
  Final(drill_, 4, 95, Outcome::STATE_REJECTED, crossing::v1::REASON_SALES_HALTED);
  const Drill::Findings findings = drill_.Find();
  EXPECT_EQ(findings.in_flight, 3u);
  EXPECT_EQ(findings.accepted_after, 1u);
  EXPECT_EQ(findings.open, 0u);
  EXPECT_EQ(findings.ends.at("ORDERED"), 1u);
  EXPECT_EQ(findings.ends.at("REJECTED SALES_HALTED"), 2u);
  EXPECT_EQ(findings.last_accepted_ms, 30);
  EXPECT_EQ(findings.last_order_ms, 40);
  EXPECT_EQ(findings.last_final_ms, 95);
  EXPECT_EQ(FullStopMs(findings, {}), 40);
  EXPECT_EQ(FullStopMs(findings, {{"bridge", 120}, {"gateway", 15}}), 120);
}

TEST_F(DrillTest, WithoutAFinalItIsOpen) {
  Intent(drill_, 1, -5);
  Final(drill_, 1, 20, Outcome::STATE_UNCONFIRMED);
  const Drill::Findings findings = drill_.Find();
  EXPECT_EQ(findings.open, 1u);
  EXPECT_EQ(findings.ends.at("none yet"), 1u);
  EXPECT_THAT(DrillReport(Halt(), "now", findings, {}), HasSubstr("NOT ALL have ended"));
}

TEST_F(DrillTest, VoidRecordsCountForNothing) {
  Intent(drill_, 1, 10, "kopi", /*deadline_after_ms=*/5);
  EXPECT_EQ(drill_.Find().in_flight, 0u);
  Intent(drill_, 2, -10);
  crossing::v1::OutcomeRecord open;
  open.set_token(1);
  open.set_marketplace_id("toko");
  open.mutable_open();
  drill_.OnOutcome(0, 0, kHaltMs, open.SerializeAsString());
  next_offset_ = 1;
  Final(drill_, 2, 20, Outcome::STATE_ORDERED, crossing::v1::REASON_UNSPECIFIED, /*token=*/0);
  EXPECT_EQ(drill_.Find().open, 1u) << "its writer had been succeeded";
}

TEST_F(DrillTest, LooksAtItsScopeOnly) {
  Halt halt;
  halt.set_scope(Halt::SCOPE_OFFER);
  halt.set_id("kopi");
  Drill drill(halt, kHaltMs);
  Intent(drill, 1, -5, "kopi");
  Intent(drill, 2, -5, "teh");
  EXPECT_EQ(drill.Find().in_flight, 1u);
}

TEST_F(DrillTest, TheReportTellsTheTimeAndEveryEnd) {
  Intent(drill_, 1, -5);
  Final(drill_, 1, 20, Outcome::STATE_ORDERED);
  Halt halt;
  halt.set_scope(Halt::SCOPE_GLOBAL);
  const std::string report =
      DrillReport(halt, "2027-01-15T08:00:00Z", drill_.Find(), {{"gateway g", 33}});
  for (const char* part :
       {"Halt drill: GLOBAL", "started: 2027-01-15T08:00:00Z", "**33 ms**",
        "obeyed by gateway g | 33 ms", "in flight: 1", "| ORDERED | 1 |", "All ended"}) {
    EXPECT_THAT(report, HasSubstr(part));
  }
}

}  // namespace
}  // namespace jembatan::ctl
