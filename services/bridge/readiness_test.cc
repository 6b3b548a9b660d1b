// Readiness in virtual time: what counts as stuck, and which reason is told.

#include "services/bridge/readiness.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "services/bridge/limits.h"
#include "services/bridge/testing/core_driver.h"

namespace jembatan::bridge {
namespace {

using crossing::v1::Outcome;
using For = Standing::For;

constexpr int64_t kLookMs = 250;

// One partition, number 3, that stands at offset 17 with work in hand.
Readiness::View Standstill(For waits_for = For::kLog) {
  Readiness::View view{.stream_up = true, .marketplace_usable = true};
  view.partitions.push_back({3, {true, 17, 42, 42, waits_for}});
  return view;
}

// Readiness looked at for a time at one view.
struct Watched {
  Readiness readiness;
  int64_t mono_ms = 1'000'000;
  std::vector<Readiness::Change> changes;

  void Keep(const Readiness::View& view, int64_t ms) {
    for (int64_t end = mono_ms + ms; mono_ms < end; mono_ms += kLookMs) Look(view);
    Look(view);
  }
  void Look(const Readiness::View& view) {
    for (const auto& change : readiness.Look(view, mono_ms)) changes.push_back(change);
  }
};

TEST(Readiness, AMarketplaceThatIsOutBesideOthersIsNoReason) {
  Readiness::View view{.stream_up = true, .marketplace_usable = true};
  view.partitions.push_back(
      {.number = 3, .standing = {true, 17, 42, 42, For::kNothing}, .marketplace = "toko"});
  view.partitions.push_back({.number = 3,
                             .standing = {false, 17, 42, 42, For::kLane},
                             .marketplace = "pasar",
                             .out = true});
  Watched watched;
  watched.Keep(view, 2 * kStuckMs);
  EXPECT_EQ(watched.readiness.reason(), "");
  EXPECT_EQ(watched.readiness.stuck(), 0u);
  // Back, and not owned; then owned, and stuck all the same.
  view.partitions[1].out = false;
  watched.Look(view);
  EXPECT_EQ(watched.readiness.reason(), "partition 3 for pasar is not owned yet");
  view.partitions[1].standing.owned = true;
  watched.Keep(view, kStuckMs + kLookMs);
  EXPECT_EQ(watched.readiness.reason(),
            "partition 3 for pasar is stuck at offset 17 of 42: it waits for its lane");
  ASSERT_EQ(watched.changes.size(), 1u);
  EXPECT_EQ(watched.changes[0].marketplace, "pasar");
  // What has stopped, has for all, and is told once.
  for (auto& partition : view.partitions) partition.stopped = "gone";
  watched.Look(view);
  EXPECT_EQ(watched.readiness.reason(), "partition 3 has stopped: gone");
}

struct Row {
  const char* name;
  void (*spoil)(Readiness::View& view);
  // Told at once, and told after kStuckMs of it.
  const char* at_once;
  const char* in_time;
  size_t stuck;
};

TEST(Readiness, TellsTheRightReason) {
  const Row table[] = {
      {"stands", [](Readiness::View&) {}, "",
       "partition 3 is stuck at offset 17 of 42: it waits for its outcome to be read back from "
       "the log",
       1},
      {"not fetched",
       [](Readiness::View& view) { view.partitions[0].standing.waits_for = For::kFetch; }, "",
       "partition 3 is stuck at offset 17 of 42: it waits for records to be fetched", 1},
      {"not committed",
       [](Readiness::View& view) { view.partitions[0].standing.waits_for = For::kCommit; }, "",
       "partition 3 is stuck at offset 17 of 42: it waits for its commit", 1},
      {"idle", [](Readiness::View& view) { view.partitions[0].standing.waits_for = For::kNothing; },
       "", "", 0},
      {"put off",
       [](Readiness::View& view) { view.partitions[0].standing.waits_for = For::kPutOff; }, "", "",
       0},
      {"not owned", [](Readiness::View& view) { view.partitions[0].standing.owned = false; },
       "partition 3 is not owned yet", "partition 3 is not owned yet", 0},
      {"offers unknown", [](Readiness::View& view) { view.offers_known = false; },
       "it is not known what is attested about goods",
       "it is not known what is attested about goods", 0},
      {"controls unknown", [](Readiness::View& view) { view.controls_known = false; },
       "it is not known what the operators' controls say",
       "it is not known what the operators' controls say", 0},
      {"out of the group with nothing owned",
       [](Readiness::View& view) {
         view.member = false;
         view.partitions.clear();
       },
       "it is not a member of the consumer group", "it is not a member of the consumer group", 0},
      {"breaker open", [](Readiness::View& view) { view.marketplace_usable = false; },
       "the marketplace decides nothing and is only tried",
       "the marketplace decides nothing and is only tried", 0},
      {"stream down, which also takes the ownership",
       [](Readiness::View& view) {
         view.stream_up = false;
         view.partitions[0].standing.owned = false;
       },
       "the stream to the marketplace is down", "the stream to the marketplace is down", 0},
      {"stopped", [](Readiness::View& view) { view.partitions[0].stopped = "a gap"; },
       "partition 3 has stopped: a gap", "partition 3 has stopped: a gap", 0},
      {"stopped while the stream is down",
       [](Readiness::View& view) {
         view.stream_up = false;
         view.partitions[0].stopped = "a gap";
       },
       "partition 3 has stopped: a gap\nthe stream to the marketplace is down",
       "partition 3 has stopped: a gap\nthe stream to the marketplace is down", 0},
      {"no partition", [](Readiness::View& view) { view.partitions.clear(); }, "", "", 0},
  };
  for (const Row& row : table) {
    Readiness::View view = Standstill();
    row.spoil(view);
    Watched watched;
    watched.Keep(view, kStuckMs - kLookMs);
    EXPECT_EQ(watched.readiness.reason(), row.at_once) << row.name;
    EXPECT_EQ(watched.readiness.stuck(), 0u) << row.name;
    watched.Keep(view, 2 * kLookMs);
    EXPECT_EQ(watched.readiness.reason(), row.in_time) << row.name;
    EXPECT_EQ(watched.readiness.stuck(), row.stuck) << row.name;
    watched.Keep(view, 2 * kStuckMs);
    EXPECT_EQ(watched.changes.size(), row.stuck) << row.name << ": told once";
  }
}

TEST(Readiness, AWatermarkThatMovesGotOn) {
  Watched watched;
  watched.Keep(Standstill(), kStuckMs + kLookMs);
  ASSERT_EQ(watched.changes.size(), 1u);
  EXPECT_TRUE(watched.changes[0].stuck);
  EXPECT_EQ(watched.changes[0].standing.watermark, 17);
  Readiness::View moved = Standstill();
  moved.partitions[0].standing.watermark = 18;
  watched.Look(moved);
  EXPECT_EQ(watched.readiness.reason(), "");
  ASSERT_EQ(watched.changes.size(), 2u);
  EXPECT_FALSE(watched.changes[1].stuck);
}

// However far behind it is, a partition that moves is not stuck.
TEST(Readiness, SlowIsNotStuck) {
  Watched watched;
  Readiness::View view = Standstill();
  for (int i = 0; i < 10; ++i) {
    watched.Keep(view, kStuckMs - kLookMs);
    ++view.partitions[0].standing.watermark;
  }
  EXPECT_TRUE(watched.changes.empty());
}

// A marketplace that takes orders and answers nothing has its stream broken every kAnswerTimeoutMs,
// and is owned anew in between: the time in between counts.
TEST(Readiness, ASilentMarketplaceIsNotHiddenByNewClaims) {
  Watched watched;
  Readiness::View claiming = Standstill(For::kLane);
  claiming.partitions[0].standing.owned = false;
  for (int i = 0; i < 4; ++i) {
    watched.Keep(Standstill(For::kMarketplace), kAnswerTimeoutMs);
    watched.Keep(claiming, kLookMs);
  }
  watched.Look(Standstill(For::kMarketplace));
  EXPECT_EQ(watched.readiness.reason(),
            "partition 3 is stuck at offset 17 of 42: it waits for the marketplace's answer");
  EXPECT_EQ(watched.changes.size(), 1u);
}

// After an outage the backlog has its full time.
TEST(Readiness, AnOutageDoesNotCount) {
  Watched watched;
  Readiness::View out = Standstill(For::kLane);
  out.marketplace_usable = false;
  watched.Keep(out, 100 * kStuckMs);
  watched.Keep(Standstill(), kStuckMs - 2 * kLookMs);
  EXPECT_EQ(watched.readiness.reason(), "");
}

TEST(Readiness, AFrozenProcessWasNotStuck) {
  Watched watched;
  watched.Look(Standstill());
  watched.mono_ms += 100 * kStuckMs;
  watched.Look(Standstill());
  EXPECT_EQ(watched.readiness.reason(), "");
}

TEST(Readiness, AGapIsNamedFromBothSides) {
  const Standing standing{.watermark = 5, .next_offset = 7, .log_end = 9};
  EXPECT_EQ(DescribeGap(standing, 20, 30),
            "offsets 7 to 19 are gone from the log, which begins at 20; committed is 5");
  EXPECT_EQ(DescribeGap(standing, 0, 4),
            "offset 7 lies behind the log, which ends at 4; committed is 5");
}

// What a real partition says of itself, from its assignment to its commit.
class WaitsFor : public testing::Test {
 protected:
  For Now() { return driver_.partition().standing({driver_.wall_ms(), 0}).waits_for; }
  CoreDriver driver_;
};

TEST_F(WaitsFor, EachStepOfARecord) {
  driver_.Assign(/*offset=*/40);
  driver_.Own(/*horizon=*/40);
  EXPECT_EQ(Now(), For::kNothing);
  driver_.Turn(event::IntentsEnd{0, 41});
  EXPECT_EQ(Now(), For::kFetch);
  driver_.Bring(driver_.NewIntent(1));
  EXPECT_EQ(Now(), For::kLane);
  driver_.Tick();
  EXPECT_EQ(Now(), For::kMarketplace);
  driver_.Answer(driver_.TakeOne<effect::Place>(), Outcome::STATE_ORDERED);
  EXPECT_EQ(Now(), For::kLog);
  driver_.Settle(driver_.TakeOne<effect::ProduceOutcome>());
  EXPECT_EQ(Now(), For::kCommit);
  driver_.Pass(kCommitMs);
  driver_.Turn(event::Committed{0, driver_.TakeOne<effect::Commit>().next_offset, true});
  EXPECT_EQ(Now(), For::kNothing);
  const Standing standing = driver_.partition().standing({driver_.wall_ms(), 0});
  EXPECT_TRUE(standing.owned);
  EXPECT_EQ(standing.watermark, 41);
  EXPECT_EQ(standing.next_offset, 41);
  EXPECT_EQ(standing.log_end, 41);
}

TEST_F(WaitsFor, RetryIsPutOffUntilTheDeadline) {
  driver_.Assign();
  driver_.Own();
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  const Decision retry{.index = 0, .retry = true, .retry_after_ms = 2 * intent::kTtlMs};
  driver_.Turn(event::Answered{driver_.TakeOne<effect::Place>().batch, false, {&retry, 1}});
  EXPECT_EQ(Now(), For::kPutOff);
  driver_.Pass(intent::kTtlMs);
  EXPECT_EQ(Now(), For::kMarketplace);
}

TEST_F(WaitsFor, AskingAgainIsWaitingForTheMarketplace) {
  driver_.Assign();
  driver_.Bring(driver_.NewIntent(1, "offer-1", intent::kTtlMs - 1));
  driver_.Pass(10);
  driver_.Own(/*horizon=*/1);
  driver_.Tick();
  EXPECT_EQ(Now(), For::kMarketplace);
  driver_.Turn(event::Found{driver_.TakeOne<effect::Ask>().ask, /*answered=*/false, false, {}});
  EXPECT_EQ(Now(), For::kMarketplace);
}

// A record that only a dead letter tells of has no lane.
TEST_F(WaitsFor, ADeadLetterIsWaitedForToo) {
  driver_.Assign();
  driver_.Own();
  driver_.BringBytes("offer-1", "garbage");
  driver_.Tick();
  EXPECT_EQ(Now(), For::kLog);
}

}  // namespace
}  // namespace jembatan::bridge
