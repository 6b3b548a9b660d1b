#include "services/marketplace/order_changes.h"

#include <string>

#include "libs/base/status.h"
#include "services/marketplace/limits.h"
#include "services/marketplace/store.h"
#include "services/marketplace/testing.h"

namespace jembatan::marketplace {
namespace {

using testing::kNowMs;
using testing::TestOrder;

class OrderChangesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = *Store::Open(file_.options(), clock_.get());
    changes_ = *OrderChanges::Open(file_.path());
    ASSERT_TRUE(store_->LoadOffers({testing::MakeOffer("kopi", 10)}).ok());
  }
  std::string Place(uint64_t intent) {
    const TestOrder order(intent, intent, "kopi");
    const Order view = order.view();
    return store_->Place(testing::Token(1), {&view, 1})->results[0].order_id;
  }
  // "intent:payment@milliseconds" of the changes at or after a time.
  std::string Since(int64_t since_ms) {
    const auto place = changes_->PlaceBefore(since_ms);
    EXPECT_TRUE(place.ok()) << base::ToString(place.status());
    const auto changes = changes_->After(place.value_or(0), 100);
    EXPECT_TRUE(changes.ok()) << base::ToString(changes.status());
    std::string told;
    for (const OrderChange& change : *changes) {
      EXPECT_EQ(change.buyer_ref.size(), 32u);
      told += std::to_string(change.intent_id.low & 0xff) + ":" +
              std::to_string(static_cast<int>(change.payment)) + "@" +
              std::to_string(change.changed_ms - kNowMs) + " ";
    }
    return told;
  }

  testing::TempDatabase file_;
  testing::TestClock clock_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<OrderChanges> changes_;
};

TEST_F(OrderChangesTest, TellsWhatWasPaidCancelledAndGivenUpInOrder) {
  const std::string paid = Place(1);
  const std::string withdrawn = Place(2);
  Place(3);
  EXPECT_EQ(Since(0), "") << "placing is no change";
  clock_.now_ms = kNowMs + 10;
  ASSERT_TRUE(store_->Pay(paid).ok());
  ASSERT_TRUE(store_->Pay(paid).ok());
  clock_.now_ms = kNowMs + 20;
  ASSERT_TRUE(store_->Withdraw(withdrawn).ok());
  clock_.now_ms = kNowMs + 900'000;
  EXPECT_EQ(*store_->CancelExpired(), 1);
  EXPECT_EQ(Since(0), "1:1@10 2:3@20 3:2@900000 ");
  EXPECT_EQ(Since(kNowMs + 20), "2:3@20 3:2@900000 ");
  EXPECT_EQ(Since(kNowMs + 21), "3:2@900000 ");
}

TEST_F(OrderChangesTest, WithoutATimeOnlyWhatComesIsTold) {
  ASSERT_TRUE(store_->Pay(Place(1)).ok());
  const int64_t place = *changes_->PlaceBefore(INT64_MAX);
  EXPECT_TRUE(changes_->After(place, 100)->empty());
  ASSERT_TRUE(store_->Pay(Place(2)).ok());
  EXPECT_EQ(changes_->After(place, 100)->size(), 1u);
  EXPECT_EQ(changes_->After(0, 1)->size(), 1u) << "the limit";
}

TEST_F(OrderChangesTest, OldOnesAreForgottenAndPlacesNotUsedAgain) {
  ASSERT_TRUE(store_->Pay(Place(1)).ok());
  const int64_t first = changes_->After(0, 1)->front().place;
  clock_.now_ms = kNowMs + kChangesKeptMs + 1;
  ASSERT_TRUE(store_->CancelExpired().ok());
  EXPECT_TRUE(changes_->After(0, 100)->empty());
  TestOrder order(2, 2, "kopi");
  order.deadline_ms = clock_.now_ms + 1'000;
  const Order view = order.view();
  const std::string order_id = store_->Place(testing::Token(1), {&view, 1})->results[0].order_id;
  ASSERT_TRUE(store_->Pay(order_id).ok());
  EXPECT_GT(changes_->After(0, 1)->front().place, first);
}

}  // namespace
}  // namespace jembatan::marketplace
