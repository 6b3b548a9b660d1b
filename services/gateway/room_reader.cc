#include "services/gateway/room_reader.h"

#include <chrono>
#include <utility>

#include "libs/base/log.h"
#include "libs/base/status.h"

namespace jembatan::gateway {
namespace {

// All rooms are in one partition.
constexpr int32_t kPartition = 0;
constexpr std::chrono::milliseconds kBeginAgain(500);

}  // namespace

RoomReader::RoomReader(kafka::ClusterConfig cluster, kafka::Admin& admin,
                       boost::asio::io_context& context, Sink sink)
    : cluster_(std::move(cluster)),
      admin_(admin),
      context_(context),
      sink_(std::move(sink)),
      again_(context) {}

RoomReader::~RoomReader() = default;

absl::Status RoomReader::Start() {
  // A pin is one small record: it must not wait for others.
  kafka::ReaderOptions options{
      .cluster = cluster_, .topic = kafka::kRoomsTopic, .fetch_min_bytes = 1};
  JEMB_ASSIGN_OR_RETURN(reader_, kafka::PartitionReader::Create(options, context_, this));
  Begin();
  return absl::OkStatus();
}

void RoomReader::Begin() {
  admin_.BeginOffset(kafka::kRoomsTopic, kPartition, [this](absl::StatusOr<int64_t> begin) {
    if (!begin.ok()) return BeginLater();
    auto batch = std::make_shared<RoomBatch>();
    batch->anew = true;
    batch->next_offset = *begin;
    sink_(batch);
    reader_->Start(kPartition, *begin);
  });
}

void RoomReader::BeginLater() {
  again_.expires_after(kBeginAgain);
  again_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Begin();
  });
}

void RoomReader::OnRecords(std::span<const kafka::Record> records) {
  auto batch = std::make_shared<RoomBatch>();
  for (const kafka::Record& record : records) {
    batch->records.push_back(
        {std::string(record.key), std::string(record.value), record.append_time_ms});
    batch->next_offset = record.offset + 1;
  }
  sink_(batch);
}

void RoomReader::OnPartitionEnd(int32_t /*partition*/, int64_t next_offset) {
  auto batch = std::make_shared<RoomBatch>();
  batch->next_offset = next_offset;
  batch->at_end = true;
  sink_(batch);
}

void RoomReader::OnError(int32_t partition, const absl::Status& status) {
  base::Log(base::Level::kWarn, "rooms_error",
            {{"partition", partition}, {"error", base::ToString(status)}});
  if (partition != kPartition || !kafka::StopsPartition(status)) return;
  reader_->Stop(kPartition);
  BeginLater();
}

}  // namespace jembatan::gateway
