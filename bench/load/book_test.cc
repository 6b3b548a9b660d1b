#include "bench/load/book.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace jembatan::load {
namespace {

using intake::v1::Outcome;
using intake::v1::Receipt;

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kUnixMs = 1'800'000'000'000;

class IntentBookTest : public testing::Test {
 protected:
  uint32_t Tap(uint32_t viewer = 0) {
    uint32_t i = book_.Add(viewer, 0, 0, kUnixMs);
    book_.OnSent(i, 0);
    return i;
  }
  void Answer(uint32_t i, Receipt::Status status, intake::v1::Reason reason = {},
              int64_t offset = 7, int64_t now_ns = 3 * kMs) {
    Receipt receipt;
    receipt.set_intent_id(book_.record(i).id.ToString());
    receipt.set_status(status);
    receipt.set_reason(reason);
    receipt.set_partition(1);
    receipt.set_offset(offset);
    book_.OnReceipt(receipt, now_ns);
  }
  void Decide(uint32_t i, Outcome::State state, const std::string& order = "",
              int64_t now_ns = 9 * kMs) {
    Outcome outcome;
    outcome.set_intent_id(book_.record(i).id.ToString());
    outcome.set_state(state);
    outcome.set_order_id(order);
    if (state == Outcome::STATE_REJECTED) outcome.set_reason(intake::v1::REASON_OUT_OF_STOCK);
    book_.OnOutcome(outcome, now_ns);
  }
  std::vector<uint32_t> Open(uint32_t viewer) const {
    std::vector<uint32_t> open;
    for (uint32_t i = book_.FirstOpen(viewer); i != kNoRecord; i = book_.record(i).next) {
      open.push_back(i);
    }
    return open;
  }

  IntentBook book_{100, 3, 2, 0x123456789};
};

TEST_F(IntentBookTest, ATapFromReceiptToOutcome) {
  uint32_t i = Tap();
  EXPECT_EQ(Open(0), std::vector<uint32_t>{i});
  Answer(i, Receipt::STATUS_ACCEPTED);
  EXPECT_EQ(book_.awaited(), 1u);
  EXPECT_EQ(book_.receipt_ns().max(), 3 * kMs);
  Decide(i, Outcome::STATE_ORDERED, "O-1");
  EXPECT_EQ(book_.awaited(), 0u);
  EXPECT_EQ(book_.counts().open, 0u);
  EXPECT_EQ(book_.counts().finals[Outcome::STATE_ORDERED], 1u);
  EXPECT_EQ(book_.outcome_ns().max(), 9 * kMs);
  EXPECT_EQ(book_.record(i).offset, 7);
  EXPECT_EQ(book_.record(i).order, TextDigest("O-1"));
  EXPECT_FALSE(book_.record(i).unsure);
}

TEST_F(IntentBookTest, CountsByTheSecondInWhichSomethingIsTold) {
  Answer(Tap(), Receipt::STATUS_REFUSED, intake::v1::REASON_OVERLOADED, 7, 999 * kMs);
  uint32_t ordered = Tap();
  Answer(ordered, Receipt::STATUS_ACCEPTED, {}, 7, 1'000 * kMs);
  Decide(ordered, Outcome::STATE_ORDERED, "O-1", 3'500 * kMs);
  Decide(Tap(), Outcome::STATE_EXPIRED, "", 3'600 * kMs);
  ASSERT_EQ(book_.seconds().size(), 4u);
  EXPECT_EQ(book_.seconds()[0].taps, 3u);
  EXPECT_EQ(book_.seconds()[0].refused, 1u);
  EXPECT_EQ(book_.refused_ns().max(), 999 * kMs);
  EXPECT_EQ(book_.seconds()[1].accepted, 1u);
  EXPECT_EQ(book_.seconds()[3].ordered, 1u);
  EXPECT_EQ(book_.seconds()[3].finals, 2u);
  EXPECT_EQ(book_.seconds()[3].outcome_ns, 7'100 * kMs);
}

TEST_F(IntentBookTest, ARefusalThatEndsNothingIsNotOneOfTheFigures) {
  uint32_t i = Tap();
  Answer(i, Receipt::STATUS_PENDING);
  Answer(i, Receipt::STATUS_REFUSED, intake::v1::REASON_OVERLOADED);
  EXPECT_EQ(book_.refused_ns().count(), 0u);
}

TEST_F(IntentBookTest, ListsStayWholeWhateverCloses) {
  std::vector<uint32_t> taps;
  for (int i = 0; i < 5; ++i) taps.push_back(Tap(1));
  Tap(2);
  Decide(taps[2], Outcome::STATE_EXPIRED);
  EXPECT_EQ(Open(1), (std::vector<uint32_t>{taps[0], taps[1], taps[3], taps[4]}));
  Decide(taps[0], Outcome::STATE_EXPIRED);
  Decide(taps[4], Outcome::STATE_EXPIRED);
  EXPECT_EQ(Open(1), (std::vector<uint32_t>{taps[1], taps[3]}));
  uint32_t later = Tap(1);
  EXPECT_EQ(Open(1), (std::vector<uint32_t>{taps[1], taps[3], later}));
  for (uint32_t i : Open(1)) Decide(i, Outcome::STATE_EXPIRED);
  EXPECT_TRUE(Open(1).empty());
  EXPECT_EQ(Open(2).size(), 1u);
}

TEST_F(IntentBookTest, ARepeatedFinalIsOneAndADifferentOneIsKept) {
  uint32_t i = Tap();
  Decide(i, Outcome::STATE_REJECTED);
  Decide(i, Outcome::STATE_REJECTED);
  EXPECT_EQ(book_.record(i).other_state, 0);
  EXPECT_EQ(book_.counts().finals[Outcome::STATE_REJECTED], 1u);
  Decide(i, Outcome::STATE_ORDERED, "O-1");
  EXPECT_EQ(book_.record(i).other_state, Outcome::STATE_ORDERED);
  uint32_t j = Tap();
  Decide(j, Outcome::STATE_ORDERED, "O-1");
  Decide(j, Outcome::STATE_ORDERED, "O-2");
  EXPECT_EQ(book_.record(j).other_state, Outcome::STATE_ORDERED);
}

TEST_F(IntentBookTest, ARefusalEndsAFreshIntentOnly) {
  uint32_t fresh = Tap();
  Answer(fresh, Receipt::STATUS_REFUSED, intake::v1::REASON_OVERLOADED);
  EXPECT_TRUE(book_.record(fresh).refused);
  EXPECT_EQ(book_.counts().refused_by_reason.at(intake::v1::REASON_OVERLOADED), 1u);
  EXPECT_EQ(book_.counts().open, 0u);

  uint32_t broken = Tap();
  book_.OnDisconnected(0);
  book_.OnSent(broken, kMs);
  Answer(broken, Receipt::STATUS_REFUSED, intake::v1::REASON_OVERLOADED);
  EXPECT_FALSE(book_.record(broken).refused);
  EXPECT_TRUE(book_.record(broken).open);
  EXPECT_EQ(book_.counts().resends, 1u);

  uint32_t pending = Tap();
  Answer(pending, Receipt::STATUS_PENDING);
  Answer(pending, Receipt::STATUS_REFUSED, intake::v1::REASON_DEADLINE_PASSED);
  EXPECT_TRUE(book_.record(pending).open);
  EXPECT_EQ(book_.counts().pending, 1u);
}

TEST_F(IntentBookTest, ADrainingGatewaysRefusalLeavesItToTheNext) {
  uint32_t i = Tap();
  Answer(i, Receipt::STATUS_REFUSED, intake::v1::REASON_SHUTTING_DOWN);
  EXPECT_TRUE(book_.record(i).open);
  EXPECT_FALSE(book_.record(i).unsure);
  EXPECT_FALSE(book_.record(i).unanswered);
  for (int send = 0; send < 7; ++send) {
    book_.OnSent(i, kMs);
    Answer(i, Receipt::STATUS_REFUSED, intake::v1::REASON_SHUTTING_DOWN);
  }
  EXPECT_TRUE(book_.record(i).refused);
}

TEST_F(IntentBookTest, TheLowestAcceptedCopyCounts) {
  uint32_t i = Tap();
  book_.OnDisconnected(0);
  book_.OnSent(i, kMs);
  Answer(i, Receipt::STATUS_ACCEPTED, {}, 20);
  Answer(i, Receipt::STATUS_ACCEPTED, {}, 12);
  EXPECT_EQ(book_.record(i).offset, 12);
  EXPECT_TRUE(book_.record(i).unsure);
  EXPECT_EQ(book_.counts().accepted, 1u);
  EXPECT_EQ(book_.awaited(), 1u);
}

TEST_F(IntentBookTest, AnOutcomeMayOvertakeItsReceipt) {
  uint32_t i = Tap();
  Decide(i, Outcome::STATE_ORDERED, "O-1");
  Answer(i, Receipt::STATUS_ACCEPTED);
  EXPECT_EQ(book_.awaited(), 0u);
  EXPECT_EQ(book_.counts().accepted, 1u);
  EXPECT_EQ(book_.counts().open, 0u);
}

TEST_F(IntentBookTest, UnconfirmedEndsNothingAndStrangersAreCounted) {
  uint32_t i = Tap();
  Decide(i, Outcome::STATE_UNCONFIRMED);
  EXPECT_TRUE(book_.record(i).open);
  EXPECT_EQ(book_.counts().unconfirmed, 1u);
  Receipt stranger;
  stranger.set_intent_id(MakeId(kUnixMs, 1, 0).ToString());
  stranger.set_status(Receipt::STATUS_ACCEPTED);
  book_.OnReceipt(stranger, 0);
  stranger.set_intent_id("");
  book_.OnReceipt(stranger, 0);
  EXPECT_EQ(book_.counts().strange, 2u);
  EXPECT_EQ(book_.counts().accepted, 0u);
}

TEST_F(IntentBookTest, CountsPerOffer) {
  uint32_t i = book_.Add(0, 1, 0, kUnixMs);
  Decide(i, Outcome::STATE_REJECTED);
  EXPECT_EQ(book_.offer_counts(1).taps, 1u);
  EXPECT_EQ(book_.offer_counts(1).finals[Outcome::STATE_REJECTED], 1u);
  EXPECT_EQ(book_.offer_counts(0).taps, 0u);
}

TEST(IntentBook, IsBounded) {
  IntentBook book(2, 1, 1, 1);
  book.Add(0, 0, 0, kUnixMs);
  EXPECT_FALSE(book.full());
  book.Add(0, 0, 0, kUnixMs);
  EXPECT_TRUE(book.full());
}

}  // namespace
}  // namespace jembatan::load
