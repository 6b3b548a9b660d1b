#include "libs/crossing/outcome_judge.h"

#include <gtest/gtest.h>

namespace jembatan::crossing {
namespace {

using Verdict = OutcomeJudge::Verdict;

v1::OutcomeRecord Claim() {
  v1::OutcomeRecord record;
  record.set_marketplace_id("m");
  record.mutable_claim();
  return record;
}

v1::OutcomeRecord Open(uint64_t token, const std::string& marketplace = "m") {
  v1::OutcomeRecord record;
  record.set_token(token);
  record.set_marketplace_id(marketplace);
  record.mutable_open();
  return record;
}

v1::OutcomeRecord Final(uint64_t token, const std::string& marketplace = "m") {
  v1::OutcomeRecord record;
  record.set_token(token);
  record.set_marketplace_id(marketplace);
  record.mutable_outcome()->set_state(v1::Outcome::STATE_ORDERED);
  return record;
}

TEST(OutcomeJudge, PausedOwnersOutcomeAfterItsSuccessorsOpenIsVoid) {
  OutcomeJudge judge(0);
  EXPECT_EQ(judge.Judge(Claim()), Verdict::kValid);   // offset 0
  EXPECT_EQ(judge.Judge(Open(0)), Verdict::kValid);   // offset 1
  EXPECT_EQ(judge.Judge(Final(0)), Verdict::kValid);  // offset 2
  EXPECT_EQ(judge.Judge(Claim()), Verdict::kValid);   // offset 3
  EXPECT_EQ(judge.Judge(Final(0)), Verdict::kValid);  // a claim alone voids nothing
  EXPECT_EQ(judge.Judge(Open(3)), Verdict::kValid);
  EXPECT_EQ(judge.Judge(Final(0)), Verdict::kVoid);
  EXPECT_EQ(judge.Judge(Final(3)), Verdict::kValid);
}

TEST(OutcomeJudge, TwoClaimantsMayOpenInEitherOrder) {
  OutcomeJudge judge(0);
  EXPECT_EQ(judge.Judge(Open(7)), Verdict::kValid);
  EXPECT_EQ(judge.Judge(Open(5)), Verdict::kVoid);
  EXPECT_EQ(judge.HighestOpen("m"), 7u);
  EXPECT_EQ(judge.Judge(Final(5)), Verdict::kVoid);
}

TEST(OutcomeJudge, ReadingMustReachBackToTheToken) {
  OutcomeJudge judge(10);
  EXPECT_EQ(judge.Judge(Final(9)), Verdict::kReadEarlier);
  EXPECT_EQ(judge.Judge(Open(12)), Verdict::kValid);
  // Whatever stood before offset 10, an open of 12 came before this one.
  EXPECT_EQ(judge.Judge(Final(9)), Verdict::kVoid);
}

TEST(OutcomeJudge, MarketplacesAreJudgedApart) {
  OutcomeJudge judge(0);
  EXPECT_EQ(judge.Judge(Open(7, "a")), Verdict::kValid);
  EXPECT_EQ(judge.Judge(Final(3, "b")), Verdict::kValid);
  EXPECT_EQ(judge.Judge(Final(3, "a")), Verdict::kVoid);
}

TEST(OutcomeJudge, GoesOnWhereAnotherStopped) {
  OutcomeJudge judge(0);
  EXPECT_EQ(judge.Judge(Claim()), Verdict::kValid);
  EXPECT_EQ(judge.Judge(Open(7, "a")), Verdict::kValid);
  EXPECT_EQ(judge.Judge(Open(3, "b")), Verdict::kValid);
  OutcomeJudge successor(judge.opens());
  EXPECT_EQ(successor.Judge(Final(6, "a")), Verdict::kVoid);
  EXPECT_EQ(successor.Judge(Final(7, "a")), Verdict::kValid);
  EXPECT_EQ(successor.Judge(Final(3, "b")), Verdict::kValid);
  EXPECT_EQ(successor.opens(), judge.opens());
}

}  // namespace
}  // namespace jembatan::crossing
