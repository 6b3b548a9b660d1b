#pragma once

// Probe: the bridge's numbers for /metrics. The shard calls Publish a few times a second;
// prometheus-cpp is thread-safe for the scraping side.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "services/bridge/core.h"

namespace jembatan::bridge {

class Probe {
 public:
  explicit Probe(prometheus::Registry* registry);

  // stuck: how many partitions are.
  void Publish(const Core& core, size_t stuck, uint64_t dropped_urls, Now now);
  // A partition will not be read on until somebody mends it.
  void PartitionStopped() { partitions_stopped_->Increment(); }

 private:
  struct Row {
    prometheus::Counter* counter;
    uint64_t BridgeCounts::* field;
    uint64_t published = 0;
  };

  std::vector<Row> rows_;
  prometheus::Counter* dropped_urls_;
  uint64_t dropped_urls_published_ = 0;
  prometheus::Counter* partitions_stopped_;
  prometheus::Gauge* partitions_;
  prometheus::Gauge* partitions_owned_;
  prometheus::Gauge* partitions_stuck_;
  prometheus::Gauge* lag_;
  prometheus::Gauge* unfinished_;
  prometheus::Gauge* oldest_seconds_;
  prometheus::Gauge* breaker_open_;
};

}  // namespace jembatan::bridge
