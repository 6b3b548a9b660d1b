#include "services/ctl/order_books.h"

#include "gtest/gtest.h"

#include "libs/base/ids.h"

namespace jembatan::ctl {
namespace {

using crossing::v1::Outcome;
using crossing::v1::OutcomeRecord;

constexpr int64_t kHour = 500'000;

OutcomeRecord Final(uint64_t number, Outcome::State state, int64_t hour = kHour) {
  OutcomeRecord record;
  record.set_marketplace_id("m");
  Outcome* outcome = record.mutable_outcome();
  outcome->set_intent_id(base::Uuid::MakeV7(hour * reconcile::kHourMs + 5, 1, number).ToString());
  outcome->set_buyer_ref(std::string(32, 'b'));
  outcome->set_fingerprint(std::string(32, 'f'));
  outcome->set_state(state);
  if (state == Outcome::STATE_ORDERED) outcome->set_order_id("T-" + std::to_string(number));
  return record;
}

reconcile::Commitment CommitmentOf(const OutcomeRecord& record, const std::string& order_id) {
  ledger::Hasher hasher;
  const Outcome& outcome = record.outcome();
  return reconcile::CommitmentOf(hasher, {*base::Uuid::ParseV7(outcome.intent_id()),
                                          outcome.buyer_ref(), outcome.fingerprint(), order_id});
}

class OrderBooksTest : public testing::Test {
 protected:
  void Add(const OutcomeRecord& record) {
    ASSERT_TRUE(books_.AddOutcome(0, next_++, record.SerializeAsString()).ok());
  }
  OrderBooks books_{"m", kHour, kHour + 2};
  int64_t next_ = 0;
};

TEST_F(OrderBooksTest, HoldsOrdersByTheHourOfTheirIds) {
  Add(Final(1, Outcome::STATE_ORDERED));
  Add(Final(1, Outcome::STATE_ORDERED));
  Add(Final(2, Outcome::STATE_REJECTED));
  Add(Final(3, Outcome::STATE_ORDERED, kHour + 1));
  Add(Final(4, Outcome::STATE_ORDERED, kHour + 2));
  Add(Final(5, Outcome::STATE_UNCONFIRMED));
  OutcomeRecord other = Final(6, Outcome::STATE_ORDERED);
  other.set_marketplace_id("other");
  Add(other);
  EXPECT_EQ(books_.Hour(kHour).DigestOf("").orders, 1u);
  EXPECT_EQ(books_.Hour(kHour + 1).DigestOf("").orders, 1u);
}

TEST_F(OrderBooksTest, AFinalOfAnOwnerOfBeforeDoesNotCount) {
  OutcomeRecord open;
  open.set_marketplace_id("m");
  open.set_token(1);
  open.mutable_open();
  Add(Final(1, Outcome::STATE_ORDERED));
  Add(open);
  Add(Final(2, Outcome::STATE_ORDERED));
  EXPECT_EQ(books_.Hour(kHour).DigestOf("").orders, 1u);
}

TEST_F(OrderBooksTest, SaysWhatADifferenceIsAbout) {
  const OutcomeRecord handed_off = Final(1, Outcome::STATE_HANDED_OFF);
  const OutcomeRecord rejected = Final(2, Outcome::STATE_REJECTED);
  Add(handed_off);
  Add(rejected);
  EXPECT_TRUE(books_.IsHandedOff(CommitmentOf(handed_off, "T-9")));
  const auto wrong = CommitmentOf(rejected, "T-10");
  EXPECT_FALSE(books_.IsHandedOff(wrong));
  EXPECT_EQ(books_.DescribeTheirs(wrong), rejected.outcome().intent_id() +
                                              ": ordered at the marketplace, its outcome is "
                                              "STATE_REJECTED");
  const auto unknown = CommitmentOf(Final(3, Outcome::STATE_ORDERED), "T-3");
  EXPECT_NE(books_.DescribeTheirs(unknown).find("of which no outcome tells"), std::string::npos);
}

}  // namespace
}  // namespace jembatan::ctl
