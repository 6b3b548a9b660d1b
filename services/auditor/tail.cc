#include "services/auditor/tail.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "libs/base/log.h"
#include "libs/base/status.h"
#include "services/auditor/limits.h"

namespace jembatan::auditor {

Tail::Tail(TailOptions options, ledger_store::Store& store, kafka::Admin& admin, Probe& probe,
           boost::asio::io_context& context, Sink sink)
    : options_(std::move(options)),
      store_(store),
      admin_(admin),
      probe_(probe),
      context_(context),
      sink_(std::move(sink)) {
  for (int i = 0; i < options_.partitions; ++i) {
    partitions_.push_back(std::make_unique<Partition>(context));
  }
}

Tail::~Tail() = default;

absl::Status Tail::Start() {
  JEMB_ASSIGN_OR_RETURN(reader_, kafka::PartitionReader::Create({.cluster = options_.cluster,
                                                                 .topic = options_.topic,
                                                                 .fetch_wait_max_ms = kFetchWaitMs,
                                                                 .fetch_min_bytes = kFetchBytes,
                                                                 .queued_kbytes = kQueuedKilobytes},
                                                                context_, this));
  for (int32_t partition = 0; partition < options_.partitions; ++partition) Begin(partition);
  return absl::OkStatus();
}

std::string Tail::WhyNotRead() const {
  std::string why;
  for (size_t i = 0; i < partitions_.size(); ++i) {
    if (partitions_[i]->not_read.empty()) continue;
    if (!why.empty()) why += '\n';
    why += options_.topic + "/" + std::to_string(i) + ": " + partitions_[i]->not_read;
  }
  return why;
}

void Tail::Begin(int32_t partition) {
  Partition& state = *partitions_[partition];
  if (const auto next_offset = store_.NextOffset(LogOf(partition))) {
    if (state.sunk < 0) state.sunk = store_.FoundEnd(LogOf(partition))->next_offset;
    return ReadFrom(partition, std::min(state.sunk, *next_offset));
  }
  const auto again = [this, partition] { Begin(partition); };
  admin_.BeginOffset(
      options_.topic, partition, [this, partition, again](absl::StatusOr<int64_t> begin) {
        const absl::Status begun =
            begin.ok() ? store_.Begin(LogOf(partition), *begin) : begin.status();
        if (!begun.ok()) return Pause(partition, base::ToString(begun), again);
        base::Log(base::Level::kInfo, "log_begun",
                  {{"topic", options_.topic}, {"partition", partition}, {"offset", *begin}});
        Begin(partition);
      });
}

void Tail::ReadFrom(int32_t partition, int64_t offset) {
  partitions_[partition]->not_read.clear();
  reader_->Start(partition, offset);
}

void Tail::Pause(int32_t partition, const std::string& why, std::function<void()> task) {
  reader_->Stop(partition);
  Partition& state = *partitions_[partition];
  state.not_read = why;
  state.retry.expires_after(std::chrono::milliseconds(kRetryMs));
  state.retry.async_wait([task = std::move(task)](const boost::system::error_code& error) {
    if (!error) task();
  });
}

void Tail::OnRecords(std::span<const kafka::Record> records) {
  while (!records.empty()) {
    const int32_t partition = records.front().partition;
    size_t count = 1;
    while (count < records.size() && records[count].partition == partition) ++count;
    // What follows a failure in the same batch is read again with what failed.
    if (partitions_[partition]->not_read.empty()) Put(partition, records.first(count));
    records = records.subspan(count);
  }
}

void Tail::Put(int32_t partition, std::span<const kafka::Record> records) {
  const int64_t next_offset = *store_.NextOffset(LogOf(partition));
  const auto fresh = std::find_if(records.begin(), records.end(), [&](const kafka::Record& record) {
    return record.offset >= next_offset;
  });
  if (fresh != records.end() && !Append(partition, {fresh, records.end()})) return;
  for (const kafka::Record& record : records) {
    partitions_[partition]->sunk = record.offset + 1;
    if (sink_.record) sink_.record(record);
  }
}

bool Tail::Append(int32_t partition, std::span<const kafka::Record> records) {
  entries_.clear();
  for (const kafka::Record& record : records) {
    entries_.push_back({record.offset, record.append_time_ms,
                        ledger::DigestOf(hasher_, record.key, record.value)});
  }
  const absl::Status appended = store_.Append(LogOf(partition), entries_);
  if (appended.ok()) {
    probe_.Sealed(options_.topic, records.size());
    return true;
  }
  probe_.AppendFailed();
  base::Log(
      base::Level::kError, "append_failed",
      {{"topic", options_.topic}, {"partition", partition}, {"status", base::ToString(appended)}});
  Pause(partition, base::ToString(appended), [this, partition] { Begin(partition); });
  return false;
}

void Tail::OnError(int32_t partition, const absl::Status& status) {
  base::Log(
      base::Level::kWarn, "reader_error",
      {{"topic", options_.topic}, {"partition", partition}, {"status", base::ToString(status)}});
  if (partition < 0 || !kafka::StopsPartition(status)) return;
  if (absl::IsOutOfRange(status)) {
    return Pause(partition, base::ToString(status), [this, partition] { LookForGap(partition); });
  }
  // A batch that fails its checksum may be whole at the partition's next leader.
  Pause(partition, base::ToString(status), [this, partition] { Begin(partition); });
}

void Tail::LookForGap(int32_t partition) {
  admin_.BeginOffset(options_.topic, partition, [this, partition](absl::StatusOr<int64_t> begin) {
    if (begin.ok()) return GoOnBehind(partition, *begin);
    Pause(partition, base::ToString(begin.status()), [this, partition] { LookForGap(partition); });
  });
}

void Tail::GoOnBehind(int32_t partition, int64_t log_begin) {
  Partition& state = *partitions_[partition];
  const int64_t next = *store_.NextOffset(LogOf(partition));
  const int64_t asked = std::min(state.sunk, next);
  if (log_begin <= asked) {
    base::Log(base::Level::kError, "log_shortened",
              {{"topic", options_.topic}, {"partition", partition}, {"next", next}});
    // Looked at again and again: the end may only have been behind for a moment.
    return Pause(partition,
                 "the log ends before offset " + std::to_string(next) + ", which was read",
                 [this, partition] { Begin(partition); });
  }
  if (log_begin > next) {
    probe_.Gap();
    base::Log(base::Level::kError, "ledger_gap",
              {{"topic", options_.topic},
               {"partition", partition},
               {"next", next},
               {"log_begin", log_begin}});
  }
  if (sink_.gap) sink_.gap(partition);
  state.sunk = log_begin;
  ReadFrom(partition, log_begin);
}

}  // namespace jembatan::auditor
