#pragma once

// ReportRecords: the topics' records of a time, read with the right to read and nothing else, as
// the segments that a reckoning takes. Main thread; blocks.

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "absl/status/status.h"

#include "libs/beli_lokal/figures.h"
#include "libs/evidence/segment.h"
#include "libs/kafka/config.h"
#include "libs/ledger/entry.h"

namespace jembatan::ctl {

// What a report holds in memory; two million intents with their outcomes are some two GB.
inline constexpr size_t kReportRecordsMax = 4'000'000;

struct RecordsSource {
  kafka::ClusterConfig cluster;
  int partitions = 6;
  int timeout_ms = 15'000;
};

class ReportRecords {
 public:
  // Intents and outcomes of the window, and all offers. RESOURCE_EXHAUSTED: they are more than it
  // holds.
  absl::Status Collect(const RecordsSource& source, const beli_lokal::Window& window);

  // Views live as long as this.
  const std::map<ledger::LogId, evidence::Segment>& segments() const { return segments_; }

 private:
  struct Read {
    const char* topic;
    // Appended then or later; -1: all.
    int64_t since_ms;
    // And before then.
    int64_t before_ms;
  };
  absl::Status CollectTopic(const RecordsSource& source, const Read& read);

  std::map<ledger::LogId, evidence::Segment> segments_;
  // Keys and values; they stay where they are.
  std::deque<std::string> bytes_;
};

}  // namespace jembatan::ctl
