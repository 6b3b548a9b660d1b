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

TEST(CampaignsTable, ShowsLimitsAndSales) {
  orders::v1::ListPromotionsResponse promotions;
  auto* entry = promotions.add_campaigns();
  entry->mutable_campaign()->set_campaign_id("1212");
  entry->mutable_campaign()->set_total_limit(1'000);
  entry->mutable_campaign()->mutable_starts_at()->set_seconds(1'797'008'400);
  entry->set_sold(17);
  EXPECT_THAT(CampaignsTable(promotions),
              testing::ContainsRegex("1212 .* 17 .* 1000 .* any .*2026-12-11T17:00:00Z .*any"));
}

TEST(VouchersTable, ShowsWhatIsLeft) {
  orders::v1::ListPromotionsResponse promotions;
  auto* entry = promotions.add_vouchers();
  entry->mutable_voucher()->set_voucher_ref("hemat");
  entry->mutable_voucher()->mutable_amount()->set_currency("IDR");
  entry->mutable_voucher()->mutable_amount()->set_amount_minor(1'000'000);
  entry->mutable_voucher()->set_uses(100);
  entry->mutable_voucher()->set_campaign_id("1212");
  entry->set_used(3);
  EXPECT_THAT(VouchersTable(promotions),
              testing::ContainsRegex("hemat .*Rp 10.000 .* 3 .* 100 .* any .*1212 .*any"));
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
