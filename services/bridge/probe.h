#pragma once

// Probe: the bridge's numbers for /metrics. The shard calls Publish a few times a second;
// prometheus-cpp is thread-safe for the scraping side.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "services/bridge/core.h"

namespace jembatan::bridge {

class Probe {
 public:
  explicit Probe(prometheus::Registry* registry);

  // Names the marketplaces, by number; once, before the first Publish.
  void SetMarketplaces(const std::vector<std::string>& ids);

  // Of one marketplace: whether it can be reached, and what its answers had too much of, since the
  // start.
  struct Answers {
    bool stream_up = false;
    uint64_t dropped_urls = 0;
    uint64_t unknown_fields = 0;
  };
  // stuck: how many partitions are. answers: by the marketplaces' numbers.
  void Publish(const Core& core, size_t stuck, const std::vector<Answers>& answers, Now now);
  // Another policy is in force. A changed file was refused.
  void PolicyTaken(const policy::Policy& policy);
  void PolicyRefused() { policies_refused_->Increment(); }
  // A partition will not be read on until somebody mends it.
  void PartitionStopped() { partitions_stopped_->Increment(); }

 private:
  struct Row {
    prometheus::Counter* counter;
    uint64_t BridgeCounts::* field;
    uint64_t published = 0;
  };
  void MakeFamilies();
  void AddPolicies();
  static void PublishRow(Row* row, const BridgeCounts& counts);
  void PublishMarket(const Core& core, size_t number, const Answers& answers);

  // What is told of each marketplace apart, so that they can be held against each other.
  struct Market {
    std::vector<Row> rows;
    prometheus::Histogram* outcome_seconds;
    OutcomeTimes published;
    std::map<int, std::pair<prometheus::Counter*, uint64_t>> refused;  // by reason
    prometheus::Counter* dropped_urls;
    prometheus::Gauge* up;
    prometheus::Gauge* breaker_open;
    Answers answers;
    std::string id;
  };

  prometheus::Registry* const registry_;
  std::vector<Row> rows_;
  std::vector<Market> markets_;
  prometheus::Family<prometheus::Counter>* refused_;
  prometheus::Counter* unknown_fields_;
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
};

}  // namespace jembatan::bridge
