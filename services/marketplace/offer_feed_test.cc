#include "services/marketplace/offer_feed.h"

#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace jembatan::marketplace {
namespace {

Offer Make(const std::string& offer_id, int64_t stock) {
  Offer offer;
  offer.offer_id = offer_id;
  offer.stock = stock;
  return offer;
}

std::string Show(const OfferFeed::Changes& changes) {
  std::string text;
  for (const OfferFeed::OfferPtr& offer : changes.offers) {
    text += offer->offer_id + "=" + std::to_string(offer->stock) + " ";
  }
  return text + (changes.more ? "more" : "");
}

TEST(OfferFeedTest, ASnapshotAndThenEachChangedOfferOnceWithItsNewestState) {
  OfferFeed feed;
  feed.Publish({Make("b", 2), Make("a", 1)});
  const OfferFeed::Changes snapshot = feed.Snapshot();
  EXPECT_EQ(Show(snapshot), "a=1 b=2 ");
  EXPECT_EQ(Show(feed.ChangesSince(snapshot.version, 10)), "");
  feed.Publish({Make("b", 7)});
  feed.Publish({Make("c", 3)});
  feed.Publish({Make("b", 6)});
  EXPECT_EQ(Show(feed.ChangesSince(snapshot.version, 10)), "c=3 b=6 ");
  const OfferFeed::Changes first = feed.ChangesSince(snapshot.version, 1);
  EXPECT_EQ(Show(first), "c=3 more");
  EXPECT_EQ(Show(feed.ChangesSince(first.version, 1)), "b=6 ");
  EXPECT_EQ(feed.Find("b")->stock, 6);
  EXPECT_EQ(feed.Find("x"), nullptr);
}

TEST(OfferFeedTest, AWaitEndsWithAChangeAndWithTheClose) {
  OfferFeed feed;
  constexpr std::chrono::minutes kLong(10);
  std::thread publisher([&] { feed.Publish({Make("a", 1)}); });
  feed.WaitPast(0, kLong);
  publisher.join();
  EXPECT_EQ(Show(feed.ChangesSince(0, 10)), "a=1 ");
  std::thread closer([&] { feed.Close(); });
  feed.WaitPast(feed.Snapshot().version, kLong);
  feed.Pause(kLong);
  closer.join();
  EXPECT_TRUE(feed.closed());
}

}  // namespace
}  // namespace jembatan::marketplace
