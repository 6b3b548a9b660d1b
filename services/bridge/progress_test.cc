// Finishing: reading back, the contiguous prefix, commits, back pressure, release (protocol rules 2
// and 5).

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "services/bridge/partition.h"
#include "services/bridge/testing/core_driver.h"

namespace jembatan::bridge {
namespace {

using crossing::v1::Outcome;

class Finishing : public testing::Test {
 protected:
  void SetUp() override {
    driver_.Assign(/*offset=*/40);
    driver_.Own();
  }

  // One ordered intent of an offer of its own, its outcome handed to the log.
  effect::ProduceOutcome Order(uint64_t number) {
    driver_.Bring(driver_.NewIntent(number, "offer-" + std::to_string(number)));
    driver_.Tick();
    driver_.Answer(driver_.TakeOne<effect::Place>(), Outcome::STATE_ORDERED);
    return driver_.TakeOne<effect::ProduceOutcome>();
  }
  std::vector<int64_t> Commits() {
    driver_.Pass(kCommitMs);
    std::vector<int64_t> offsets;
    for (const auto& commit : driver_.Take<effect::Commit>()) {
      offsets.push_back(commit.next_offset);
      driver_.Turn(event::Committed{0, commit.next_offset, true});
    }
    return offsets;
  }
  using Offsets = std::vector<int64_t>;

  CoreDriver driver_;
};

TEST_F(Finishing, AnOutcomeCountsOnceItIsReadBack) {
  auto written = Order(1);
  EXPECT_EQ(Commits(), Offsets{});
  int64_t offset = driver_.Acknowledge(written);
  EXPECT_EQ(Commits(), Offsets{}) << "an acknowledgement alone may be of a void record";
  driver_.ReadBack(offset, written.value);
  EXPECT_EQ(Commits(), Offsets{41});
}

TEST_F(Finishing, AnOutcomeMayBeReadBackBeforeItsAcknowledgementArrives) {
  auto written = Order(1);
  driver_.ReadBack(120, written.value);
  EXPECT_EQ(Commits(), Offsets{});
  driver_.Feed(event::Produced{written.cookie, true, 120, driver_.wall_ms()});
  EXPECT_EQ(Commits(), Offsets{41});
}

TEST_F(Finishing, OnlyTheContiguousPrefixIsCommitted) {
  auto first = Order(1);
  auto second = Order(2);
  auto third = Order(3);
  driver_.Settle(third);
  EXPECT_EQ(Commits(), Offsets{});
  driver_.Settle(first);
  EXPECT_EQ(Commits(), Offsets{41});
  driver_.Settle(second);
  EXPECT_EQ(Commits(), Offsets{43});
}

TEST_F(Finishing, ACommitThatWasRefusedIsMadeAgain) {
  driver_.Settle(Order(1));
  driver_.Pass(kCommitMs);
  auto commit = driver_.TakeOne<effect::Commit>();
  driver_.Turn(event::Committed{0, commit.next_offset, false});
  EXPECT_EQ(Commits(), Offsets{41});
}

// A partition that is given back commits at once, but does not storm a broker that refuses.
TEST_F(Finishing, ARefusedCommitRestsBeforeItIsMadeAgain) {
  driver_.Settle(Order(1));
  driver_.Turn(event::Revoked{0, /*lost=*/false});
  auto commit = driver_.TakeOne<effect::Commit>();
  driver_.Turn(event::Committed{0, commit.next_offset, false});
  EXPECT_TRUE(driver_.Take<effect::Commit>().empty());
  driver_.Pass(kCommitRetryMs);
  EXPECT_EQ(driver_.Take<effect::Commit>().size(), 1u);
}

TEST_F(Finishing, OneCommitIsUnderWay) {
  driver_.Settle(Order(1));
  driver_.Pass(kCommitMs);
  EXPECT_EQ(driver_.Take<effect::Commit>().size(), 1u);
  driver_.Settle(Order(2));
  driver_.Pass(kCommitMs);
  EXPECT_TRUE(driver_.Take<effect::Commit>().empty());
}

TEST_F(Finishing, AFailedWriteIsWrittenAgainWithTheSameBytes) {
  auto written = Order(1);
  driver_.Turn(event::Produced{written.cookie, false, -1, -1});
  driver_.Pass(kBackoffLongestMs);
  auto again = driver_.TakeOne<effect::ProduceOutcome>();
  EXPECT_EQ(again.value, written.value);
  driver_.Settle(again);
  EXPECT_EQ(Commits(), Offsets{41});
}

TEST_F(Finishing, AnAcknowledgementOfAnEarlierClaimFinishesNothing) {
  auto written = Order(1);
  driver_.Feed(event::StreamDown{});
  int64_t offset = driver_.Acknowledge(written);
  driver_.ReadBack(offset, written.value);
  driver_.Tick();
  EXPECT_EQ(driver_.partition().unfinished(), 1u);
  // Read back as valid it is the intent's final all the same: the next claim repeats it.
  driver_.Feed(event::StreamUp{});
  driver_.Pass(kBackoffLongestMs);
  driver_.FinishClaim(/*horizon=*/41);
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
  auto again = driver_.TakeOne<effect::ProduceOutcome>();
  EXPECT_EQ(CoreDriver::Parse(again.value).outcome().SerializeAsString(),
            CoreDriver::Parse(written.value).outcome().SerializeAsString());
}

TEST_F(Finishing, ANewClaimDropsWhatWasNeverReadBack) {
  Order(1);
  driver_.Feed(event::StreamDown{});
  driver_.Feed(event::StreamUp{});
  driver_.Pass(kBackoffLongestMs);
  driver_.FinishClaim(/*horizon=*/41);
  EXPECT_EQ(driver_.Take<effect::Place>().size(), 1u)
      << "decided again by the marketplace's memory";
}

TEST_F(Finishing, FetchingPausesAtTheHighMarkAndResumesAtTheLowOne) {
  std::string value = "\xff";
  for (size_t i = 0; i < kUnfinishedHigh; ++i) driver_.BringBytes("k", value);
  driver_.Tick();
  EXPECT_EQ(driver_.Take<effect::Pause>().size(), 1u);
  auto letters = driver_.Take<effect::ProduceDeadLetter>();
  ASSERT_EQ(letters.size(), kUnfinishedHigh);
  size_t acknowledged = 0;
  auto acknowledge_until = [&](size_t count) {
    while (acknowledged < count) {
      driver_.Feed(event::Produced{letters[acknowledged++].cookie, true, 0, driver_.wall_ms()});
    }
    driver_.Tick();
  };
  acknowledge_until(kUnfinishedHigh - kUnfinishedLow - 1);
  EXPECT_TRUE(driver_.Take<effect::Resume>().empty());
  acknowledge_until(kUnfinishedHigh - kUnfinishedLow);
  EXPECT_EQ(driver_.Take<effect::Resume>().size(), 1u);
}

TEST_F(Finishing, ARevokedPartitionFinishesCommitsAndIsReleased) {
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  auto place = driver_.TakeOne<effect::Place>();
  driver_.Turn(event::Revoked{0, /*lost=*/false});
  driver_.Bring(driver_.NewIntent(2));
  driver_.Tick();
  driver_.Answer(place, Outcome::STATE_ORDERED);
  EXPECT_TRUE(driver_.Take<effect::Place>().empty()) << "nothing new is begun";
  driver_.Settle(driver_.TakeOne<effect::ProduceOutcome>());
  driver_.Tick();
  EXPECT_TRUE(driver_.Take<effect::Release>().empty());
  auto commit = driver_.TakeOne<effect::Commit>();
  EXPECT_EQ(commit.next_offset, 41);
  driver_.Turn(event::Committed{0, commit.next_offset, true});
  EXPECT_EQ(driver_.Take<effect::StopOutcomes>().size(), 1u);
  EXPECT_EQ(driver_.Take<effect::Release>().size(), 1u);
  EXPECT_TRUE(driver_.core().partitions().empty());
}

TEST_F(Finishing, ALostPartitionIsReleasedAtOnceAndLateAnswersFindNobody) {
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  auto place = driver_.TakeOne<effect::Place>();
  driver_.Turn(event::Revoked{0, /*lost=*/true});
  EXPECT_EQ(driver_.Take<effect::Release>().size(), 1u);
  driver_.Turn(event::Answered{place.batch, false, std::vector<Decision>(1)});
  driver_.Turn(event::Committed{0, 41, true});
  driver_.Turn(event::EndOffset{0, 1, 41});
  EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty());
}

}  // namespace
}  // namespace jembatan::bridge
