#include "services/bridge/finals.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"

#include "libs/intent/limits.h"

namespace jembatan::bridge {
namespace {

constexpr int64_t kDeadlineMs = 1'800'000'120'000;

IntentKey Key(uint64_t number) {
  return {identity::BuyerRef{}, base::Uuid::MakeV7(1'800'000'000'000, number, number)};
}
Finals::Bytes Bytes(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

TEST(Finals, TheFirstFinalOfABodyWins) {
  Finals finals;
  finals.Remember(Key(1), "a", kDeadlineMs, Bytes("first"), /*in_log=*/true);
  finals.Remember(Key(1), "a", kDeadlineMs, Bytes("second"), /*in_log=*/true);
  EXPECT_EQ(*finals.Find(Key(1), "a"), "first");
  EXPECT_EQ(finals.size(), 1u);
}

TEST(Finals, TheLogOutranksAPin) {
  Finals finals;
  finals.Remember(Key(1), "a", kDeadlineMs, Bytes("ours"), /*in_log=*/false);
  finals.Remember(Key(1), "a", kDeadlineMs, Bytes("the log's"), /*in_log=*/true);
  EXPECT_EQ(*finals.Find(Key(1), "a"), "the log's");
  finals.DropPins();
  EXPECT_NE(finals.Find(Key(1), "a"), nullptr);
}

TEST(Finals, TwoBodiesOfOneIdHaveAFinalEach) {
  Finals finals;
  finals.Remember(Key(1), "a", kDeadlineMs, Bytes("ordered"), true);
  EXPECT_FALSE(finals.KnowsOtherBody(Key(1), "a"));
  EXPECT_TRUE(finals.KnowsOtherBody(Key(1), "b"));
  EXPECT_EQ(finals.Find(Key(1), "b"), nullptr);
  finals.Remember(Key(1), "b", kDeadlineMs, Bytes("reused"), true);
  EXPECT_EQ(*finals.Find(Key(1), "a"), "ordered");
  EXPECT_EQ(*finals.Find(Key(1), "b"), "reused");
  EXPECT_EQ(finals.size(), 2u);
}

TEST(Finals, ANewClaimForgetsOnlyWhatWasNeverReadBack) {
  Finals finals;
  finals.Remember(Key(1), "a", kDeadlineMs, Bytes("read back"), false);
  finals.Remember(Key(2), "a", kDeadlineMs, Bytes("pinned"), false);
  finals.Remember(Key(1), "b", kDeadlineMs, Bytes("pinned"), false);
  EXPECT_TRUE(finals.MarkInLog(Key(1), "a"));
  EXPECT_FALSE(finals.MarkInLog(Key(3), "a"));
  finals.DropPins();
  EXPECT_NE(finals.Find(Key(1), "a"), nullptr);
  EXPECT_EQ(finals.Find(Key(1), "b"), nullptr);
  EXPECT_EQ(finals.Find(Key(2), "a"), nullptr);
  EXPECT_EQ(finals.size(), 1u);
}

TEST(Finals, AreDroppedOnceThePrefixHasPassedTheDeadlineAndTheSkew) {
  Finals finals;
  finals.Remember(Key(1), "a", kDeadlineMs, Bytes("final"), true);
  finals.Prune(kDeadlineMs + intent::kBrokerSkewMs);
  EXPECT_EQ(finals.size(), 1u) << "a copy may still stand before the prefix's end";
  // Deadlines are kept by the second.
  finals.Prune(kDeadlineMs + intent::kBrokerSkewMs + 1'000);
  EXPECT_EQ(finals.size(), 0u);
  EXPECT_EQ(finals.Find(Key(1), "a"), nullptr);
}

TEST(Finals, PruningWhatWasDroppedBeforeIsHarmless) {
  Finals finals;
  finals.Remember(Key(1), "a", kDeadlineMs, Bytes("pinned"), false);
  finals.DropPins();
  finals.Remember(Key(1), "a", kDeadlineMs, Bytes("again"), true);
  finals.Prune(kDeadlineMs + intent::kBrokerSkewMs + 1'000);
  EXPECT_EQ(finals.size(), 0u);
}

// The list of pins is trimmed in bulk; none that counts may be lost by it.
TEST(Finals, ManyPinsAreStillDropped) {
  Finals finals;
  constexpr uint64_t kCount = 10'000;
  for (uint64_t i = 0; i < kCount; ++i) {
    finals.Remember(Key(i), "a", kDeadlineMs, Bytes("final"), false);
    if (i % 10 != 0) finals.MarkInLog(Key(i), "a");
  }
  EXPECT_EQ(finals.size(), kCount);
  finals.DropPins();
  EXPECT_EQ(finals.size(), kCount - kCount / 10);
}

}  // namespace
}  // namespace jembatan::bridge
