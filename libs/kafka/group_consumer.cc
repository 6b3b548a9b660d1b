#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <librdkafka/rdkafka.h>

#include "libs/base/check.h"
#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/kafka/client.h"
#include "libs/kafka/committed_lookup.h"
#include "libs/kafka/consumer.h"
#include "libs/kafka/event_queue.h"
#include "libs/kafka/partition_feeds.h"
#include "libs/kafka/status.h"

// How max.poll.interval.ms is kept (read in librdkafka 2.15.1): every poll of the consumer's queue
// counts as the application's poll, whether it yields an event or not; polls of partitions' own
// queues need not. The consumer's queue is polled at the start of every turn, and a turn runs at
// least every kPollInterval: the interval is exceeded only by an event loop that is stuck, which is
// what it is for.

namespace jembatan::kafka {
namespace {

constexpr std::chrono::milliseconds kPollInterval{200};
// Events of the group (not records) served in one turn.
constexpr int kEventsPerTurn = 64;
// Commits without an answer yet; beyond them Commit answers RESOURCE_EXHAUSTED.
constexpr size_t kCommitsMax = 1024;
constexpr int kLookupTimeoutMs = 5'000;
constexpr std::chrono::milliseconds kLookupRetry{200};

// As PartitionFeeds' handler: the group's own, whose other half concerns the group.
class RecordsOnly final : public ReaderHandler {
 public:
  explicit RecordsOnly(GroupHandler* handler) : handler_(handler) {}
  void OnRecords(std::span<const Record> records) override { handler_->OnRecords(records); }
  void OnPartitionEnd(int32_t partition, int64_t next_offset) override {
    handler_->OnPartitionEnd(partition, next_offset);
  }
  void OnError(int32_t partition, const absl::Status& status) override {
    handler_->OnError(partition, status);
  }

 private:
  GroupHandler* const handler_;
};

// Destroying must never leave the group by itself: leaving is Close()'s, anything else is a crash.
void DestroyWithoutLeaving(rd_kafka_t* client) {
  rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}
using GroupMetadata = std::unique_ptr<rd_kafka_consumer_group_metadata_t,
                                      Destroy<rd_kafka_consumer_group_metadata_destroy>>;
using GroupClient = std::unique_ptr<rd_kafka_t, Destroy<DestroyWithoutLeaving>>;

Settings GroupSettings(const GroupOptions& options) {
  Settings settings =
      ConsumerSettings(options.fetch_wait_max_ms, options.fetch_min_bytes, options.queued_kbytes);
  settings.insert(settings.end(),
                  {{"group.id", options.group_id},
                   {"partition.assignment.strategy", "cooperative-sticky"},
                   {"session.timeout.ms", std::to_string(options.session_timeout_ms)},
                   {"heartbeat.interval.ms", std::to_string(options.session_timeout_ms / 5)},
                   {"max.poll.interval.ms", std::to_string(options.max_poll_interval_ms)}});
  return settings;
}

}  // namespace

class GroupConsumer::Impl {
 public:
  Impl(const GroupOptions& options, boost::asio::io_context& context, GroupHandler* handler)
      : options_(options),
        context_(context),
        handler_(handler),
        records_only_(handler),
        feeds_(&records_only_),
        committed_(context),
        lookup_timer_(context),
        budget_timer_(context) {}
  ~Impl();

  absl::Status Start();
  void Subscribe();
  void SetPaused(int32_t partition, bool paused) { feeds_.SetPaused(partition, paused); }
  void Commit(int32_t partition, int64_t next_offset, std::function<void(absl::Status)> done);
  bool IsMember() const;
  void Close(std::function<void()> done);

 private:
  using Offsets = std::map<int32_t, int64_t>;

  bool Turn();
  void HandleEvent(rd_kafka_event_t* event);
  void HandleRebalance(rd_kafka_event_t* event);

  // An assignment: look up the committed offsets, then the beginnings of partitions without one,
  // then take it on.
  void BeginAssign(PartitionList partitions);
  void RequestCommitted();
  void HandleCommitted(const absl::StatusOr<Offsets>& committed);
  void RequestBeginnings();
  void HandleBeginnings(rd_kafka_event_t* event);
  void RetryLookup(const absl::Status& why);
  void FinishAssign();
  void AbandonAssign();

  void BeginRevoke(PartitionList partitions);
  void FinishRevoke(uint64_t revocation);
  void CutRevokeShort(uint64_t revocation);

  bool Holds(int32_t partition);
  void HandleCommit(rd_kafka_event_t* event);
  void ReportLater(const absl::Status& status);
  void FinishClose();

  const GroupOptions options_;
  boost::asio::io_context& context_;
  GroupHandler* const handler_;
  RecordsOnly records_only_;

  GroupClient client_;
  Queue queue_;
  // Where the group's last events arrive once Close() has begun; librdkafka wants another than the
  // consumer's queue, which then forwards to it.
  Queue close_queue_;
  std::shared_ptr<EventQueue> events_;
  PartitionFeeds feeds_;

  // The assignment whose offsets are being looked up. librdkafka sends no other rebalance event
  // before it is answered.
  PartitionList assigning_;
  Offsets starts_;
  // Of the lookup or revocation under way; a late answer to an earlier one has another.
  uint64_t generation_ = 0;
  CommittedLookup committed_;
  boost::asio::steady_timer lookup_timer_;

  PartitionList revoking_;
  boost::asio::steady_timer budget_timer_;

  struct PendingCommit {
    std::function<void(absl::Status)> done;
    uint64_t generation = 0;  // generation_ when it was sent
  };
  std::map<uint64_t, PendingCommit> commits_;
  uint64_t next_commit_ = 1;

  bool closing_ = false;
  bool closed_ = false;
  std::function<void()> close_done_;
  // What the handler or a timer holds on to may outlive us; it looks here first.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

GroupConsumer::Impl::~Impl() {
  lookup_timer_.cancel();
  budget_timer_.cancel();
  feeds_.CloseAll();
  if (events_ != nullptr) events_->Close();
}

absl::Status GroupConsumer::Impl::Start() {
  JEMB_ASSIGN_OR_RETURN(
      Client client,
      NewClient(RD_KAFKA_CONSUMER, options_.cluster, GroupSettings(options_),
                RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_OFFSET_COMMIT));
  client_.reset(client.release());
  rd_kafka_poll_set_consumer(client_.get());
  queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
  JEMB_ASSIGN_OR_RETURN(events_,
                        EventQueue::Create(context_, [this] { return Turn(); }, kPollInterval));
  feeds_.SetEvents(events_);
  events_->Watch(queue_.get());
  return absl::OkStatus();
}

void GroupConsumer::Impl::Subscribe() {
  PartitionList topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), options_.topic.c_str(), RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(client_.get(), topics.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) ReportLater(StatusOf(error, "subscribe"));
}

bool GroupConsumer::Impl::Turn() {
  bool more = true;
  for (int i = 0; i < kEventsPerTurn && more; ++i) {
    const Event event(rd_kafka_queue_poll(queue_.get(), 0));
    more = event != nullptr;
    if (more) HandleEvent(event.get());
  }
  if (closing_ && !closed_ && rd_kafka_consumer_closed(client_.get()) != 0) FinishClose();
  if (closed_) return false;
  return feeds_.Turn() || more;
}

void GroupConsumer::Impl::HandleEvent(rd_kafka_event_t* event) {
  switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_REBALANCE:
      return HandleRebalance(event);
    case RD_KAFKA_EVENT_LISTOFFSETS_RESULT:
      return HandleBeginnings(event);
    case RD_KAFKA_EVENT_OFFSET_COMMIT:
      return HandleCommit(event);
    case RD_KAFKA_EVENT_ERROR:
      return handler_->OnError(-1, EventStatus(event));
    case RD_KAFKA_EVENT_FETCH: {
      // Partitions' queues are cut off from this one before they are assigned. A record that turns
      // up here all the same is missing there: stop that partition rather than skip it.
      const rd_kafka_message_t* message = rd_kafka_event_message_next(event);
      if (message == nullptr || !feeds_.Close(message->partition)) return;
      return handler_->OnError(message->partition,
                               base::Internal("record outside its partition's queue"));
    }
    default:
      return;
  }
}

void GroupConsumer::Impl::HandleRebalance(rd_kafka_event_t* event) {
  PartitionList partitions(
      rd_kafka_topic_partition_list_copy(rd_kafka_event_topic_partition_list(event)));
  if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    BeginAssign(std::move(partitions));
  } else {
    BeginRevoke(std::move(partitions));
  }
}

// --- Assignment ----------------------------------------------------------------------------------
// librdkafka would look up the committed offsets by itself, but would not say which they are before
// the first record.

void GroupConsumer::Impl::BeginAssign(PartitionList partitions) {
  assigning_ = std::move(partitions);
  starts_.clear();
  if (closing_) return AbandonAssign();
  if (assigning_->cnt == 0) return FinishAssign();
  RequestCommitted();
}

void GroupConsumer::Impl::RequestCommitted() {
  committed_.Ask(client_.get(), *assigning_,
                 [this, alive = std::weak_ptr(alive_),
                  generation = ++generation_](const absl::StatusOr<Offsets>& committed) {
                   if (alive.expired() || assigning_ == nullptr || generation != generation_)
                     return;
                   HandleCommitted(committed);
                 });
}

void GroupConsumer::Impl::HandleCommitted(const absl::StatusOr<Offsets>& committed) {
  if (!committed.ok()) return RetryLookup(committed.status());
  starts_ = *committed;
  if (starts_.size() == static_cast<size_t>(assigning_->cnt)) return FinishAssign();
  RequestBeginnings();
}

void GroupConsumer::Impl::RequestBeginnings() {
  const AdminOptions admin = NewAdminOptions(client_.get(), RD_KAFKA_ADMIN_OP_LISTOFFSETS,
                                             kLookupTimeoutMs, ++generation_);
  const PartitionList wanted(rd_kafka_topic_partition_list_new(assigning_->cnt));
  for (int i = 0; i < assigning_->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = assigning_->elems[i];
    if (starts_.contains(each.partition)) continue;
    rd_kafka_topic_partition_list_add(wanted.get(), each.topic, each.partition)->offset =
        RD_KAFKA_OFFSET_SPEC_EARLIEST;
  }
  rd_kafka_ListOffsets(client_.get(), wanted.get(), admin.get(), queue_.get());
}

void GroupConsumer::Impl::HandleBeginnings(rd_kafka_event_t* event) {
  if (assigning_ == nullptr || OpaqueOf(event) != generation_) return;
  absl::Status status = EventStatus(event);
  size_t count = 0;
  const rd_kafka_ListOffsetsResultInfo_t** infos = nullptr;
  if (status.ok()) {
    infos = rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event), &count);
  }
  for (size_t i = 0; i < count; ++i) {
    const rd_kafka_topic_partition_t* each =
        rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]);
    const absl::StatusOr<int64_t> offset = OffsetTold(*each);
    if (offset.ok()) {
      starts_[each->partition] = *offset;
    } else {
      status = offset.status();
    }
  }
  if (status.ok() && starts_.size() != static_cast<size_t>(assigning_->cnt)) {
    status = base::Internal("beginnings: not every partition was answered");
  }
  if (!status.ok()) return RetryLookup(status);
  FinishAssign();
}

void GroupConsumer::Impl::RetryLookup(const absl::Status& why) {
  handler_->OnError(-1, why);
  starts_.clear();
  lookup_timer_.expires_after(kLookupRetry);
  lookup_timer_.async_wait([this, alive = std::weak_ptr(alive_),
                            generation = generation_](const boost::system::error_code& error) {
    if (error || alive.expired()) return;
    if (assigning_ != nullptr && generation == generation_) RequestCommitted();
  });
}

void GroupConsumer::Impl::FinishAssign() {
  const PartitionList partitions = std::move(assigning_);
  std::vector<PartitionStart> starts;
  std::vector<Queue> queues;
  for (int i = 0; i < partitions->cnt; ++i) {
    rd_kafka_topic_partition_t& each = partitions->elems[i];
    each.offset = starts_[each.partition];
    starts.push_back({each.partition, each.offset});
    // Cut off before the fetch can begin, so that no record goes to the consumer's queue.
    queues.emplace_back(rd_kafka_queue_get_partition(client_.get(), each.topic, each.partition));
    rd_kafka_queue_forward(queues.back().get(), nullptr);
  }
  const absl::Status status =
      TakeError(rd_kafka_incremental_assign(client_.get(), partitions.get()));
  if (!status.ok()) return handler_->OnError(-1, status);
  if (starts.empty()) return;
  for (size_t i = 0; i < starts.size(); ++i) {
    feeds_.Open(starts[i].partition, std::move(queues[i]), starts[i].offset);
  }
  handler_->OnAssigned(starts);
}

// Leaving: librdkafka takes the assignment back as soon as it is answered, and the handler never
// hears of it.
void GroupConsumer::Impl::AbandonAssign() {
  const PartitionList partitions = std::move(assigning_);
  lookup_timer_.cancel();
  for (int i = 0; i < partitions->cnt; ++i) {
    rd_kafka_topic_partition_t& each = partitions->elems[i];
    each.offset = 0;
    const Queue queue(rd_kafka_queue_get_partition(client_.get(), each.topic, each.partition));
    rd_kafka_queue_forward(queue.get(), nullptr);
  }
  const absl::Status status =
      TakeError(rd_kafka_incremental_assign(client_.get(), partitions.get()));
  if (!status.ok()) handler_->OnError(-1, status);
}

// --- Revocation ----------------------------------------------------------------------------------

void GroupConsumer::Impl::BeginRevoke(PartitionList partitions) {
  std::vector<int32_t> known;
  for (int i = 0; i < partitions->cnt; ++i) {
    if (feeds_.Close(partitions->elems[i].partition))
      known.push_back(partitions->elems[i].partition);
  }
  revoking_ = std::move(partitions);
  const uint64_t revocation = ++generation_;
  if (known.empty()) return FinishRevoke(revocation);
  const auto finish = [this, alive = std::weak_ptr(alive_), revocation] {
    if (!alive.expired()) FinishRevoke(revocation);
  };
  budget_timer_.expires_after(std::chrono::milliseconds(options_.revoke_budget_ms));
  budget_timer_.async_wait(
      [this, alive = std::weak_ptr(alive_), revocation](const boost::system::error_code& error) {
        if (!error && !alive.expired()) CutRevokeShort(revocation);
      });
  handler_->OnRevoked(known, rd_kafka_assignment_lost(client_.get()) != 0, finish);
}

void GroupConsumer::Impl::FinishRevoke(uint64_t revocation) {
  // The second of budget and done, or a done of long ago.
  if (revoking_ == nullptr || revocation != generation_) return;
  budget_timer_.cancel();
  const PartitionList partitions = std::move(revoking_);
  const absl::Status status =
      TakeError(rd_kafka_incremental_unassign(client_.get(), partitions.get()));
  if (!status.ok()) ReportLater(status);
}

// The group waits no longer, or has gone on without us: what the handler has not finished is lost
// to it.
void GroupConsumer::Impl::CutRevokeShort(uint64_t revocation) {
  if (revoking_ == nullptr || revocation != generation_) return;
  std::vector<int32_t> given_away;
  for (int i = 0; i < revoking_->cnt; ++i) given_away.push_back(revoking_->elems[i].partition);
  FinishRevoke(revocation);
  handler_->OnRevoked(given_away, /*lost=*/true, [] {});
}

// --- Commit and close ----------------------------------------------------------------------------

// Whether the partition is ours: fed, or being revoked.
bool GroupConsumer::Impl::Holds(int32_t partition) {
  if (feeds_.IsOpen(partition)) return true;
  if (revoking_ == nullptr) return false;
  return rd_kafka_topic_partition_list_find(revoking_.get(), options_.topic.c_str(), partition) !=
         nullptr;
}

// Between two memberships the group knows no generation of ours. A commit sent then is refused as
// an unknown member's, and librdkafka 2.15.1 takes that answer for one about the membership it has
// got meanwhile, gives it up and joins anew: with commits that repeat themselves it never gets in.
bool GroupConsumer::Impl::IsMember() const {
  if (closed_) return false;
  const GroupMetadata metadata(rd_kafka_consumer_group_metadata(client_.get()));
  return metadata != nullptr && rd_kafka_consumer_group_metadata_generation_id(metadata.get()) >= 0;
}

void GroupConsumer::Impl::Commit(int32_t partition, int64_t next_offset,
                                 std::function<void(absl::Status)> done) {
  absl::Status status;
  // librdkafka 2.15.1 aborts the process when a commit reaches it between its decision to end the
  // group and the end; while it waits for a revocation to be answered it cannot decide so.
  if (closing_ && revoking_ == nullptr) {
    status = base::FailedPrecondition("the consumer is leaving the group");
  } else if (!Holds(partition)) {
    status = base::FailedPrecondition("the partition is not assigned");
  } else if (!IsMember()) {
    status = base::Unavailable("not a member of the group at present");
  } else if (commits_.size() >= kCommitsMax) {
    status = base::ResourceExhausted("too many commits without an answer");
  } else {
    const PartitionList offsets(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(offsets.get(), options_.topic.c_str(), partition)->offset =
        next_offset;
    status = StatusOf(rd_kafka_commit_queue(client_.get(), offsets.get(), queue_.get(), nullptr,
                                            reinterpret_cast<void*>(next_commit_)));
  }
  if (status.ok()) {
    commits_.emplace(next_commit_++, PendingCommit{std::move(done), generation_});
    return;
  }
  boost::asio::post(context_, [done = std::move(done), status] { done(status); });
}

void GroupConsumer::Impl::HandleCommit(rd_kafka_event_t* event) {
  auto node = commits_.extract(OpaqueOf(event));
  if (node.empty()) return;
  const rd_kafka_topic_partition_list_t* list = rd_kafka_event_topic_partition_list(event);
  rd_kafka_resp_err_t error = rd_kafka_event_error(event);
  for (int i = 0; error == RD_KAFKA_RESP_ERR_NO_ERROR && list != nullptr && i < list->cnt; ++i) {
    error = list->elems[i].err;
  }
  node.mapped().done(StatusOf(error));
  // Sent since the revocation began: nothing that is finished from here on will be taken.
  const bool expelled =
      error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID || error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
  if (expelled) CutRevokeShort(node.mapped().generation);
}

void GroupConsumer::Impl::ReportLater(const absl::Status& status) {
  boost::asio::post(context_, [this, alive = std::weak_ptr(alive_), status] {
    if (!alive.expired()) handler_->OnError(-1, status);
  });
}

void GroupConsumer::Impl::Close(std::function<void()> done) {
  if (std::exchange(closing_, true)) return;
  close_done_ = std::move(done);
  if (assigning_ != nullptr) AbandonAssign();
  close_queue_.reset(rd_kafka_queue_new(client_.get()));
  events_->Watch(close_queue_.get());
  const absl::Status status =
      TakeError(rd_kafka_consumer_close_queue(client_.get(), close_queue_.get()));
  if (status.ok()) return;
  // A fatal error has taken the member out of the group already.
  base::Log(base::Level::kWarn, "consumer close", {{"error", base::ToString(status)}});
  FinishClose();
}

void GroupConsumer::Impl::FinishClose() {
  closed_ = true;
  feeds_.CloseAll();
  events_->Close();
  for (auto& [id, commit] : std::exchange(commits_, {})) {
    boost::asio::post(context_, [done = std::move(commit.done)] {
      done(base::Unavailable("consumer closed before the commit was answered"));
    });
  }
  boost::asio::post(context_, std::move(close_done_));
}

// --- The public face -----------------------------------------------------------------------------

absl::StatusOr<std::unique_ptr<GroupConsumer>> GroupConsumer::Create(
    const GroupOptions& options, boost::asio::io_context& context, GroupHandler* handler) {
  auto impl = std::make_unique<Impl>(options, context, handler);
  JEMB_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<GroupConsumer>(new GroupConsumer(std::move(impl)));
}

GroupConsumer::GroupConsumer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GroupConsumer::~GroupConsumer() = default;

void GroupConsumer::Subscribe() { impl_->Subscribe(); }
void GroupConsumer::Pause(int32_t partition) { impl_->SetPaused(partition, true); }
void GroupConsumer::Resume(int32_t partition) { impl_->SetPaused(partition, false); }
void GroupConsumer::Commit(int32_t partition, int64_t next_offset,
                           std::function<void(absl::Status)> done) {
  impl_->Commit(partition, next_offset, std::move(done));
}
bool GroupConsumer::IsMember() const { return impl_->IsMember(); }
void GroupConsumer::Close(std::function<void()> done) { impl_->Close(std::move(done)); }

}  // namespace jembatan::kafka
