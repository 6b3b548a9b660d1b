#include "services/ctl/topic_scan.h"

#include <chrono>
#include <memory>
#include <set>

#include <boost/asio/io_context.hpp>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/kafka/admin.h"

namespace jembatan::ctl {
namespace {

class Scanner final : public kafka::ReaderHandler {
 public:
  Scanner(const TopicScan& scan, const std::function<void(const kafka::Record&)>& visit)
      : scan_(scan), visit_(visit) {}

  absl::Status Run() {
    JEMB_ASSIGN_OR_RETURN(auto admin, kafka::Admin::Create(scan_.cluster, context_));
    kafka::ReaderOptions reader{.cluster = scan_.cluster, .topic = scan_.topic};
    JEMB_ASSIGN_OR_RETURN(reader_, kafka::PartitionReader::Create(reader, context_, this));
    for (const auto& [partition, offset] : scan_.from_offsets) {
      open_.insert(partition);
      reader_->Start(partition, offset);
    }
    const int partitions = scan_.from_offsets.empty() ? scan_.partitions : 0;
    for (int32_t partition = 0; partition < partitions; ++partition) {
      open_.insert(partition);
      auto start = [this, partition](absl::StatusOr<int64_t> offset) {
        if (!offset.ok()) return Fail(offset.status());
        reader_->Start(partition, *offset);
      };
      if (scan_.since_ms < 0) {
        admin->BeginOffset(scan_.topic, partition, start);
      } else {
        admin->OffsetAtTime(scan_.topic, partition, scan_.since_ms, start);
      }
    }
    while (!open_.empty() && status_.ok()) {
      uint64_t before = records_;
      size_t open_before = open_.size();
      context_.restart();
      context_.run_for(std::chrono::milliseconds(10));
      if (records_ > before || open_.size() < open_before) silent_ms_ = 0;
      if ((silent_ms_ += 10) > scan_.timeout_ms) Fail(base::Unavailable("the cluster is silent"));
    }
    reader_.reset();
    return status_;
  }

  void OnRecords(std::span<const kafka::Record> records) override {
    for (const kafka::Record& record : records) {
      if (!open_.contains(record.partition)) continue;
      ++records_;
      visit_(record);
    }
  }
  void OnPartitionEnd(int32_t partition, int64_t /*next_offset*/) override {
    open_.erase(partition);
  }
  void OnError(int32_t /*partition*/, const absl::Status& status) override { Fail(status); }

 private:
  void Fail(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }

  const TopicScan& scan_;
  const std::function<void(const kafka::Record&)>& visit_;
  boost::asio::io_context context_{1};
  std::unique_ptr<kafka::PartitionReader> reader_;
  std::set<int32_t> open_;  // partitions not read to their end yet
  uint64_t records_ = 0;
  int silent_ms_ = 0;
  absl::Status status_;
};

}  // namespace

std::string Shown(const std::string& text) { return base::IsUtf8(text) ? text : base::Hex(text); }

absl::Status ScanTopic(const TopicScan& scan,
                       const std::function<void(const kafka::Record& record)>& visit) {
  return Scanner(scan, visit).Run();
}

}  // namespace jembatan::ctl
