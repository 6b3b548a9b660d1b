#pragma once

// Probe: the bridge's numbers for /metrics. The shard calls Publish a few times a second;
// prometheus-cpp is thread-safe for the scraping side.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "services/bridge/core.h"

namespace jembatan::bridge {

class Probe {
 public:
  explicit Probe(prometheus::Registry* registry);

  // Of the marketplace's answers, since the start.
  struct Dropped {
    uint64_t urls = 0;
    uint64_t unknown_fields = 0;
  };
  // stuck: how many partitions are.
  void Publish(const Core& core, size_t stuck, const Dropped& dropped, Now now);
  // Another policy is in force. A changed file was refused.
  void PolicyTaken(const policy::Policy& policy);
  void PolicyRefused() { policies_refused_->Increment(); }
  // A partition will not be read on until somebody mends it.
  void PartitionStopped() { partitions_stopped_->Increment(); }

 private:
  void MakeDropped(prometheus::Registry* registry);
  void AddPolicies(prometheus::Registry* registry);

  struct Row {
    prometheus::Counter* counter;
    uint64_t BridgeCounts::* field;
    uint64_t published = 0;
  };

  std::vector<Row> rows_;
  prometheus::Counter* dropped_urls_;
  prometheus::Counter* unknown_fields_;
  Dropped published_;
  prometheus::Counter* policies_taken_;
  prometheus::Counter* policies_refused_;
  prometheus::Family<prometheus::Gauge>* policy_versions_;
  prometheus::Gauge* policy_ = nullptr;
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
