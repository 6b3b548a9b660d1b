#pragma once

// Probe: the auditor's numbers for /metrics. Called on the shard's thread; prometheus-cpp is
// thread-safe for the scraping side.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace jembatan::auditor {

class Probe {
 public:
  explicit Probe(prometheus::Registry* registry);

  void Sealed(const std::string& topic, size_t records);
  void Gap() { gaps_->Increment(); }
  // promise: 1 to 6.
  void Breach(int promise) { breaches_.at(static_cast<size_t>(promise - 1))->Increment(); }
  // Intents whose promise was looked at so far, intents that were forgotten before, and those that
  // are remembered at present.
  void Shadow(uint64_t checked, uint64_t unchecked, size_t remembered);
  void AppendFailed() { append_failures_->Increment(); }
  void Checkpoint(double seconds) {
    checkpoints_->Increment();
    checkpoint_seconds_->Observe(seconds);
  }
  void CheckpointFailed() { checkpoint_failures_->Increment(); }
  // Records of all logs, and those that no checkpoint covers yet.
  void Size(uint64_t records, uint64_t unsealed) {
    size_->Set(static_cast<double>(records));
    unsealed_->Set(static_cast<double>(unsealed));
  }

 private:
  prometheus::Family<prometheus::Counter>& records_;
  std::map<std::string, prometheus::Counter*> records_of_;
  std::array<prometheus::Counter*, 6> breaches_;
  prometheus::Gauge* shadow_checked_;
  prometheus::Gauge* shadow_unchecked_;
  prometheus::Gauge* shadow_remembered_;
  prometheus::Counter* gaps_;
  prometheus::Counter* append_failures_;
  prometheus::Counter* checkpoints_;
  prometheus::Counter* checkpoint_failures_;
  prometheus::Histogram* checkpoint_seconds_;
  prometheus::Gauge* size_;
  prometheus::Gauge* unsealed_;
};

}  // namespace jembatan::auditor
