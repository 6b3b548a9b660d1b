#include "services/gateway/outcome_reader.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "libs/base/clock.h"
#include "libs/base/log.h"
#include "libs/base/status.h"

namespace jembatan::gateway {
namespace {

// How often the cluster is asked whether it is there.
constexpr int64_t kProbeMs = 5'000;
// Before a place in the log is asked for again; the asking itself takes long when nobody answers.
constexpr std::chrono::milliseconds kAskAgain{200};
// Pause before a repeated start of a partition's reading: doubled each time.
constexpr int64_t kRetryFirstMs = 100;
constexpr int64_t kRetryLastMs = 30'000;

int64_t MonotonicMs() { return base::MonotonicNs() / 1'000'000; }

}  // namespace

OutcomeReader::OutcomeReader(kafka::ClusterConfig cluster, kafka::Admin& admin, int partitions,
                             boost::asio::io_context& context, OutcomeWindow& window,
                             LagForecast& lag, FinalSink sink)
    : cluster_(std::move(cluster)),
      admin_(admin),
      context_(context),
      window_(window),
      feed_(partitions, window, lag),
      sink_(std::move(sink)),
      restarted_(static_cast<size_t>(partitions), false),
      probe_(context) {
  for (int i = 0; i < partitions; ++i) partitions_.push_back(std::make_unique<Partition>(context));
}

OutcomeReader::~OutcomeReader() = default;

absl::Status OutcomeReader::Start() {
  kafka::ReaderOptions options;
  options.cluster = cluster_;
  options.topic = kafka::kOutcomesTopic;
  JEMB_ASSIGN_OR_RETURN(reader_, kafka::PartitionReader::Create(options, context_, this));
  for (int32_t i = 0; i < static_cast<int32_t>(partitions_.size()); ++i) AskEnd(i);
  ArmProbe();
  return absl::OkStatus();
}

bool OutcomeReader::log_answers() const {
  const int64_t answered_ms = answered_ms_.load(std::memory_order_relaxed);
  return answered_ms >= 0 && MonotonicMs() - answered_ms < 3 * kProbeMs;
}

// The end is asked before the start, so that nothing read can lie behind what counts as caught up.
void OutcomeReader::AskEnd(int32_t partition) {
  admin_.EndOffset(kafka::kOutcomesTopic, partition,
                   [this, partition](absl::StatusOr<int64_t> end) {
                     if (!end.ok())
                       return After(partition, kAskAgain, [this, partition] { AskEnd(partition); });
                     answered_ms_.store(MonotonicMs(), std::memory_order_relaxed);
                     feed_.OnEnd(partition, *end);
                     AskStart(partition);
                   });
}

void OutcomeReader::AskStart(int32_t partition) {
  const int64_t since_ms = feed_.SinceMs(base::WallMs());
  admin_.OffsetAtTime(kafka::kOutcomesTopic, partition, since_ms,
                      [this, partition, since_ms](absl::StatusOr<int64_t> offset) {
                        if (!offset.ok())
                          return After(partition, kAskAgain,
                                       [this, partition] { AskStart(partition); });
                        feed_.OnStart(partition, *offset, since_ms);
                        ReadFrom(partition, *offset);
                      });
}

void OutcomeReader::AskBegin(int32_t partition) {
  admin_.BeginOffset(
      kafka::kOutcomesTopic, partition, [this, partition](absl::StatusOr<int64_t> begin) {
        if (!begin.ok()) {
          return After(partition, kAskAgain, [this, partition] { AskBegin(partition); });
        }
        base::Log(base::Level::kError, "outcomes_gap",
                  {{"partition", partition},
                   {"next", partitions_[partition]->next_offset},
                   {"log_begin", *begin}});
        BeginAt(partition, *begin);
      });
}

void OutcomeReader::BeginAt(int32_t partition, int64_t offset) {
  feed_.Begin(partition, offset);
  ReadFrom(partition, offset);
}

void OutcomeReader::ReadFrom(int32_t partition, int64_t offset) {
  ++partitions_[partition]->starts;
  reader_->Start(partition, offset);
  Reached(partition, offset);
}

void OutcomeReader::Later(int32_t partition, std::function<void()> task) {
  const int doublings = std::min(++partitions_[partition]->starts, 16);
  const int64_t pause_ms = std::min(kRetryFirstMs << doublings, kRetryLastMs);
  After(partition, std::chrono::milliseconds(pause_ms), std::move(task));
}

void OutcomeReader::After(int32_t partition, std::chrono::milliseconds pause,
                          std::function<void()> task) {
  boost::asio::steady_timer& timer = partitions_[partition]->timer;
  timer.expires_after(pause);
  timer.async_wait([task = std::move(task)](const boost::system::error_code& error) {
    if (!error) task();
  });
}

void OutcomeReader::OnRecords(std::span<const kafka::Record> records) {
  const int64_t now_ms = base::WallMs();
  // Records of a reading that has been started anew are void for the rest of the batch.
  std::fill(restarted_.begin(), restarted_.end(), false);
  for (const kafka::Record& record : records) {
    if (record.partition < 0 || record.partition >= static_cast<int32_t>(partitions_.size()))
      continue;
    if (restarted_[record.partition]) continue;
    bool restarted = false;
    Feed(record, now_ms, &restarted);
    restarted_[record.partition] = restarted;
  }
  if (!finals_.empty()) sink_(finals_);
  finals_.clear();
}

void OutcomeReader::Feed(const kafka::Record& record, int64_t now_ms, bool* restarted) {
  const int32_t partition = record.partition;
  OutcomeFeed::Step step = feed_.OnRecord(partition, record.offset, record.value, now_ms);
  if (step.read_again_from >= 0) {
    *restarted = true;
    reader_->Stop(partition);
    base::Log(base::Level::kInfo, "outcomes_read_again",
              {{"partition", partition}, {"from", step.read_again_from}});
    const int64_t from = step.read_again_from;
    if (partitions_[partition]->starts < 4) return BeginAt(partition, from);
    return Later(partition, [this, partition, from] { BeginAt(partition, from); });
  }
  if (step.final) finals_.push_back(std::move(step.final));
  Reached(partition, record.offset + 1);
}

void OutcomeReader::Reached(int32_t partition, int64_t next_offset) {
  partitions_[partition]->next_offset = next_offset;
  if (!feed_.OnReached(partition, next_offset)) return;
  base::Log(base::Level::kInfo, "outcome_window_ready", {{"finals", window_.size()}});
}

void OutcomeReader::OnPartitionEnd(int32_t partition, int64_t next_offset) {
  if (partition < 0 || partition >= static_cast<int32_t>(partitions_.size())) return;
  Reached(partition, next_offset);
}

void OutcomeReader::OnError(int32_t partition, const absl::Status& status) {
  base::Log(base::Level::kWarn, "outcomes_error",
            {{"partition", partition}, {"error", base::ToString(status)}});
  if (partition < 0 || partition >= static_cast<int32_t>(partitions_.size())) return;
  if (!kafka::StopsPartition(status)) return;
  reader_->Stop(partition);
  if (!absl::IsOutOfRange(status)) {
    // A batch that fails its checksum may be whole at the partition's next leader.
    const int64_t next_offset = partitions_[partition]->next_offset;
    return Later(partition, [this, partition, next_offset] { BeginAt(partition, next_offset); });
  }
  // What was asked for is no longer in the log: go on with what is, knowing that it reaches back
  // less.
  feed_.OnTruncated(partition, base::WallMs());
  Later(partition, [this, partition] { AskBegin(partition); });
}

void OutcomeReader::ArmProbe() {
  probe_.expires_after(std::chrono::milliseconds(kProbeMs));
  probe_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    admin_.EndOffset(kafka::kOutcomesTopic, 0, [this](absl::StatusOr<int64_t> end) {
      if (end.ok()) answered_ms_.store(MonotonicMs(), std::memory_order_relaxed);
    });
    ArmProbe();
  });
}

}  // namespace jembatan::gateway
