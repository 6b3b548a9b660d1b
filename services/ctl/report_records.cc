#include "services/ctl/report_records.h"

#include <limits>
#include <string_view>

#include "libs/base/status.h"
#include "libs/evidence/limits.h"
#include "services/ctl/topic_scan.h"

namespace jembatan::ctl {
namespace {

constexpr int64_t kForEver = std::numeric_limits<int64_t>::max();

}  // namespace

absl::Status ReportRecords::Collect(const RecordsSource& source, const beli_lokal::Window& window) {
  // An instant before 1970 asks for everything.
  const auto since = [](int64_t time_ms) { return time_ms < 0 ? int64_t{-1} : time_ms; };
  // Copies of an intent come before the time that it belongs to, finals after it.
  const int64_t first_ms = window.from_ms - evidence::kLeadMs;
  const int64_t last_ms = window.to_ms + evidence::kTailMs;
  const Read reads[] = {
      {kafka::kOffersTopic, -1, kForEver},
      {kafka::kIntentsTopic, since(first_ms), window.to_ms},
      {kafka::kOutcomesTopic, since(window.from_ms - kTokenAgeMs), last_ms},
  };
  for (const Read& read : reads) JEMB_RETURN_IF_ERROR(CollectTopic(source, read));
  return absl::OkStatus();
}

absl::Status ReportRecords::CollectTopic(const RecordsSource& source, const Read& read) {
  const TopicScan scan{.cluster = source.cluster,
                       .topic = read.topic,
                       .partitions = source.partitions,
                       .since_ms = read.since_ms,
                       .timeout_ms = source.timeout_ms};
  bool full = false;
  JEMB_RETURN_IF_ERROR(ScanTopic(scan, [&](const kafka::Record& record) {
    if (full || record.append_time_ms >= read.before_ms) return;
    if (bytes_.size() >= kReportRecordsMax) {
      full = true;
      return;
    }
    const ledger::LogId log{read.topic, record.partition};
    evidence::Segment& segment = segments_[log];
    segment.log = log;
    std::string& bytes = bytes_.emplace_back(record.key);
    bytes.append(record.value);
    const std::string_view view = bytes;
    segment.records.push_back({.offset = record.offset,
                               .append_ms = record.append_time_ms,
                               .key = view.substr(0, record.key.size()),
                               .value = view.substr(record.key.size())});
  }));
  if (!full) return absl::OkStatus();
  return base::ResourceExhausted("more than " + std::to_string(kReportRecordsMax) +
                                 " records; choose a shorter time");
}

}  // namespace jembatan::ctl
