// The pure parts of the commands: what they make of files, pages and flags.

#include <string>

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "jembatan/intake/v1/intake.pb.h"
#include "libs/base/clock.h"
#include "libs/intent/intent.h"
#include "services/ctl/intents.h"
#include "services/ctl/offers.h"
#include "services/ctl/orders.h"
#include "services/ctl/rooms.h"

namespace jembatan::ctl {
namespace {

using testing::HasSubstr;

constexpr char kId[] = "018f3c5e-7a00-7abc-8def-0123456789ab";

TEST(ParseOffersFile, ReadsTheMarketplacesKeys) {
  absl::StatusOr<std::vector<OfferToLoad>> offers = ParseOffersFile(R"([
    {"offer_id":"batik","title":"Batik","seller_id":"umkm","currency":"IDR",
     "amount_minor":18500000,"price_version":"2","stock":500,"buyer_limit":1,"total_limit":9,
     "origin_country":"ID","ships_from":"home","hs_code":"61091010","fob_currency":"USD",
     "fob_minor":1250,"seller_licence":"NIB 9120001","licence_expires_ms":1798761600000,
     "seller_tier":"umkm","local":true},
    {"offer_id":"kopi","currency":"IDR","amount_minor":2500000,"stock":7,
     "sale_starts_ms":1797008400250,"sale_ends_ms":0}])");
  ASSERT_TRUE(offers.ok()) << offers.status();
  ASSERT_EQ(offers->size(), 2u);
  const orders::v1::Offer& batik = (*offers)[0].offer;
  EXPECT_EQ(batik.offer_id(), "batik");
  EXPECT_EQ(batik.title(), "Batik");
  EXPECT_EQ(batik.seller_id(), "umkm");
  EXPECT_EQ(batik.price().currency(), "IDR");
  EXPECT_EQ(batik.price().amount_minor(), 18'500'000);
  EXPECT_EQ(batik.price_version(), "2");
  EXPECT_EQ(batik.stock(), 500u);
  EXPECT_EQ(batik.buyer_limit(), 1u);
  EXPECT_EQ(batik.total_limit(), 9u);
  EXPECT_FALSE(batik.has_sale_starts_at());
  ASSERT_TRUE((*offers)[0].goods.has_value());
  const orders::v1::Goods& goods = *(*offers)[0].goods;
  EXPECT_EQ(goods.offer_id(), "batik");
  EXPECT_EQ(goods.origin_country(), "ID");
  EXPECT_EQ(goods.ships_from(), orders::v1::Goods::SHIPS_FROM_HOME);
  EXPECT_EQ(goods.hs_code(), "61091010");
  EXPECT_EQ(goods.fob().currency(), "USD");
  EXPECT_EQ(goods.fob().amount_minor(), 1'250);
  EXPECT_EQ(goods.seller_licence(), "NIB 9120001");
  EXPECT_EQ(goods.licence_expires_at().seconds(), 1'798'761'600);
  EXPECT_EQ(goods.seller_tier(), orders::v1::Goods::SELLER_TIER_UMKM);
  EXPECT_TRUE(goods.local());
  const OfferToLoad& kopi = (*offers)[1];
  EXPECT_EQ(kopi.offer.sale_starts_at().seconds(), 1'797'008'400);
  EXPECT_EQ(kopi.offer.sale_starts_at().nanos(), 250'000'000);
  EXPECT_FALSE(kopi.offer.has_sale_ends_at());
  EXPECT_FALSE(kopi.goods.has_value());
}

TEST(ParseOffersFile, RefusesOthersAndNamesTheKey) {
  const std::string good = R"("offer_id":"a","currency":"IDR","amount_minor":1,"stock":1)";
  EXPECT_TRUE(ParseOffersFile("[{" + good + "}]").ok());
  for (const std::string& json :
       {std::string(), std::string("{}"), std::string("[]"), std::string("[{}]"),
        std::string("[1]"), std::string(R"([{"offer_id":"a"}])"), "[{" + good,
        "[{" + good + R"(,"colour":"red"}])", "[{" + good + R"(,"buyer_limit":4294967296}])",
        "[{" + good + R"(,"total_limit":-1}])", "[{" + good + R"(,"title":1}])",
        "[{" + good + R"(,"ships_from":"moon"}])", "[{" + good + R"(,"seller_tier":"micro"}])",
        "[{" + good + R"(,"local":"yes"}])", "[{" + good + R"(,"fob_minor":-1}])"}) {
    EXPECT_FALSE(ParseOffersFile(json).ok()) << json;
  }
  EXPECT_THAT(std::string(ParseOffersFile("[{" + good + R"(,"colour":"red"}])").status().message()),
              HasSubstr("colour"));
}

TEST(OffersTable, ShowsPricesAndLimits) {
  OfferEntry entry;
  entry.mutable_offer()->set_offer_id("kopi");
  entry.mutable_offer()->mutable_price()->set_currency("IDR");
  entry.mutable_offer()->mutable_price()->set_amount_minor(2'500'005);
  entry.mutable_offer()->set_stock(7);
  entry.set_sold(3);
  std::string table = OffersTable({entry});
  EXPECT_THAT(table, HasSubstr("Rp 25.000,05"));
  EXPECT_THAT(table, testing::ContainsRegex("kopi .* 7 .* 3 .* any"));
}

TEST(RoomText, TellsWhatIsPinned) {
  intake::v1::Room room;
  room.set_room_id("r");
  room.set_state(intake::v1::Room::STATE_CLOSED);
  EXPECT_EQ(RoomText(room), "r is closed");
  room.set_state(intake::v1::Room::STATE_OPEN);
  room.mutable_opened_at()->set_seconds(1'797'008'400);
  room.add_pinned()->set_offer_id("batik");
  room.add_pinned()->set_offer_id("kopi");
  EXPECT_EQ(RoomText(room), "r is open since 2026-12-11T17:00:00Z, pinned: batik, kopi");
}

TEST(SubmitBody, IsAnIntentThatGatewaysTake) {
  IntentFlags flags;
  flags.offer = "kopi";
  flags.amount_minor = 2'500'000;
  flags.quantity = 2;
  const int64_t now = base::WallMs();
  absl::StatusOr<std::string> body = SubmitBody(flags, base::Uuid::MakeV7(now, 1, 2));
  ASSERT_TRUE(body.ok()) << body.status();
  intake::v1::SubmitIntentRequest request;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(*body, &request).ok()) << *body;
  base::Uuid id;
  intent::Refusal refusal = intent::Validate(request.intent(), now, &id);
  EXPECT_FALSE(refusal.refused()) << refusal.message;
  EXPECT_EQ(request.intent().quantity(), 2u);
  EXPECT_EQ(id, base::Uuid::MakeV7(now, 1, 2));
  flags.intent = kId;
  EXPECT_THAT(*SubmitBody(flags, id), HasSubstr(kId));
}

TEST(QueryBody, AsksForOneIntent) {
  absl::StatusOr<std::string> body = QueryBody(kId, "kopi");
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(*body, std::string(R"({"queries":[{"intentId":")") + kId + R"(","offerId":"kopi"}]})");
  EXPECT_FALSE(QueryBody("nonsense", "kopi").ok());
}

TEST(ReadReceipt, ARefusalIsAnErrorThatTellsWhy) {
  EXPECT_EQ(ReadReceipt(R"({"receipt":{"intentId":"a","status":"STATUS_ACCEPTED","offset":"7"}})")
                ->offset(),
            7);
  EXPECT_TRUE(ReadReceipt(R"({"receipt":{"status":"STATUS_PENDING"},"later":1})").ok());
  absl::StatusOr<intake::v1::Receipt> refused =
      ReadReceipt(R"({"receipt":{"status":"STATUS_REFUSED","reason":"REASON_OVERLOADED"}})");
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("OVERLOADED"));
  EXPECT_FALSE(ReadReceipt("no JSON").ok());
}

TEST(ReadOutcome, TellsNotYetFromNever) {
  auto code = [](const std::string& answer) {
    return ReadOutcome(R"({"answers":[)" + answer + "]}").status().code();
  };
  EXPECT_EQ(code(R"({"verdict":"VERDICT_OUTCOME","outcome":{"state":"STATE_ORDERED"}})"),
            absl::StatusCode::kOk);
  EXPECT_EQ(code(R"({"verdict":"VERDICT_OUTCOME","outcome":{"state":"STATE_UNCONFIRMED"}})"),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(R"({"verdict":"VERDICT_NOT_YET"})"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(R"({"verdict":"VERDICT_NONE"})"), absl::StatusCode::kNotFound);
  EXPECT_EQ(code(R"({"verdict":"VERDICT_FORGOTTEN"})"), absl::StatusCode::kNotFound);
  EXPECT_EQ(code(R"({"reason":"REASON_ID_INVALID"})"), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(""), absl::StatusCode::kInternal);
}

TEST(SearchLedgerPage, FindsTheRowsOfAnIntent) {
  const std::string row = std::string(R"({"seq":3,"intent_id":")") + kId + R"("})" + "\n";
  const std::string other = R"({"seq":2,"intent_id":"x"})"
                            "\n";
  absl::StatusOr<LedgerPage> page = SearchLedgerPage(other + row, kId);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->found, row);
  EXPECT_EQ(page->rows, 2u);
  EXPECT_EQ(page->last_seq, 3u);
  EXPECT_EQ(SearchLedgerPage("", kId)->rows, 0u);
  EXPECT_EQ(SearchLedgerPage(other, kId)->found, "");
  for (const char* bad : {"{}\n", "[]\n", "{\n", R"({"seq":1})"}) {
    EXPECT_FALSE(SearchLedgerPage(bad, kId).ok()) << bad;
  }
}

}  // namespace
}  // namespace jembatan::ctl
