// How an order fares after it was placed, from the marketplace's page to its buyer's connections.

#include <optional>
#include <string>

#include "gtest/gtest.h"

#include "libs/runtime/admin_client.h"
#include "tests/pipeline/callers_grpc.h"
#include "tests/pipeline/house.h"
#include "tests/pipeline/patience.h"
#include "tests/pipeline/viewer.h"

namespace jembatan::pipeline {
namespace {

using intake::v1::Outcome;

class OrderStatesTest : public ::testing::Test {
 protected:
  void Open(int bridges) {
    const absl::Status started = house_.Start(bridges);
    ASSERT_TRUE(started.ok()) << started;
    buyer_.emplace(loop_, house_.gateway(0).port(), house_.TokenOf("ani"),
                   intent::Encoding::kProto);
  }
  // Ordered by the buyer; the outcome says where it is paid.
  Outcome Buy() {
    tap_ = TapOn("kopi");
    buyer_->Tap(tap_);
    const auto outcome = buyer_->AwaitOutcome(tap_.intent_id());
    EXPECT_TRUE(outcome.has_value());
    return outcome.value_or(Outcome());
  }
  // Sends a form of the checkout page.
  static void Post(const std::string& url) {
    const auto answer = runtime::HttpSend(url, {});
    ASSERT_TRUE(answer.ok()) << answer.status();
    ASSERT_EQ(answer->status, 303) << url;
  }
  // The last that the viewer was told of the tap's order.
  static Outcome::OrderState Told(Viewer& viewer, const std::string& intent_id) {
    Outcome::OrderState state = Outcome::ORDER_STATE_UNSPECIFIED;
    for (const Outcome& outcome : viewer.outcomes()) {
      if (outcome.intent_id() != intent_id) continue;
      EXPECT_EQ(outcome.state(), Outcome::STATE_ORDERED);
      state = outcome.order_state();
    }
    return state;
  }

  House house_{{{"kopi", 10}}};
  ViewerLoop loop_;
  std::optional<Viewer> buyer_;
  intake::v1::Intent tap_;
};

TEST_F(OrderStatesTest, ABuyerIsToldThatItIsPaidAndOthersAreNot) {
  ASSERT_NO_FATAL_FAILURE(Open(/*bridges=*/2));
  Viewer stranger(loop_, house_.gateway(1).port(), house_.TokenOf("budi"), intent::Encoding::kJson);
  Viewer other_device(loop_, house_.gateway(1).port(), house_.TokenOf("ani"),
                      intent::Encoding::kJson);
  const Outcome ordered = Buy();
  ASSERT_EQ(ordered.state(), Outcome::STATE_ORDERED) << ordered.DebugString();
  EXPECT_EQ(ordered.order_state(), Outcome::ORDER_STATE_UNSPECIFIED);
  ASSERT_NO_FATAL_FAILURE(Post(ordered.continue_url()));
  for (Viewer* viewer : {&*buyer_, &other_device}) {
    EXPECT_TRUE(
        Eventually([&] { return Told(*viewer, tap_.intent_id()) == Outcome::ORDER_STATE_PAID; }));
  }
  const auto answer = AskOverHttp(house_.gateway(1).port(), house_.TokenOf("ani"), tap_);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->outcome().order_state(), Outcome::ORDER_STATE_PAID);
  EXPECT_TRUE(answer->outcome().has_order_state_at());
  EXPECT_TRUE(stranger.outcomes().empty());
}

TEST_F(OrderStatesTest, WhatHappensWhileNobodyRelaysIsToldLater) {
  ASSERT_NO_FATAL_FAILURE(Open(/*bridges=*/1));
  const Outcome ordered = Buy();
  ASSERT_EQ(ordered.state(), Outcome::STATE_ORDERED) << ordered.DebugString();
  house_.StopBridge(0);
  ASSERT_NO_FATAL_FAILURE(Post(ordered.continue_url() + "&batal=1"));
  const absl::Status started = house_.StartBridge();
  ASSERT_TRUE(started.ok()) << started;
  EXPECT_TRUE(Eventually(
      [&] { return Told(*buyer_, tap_.intent_id()) == Outcome::ORDER_STATE_CANCELLED; }));
}

}  // namespace
}  // namespace jembatan::pipeline
