#include "bench/load/marketplace.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace jembatan::load {
namespace {

TEST(ParseOffers, ReadsPriceStockAndLimit) {
  absl::StatusOr<std::vector<ListedOffer>> offers = ParseOffers(
      R"({"offer_id":"batik","title":"Batik","currency":"IDR","amount_minor":18500000,)"
      R"("price_version":"v2","stock":500,"sold":3,"initial_stock":503,"buyer_limit":1})"
      "\n"
      R"({"offer_id":"kopi","currency":"IDR","amount_minor":2500000,"stock":7})"
      "\n");
  ASSERT_TRUE(offers.ok()) << offers.status();
  ASSERT_EQ(offers->size(), 2u);
  const ListedOffer& batik = (*offers)[0];
  EXPECT_EQ(batik.title, "Batik");
  EXPECT_EQ(batik.sale.offer_id, "batik");
  EXPECT_EQ(batik.sale.currency, "IDR");
  EXPECT_EQ(batik.sale.amount_minor, 18'500'000);
  EXPECT_EQ(batik.sale.price_version, "v2");
  EXPECT_EQ(batik.stock.stock_before, 500);
  EXPECT_EQ(batik.stock.sold_after, 3);
  EXPECT_EQ(batik.stock.initial, 503);
  EXPECT_EQ(batik.stock.buyer_limit, 1u);
  EXPECT_EQ((*offers)[1].sale.amount_minor, 2'500'000);
  EXPECT_EQ((*offers)[1].stock.initial, -1);
  EXPECT_EQ((*offers)[1].stock.sold_after, -1);
}

TEST(ParseOffers, RefusesWhatItDoesNotKnow) {
  for (const char* json : {"{}", "[]", R"({"offer_id":"a"})", "1", "{", "nonsense"}) {
    EXPECT_FALSE(ParseOffers(json).ok()) << json;
  }
}

std::string Row(int seq, const std::string& state) {
  return R"({"seq":)" + std::to_string(seq) +
         R"(,"intent_id":"018f3c5e-7a00-7abc-8def-0123456789ab","buyer_ref":"00ff",)"
         R"("offer_id":"kopi",)"
         R"("quantity":2,"payment":"UNPAID","state":")" +
         state +
         R"(","reason":"","order_id":"O-1","decided_ms":1800000000000,"fingerprint":"6162"})" +
         "\n";
}

TEST(ParseLedger, ReadsRows) {
  std::vector<LedgerRow> rows;
  ASSERT_TRUE(ParseLedger(Row(4, "ORDERED") + Row(9, "REJECTED"), {{"kopi", 3}}, &rows).ok());
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].seq, 4u);
  EXPECT_EQ(rows[0].id.ToString(), "018f3c5e-7a00-7abc-8def-0123456789ab");
  EXPECT_EQ(rows[0].state, intake::v1::Outcome::STATE_ORDERED);
  EXPECT_EQ(rows[0].quantity, 2u);
  EXPECT_EQ(rows[0].offer, 3);
  EXPECT_EQ(rows[0].order, TextDigest("O-1"));
  // Outcomes carry the fingerprint's bytes, the ledger their hexadecimal text.
  EXPECT_EQ(rows[0].fingerprint, TextDigest("ab"));
  EXPECT_EQ(rows[0].decided_ms, 1'800'000'000'000);
  EXPECT_EQ(rows[1].state, intake::v1::Outcome::STATE_REJECTED);
}

TEST(ParseLedger, RefusesBadRowsAndDisorder) {
  for (const std::string& page :
       {Row(1, "SOLD"), std::string("{}\n"), std::string("[]\n"), std::string("{\n"),
        Row(2, "ORDERED") + Row(2, "ORDERED"), Row(2, "ORDERED") + Row(1, "ORDERED")}) {
    std::vector<LedgerRow> rows;
    EXPECT_FALSE(ParseLedger(page, {}, &rows).ok()) << page;
  }
}

}  // namespace
}  // namespace jembatan::load
