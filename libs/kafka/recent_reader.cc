#include "libs/kafka/recent_reader.h"

#include <utility>

#include "libs/base/clock.h"
#include "libs/base/log.h"
#include "libs/base/status.h"

namespace jembatan::kafka {
namespace {

constexpr std::chrono::milliseconds kBeginAgain{500};

}  // namespace

RecentReader::RecentReader(Options options, Admin& admin, boost::asio::io_context& context,
                           Sink sink)
    : options_(std::move(options)),
      admin_(admin),
      context_(context),
      sink_(std::move(sink)),
      behind_(options_.partitions) {
  for (int i = 0; i < options_.partitions; ++i) {
    partitions_.push_back(std::make_unique<Partition>(context));
  }
}

RecentReader::~RecentReader() = default;

absl::Status RecentReader::Start() {
  JEMB_ASSIGN_OR_RETURN(reader_, PartitionReader::Create(options_.reader, context_, this));
  for (int32_t i = 0; i < options_.partitions; ++i) Begin(i);
  return absl::OkStatus();
}

void RecentReader::Begin(int32_t partition) {
  const int64_t since_ms = base::WallMs() - options_.reach.count();
  admin_.OffsetAtTime(options_.reader.topic, partition, since_ms,
                      [this, partition](const absl::StatusOr<int64_t>& offset) {
                        if (!offset.ok()) return BeginLater(partition);
                        reader_->Start(partition, *offset);
                      });
}

void RecentReader::BeginLater(int32_t partition) {
  boost::asio::steady_timer& again = partitions_.at(static_cast<size_t>(partition))->again;
  again.expires_after(kBeginAgain);
  again.async_wait([this, partition](const boost::system::error_code& error) {
    if (!error) Begin(partition);
  });
}

void RecentReader::OnRecords(std::span<const Record> records) { sink_(records); }

void RecentReader::OnPartitionEnd(int32_t partition, int64_t /*next_offset*/) {
  if (partition < 0 || partition >= options_.partitions) return;
  if (!std::exchange(partitions_[static_cast<size_t>(partition)]->caught_up, true)) --behind_;
}

void RecentReader::OnError(int32_t partition, const absl::Status& status) {
  base::Log(base::Level::kWarn, "reading_error",
            {{"topic", options_.reader.topic},
             {"partition", partition},
             {"error", base::ToString(status)}});
  if (partition < 0 || partition >= options_.partitions || !StopsPartition(status)) return;
  reader_->Stop(partition);
  BeginLater(partition);
}

}  // namespace jembatan::kafka
