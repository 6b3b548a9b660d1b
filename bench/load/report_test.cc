#include "bench/load/report.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

namespace jembatan::load {
namespace {

using intake::v1::Outcome;
using intake::v1::Receipt;
using testing::HasSubstr;

class ReportTest : public testing::Test {
 protected:
  ReportTest() {
    book_.OnSent(book_.Add(0, 0, 0, 1'800'000'000'000), 0);
    book_.OnSent(book_.Add(0, 0, 0, 1'800'000'000'000), 0);
    Receipt receipt;
    receipt.set_intent_id(book_.record(0).id.ToString());
    receipt.set_status(Receipt::STATUS_ACCEPTED);
    book_.OnReceipt(receipt, 2'000'000);
    Outcome outcome;
    outcome.set_intent_id(receipt.intent_id());
    outcome.set_state(Outcome::STATE_REJECTED);
    outcome.set_reason(intake::v1::REASON_OUT_OF_STOCK);
    book_.OnOutcome(outcome, 9'000'000);
    receipt.set_intent_id(book_.record(1).id.ToString());
    receipt.set_status(Receipt::STATUS_REFUSED);
    receipt.set_reason(intake::v1::REASON_OVERLOADED);
    book_.OnReceipt(receipt, 3'000'000);
    generator_.began_ms = 1'800'000'000'000;
    generator_.seconds = 2;
    generator_.cpu_us = 10;
    ListedOffer offer;
    offer.sale.offer_id = "batik";
    offer.stock.stock_before = 500;
    figures_.offers = {offer};
    figures_.book = &book_;
    figures_.generator = &generator_;
    figures_.verdict = &verdict_;
    figures_.flash = 0;
    figures_.rate = 1;
    figures_.viewers = 1;
    figures_.gateways = 2;
    figures_.have_ledger = true;
  }

  IntentBook book_{10, 1, 1, 1};
  GeneratorReport generator_;
  Verdict verdict_;
  RunFigures figures_;
};

TEST_F(ReportTest, LastLineIsForMachines) {
  verdict_.doubled.count = 3;
  EXPECT_EQ(LastLine(figures_),
            "accepted=1 ordered=0 rejected=1 expired=0 lost=0 doubled=3 reordered=0 oversold=0 "
            "handed_off=0");
}

TEST_F(ReportTest, SummaryNamesReasonsOffersAndViolations) {
  std::string text = SummaryText(figures_);
  EXPECT_THAT(text, HasSubstr("2 taps in 2.0 s: 1/s of 1/s meant"));
  EXPECT_THAT(text, HasSubstr("refused OVERLOADED"));
  EXPECT_THAT(text, HasSubstr("rejected OUT_OF_STOCK"));
  EXPECT_THAT(text, HasSubstr("flash sale batik: 500 units, 2 taps, 0 orders, 0 oversold"));
  EXPECT_THAT(text, HasSubstr("the promise held"));
  verdict_.lost.count = 1;
  verdict_.lost.examples = {"the guilty one"};
  text = SummaryText(figures_);
  EXPECT_THAT(text, HasSubstr("the guilty one"));
  EXPECT_THAT(text, Not(HasSubstr("the promise held")));
}

TEST_F(ReportTest, FiguresAreJson) {
  verdict_.late.examples = {"a \"quoted\"\nline"};
  std::string text = FiguresJson(figures_);
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  ASSERT_EQ(parser.parse(text).get(json), simdjson::SUCCESS) << text;
  EXPECT_EQ(int64_t{json["began_ms"]}, 1'800'000'000'000);
  EXPECT_EQ(int64_t{json["accepted"]}, 1);
  EXPECT_EQ(int64_t{json["rejected_by_reason"]["OUT_OF_STOCK"]}, 1);
  EXPECT_EQ(int64_t{json["refused_by_reason"]["OVERLOADED"]}, 1);
  EXPECT_NEAR(double{json["receipt_ms"]["p50"]}, 2.0, 0.01);
  EXPECT_NEAR(double{json["refused_ms"]["p50"]}, 3.0, 0.01);
  EXPECT_EQ(json["by_second"].get_array().value().size(), 1u);
  EXPECT_EQ(int64_t{json["by_second"].at(0)["refused"]}, 1);
  EXPECT_NEAR(double{json["by_second"].at(0)["outcome_ms"]}, 9.0, 0.01);
  EXPECT_NEAR(double{json["cpu_us_per_tap"]}, 5.0, 0.001);
  EXPECT_EQ(int64_t{json["offers"].at(0)["taps"]}, 2);
}

TEST(Grouped, SetsCommas) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
}

}  // namespace
}  // namespace jembatan::load
