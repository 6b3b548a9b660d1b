// A live room, from what its back end pins and what the marketplace sells to what its viewers are
// told.

#include <optional>
#include <string>

#include "gtest/gtest.h"

#include "jembatan/intake/v1/room.pb.h"
#include "libs/kafka/config.h"
#include "tests/pipeline/house.h"
#include "tests/pipeline/patience.h"
#include "tests/pipeline/topic_reader.h"
#include "tests/pipeline/viewer.h"

namespace jembatan::pipeline {
namespace {

using intake::v1::OfferHint;
using intake::v1::Outcome;

// As a gateway writes them.
void Say(House& house, const std::string& key, const std::string& room_id,
         const std::string& offer_id) {
  intake::v1::RoomRecord record;
  record.set_room_id(room_id);
  record.set_offer_id(offer_id);
  const auto put =
      PutRecord(house.brokers(), kafka::kRoomsTopic, 0, key, record.SerializeAsString());
  ASSERT_TRUE(put.ok()) << put.status();
}

// The count is the marketplace's: of orders, not of taps.
TEST(RoomsTest, ViewersAreToldWhatTheMarketplaceHasSoldUntilNothingIsLeft) {
  House house({{"batik", 2}});
  const absl::Status started = house.Start(/*bridges=*/1);
  ASSERT_TRUE(started.ok()) << started;
  ASSERT_NO_FATAL_FAILURE(Say(house, "r", "r", ""));
  ASSERT_NO_FATAL_FAILURE(Say(house, "r\nbatik", "r", "batik"));
  ViewerLoop loop;
  Viewer watcher(loop, house.gateway(1).port(), house.TokenOf("ani"), intent::Encoding::kProto);
  Viewer buyer(loop, house.gateway(0).port(), house.TokenOf("budi"), intent::Encoding::kJson);
  const auto is_priced = [](const OfferHint& hint) { return hint.has_price(); };
  watcher.WatchRoom("r");
  const auto before = watcher.AwaitHint("batik", is_priced);
  ASSERT_TRUE(before.has_value());
  // The other gateway may know the room, and not yet what is pinned in it.
  buyer.WatchRoom("r");
  ASSERT_TRUE(buyer.AwaitHint("batik", is_priced).has_value());
  EXPECT_EQ(before->price().amount_minor(), kPriceMinor);
  EXPECT_EQ(before->sold(), 0u);
  EXPECT_NE(before->stock(), OfferHint::STOCK_CLOSED);
  for (int i = 0; i < 2; ++i) {
    intake::v1::Intent tap = TapOn("batik");
    tap.set_room_id("r");
    buyer.Tap(tap);
    const auto outcome = buyer.AwaitOutcome(tap.intent_id());
    ASSERT_TRUE(outcome.has_value());
    ASSERT_EQ(outcome->state(), Outcome::STATE_ORDERED) << outcome->DebugString();
  }
  const auto sold_out = watcher.AwaitHint(
      "batik", [](const OfferHint& hint) { return hint.stock() == OfferHint::STOCK_CLOSED; });
  ASSERT_TRUE(sold_out.has_value());
  EXPECT_EQ(sold_out->sold(), 2u);
  EXPECT_EQ(sold_out->room_id(), "r");
}

}  // namespace
}  // namespace jembatan::pipeline
