#include "services/marketplace/ledger.h"

#include <algorithm>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/reconcile/answer.h"
#include "services/marketplace/limits.h"
#include "services/marketplace/testing.h"

namespace jembatan::marketplace {
namespace {

using orders::v1::OrderResult;

TEST(LedgerTest, PagesRunThroughEveryResultInTheOrderOfCommits) {
  testing::TempDatabase file;
  testing::TestClock clock;
  const auto store = Store::Open(file.options(), clock.get());
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE((*store)->LoadOffers({testing::MakeOffer("kopi", 1)}).ok());
  for (uint64_t i = 1; i <= 3; ++i) {
    const testing::TestOrder order(i, i, "kopi");
    const Order view = order.view();
    ASSERT_TRUE((*store)->Place(testing::Token(1), {&view, 1}).ok());
  }
  const auto ledger = Ledger::Open(file.path());
  ASSERT_TRUE(ledger.ok()) << base::ToString(ledger.status());
  const std::string fingerprint(64, '6');
  const std::string buyer_ref = base::Hex(testing::BuyerRef(1));
  const auto first = (*ledger)->Page(0, 1);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*first, "{\"seq\":1,\"intent_id\":\"" + testing::IntentId(1) + "\",\"buyer_ref\":\"" +
                        buyer_ref +
                        "\",\"offer_id\":\"kopi\",\"quantity\":1,\"state\":\"ORDERED\","
                        "\"reason\":\"\",\"order_id\":\"T-0000000001\",\"payment\":\"UNPAID\","
                        "\"decided_ms\":1780000000000,\"fingerprint\":\"" +
                        fingerprint + "\"}\n");
  const auto rest = (*ledger)->Page(1, 10);
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ(std::count(rest->begin(), rest->end(), '\n'), 2);
  EXPECT_NE(rest->find("\"seq\":2,"), std::string::npos);
  EXPECT_NE(rest->find("\"state\":\"REJECTED\",\"reason\":\"OUT_OF_STOCK\",\"order_id\":\"\","
                       "\"payment\":\"\""),
            std::string::npos);
  EXPECT_EQ(*(*ledger)->Page(3, 10), "");
  // A later commit is seen by the same reader.
  const testing::TestOrder order(4, 4, "kopi");
  const Order view = order.view();
  ASSERT_TRUE((*store)->Place(testing::Token(1), {&view, 1}).ok());
  EXPECT_TRUE((*ledger)->Page(3, 10)->starts_with("{\"seq\":4,"));
}

TEST(LedgerTest, TheDigestOfAnHourIsOverItsOrdersAlone) {
  testing::TempDatabase file;
  testing::TestClock clock;
  const auto store = Store::Open(file.options(), clock.get());
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE((*store)->LoadOffers({testing::MakeOffer("kopi", 2)}).ok());
  reconcile::OrderSet expected;
  ledger::Hasher hasher;
  for (uint64_t i = 1; i <= 3; ++i) {
    const testing::TestOrder order(i, i, "kopi");
    const Order view = order.view();
    const auto placed = (*store)->Place(testing::Token(1), {&view, 1});
    ASSERT_TRUE(placed.ok());
    const Result& result = placed->results.front();
    // The third finds nothing left.
    if (result.state != OrderResult::STATE_ORDERED) continue;
    expected.Add(reconcile::CommitmentOf(
        hasher,
        {*base::Uuid::ParseV7(view.intent_id), view.buyer_ref, view.fingerprint, result.order_id}));
  }
  const auto ledger = Ledger::Open(file.path());
  ASSERT_TRUE(ledger.ok());
  const int64_t hour = reconcile::HourOf(*base::Uuid::ParseV7(testing::IntentId(1)));
  const auto told = reconcile::ParseAnswer(*(*ledger)->OrderDigests(hour, ""));
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->digest.orders, 2u);
  EXPECT_EQ(told->digest, expected.DigestOf(""));
  for (const int64_t other : {hour - 1, hour + 1}) {
    EXPECT_EQ(reconcile::ParseAnswer(*(*ledger)->OrderDigests(other, ""))->digest.orders, 0u);
  }
}

TEST(LedgerTest, DigestRequestsNameAnHour) {
  const auto request = ParseDigestRequest("/orders/digest?prefix=0a&hour=7");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->hour, 7);
  EXPECT_EQ(request->prefix, "0a");
  EXPECT_EQ(ParseDigestRequest("/orders/digest?hour=7")->prefix, "");
  for (const char* bad : {"/orders/digest", "/orders/digest?hour=-1", "/orders/digest?hour=x",
                          "/orders/digest?hour=7&prefix=G", "/orders/digest?hour=7&x=1",
                          "/orders/digest?hour=99999999999"}) {
    EXPECT_FALSE(ParseDigestRequest(bad).ok()) << bad;
  }
}

TEST(LedgerTest, OffersAreEscaped) {
  Offer offer = testing::MakeOffer("kopi", 3);
  offer.title = "\"Kopi\"\\\n\x01 é";
  OfferFeed feed;
  feed.Publish({offer});
  EXPECT_EQ(OfferLines(feed),
            "{\"offer_id\":\"kopi\",\"title\":\"\\\"Kopi\\\"\\\\\\n\\u0001 é\","
            "\"seller_id\":\"seller-1\",\"currency\":\"IDR\",\"amount_minor\":2500000,"
            "\"price_version\":\"1\",\"stock\":3,\"sold\":0,\"initial_stock\":0,"
            "\"buyer_limit\":0,\"total_limit\":0,\"sale_starts_ms\":0,\"sale_ends_ms\":0}\n");
}

TEST(LedgerTest, PageRequestsAreBounded) {
  const struct {
    const char* target;
    int64_t after;
    int64_t limit;
  } good[] = {
      {"/ledger", 0, kMaxLedgerRows},
      {"/ledger?", 0, kMaxLedgerRows},
      {"/ledger?after=7", 7, kMaxLedgerRows},
      {"/ledger?limit=5&after=9", 9, 5},
      {"/ledger?limit=999999999", 0, kMaxLedgerRows},
  };
  for (const auto& c : good) {
    const auto request = ParsePageRequest(c.target);
    ASSERT_TRUE(request.ok()) << c.target;
    EXPECT_EQ(request->after, c.after) << c.target;
    EXPECT_EQ(request->limit, c.limit) << c.target;
  }
  for (const char* bad : {"/ledger?after", "/ledger?after=", "/ledger?after=-1", "/ledger?after=1x",
                          "/ledger?limit=0", "/ledger?x=1", "/ledger?after=99999999999999999999"}) {
    EXPECT_FALSE(ParsePageRequest(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace jembatan::marketplace
