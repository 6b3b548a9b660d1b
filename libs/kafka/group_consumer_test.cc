#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include "libs/base/status.h"
#include "libs/kafka/consumer.h"
#include "libs/kafka/producer.h"
#include "libs/kafka/testing/cluster_test.h"

namespace jembatan::kafka {
namespace {

using std::chrono::milliseconds;
using testing::ClusterTest;
using testing::kTopic;
using testing::RunFor;
using testing::RunUntil;

constexpr int kPartitions = 4;

// A member that notes what it is told and holds the contract to it.
class Member final : public GroupHandler {
 public:
  Member(const GroupOptions& options, boost::asio::io_context& context) {
    auto consumer = GroupConsumer::Create(options, context, this);
    EXPECT_TRUE(consumer.ok()) << consumer.status();
    consumer_ = *std::move(consumer);
  }

  void OnAssigned(std::span<const PartitionStart> partitions) override {
    for (const PartitionStart& each : partitions) {
      EXPECT_TRUE(assigned.emplace(each.partition, each.offset).second) << each.partition;
      next[each.partition] = each.offset;
      if (pause_at_once) consumer_->Pause(each.partition);
    }
  }
  void OnRevoked(std::span<const int32_t> partitions, bool lost,
                 std::function<void()> done) override {
    ++revocations;
    lost_seen = lost_seen || lost;
    for (const int32_t partition : partitions) {
      // Lost after all: what was being revoked and not done within the budget.
      if (lost && leaving.erase(partition) == 1) continue;
      EXPECT_EQ(assigned.erase(partition), 1u) << partition;
      if (hold_revocations && !lost) leaving.insert(partition);
    }
    if (hold_revocations && !lost) {
      held = std::move(done);
    } else if (commit_on_revoke && !lost) {
      CommitThen({partitions.begin(), partitions.end()}, std::move(done));
    } else {
      done();
    }
  }
  void OnRecords(std::span<const Record> records) override {
    EXPECT_LE(records.size(), static_cast<size_t>(kRecordsPerTurn));
    for (const Record& each : records) {
      EXPECT_TRUE(assigned.contains(each.partition)) << each.partition;
      EXPECT_FALSE(paused.contains(each.partition)) << each.partition;
      // In order, none skipped, none repeated: the topics of these tests have no gaps.
      EXPECT_EQ(each.offset, next[each.partition]) << each.partition;
      next[each.partition] = each.offset + 1;
      EXPECT_EQ(each.value, "value" + std::to_string(each.offset));
      ++records_seen;
    }
  }
  void OnPartitionEnd(int32_t partition, int64_t next_offset) override {
    EXPECT_EQ(next_offset, next[partition]);
    ends[partition] = next_offset;
  }
  void OnError(int32_t partition, const absl::Status& status) override {
    errors[partition] = status;
  }

  // Commits what was seen of the partitions, then calls done. The mock refuses commits while it
  // rebalances (ABORTED), real brokers take them: what was refused is brought again.
  void CommitThen(std::vector<int32_t> partitions, std::function<void()> done) {
    auto left = std::make_shared<size_t>(partitions.size());
    for (const int32_t partition : partitions) {
      consumer_->Commit(partition, next[partition], [left, done](const absl::Status& status) {
        EXPECT_TRUE(status.ok() || absl::IsAborted(status)) << status;
        if (--*left == 0) done();
      });
    }
  }
  int64_t Total() const {
    int64_t total = 0;
    for (const auto& [partition, offset] : next) total += offset;
    return total;
  }

  std::map<int32_t, int64_t> assigned;
  std::map<int32_t, int64_t> next;
  std::map<int32_t, int64_t> ends;
  std::map<int32_t, absl::Status> errors;
  std::set<int32_t> paused;
  std::set<int32_t> leaving;
  int64_t records_seen = 0;
  int revocations = 0;
  bool lost_seen = false;
  bool hold_revocations = false;
  bool commit_on_revoke = true;
  bool pause_at_once = false;
  std::function<void()> held;
  std::unique_ptr<GroupConsumer> consumer_;
};

class GroupConsumerTest : public ClusterTest {
 protected:
  explicit GroupConsumerTest(int brokers = 1) : ClusterTest(kPartitions, brokers) {
    options_.cluster = config_;
    options_.group_id = "bridge";
    options_.topic = kTopic;
    // Heartbeats, by which members learn of a rebalance, follow each other five times as fast.
    options_.session_timeout_ms = 1000;
  }

  std::unique_ptr<Member> Join() {
    auto member = std::make_unique<Member>(options_, context_);
    member->consumer_->Subscribe();
    return member;
  }
  bool Assigned(const Member& member, size_t count) {
    return RunUntil(context_, [&] { return member.assigned.size() == count; });
  }
  bool Close(Member* member) {
    bool closed = false;
    member->consumer_->Close([&] { closed = true; });
    return RunUntil(context_, [&] { return closed; });
  }

  // The mock cluster refuses commits while the group rebalances, which the first to leave makes it
  // do.
  void LeaveWithoutCommit(Member* member) {
    member->commit_on_revoke = false;
    EXPECT_TRUE(Close(member));
  }

  // Appends to every partition; values follow the offsets.
  void Append(int records_each) {
    if (producer_ == nullptr) {
      ProducerOptions options;
      options.cluster.brokers = cluster_->bootstrap();
      producer_ = *Producer::Create(options, context_, [](std::span<const Delivery> batch) {
        for (const Delivery& each : batch) EXPECT_TRUE(each.status.ok()) << each.status;
      });
    }
    for (int i = 0; i < records_each; ++i, ++appended_) {
      for (int32_t p = 0; p < kPartitions; ++p) {
        ASSERT_TRUE(
            producer_->Produce(kTopic, p, "key", "value" + std::to_string(appended_), 0).ok());
      }
    }
  }
  bool Flushed() {
    return RunUntil(context_, [&] { return producer_->outstanding() == 0; });
  }

  GroupOptions options_;
  std::unique_ptr<Producer> producer_;
  int64_t appended_ = 0;
};

TEST_F(GroupConsumerTest, ReadsFromTheBeginningInOrder) {
  Append(1000);
  ASSERT_TRUE(Flushed());
  auto member = Join();
  ASSERT_TRUE(Assigned(*member, kPartitions));
  EXPECT_TRUE(member->consumer_->IsMember());
  for (const auto& [partition, start] : member->assigned) EXPECT_EQ(start, 0);
  ASSERT_TRUE(RunUntil(context_, [&] { return member->ends.size() == kPartitions; }));
  EXPECT_EQ(member->records_seen, 1000 * kPartitions);
  for (const auto& [partition, end] : member->ends) EXPECT_EQ(end, 1000);
  EXPECT_TRUE(Close(member.get()));
  EXPECT_FALSE(member->consumer_->IsMember());
  EXPECT_EQ(member->revocations, 1);
  EXPECT_TRUE(member->assigned.empty());
}

TEST_F(GroupConsumerTest, CommitsSurviveARestart) {
  Append(100);
  ASSERT_TRUE(Flushed());
  {
    auto first = Join();
    ASSERT_TRUE(RunUntil(context_, [&] { return first->Total() == 100 * kPartitions; }));
    first->commit_on_revoke = false;
    std::optional<absl::Status> committed;
    // Partition 0 wholly, 1 partly, the others not at all.
    first->consumer_->Commit(0, 100, [](const absl::Status&) {});
    first->consumer_->Commit(1, 40, [&](const absl::Status& status) { committed = status; });
    ASSERT_TRUE(RunUntil(context_, [&] { return committed.has_value(); }));
    EXPECT_EQ(committed, absl::OkStatus());
    // Gone without a word, as a crash would: the session must time out.
  }
  auto second = Join();
  ASSERT_TRUE(Assigned(*second, kPartitions));
  EXPECT_EQ(second->assigned, (std::map<int32_t, int64_t>{{0, 100}, {1, 40}, {2, 0}, {3, 0}}));
  ASSERT_TRUE(RunUntil(context_, [&] { return second->Total() == 100 * kPartitions; }));
  EXPECT_EQ(second->records_seen, 0 + 60 + 100 + 100);
  EXPECT_TRUE(Close(second.get()));
}

TEST_F(GroupConsumerTest, PartitionsMoveBetweenMembersWithoutLossOrRepetition) {
  Append(50);
  ASSERT_TRUE(Flushed());
  auto first = Join();
  ASSERT_TRUE(RunUntil(context_, [&] { return first->Total() == 50 * kPartitions; }));
  auto second = Join();
  ASSERT_TRUE(Assigned(*second, kPartitions / 2));
  EXPECT_EQ(first->assigned.size(), static_cast<size_t>(kPartitions / 2));
  // What the first had read and committed is where the second starts.
  for (const auto& [partition, start] : second->assigned) EXPECT_EQ(start, 50);
  Append(50);
  ASSERT_TRUE(RunUntil(
      context_, [&] { return first->records_seen + second->records_seen == 100 * kPartitions; }));
  ASSERT_TRUE(Close(second.get()));
  ASSERT_TRUE(Assigned(*first, kPartitions));
  Append(50);
  ASSERT_TRUE(RunUntil(
      context_, [&] { return first->records_seen + second->records_seen == 150 * kPartitions; }));
  RunFor(context_, milliseconds(50));
  EXPECT_EQ(first->records_seen + second->records_seen, 150 * kPartitions);
  EXPECT_TRUE(Close(first.get()));
}

TEST_F(GroupConsumerTest, RevocationWaitsForDoneButNotForEver) {
  options_.revoke_budget_ms = 300;
  auto first = Join();
  ASSERT_TRUE(Assigned(*first, kPartitions));
  first->hold_revocations = true;
  auto second = Join();
  ASSERT_TRUE(RunUntil(context_, [&] { return first->held != nullptr; }));
  const auto start = std::chrono::steady_clock::now();
  Append(10);
  ASSERT_TRUE(Assigned(*second, kPartitions / 2));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(250));
  EXPECT_TRUE(first->lost_seen);
  EXPECT_TRUE(first->leaving.empty());
  absl::Status refused;
  first->consumer_->Commit(second->assigned.begin()->first, 0,
                           [&](const absl::Status& status) { refused = status; });
  ASSERT_TRUE(RunUntil(context_, [&] { return !refused.ok(); }));
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  // Late, and twice: without effect.
  first->held();
  first->held();
  ASSERT_TRUE(
      RunUntil(context_, [&] { return first->Total() + second->Total() == 10 * kPartitions; }));
  first->hold_revocations = false;
  LeaveWithoutCommit(first.get());
  LeaveWithoutCommit(second.get());
}

TEST_F(GroupConsumerTest, DoneEndsARevocationEarly) {
  options_.revoke_budget_ms = 20'000;
  auto first = Join();
  ASSERT_TRUE(Assigned(*first, kPartitions));
  first->hold_revocations = true;
  auto second = Join();
  ASSERT_TRUE(RunUntil(context_, [&] { return first->held != nullptr; }));
  RunFor(context_, milliseconds(300));
  EXPECT_TRUE(second->assigned.empty());
  first->hold_revocations = false;
  first->held();
  EXPECT_TRUE(Assigned(*second, kPartitions / 2));
  LeaveWithoutCommit(first.get());
  LeaveWithoutCommit(second.get());
}

TEST_F(GroupConsumerTest, PausingLosesAndRepeatsNothing) {
  auto member = Join();
  ASSERT_TRUE(Assigned(*member, kPartitions));
  for (int round = 0; round < 40; ++round) {
    Append(100);
    const int32_t partition = round % kPartitions;
    member->paused.insert(partition);
    member->consumer_->Pause(partition);
    RunFor(context_, milliseconds(round % 7));
    if (round % 3 == 0) continue;
    member->paused.erase(partition);
    member->consumer_->Resume(partition);
  }
  for (int32_t p = 0; p < kPartitions; ++p) {
    member->paused.erase(p);
    member->consumer_->Resume(p);
  }
  ASSERT_TRUE(RunUntil(context_, [&] { return member->Total() == 4000 * kPartitions; }));
  EXPECT_EQ(member->records_seen, 4000 * kPartitions);
  EXPECT_TRUE(Close(member.get()));
}

TEST_F(GroupConsumerTest, PausingAtTheAssignmentKeepsTheStart) {
  Append(100);
  ASSERT_TRUE(Flushed());
  auto member = std::make_unique<Member>(options_, context_);
  member->pause_at_once = true;
  member->consumer_->Subscribe();
  ASSERT_TRUE(Assigned(*member, kPartitions));
  RunFor(context_, milliseconds(300));
  EXPECT_EQ(member->records_seen, 0);
  for (int32_t p = 0; p < kPartitions; ++p) member->consumer_->Resume(p);
  ASSERT_TRUE(RunUntil(context_, [&] { return member->records_seen == 100 * kPartitions; }));
  EXPECT_TRUE(Close(member.get()));
}

// A paused partition stays paused, and keeps its place, while the group rebalances around it.
TEST_F(GroupConsumerTest, PauseOutlivesARebalance) {
  Append(100);
  ASSERT_TRUE(Flushed());
  auto first = std::make_unique<Member>(options_, context_);
  first->pause_at_once = true;
  first->consumer_->Subscribe();
  ASSERT_TRUE(Assigned(*first, kPartitions));
  auto second = Join();
  ASSERT_TRUE(RunUntil(context_, [&] {
    return second->records_seen == 100 * static_cast<int64_t>(kPartitions) / 2;
  }));
  EXPECT_EQ(first->records_seen, 0);
  for (const auto& [partition, start] : std::map(first->assigned)) {
    first->consumer_->Resume(partition);
  }
  ASSERT_TRUE(RunUntil(context_, [&] {
    return first->records_seen == 100 * static_cast<int64_t>(kPartitions) / 2;
  }));
  LeaveWithoutCommit(first.get());
  LeaveWithoutCommit(second.get());
}

TEST_F(GroupConsumerTest, OffsetOutOfRangeIsToldAndNotSkipped) {
  Append(10);
  ASSERT_TRUE(Flushed());
  {
    auto first = Join();
    ASSERT_TRUE(RunUntil(context_, [&] { return first->Total() == 10 * kPartitions; }));
    first->next[2] = 1'000'000;
    ASSERT_TRUE(Close(first.get()));
  }
  auto second = Join();
  ASSERT_TRUE(RunUntil(context_, [&] { return second->errors.contains(2); }));
  EXPECT_TRUE(absl::IsOutOfRange(second->errors[2])) << second->errors[2];
  Append(10);
  ASSERT_TRUE(RunUntil(context_, [&] { return second->records_seen == 10 * (kPartitions - 1); }));
  RunFor(context_, milliseconds(100));
  EXPECT_EQ(second->records_seen, 10 * (kPartitions - 1));
  second->commit_on_revoke = false;
  EXPECT_TRUE(Close(second.get()));
}

TEST_F(GroupConsumerTest, AMemberThatStopsPollingLosesItsPartitions) {
  options_.max_poll_interval_ms = 1000;
  auto member = Join();
  ASSERT_TRUE(Assigned(*member, kPartitions));
  EXPECT_FALSE(member->lost_seen);
  // librdkafka looks every 500 ms.
  std::this_thread::sleep_for(milliseconds(2000));
  ASSERT_TRUE(RunUntil(context_, [&] { return member->revocations == 1; }));
  EXPECT_TRUE(member->lost_seen);
  // It joins again by itself.
  EXPECT_TRUE(Assigned(*member, kPartitions));
  EXPECT_TRUE(Close(member.get()));
}

TEST_F(GroupConsumerTest, AnIdleMemberKeepsItsPartitions) {
  options_.max_poll_interval_ms = 1000;
  auto member = Join();
  ASSERT_TRUE(Assigned(*member, kPartitions));
  RunFor(context_, milliseconds(1800));
  EXPECT_EQ(member->revocations, 0);
  EXPECT_TRUE(Close(member.get()));
}

TEST_F(GroupConsumerTest, ClosesAtAnyMoment) {
  for (const int wait_ms : {0, 20, 60, 120}) {
    auto member = Join();
    RunFor(context_, milliseconds(wait_ms));
    EXPECT_TRUE(Close(member.get())) << wait_ms;
    EXPECT_TRUE(member->assigned.empty()) << wait_ms;
  }
}

// A handler that overran its budget went on committing while the group ended, and librdkafka
// aborted the process.
TEST_F(GroupConsumerTest, CommitsOfALateHandlerDoNotMeetTheEndOfTheGroup) {
  options_.revoke_budget_ms = 1;
  for (int i = 0; i < 10; ++i) {
    auto member = Join();
    ASSERT_TRUE(Assigned(*member, kPartitions));
    member->hold_revocations = true;
    bool refused = false;
    bool closed = false;
    std::function<void()> commit = [&] {
      if (closed) return;
      member->consumer_->Commit(0, 0, [&](const absl::Status& status) {
        refused = refused || absl::IsFailedPrecondition(status);
      });
      boost::asio::post(context_, commit);
    };
    commit();
    member->consumer_->Close([&] { closed = true; });
    EXPECT_TRUE(RunUntil(context_, [&] { return closed && refused; }));
    RunFor(context_, milliseconds(5));
  }
}

// Commits that went on while an expelled member joined anew were refused as an unknown member's;
// librdkafka took that for its new membership, gave it up, and so for ever.
TEST_F(GroupConsumerTest, CommitsDoNotKeepAnExpelledMemberOut) {
  // The mock still knows the expelled member and lets the new one wait for it: a second less than
  // the session's timeout, or all of it when that is not longer than a second; then it may throw
  // both out at once, and never answers the new one.
  options_.session_timeout_ms = 3'000;
  auto member = Join();
  ASSERT_TRUE(Assigned(*member, kPartitions));
  boost::asio::steady_timer rest(context_);
  std::function<void()> commit = [&] {
    member->consumer_->Commit(0, 0, [&](const absl::Status&) {
      rest.expires_after(milliseconds(5));
      rest.async_wait([&](boost::system::error_code error) {
        if (!error && commit) commit();
      });
    });
  };
  commit();
  cluster_->FailCommits(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 1);
  ASSERT_TRUE(RunUntil(context_, [&] { return member->lost_seen; }));
  ASSERT_TRUE(Assigned(*member, kPartitions));
  RunFor(context_, milliseconds(300));
  EXPECT_EQ(member->assigned.size(), static_cast<size_t>(kPartitions));
  commit = nullptr;
  LeaveWithoutCommit(member.get());
}

// A revocation whose commits are refused because the group has gone on ends at once, as lost.
TEST_F(GroupConsumerTest, AnExpelledMemberDoesNotWaitForItsRevocation) {
  options_.revoke_budget_ms = 60'000;
  auto first = Join();
  ASSERT_TRUE(Assigned(*first, kPartitions));
  first->hold_revocations = true;
  auto second = Join();
  ASSERT_TRUE(RunUntil(context_, [&] { return first->held != nullptr; }));
  cluster_->FailCommits(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, 1);
  first->consumer_->Commit(*first->leaving.begin(), 0, [](const absl::Status&) {});
  ASSERT_TRUE(RunUntil(context_, [&] { return first->lost_seen; }));
  EXPECT_TRUE(first->leaving.empty());
  first->hold_revocations = false;
  EXPECT_TRUE(RunUntil(context_, [&] {
    return first->assigned.size() + second->assigned.size() == kPartitions &&
           !second->assigned.empty();
  }));
  LeaveWithoutCommit(first.get());
  LeaveWithoutCommit(second.get());
}

class GroupOfTwoBrokersTest : public GroupConsumerTest {
 protected:
  GroupOfTwoBrokersTest() : GroupConsumerTest(2) {}
};

// The request that asked for the committed offsets went to the former coordinator for ever.
TEST_F(GroupOfTwoBrokersTest, CommittedOffsetsAreFoundAfterTheCoordinatorHasMoved) {
  cluster_->SetCoordinator(options_.group_id, 1);
  auto first = Join();
  ASSERT_TRUE(Assigned(*first, kPartitions));
  cluster_->SetCoordinator(options_.group_id, 2);
  cluster_->FailOffsetFetches(1, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, 1'000);
  auto second = Join();
  ASSERT_TRUE(Assigned(*second, kPartitions / 2));
  LeaveWithoutCommit(second.get());
  EXPECT_TRUE(Assigned(*first, kPartitions));
  LeaveWithoutCommit(first.get());
}

TEST_F(GroupConsumerTest, MayBeDestroyedInTheCallbackOfClose) {
  auto member = Join();
  ASSERT_TRUE(Assigned(*member, kPartitions));
  bool closed = false;
  member->consumer_->Close([&] {
    member->consumer_.reset();
    closed = true;
  });
  EXPECT_TRUE(RunUntil(context_, [&] { return closed; }));
  RunFor(context_, milliseconds(50));
}

}  // namespace
}  // namespace jembatan::kafka
