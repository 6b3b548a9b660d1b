#include "services/gateway/in_flight.h"

#include <gtest/gtest.h>

namespace jembatan::gateway {
namespace {

TEST(InFlight, AnOpaqueFindsOnlyThePresentAttempt) {
  InFlight in_flight(2, 5);
  Submission* submission = in_flight.Take();
  uint64_t first = in_flight.NextOpaque(submission);
  EXPECT_EQ(first >> 56, 5u);
  EXPECT_EQ(in_flight.Find(first), submission);

  uint64_t second = in_flight.NextOpaque(submission);
  EXPECT_EQ(in_flight.Find(first), nullptr);
  EXPECT_EQ(in_flight.Find(second), submission);

  in_flight.Release(submission);
  EXPECT_EQ(in_flight.Find(second), nullptr);

  // The slot's next use is somebody else's.
  ASSERT_EQ(in_flight.Take(), submission);
  uint64_t third = in_flight.NextOpaque(submission);
  EXPECT_EQ(in_flight.Find(first), nullptr);
  EXPECT_EQ(in_flight.Find(second), nullptr);
  EXPECT_EQ(in_flight.Find(third), submission);
  EXPECT_EQ(in_flight.Find(third ^ uint64_t{1} << 56), nullptr) << "another shard's";
  EXPECT_EQ(in_flight.Find(third + 1), nullptr) << "a slot never taken";
}

TEST(InFlight, HoldsNoMoreThanItsBound) {
  InFlight in_flight(2, 0);
  Submission* a = in_flight.Take();
  EXPECT_NE(in_flight.Take(), nullptr);
  EXPECT_EQ(in_flight.Take(), nullptr);
  EXPECT_EQ(in_flight.size(), 2u);
  in_flight.Release(a);
  EXPECT_EQ(in_flight.size(), 1u);
  EXPECT_EQ(in_flight.Take(), a);
}

TEST(InFlight, UnansweredStayInOrderWhateverLeavesTheMiddle) {
  InFlight in_flight(4, 0);
  Submission* a = in_flight.Take();
  Submission* b = in_flight.Take();
  Submission* c = in_flight.Take();
  Submission* d = in_flight.Take();
  in_flight.Release(b);
  in_flight.MarkAnswered(d);
  EXPECT_EQ(in_flight.OldestUnanswered(), a);
  in_flight.MarkAnswered(a);
  in_flight.MarkAnswered(a);
  EXPECT_EQ(in_flight.OldestUnanswered(), c);
  Submission* e = in_flight.Take();
  in_flight.Release(c);
  EXPECT_EQ(in_flight.OldestUnanswered(), e);
  in_flight.Release(e);
  EXPECT_EQ(in_flight.OldestUnanswered(), nullptr);
  in_flight.Release(a);
  in_flight.Release(d);
  EXPECT_EQ(in_flight.size(), 0u);
}

}  // namespace
}  // namespace jembatan::gateway
