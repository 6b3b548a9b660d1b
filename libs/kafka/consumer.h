#pragma once

// GroupConsumer: a member of a consumer group (cooperative-sticky). PartitionReader: reads named
// partitions from named offsets without a group. Both deliver on the io_context given at creation,
// woken by an eventfd and by a 200 ms timer (so that an idle topic never exceeds
// max.poll.interval.ms), at most kRecordsPerTurn records a turn, then yield.
//
// All methods and handlers: the io_context's thread only. Records' views live until the handler
// returns. Offsets are never stored or committed by librdkafka itself; a missing or out-of-range
// offset is reported by OnError and never skipped (auto.offset.reset=error).
// Ends: Close() leaves the group (OnRevoked for all partitions first) and calls its callback;
// destroying without Close leaves by session time-out, as a crash would. Not destroyed from within
// one of their handlers; Close's callback may.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <boost/asio/io_context.hpp>

#include "libs/kafka/config.h"

namespace jembatan::kafka {

inline constexpr int kRecordsPerTurn = 2048;

// Whether a partition's consumption has stopped with this error of it: what comes next would have
// been skipped (an offset that is gone, a batch that fails its checksum). Other errors are tried
// again from the same offset without end. Pure; any thread.
bool StopsPartition(const absl::Status& status);

struct Record {
  int32_t partition = -1;
  int64_t offset = -1;
  // Broker's append time with LogAppendTime, else the producer's.
  int64_t append_time_ms = -1;
  std::string_view key;
  std::string_view value;
};

// Where a partition starts after an assignment.
struct PartitionStart {
  int32_t partition = -1;
  // The group's committed offset; without one, the partition's beginning (0 or the log start).
  int64_t offset = 0;
};

class GroupHandler {
 public:
  virtual ~GroupHandler() = default;
  // Records of these partitions follow, from these offsets on.
  virtual void OnAssigned(std::span<const PartitionStart> partitions) = 0;
  // No record of these follows. The group waits until done is called: finish, commit, then done.
  // lost: the group has already given them away; commits will be refused. When done is not called
  // within GroupOptions::revoke_budget_ms, or the group has gone on without this member, OnRevoked
  // comes again for them as lost; what done then does makes no difference.
  virtual void OnRevoked(std::span<const int32_t> partitions, bool lost,
                         std::function<void()> done) = 0;
  virtual void OnRecords(std::span<const Record> records) = 0;
  // Everything up to (not including) next_offset has been delivered and the log ended there then.
  virtual void OnPartitionEnd(int32_t partition, int64_t next_offset) = 0;
  // A client-level or partition-level error (partition -1: none). StopsPartition() tells whether
  // the partition's consumption has stopped by it. OUT_OF_RANGE: the next offset is not in the log.
  virtual void OnError(int32_t partition, const absl::Status& status) = 0;
};

struct GroupOptions {
  ClusterConfig cluster;
  std::string group_id;
  std::string topic;
  int session_timeout_ms = 10'000;
  // How long an event loop may stand before its partitions are given away; also, with three seconds
  // more, how long librdkafka waits for an answer to its wish to join, which a coordinator that
  // steps down may leave without any, and how long the group waits for a member that does not
  // rejoin. Longer than the session's and the revocation's time.
  int max_poll_interval_ms = 15'000;
  int revoke_budget_ms = 5'000;
  // How long and for how much the broker may hold a fetch. Every fetch wakes two threads here and
  // costs the broker about a tenth of a millisecond: it pays to let records gather for a few.
  int fetch_wait_max_ms = 8;
  int fetch_min_bytes = 16'384;
  // Kilobytes librdkafka prefetches, over about eight partitions: an eighth of it for each.
  int queued_kbytes = 16'384;
};

class GroupConsumer {
 public:
  static absl::StatusOr<std::unique_ptr<GroupConsumer>> Create(const GroupOptions& options,
                                                               boost::asio::io_context& context,
                                                               GroupHandler* handler);
  ~GroupConsumer();

  // Joins the group.
  void Subscribe();
  // Stops and resumes fetching of an assigned partition; records already delivered stay delivered,
  // none is lost or repeated.
  void Pause(int32_t partition);
  void Resume(int32_t partition);
  // Commits next_offset (the first not finished); asynchronous. FAILED_PRECONDITION: the partition
  // is neither assigned nor being revoked, or the consumer leaves the group. UNAVAILABLE: this
  // consumer is between two memberships.
  void Commit(int32_t partition, int64_t next_offset, std::function<void(absl::Status)> done);
  // Whether the group counts this consumer among its members; a member may have no partition. Asks
  // librdkafka's main thread: for looks, not for every record.
  bool IsMember() const;
  void Close(std::function<void()> done);

 private:
  class Impl;
  explicit GroupConsumer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class ReaderHandler {
 public:
  virtual ~ReaderHandler() = default;
  virtual void OnRecords(std::span<const Record> records) = 0;
  virtual void OnPartitionEnd(int32_t partition, int64_t next_offset) = 0;
  virtual void OnError(int32_t partition, const absl::Status& status) = 0;
};

struct ReaderOptions {
  ClusterConfig cluster;
  std::string topic;
  int fetch_wait_max_ms = 8;
  int fetch_min_bytes = 16'384;
  int queued_kbytes = 16'384;
};

class PartitionReader {
 public:
  static absl::StatusOr<std::unique_ptr<PartitionReader>> Create(const ReaderOptions& options,
                                                                 boost::asio::io_context& context,
                                                                 ReaderHandler* handler);
  ~PartitionReader();

  // Reads the partition from the offset on; again = start anew from there. No record of the earlier
  // reading follows the call.
  void Start(int32_t partition, int64_t offset);
  void Stop(int32_t partition);

 private:
  class Impl;
  explicit PartitionReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace jembatan::kafka
