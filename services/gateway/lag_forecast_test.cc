#include "services/gateway/lag_forecast.h"

#include <gtest/gtest.h>

namespace jembatan::gateway {
namespace {

// A log and a bridge in virtual time: every millisecond `arriving` intents are appended, and while
// the marketplace runs up to `capacity` of those older than the pipeline's 20 ms are served.
struct Flow {
  static constexpr int64_t kPipelineMs = 20;

  void Run(int64_t milliseconds, int64_t arriving, int64_t capacity) {
    for (int64_t end = now_ms + milliseconds; now_ms < end; ++now_ms) {
      for (int64_t i = 0; i < arriving; ++i) {
        forecast.OnAccepted(0, "kopi", appended, now_ms);
        ++appended;
        times.push_back(now_ms);
      }
      for (int64_t i = 0; i < capacity && served < appended; ++i) {
        if (times[static_cast<size_t>(served)] + kPipelineMs > now_ms) break;
        forecast.OnOutcome(0, "kopi", served++, now_ms);
      }
    }
  }
  int64_t wait_ms() const { return forecast.Expect(0, "kopi", now_ms).longest_ms(); }

  LagForecast forecast{2};
  int64_t now_ms = 1'000'000;
  int64_t appended = 0;
  int64_t served = 0;
  std::vector<int64_t> times;
};

TEST(LagForecast, NothingIsKnownAtTheStart) {
  Flow flow;
  EXPECT_EQ(flow.wait_ms(), 0);
  // Outcomes of other gateways' intents make no backlog.
  flow.forecast.OnOutcome(0, "kopi", 500, flow.now_ms);
  EXPECT_EQ(flow.wait_ms(), 0);
}

TEST(LagForecast, ServedAtOnceMeansNoWait) {
  Flow flow;
  flow.Run(1'000, 1, 10);
  flow.Run(100, 0, 10);
  EXPECT_EQ(flow.wait_ms(), 0);
}

TEST(LagForecast, SteadyFlowWaitsThePipelinesTime) {
  Flow flow;
  flow.Run(5'000, 3, 10);
  EXPECT_GE(flow.wait_ms(), 15);
  EXPECT_LE(flow.wait_ms(), 40);
  EXPECT_EQ(flow.forecast.Expect(1, "kopi", flow.now_ms).longest_ms(), 0) << "partitions are apart";
}

TEST(LagForecast, AStopIsSeenAndTheDrainForetold) {
  Flow flow;
  flow.Run(5'000, 3, 6);
  int64_t before = 0;
  for (int second = 1; second <= 10; ++second) {
    flow.Run(1'000, 3, 0);
    EXPECT_GE(flow.wait_ms(), second * 1'000 - 50);
    EXPECT_GT(flow.wait_ms(), before);
    before = flow.wait_ms();
  }
  // The very first outcomes foretell the drain of 30,000 by what was served before the stop.
  flow.Run(1, 3, 6);
  EXPECT_LT(flow.wait_ms(), 60'000);
  // With 3 a millisecond arriving and 6 served it takes 10 s.
  flow.Run(2'000, 3, 6);
  EXPECT_GT(flow.wait_ms(), 2'000);
  EXPECT_LT(flow.wait_ms(), 30'000);
  flow.Run(10'000, 3, 6);
  EXPECT_LE(flow.wait_ms(), 100);
}

TEST(LagForecast, TheFirstBurstAfterAQuietTimeIsNotRefused) {
  Flow flow;
  // One intent a second: the rate is the demand's, not what could be served.
  for (int i = 0; i < 30; ++i) {
    flow.Run(1, 1, 100);
    flow.Run(999, 0, 100);
  }
  for (int i = 0; i < 20; ++i) {
    flow.Run(50, 60, 100);
    EXPECT_LT(flow.wait_ms(), 2'000);
  }
}

TEST(LagForecast, ASlowPastIsForgottenOnceTheBacklogIsServed) {
  Flow flow;
  flow.Run(1, 200, 0);
  for (int i = 0; i < 300; ++i) {
    flow.Run(49, 0, 0);
    flow.Run(1, 0, 1);
  }
  ASSERT_EQ(flow.wait_ms(), 0);
  flow.Run(20, 60, 100);
  EXPECT_LT(flow.wait_ms(), 2'000);
}

// The marketplace stops for two seconds under a light load; the first outcome after it came alone,
// and one in two seconds was taken for all that could be served.
TEST(LagForecast, TheFirstOutcomeAfterAShortStopForetellsNoHours) {
  Flow flow;
  auto taps = [&](int64_t milliseconds, int64_t capacity) {
    for (int64_t end = flow.now_ms + milliseconds; flow.now_ms < end;) {
      flow.Run(1, 1, capacity);
      flow.Run(9, 0, capacity);
    }
  };
  taps(5'000, 100);
  flow.Run(50, 0, 100);
  ASSERT_EQ(flow.wait_ms(), 0) << "the rate is not known";
  taps(2'000, 0);
  flow.Run(1, 0, 1);
  taps(300, 0);
  EXPECT_LT(flow.wait_ms(), 20'000);
}

// The same a moment earlier: by the rate of one outcome in two seconds a tap right behind it was
// refused, for eight times the wait that had been seen.
TEST(LagForecast, TheFirstOutcomeAfterAStopIsNoRate) {
  Flow flow;
  flow.Run(2'000, 1, 0);
  flow.Run(1, 0, 1);
  EXPECT_EQ(flow.forecast.Expect(0, "kopi", flow.now_ms).behind_ms, 0);
  flow.Run(300, 0, 4);
  EXPECT_GT(flow.wait_ms(), 100);
  EXPECT_LT(flow.wait_ms(), 300);
}

// A burst that falls between two marks has none of its own, and its wait was taken for nothing.
TEST(LagForecast, AQueueOfASingleBurstIsSeen) {
  Flow flow;
  flow.Run(100, 60, 0);
  flow.Run(3'000, 0, 1);
  EXPECT_GT(flow.wait_ms(), 2'000);
  EXPECT_LT(flow.wait_ms(), 4'000);
}

TEST(LagForecast, ATrickleIsNotTakenForTheRateBeforeIt) {
  Flow flow;
  flow.Run(5'000, 3, 6);
  flow.Run(1'000, 3, 0);
  for (int i = 0; i < 10; ++i) {
    flow.Run(2'999, 0, 0);
    flow.Run(1, 0, 1);
  }
  // 3,000 wait and one is served in three seconds.
  EXPECT_GT(flow.wait_ms(), 120'000);
}

// The outcomes of the offers beside it hid a hot offer's queue, and it was joined for minutes.
TEST(LagForecast, AHotOffersQueueIsItsOwn) {
  LagForecast forecast(1);
  int64_t offset = 0;
  int64_t hot_served = 0;
  int64_t now_ms = 1'000'000;
  for (int64_t end = now_ms + 10'000; now_ms < end; now_ms += 10) {
    // Of every ten records one is of a cold offer, served at once; of the hot one's a third is.
    for (int i = 0; i < 9; ++i) forecast.OnAccepted(0, "hot", offset++, now_ms);
    forecast.OnAccepted(0, "cold", offset, now_ms);
    forecast.OnOutcome(0, "cold", offset++, now_ms);
    hot_served += 3;
    forecast.OnOutcome(0, "hot", hot_served * 10 / 9, now_ms);
  }
  EXPECT_EQ(forecast.Expect(0, "cold", now_ms).behind_ms, 0);
  // Two thirds of 10 s of taps wait, at a third of their rate.
  EXPECT_GT(forecast.Expect(0, "hot", now_ms).behind_ms, 15'000);
  EXPECT_LT(forecast.Expect(0, "hot", now_ms).behind_ms, 25'000);
  EXPECT_EQ(forecast.Expect(0, "hot", now_ms).stalled_ms, 10);
}

TEST(LagForecast, ANewOfferKnowsThatNothingIsServed) {
  LagForecast forecast(1);
  forecast.OnAccepted(0, "kopi", 1, 1'000);
  EXPECT_EQ(forecast.Expect(0, "teh", 61'000).longest_ms(), 60'000);
}

TEST(LagForecast, ProgressEndsABacklogWhoseLastOutcomeIsNeverTold) {
  LagForecast forecast(1);
  forecast.OnAccepted(0, "kopi", 10, 1'000);
  forecast.OnOutcome(0, "kopi", 5, 1'100);  // a copy, answered under its first offset
  EXPECT_EQ(forecast.Expect(0, "kopi", 9'000).longest_ms(), 7'900);
  forecast.OnProgress(0, 1'000, 9'000);
  EXPECT_EQ(forecast.Expect(0, "kopi", 9'000).longest_ms(), 7'900);
  forecast.OnProgress(0, 1'001, 9'000);
  EXPECT_EQ(forecast.Expect(0, "kopi", 9'000).longest_ms(), 0);
}

}  // namespace
}  // namespace jembatan::gateway
