#include "services/bridge/order_window.h"

#include <deque>

#include "gtest/gtest.h"

namespace jembatan::bridge {
namespace {

// A marketplace that decides so many orders a second, one after the other, and a backlog without
// end before it.
struct Marketplace {
  struct Sent {
    size_t orders;
    int64_t sent_ms;
    int64_t decided_ms;
  };

  void Run(OrderWindow& window, int64_t milliseconds, int64_t per_second, int64_t latency_ms = 0) {
    for (int64_t end = now_ms + milliseconds; now_ms < end; ++now_ms) {
      while (!sent.empty() && sent.front().decided_ms + latency_ms <= now_ms) {
        const Sent batch = sent.front();
        window.OnAnswered(batch.sent_ms, now_ms, batch.orders, unanswered);
        sent.pop_front();
        unanswered -= batch.orders;
        decided += batch.orders;
      }
      const size_t orders = std::min(kOrdersPerBatch, window.Room(unanswered));
      window.OnFull();
      if (orders == 0 || sent.size() == kBatchesInFlight) continue;
      free_ms = std::max(free_ms, now_ms) + static_cast<int64_t>(orders) * 1'000 / per_second;
      sent.push_back({orders, now_ms, free_ms});
      unanswered += orders;
    }
  }

  std::deque<Sent> sent;
  size_t unanswered = 0;
  size_t decided = 0;
  int64_t now_ms = 1'000'000;
  int64_t free_ms = 0;
};

TEST(OrderWindow, IsWhatASlowMarketplaceAnswersInTime) {
  OrderWindow window;
  Marketplace marketplace;
  marketplace.Run(window, 10'000, 1'000);
  EXPECT_GE(window.limit(), 125u);
  EXPECT_LE(window.limit(), 500u);
  EXPECT_GE(marketplace.decided, 9'500u) << "and it is kept busy";
}

TEST(OrderWindow, IsNeverLessThanItsLeastNorMoreThanItsMost) {
  OrderWindow window;
  Marketplace marketplace;
  marketplace.Run(window, 100'000, 20);
  EXPECT_EQ(window.limit(), kWindowLeast);
  marketplace.Run(window, 10'000, 1'000'000);
  EXPECT_EQ(window.limit(), kWindowMost);
}

TEST(OrderWindow, AMarketplaceFarAwayIsNotTakenForASlowOne) {
  OrderWindow window;
  Marketplace marketplace;
  marketplace.Run(window, 10'000, 100'000, /*latency_ms=*/200);
  EXPECT_EQ(window.limit(), kWindowMost);
}

TEST(OrderWindow, DoesNotGrowWhileNothingIsHeldBack) {
  OrderWindow window;
  for (int64_t ms = 0; ms < 1'000; ++ms) window.OnAnswered(ms, ms + 10, 100, 100);
  EXPECT_EQ(window.limit(), kWindowFirst);
  window.OnFull();
  window.OnAnswered(1'000, 1'010, 100, 100);
  EXPECT_EQ(window.limit(), kWindowFirst + 100);
}

TEST(OrderWindow, OneDelayShrinksItOnce) {
  OrderWindow window;
  window.OnAnswered(0, 2 * kAnswerGoalMs, 100, kWindowFirst);
  EXPECT_EQ(window.limit(), kWindowFirst / 2);
  window.OnAnswered(1, 2 * kAnswerGoalMs + 1, 100, kWindowFirst);
  EXPECT_EQ(window.limit(), kWindowFirst / 2) << "sent before the window shrank";
}

}  // namespace
}  // namespace jembatan::bridge
