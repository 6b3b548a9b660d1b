#include "bench/load/invariants.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/intent/limits.h"

namespace jembatan::load {
namespace {

using intake::v1::Outcome;

constexpr int64_t kNow = 1'800'000'000'000;
constexpr uint64_t kTag = 0x3ff'1234'5678;

// A run in which everything is right: four accepted taps on one offer of which three were ordered
// and one was rejected, and one refused.
struct Evidence {
  Evidence() {
    for (uint32_t i = 0; i < 5; ++i) {
      IntentRecord record;
      record.id = MakeId(kNow + i, kTag, i);
      record.viewer = i;
      record.sends = 1;
      record.accepted = i < 4;
      record.refused = i == 4;
      record.partition = 2;
      record.offset = i < 4 ? 100 + i : -1;
      record.fingerprint = 7000 + i;
      if (i < 3) record.state = Outcome::STATE_ORDERED;
      if (i == 3) record.state = Outcome::STATE_REJECTED;
      if (i < 3) record.order = 9000 + i;
      records.push_back(record);
      if (i < 4) ledger.push_back(RowOf(i));
    }
    offers.push_back(
        {.offer_id = "batik", .stock_before = 3, .sold_after = 3, .initial = 3, .buyer_limit = 1});
  }

  LedgerRow RowOf(uint32_t i) const {
    const IntentRecord& record = records[i];
    LedgerRow row;
    row.seq = 50 + i;
    row.id = record.id;
    row.buyer = 400 + record.viewer;
    row.order = record.order;
    row.fingerprint = record.fingerprint;
    row.decided_ms = kNow + 20;
    row.quantity = 1;
    row.offer = 0;
    row.state = record.state;
    return row;
  }

  Verdict Judged() const { return Judge(records, ledger, offers, have_ledger); }

  std::vector<IntentRecord> records;
  std::vector<LedgerRow> ledger;
  std::vector<OfferStock> offers;
  bool have_ledger = true;
};

TEST(Judge, ARunWithoutFaultHolds) {
  Verdict verdict = Evidence().Judged();
  EXPECT_TRUE(verdict.holds());
  EXPECT_EQ(verdict.ledger_rows, 4u);
  EXPECT_EQ(verdict.foreign_rows, 0u);
  EXPECT_EQ(verdict.unknown, 0u);
}

struct Case {
  const char* name;
  std::function<void(Evidence&)> spoil;
  int lost = 0;
  int doubled = 0;
  int reordered = 0;
  int oversold = 0;
  int late = 0;
};

const Case kViolations[] = {
    {.name = "accepted without a final",
     .spoil = [](Evidence& run) { run.records[3].state = 0; },
     .lost = 1},
    {.name = "ORDERED without a ledger row",
     .spoil = [](Evidence& run) { run.ledger.erase(run.ledger.begin() + 1); },
     .lost = 1},
    {.name = "ORDERED, but the ledger rejected",
     .spoil = [](Evidence& run) { run.ledger[1].state = Outcome::STATE_REJECTED; },
     .lost = 1},
    {.name = "an order nobody was told of",
     .spoil =
         [](Evidence& run) {
           run.records[1].accepted = false;
           run.records[1].unsure = true;
           run.records[1].state = 0;
         },
     .lost = 1},
    {.name = "two different finals",
     .spoil = [](Evidence& run) { run.records[0].other_state = Outcome::STATE_EXPIRED; },
     .doubled = 1},
    {.name = "rejected, yet ordered",
     .spoil =
         [](Evidence& run) {
           run.ledger[3].state = Outcome::STATE_ORDERED;
           run.offers[0].stock_before = run.offers[0].initial = 4;
         },
     .doubled = 1},
    {.name = "expired, yet ordered",
     .spoil = [](Evidence& run) { run.records[0].state = Outcome::STATE_EXPIRED; },
     .doubled = 1},
    {.name = "refused, yet ordered",
     .spoil =
         [](Evidence& run) {
           run.ledger.push_back(run.RowOf(4));
           run.ledger.back().state = Outcome::STATE_ORDERED;
           run.offers[0].stock_before = run.offers[0].initial = 4;
         },
     .doubled = 1},
    {.name = "two orders of one id",
     .spoil =
         [](Evidence& run) {
           run.ledger.push_back(run.ledger[0]);
           run.offers[0].stock_before = run.offers[0].initial = 4;
         },
     .doubled = 1},
    {.name = "another order number",
     .spoil = [](Evidence& run) { run.records[0].order = 1; },
     .doubled = 1},
    {.name = "another body",
     .spoil = [](Evidence& run) { run.ledger[0].fingerprint = 1; },
     .doubled = 1},
    {.name = "two orders change places",
     .spoil = [](Evidence& run) { std::swap(run.ledger[0], run.ledger[1]); },
     .reordered = 1},
    {.name = "the first comes last",
     .spoil = [](Evidence& run) { std::swap(run.records[0].offset, run.records[2].offset); },
     .reordered = 2},
    {.name = "more ordered than there was",
     .spoil = [](Evidence& run) { run.offers[0].stock_before = 2; },
     .oversold = 1},
    {.name = "more sold than was ever on sale",
     .spoil = [](Evidence& run) { run.offers[0].sold_after = 4; },
     .oversold = 1},
    {.name = "a buyer over the limit",
     .spoil = [](Evidence& run) { run.ledger[1].buyer = run.ledger[0].buyer; },
     .oversold = 1},
    {.name = "a quantity over the buyer's limit",
     .spoil =
         [](Evidence& run) {
           run.ledger[0].quantity = 2;
           run.offers[0].stock_before = 9;
         },
     .oversold = 1},
    {.name = "after the deadline",
     .spoil = [](Evidence& run) { run.ledger[2].decided_ms = kNow + intent::kTtlMs + 3; },
     .late = 1},
};

// Every violation fires, and fires alone.
TEST(Judge, FindsEachViolation) {
  for (const Case& c : kViolations) {
    SCOPED_TRACE(c.name);
    Evidence run;
    c.spoil(run);
    Verdict verdict = run.Judged();
    EXPECT_FALSE(verdict.holds());
    EXPECT_EQ(verdict.lost.count, c.lost);
    EXPECT_EQ(verdict.doubled.count, c.doubled);
    EXPECT_EQ(verdict.reordered.count, c.reordered);
    EXPECT_EQ(verdict.oversold.count, c.oversold);
    EXPECT_EQ(verdict.late.count, c.late);
  }
}

// What looks odd and is allowed.
const Case kAllowed[] = {
    {.name = "never answered, never decided",
     .spoil =
         [](Evidence& run) {
           run.records[3].accepted = false;
           run.records[3].state = 0;
           run.ledger.pop_back();
         }},
    {.name = "handed off and bought by hand",
     .spoil = [](Evidence& run) { run.records[0].state = Outcome::STATE_HANDED_OFF; }},
    {.name = "handed off and bought by hand late, and after others",
     .spoil =
         [](Evidence& run) {
           run.records[0].state = Outcome::STATE_HANDED_OFF;
           run.ledger[0].decided_ms = kNow + intent::kTtlMs + 1'000;
           std::rotate(run.ledger.begin(), run.ledger.begin() + 1, run.ledger.begin() + 3);
         }},
    {.name = "an unanswered first copy may lie lower than the accepted one",
     .spoil =
         [](Evidence& run) {
           run.records[0].offset = 150;
           run.records[0].unsure = true;
         }},
    {.name = "decided by the bridge alone", .spoil = [](Evidence& run) { run.ledger.pop_back(); }},
    {.name = "decided at the very deadline",
     .spoil = [](Evidence& run) { run.ledger[2].decided_ms = kNow + 2 + intent::kTtlMs; }},
    {.name = "cancelled and sold again",
     .spoil =
         [](Evidence& run) {
           run.offers[0].stock_before = 2;
           run.ledger[1].cancelled = true;
           run.ledger[1].buyer = run.ledger[0].buyer;
         }},
    {.name = "stock unknown",
     .spoil =
         [](Evidence& run) {
           run.offers[0].stock_before = run.offers[0].sold_after = run.offers[0].initial = -1;
         }},
    {.name = "ordered without ever being told ACCEPTED",
     .spoil =
         [](Evidence& run) {
           run.records[1].accepted = false;
           run.records[1].offset = -1;
           run.records[1].unsure = true;
         }},
};

TEST(Judge, AcceptsWhatThePromiseAllows) {
  for (const Case& c : kAllowed) {
    SCOPED_TRACE(c.name);
    Evidence run;
    c.spoil(run);
    EXPECT_TRUE(run.Judged().holds());
  }
}

TEST(Judge, AnUncertainPositionStillCountsFromAbove) {
  Evidence run;
  // The accepted copy bounds the true position: it lies at 101 or lower, yet 102 went before it.
  run.records[1].unsure = true;
  std::swap(run.ledger[1], run.ledger[2]);
  EXPECT_EQ(run.Judged().reordered.count, 1u);
}

TEST(Judge, OffersDoNotMixTheirOrder) {
  Evidence run;
  run.offers.push_back({.offer_id = "kopi"});
  run.records[0].offer = 1;
  run.ledger[0].offer = 1;
  std::swap(run.ledger[0], run.ledger[1]);
  EXPECT_TRUE(run.Judged().holds());
}

TEST(Judge, ForeignRowsAreCountedAndNotJudged) {
  Evidence run;
  LedgerRow row = run.ledger[0];
  row.id = MakeId(kNow, kTag + 1, 0);
  run.ledger.insert(run.ledger.begin(), 5, row);
  Verdict verdict = run.Judged();
  EXPECT_TRUE(verdict.holds());
  EXPECT_EQ(verdict.foreign_rows, 5u);
  EXPECT_EQ(verdict.ledger_rows, 9u);
}

TEST(Judge, WithoutALedgerJudgesWhatWasTold) {
  Evidence run;
  run.have_ledger = false;
  run.ledger.clear();
  EXPECT_TRUE(run.Judged().holds());
  run.records[0].state = 0;
  EXPECT_EQ(run.Judged().lost.count, 1u);
}

TEST(Judge, ShowsAtMostFiveOfTheGuilty) {
  Evidence run;
  for (uint32_t i = 5; i < 20; ++i) {
    IntentRecord record = run.records[3];
    record.id = MakeId(kNow, kTag, i);
    record.state = 0;
    record.receipt_us = 4321;
    run.records.push_back(record);
  }
  Verdict verdict = run.Judged();
  EXPECT_EQ(verdict.lost.count, 15u);
  ASSERT_EQ(verdict.lost.examples.size(), kExamples);
  EXPECT_THAT(verdict.lost.examples[0],
              testing::AllOf(testing::HasSubstr(run.records[5].id.ToString()),
                             testing::HasSubstr("ACCEPTED at 2/103 after 4.3 ms"),
                             testing::HasSubstr("not in the ledger")));
}

TEST(RecordOf, FindsOnlyIdsOfItsRun) {
  Evidence run;
  EXPECT_EQ(RecordOf(run.records[3].id, run.records), 3u);
  EXPECT_EQ(RecordOf(MakeId(kNow + 3, kTag + 1, 3), run.records), std::nullopt);
  EXPECT_EQ(RecordOf(MakeId(kNow, kTag, 77), run.records), std::nullopt);
  EXPECT_TRUE(base::Uuid::ParseV7(run.records[0].id.ToString()).has_value());
}

}  // namespace
}  // namespace jembatan::load
