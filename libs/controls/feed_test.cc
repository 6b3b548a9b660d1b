#include "libs/controls/feed.h"

#include "gtest/gtest.h"

#include "libs/controls/testing/make_controls.h"

namespace jembatan::controls {
namespace {

using crossing::v1::Halt;

class Feed : public ::testing::Test {
 protected:
  std::string Bring(int64_t offset, const crossing::v1::Control& control) {
    const testing::ControlRecord record = testing::RecordOf(control);
    return feed_.OnRecord(offset, record.key, record.value).refused;
  }

  ControlsFeed feed_{Operators{}};
};

TEST_F(Feed, KnowsNothingBeforeTheEndIsReached) {
  EXPECT_EQ(feed_.At(0), nullptr);
  feed_.OnEnd(2, 1'000);
  EXPECT_EQ(feed_.At(1'000), nullptr);
  EXPECT_EQ(Bring(0, testing::MakeHalt(1, Halt::SCOPE_GLOBAL)), "");
  EXPECT_EQ(feed_.At(1'001), nullptr);
  EXPECT_EQ(Bring(1, testing::MakeHalt(2, Halt::SCOPE_GLOBAL, "", false)), "");
  ASSERT_NE(feed_.At(1'002), nullptr);
  EXPECT_EQ(feed_.At(1'002)->revision(), 2u);
}

TEST_F(Feed, AnEmptyTopicIsKnownAtOnce) {
  feed_.OnEnd(0, 1'000);
  ASSERT_NE(feed_.At(1'000), nullptr);
  EXPECT_EQ(feed_.At(1'000)->revision(), 0u);
}

// The last records may have been compacted away: the reader reaches the end without seeing them.
TEST_F(Feed, TheEndIsReachedWithoutARecordToo) {
  feed_.OnEnd(7, 1'000);
  EXPECT_EQ(feed_.At(1'000), nullptr);
  feed_.OnReached(7);
  EXPECT_NE(feed_.At(1'000), nullptr);
}

TEST_F(Feed, ForgetsWhenItHasNotSeenTheEndForTooLong) {
  feed_.OnEnd(0, 1'000);
  EXPECT_NE(feed_.At(1'000 + kStaleMs), nullptr);
  EXPECT_EQ(feed_.At(1'001 + kStaleMs), nullptr);
  // The end moves on, and the reader does not follow.
  feed_.OnEnd(1, 20'000);
  feed_.OnEnd(1, 30'000);
  EXPECT_EQ(feed_.At(1'001 + kStaleMs), nullptr);
  EXPECT_EQ(Bring(0, testing::MakeHalt(1, Halt::SCOPE_GLOBAL)), "");
  EXPECT_NE(feed_.At(20'000 + kStaleMs), nullptr);
  EXPECT_EQ(feed_.At(20'001 + kStaleMs), nullptr) << "complete as of the question, not the answer";
}

TEST_F(Feed, AReaderThatIsAlwaysALittleBehindStillCountsAsFresh) {
  feed_.OnEnd(1, 1'000);
  feed_.OnEnd(2, 2'000);
  feed_.OnReached(1);
  EXPECT_NE(feed_.At(1'000 + kStaleMs), nullptr);
}

TEST_F(Feed, SnapshotsHandedOutStayAsTheyAre) {
  feed_.OnEnd(0, 1'000);
  const Snapshot before = feed_.At(1'000);
  EXPECT_EQ(Bring(0, testing::MakeHalt(1, Halt::SCOPE_GLOBAL)), "");
  EXPECT_EQ(before->WayOf({}, 0), Way::kOrder);
  EXPECT_EQ(feed_.At(1'000)->WayOf({}, 0), Way::kHalted);
}

TEST_F(Feed, WhatIsRefusedCountsAsRead) {
  feed_.OnEnd(1, 1'000);
  EXPECT_NE(feed_.OnRecord(0, "x", "y").refused, "");
  ASSERT_NE(feed_.At(1'000), nullptr);
  EXPECT_EQ(feed_.At(1'000)->revision(), 0u);
}

}  // namespace
}  // namespace jembatan::controls
