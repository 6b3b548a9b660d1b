// Campaigns, vouchers and changed prices as the store keeps them: taken, given back, and still
// there after a restart.

#include "services/marketplace/promotions.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/status.h"
#include "services/marketplace/store.h"
#include "services/marketplace/testing.h"

namespace jembatan::marketplace {
namespace {

using orders::v1::OrderResult;
using testing::kNowMs;
using testing::TestOrder;

class PromotionsTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    store_.reset();
    store_ = *Store::Open(file_.options(), clock_.get());
  }
  static Offer OfferOf(const std::string& offer_id, const std::string& campaign_id) {
    Offer offer = testing::MakeOffer(offer_id, 10);
    offer.campaign_id = campaign_id;
    return offer;
  }
  // Two offers of one campaign, and a voucher for it.
  void LoadEvening(int64_t total_limit, int64_t buyer_limit, int64_t uses, int64_t buyer_uses) {
    Catalog catalog;
    catalog.offers = {OfferOf("kopi", "1212"), OfferOf("teh", "1212")};
    catalog.campaigns = {
        {.campaign_id = "1212", .total_limit = total_limit, .buyer_limit = buyer_limit}};
    catalog.vouchers = {{.voucher_ref = "hemat",
                         .amount = {"IDR", 500'000},
                         .campaign_id = "1212",
                         .uses = uses,
                         .buyer_uses = buyer_uses}};
    const auto loaded = store_->Load(std::move(catalog));
    ASSERT_TRUE(loaded.ok()) << base::ToString(loaded.status());
  }
  Result Place(const TestOrder& order) {
    const Order view = order.view();
    const auto placed = store_->Place(testing::Token(1), {&view, 1});
    EXPECT_TRUE(placed.ok()) << base::ToString(placed.status());
    return placed.ok() ? placed->results.at(0) : Result();
  }
  Result PlaceWith(TestOrder order, const std::string& voucher_ref) {
    order.voucher_ref = voucher_ref;
    return Place(order);
  }
  // "sold/used" of the campaign and the voucher.
  std::string Counts() {
    const auto promoted = store_->ListPromotions();
    EXPECT_TRUE(promoted.ok()) << base::ToString(promoted.status());
    if (!promoted.ok()) return {};
    return std::to_string(promoted->campaigns.at(0).sold) + "/" +
           std::to_string(promoted->vouchers.at(0).used);
  }

  testing::TempDatabase file_;
  testing::TestClock clock_;
  std::unique_ptr<Store> store_;
};

TEST_F(PromotionsTest, ACampaignCountsOverItsOffers) {
  LoadEvening(3, 2, 0, 0);
  EXPECT_EQ(Place(TestOrder(1, 1, "kopi")).state, OrderResult::STATE_ORDERED);
  EXPECT_EQ(Place(TestOrder(2, 1, "teh")).state, OrderResult::STATE_ORDERED);
  EXPECT_EQ(Place(TestOrder(3, 1, "teh")).reason, orders::v1::REASON_BUYER_LIMIT_TOTAL);
  Open();
  EXPECT_EQ(Place(TestOrder(4, 1, "kopi")).reason, orders::v1::REASON_BUYER_LIMIT_TOTAL);
  EXPECT_EQ(Place(TestOrder(5, 2, "kopi")).state, OrderResult::STATE_ORDERED);
  EXPECT_EQ(Place(TestOrder(6, 3, "teh")).reason, orders::v1::REASON_CAMPAIGN_LIMIT_REACHED);
  EXPECT_EQ(Counts(), "3/0");
}

TEST_F(PromotionsTest, OrdersOfOneBatchSeeEachOther) {
  LoadEvening(0, 0, 2, 1);
  std::vector<TestOrder> orders = {{1, 1, "kopi"}, {2, 1, "teh"}, {3, 2, "kopi"}, {4, 3, "kopi"}};
  std::vector<Order> batch;
  for (TestOrder& order : orders) {
    order.voucher_ref = "hemat";
    batch.push_back(order.view());
  }
  const auto placed = store_->Place(testing::Token(1), batch);
  ASSERT_TRUE(placed.ok());
  EXPECT_EQ(placed->results[0].state, OrderResult::STATE_ORDERED);
  EXPECT_EQ(placed->results[1].reason, orders::v1::REASON_VOUCHER_INVALID) << "the buyer's second";
  EXPECT_EQ(placed->results[2].state, OrderResult::STATE_ORDERED);
  EXPECT_EQ(placed->results[3].reason, orders::v1::REASON_VOUCHER_INVALID) << "used up";
  EXPECT_EQ(Counts(), "2/2");
}

TEST_F(PromotionsTest, WhatIsCancelledIsGivenBack) {
  LoadEvening(1, 1, 1, 1);
  const Result first = PlaceWith(TestOrder(1, 1, "kopi"), "hemat");
  ASSERT_EQ(first.state, OrderResult::STATE_ORDERED);
  EXPECT_EQ(Counts(), "1/1");
  EXPECT_EQ(Place(TestOrder(2, 2, "teh")).reason, orders::v1::REASON_CAMPAIGN_LIMIT_REACHED);
  // By the buyer.
  EXPECT_EQ(store_->Withdraw(first.order_id)->result.payment, Payment::kWithdrawn);
  EXPECT_EQ(Counts(), "0/0");
  EXPECT_EQ(store_->Withdraw(first.order_id)->result.payment, Payment::kWithdrawn);
  EXPECT_EQ(Counts(), "0/0");
  // By the hold that runs out.
  const Result second = PlaceWith(TestOrder(3, 1, "teh"), "hemat");
  ASSERT_EQ(second.state, OrderResult::STATE_ORDERED);
  clock_.now_ms = second.hold_expires_ms;
  EXPECT_EQ(*store_->CancelExpired(), 1);
  EXPECT_EQ(Counts(), "0/0");
  // The answers given stay what they were.
  EXPECT_EQ(Place(TestOrder(2, 2, "teh")).reason, orders::v1::REASON_CAMPAIGN_LIMIT_REACHED);
}

TEST_F(PromotionsTest, AnOrderRepeatedTakesNothingAgain) {
  LoadEvening(0, 0, 0, 0);
  PlaceWith(TestOrder(1, 1, "kopi"), "hemat");
  EXPECT_TRUE(PlaceWith(TestOrder(1, 1, "kopi"), "hemat").replayed);
  EXPECT_EQ(Counts(), "1/1");
}

TEST_F(PromotionsTest, ThePageShowsTheVoucher) {
  LoadEvening(0, 0, 0, 0);
  const Result result = PlaceWith(TestOrder(1, 1, "kopi"), "hemat");
  Open();
  const auto visit = store_->View(result.order_id);
  ASSERT_TRUE(visit.ok());
  EXPECT_EQ(visit->taken.voucher_ref, "hemat");
  EXPECT_EQ(visit->taken.discount_minor, 500'000);
}

TEST_F(PromotionsTest, AnUnknownVoucherRefusesAndNoneIsNone) {
  LoadEvening(0, 0, 0, 0);
  EXPECT_EQ(PlaceWith(TestOrder(1, 1, "kopi"), "gratis").reason,
            orders::v1::REASON_VOUCHER_INVALID);
  EXPECT_EQ(Place(TestOrder(2, 1, "kopi")).state, OrderResult::STATE_ORDERED);
}

TEST_F(PromotionsTest, AChangedPriceIsStillTakenForItsGrace) {
  Offer offer = testing::MakeOffer("kopi", 10);
  offer.price_grace_ms = 5'000;
  ASSERT_TRUE(store_->LoadOffers({offer}).ok());
  offer.price = {"IDR", 3'000'000};
  offer.price_version = "2";
  ASSERT_TRUE(store_->LoadOffers({offer}).ok());
  Open();
  clock_.now_ms = kNowMs + 4'999;
  const Result in_time = Place(TestOrder(1, 1, "kopi"));
  EXPECT_EQ(in_time.state, OrderResult::STATE_ORDERED);
  EXPECT_EQ(in_time.price.amount_minor, 2'500'000);
  // Loading the same price again does not renew the grace.
  ASSERT_TRUE(store_->LoadOffers({offer}).ok());
  clock_.now_ms = kNowMs + 5'000;
  EXPECT_EQ(Place(TestOrder(2, 2, "kopi")).reason, orders::v1::REASON_PRICE_CHANGED);
}

TEST_F(PromotionsTest, LoadingAgainKeepsWhatWasTaken) {
  LoadEvening(5, 0, 5, 0);
  PlaceWith(TestOrder(1, 1, "kopi"), "hemat");
  LoadEvening(1, 0, 1, 0);
  EXPECT_EQ(Counts(), "1/1");
  EXPECT_EQ(Place(TestOrder(2, 2, "kopi")).reason, orders::v1::REASON_CAMPAIGN_LIMIT_REACHED);
  // What is known stays as it is where only new entries are asked for.
  Catalog catalog;
  catalog.campaigns = {{.campaign_id = "1212"}, {.campaign_id = "1111"}};
  ASSERT_TRUE(store_->Load(std::move(catalog), Store::LoadMode::kNewOnly).ok());
  const auto promoted = store_->ListPromotions();
  ASSERT_EQ(promoted->campaigns.size(), 2u);
  EXPECT_EQ(promoted->campaigns[0].campaign_id, "1111");
  EXPECT_EQ(promoted->campaigns[1].total_limit, 1);
}

TEST_F(PromotionsTest, WhatIsWrongIsNamedAndNothingIsLoaded) {
  const auto error_of = [this](Catalog catalog) {
    catalog.offers.push_back(testing::MakeOffer("teh", 1));
    const auto loaded = store_->Load(std::move(catalog));
    EXPECT_EQ(store_->feed().Find("teh"), nullptr);
    return base::ToString(loaded.status());
  };
  EXPECT_EQ(error_of({.offers = {OfferOf("kopi", "1212")}}),
            "INVALID_ARGUMENT: offer kopi: there is no campaign 1212");
  EXPECT_EQ(
      error_of({.vouchers = {{.voucher_ref = "v", .amount = {"IDR", 1}, .campaign_id = "1212"}}}),
      "INVALID_ARGUMENT: voucher v: there is no campaign 1212");
  EXPECT_EQ(error_of({.vouchers = {{.voucher_ref = "v", .amount = {"IDR", 0}}}}),
            "INVALID_ARGUMENT: voucher v: bad amount_minor");
  EXPECT_EQ(error_of({.campaigns = {{.campaign_id = "c", .total_limit = -1}}}),
            "INVALID_ARGUMENT: campaign c: bad total_limit");
  Offer offer = testing::MakeOffer("kopi", 1);
  offer.order_limit = 100;
  EXPECT_EQ(error_of({.offers = {offer}}), "INVALID_ARGUMENT: offer kopi: bad order_limit");
}

}  // namespace
}  // namespace jembatan::marketplace
