#include "services/auditor/probe.h"

#include "libs/base/metrics.h"

namespace jembatan::auditor {
namespace {

prometheus::Counter* MakeCounter(prometheus::Registry* registry, const char* name,
                                 const char* help) {
  return &prometheus::BuildCounter().Name(name).Help(help).Register(*registry).Add({});
}

prometheus::Gauge* MakeGauge(prometheus::Registry* registry, const char* name, const char* help) {
  return &prometheus::BuildGauge().Name(name).Help(help).Register(*registry).Add({});
}

}  // namespace

Probe::Probe(prometheus::Registry* registry)
    : records_(prometheus::BuildCounter()
                   .Name("jembatan_auditor_records_total")
                   .Help("Records read into the ledger.")
                   .Register(*registry)),
      shadow_checked_(MakeGauge(registry, "jembatan_auditor_shadow_checked",
                                "Intents found to be kept to, or not, since the start.")),
      shadow_unchecked_(MakeGauge(registry, "jembatan_auditor_shadow_unchecked",
                                  "Intents that had to be forgotten before, since the start.")),
      shadow_remembered_(MakeGauge(registry, "jembatan_auditor_shadow_remembered",
                                   "Intents that are being watched.")),
      gaps_(MakeCounter(registry, "jembatan_auditor_gaps_total",
                        "Times that records were gone from the log before they were read.")),
      append_failures_(MakeCounter(registry, "jembatan_auditor_append_failures_total",
                                   "Batches that could not be written, and were read again.")),
      checkpoints_(MakeCounter(registry, "jembatan_auditor_checkpoints_total",
                               "Checkpoints signed and kept.")),
      checkpoint_failures_(MakeCounter(registry, "jembatan_auditor_checkpoint_failures_total",
                                       "Checkpoints that could not be kept.")),
      checkpoint_seconds_(&prometheus::BuildHistogram()
                               .Name("jembatan_auditor_checkpoint_seconds")
                               .Help("From the sync of what was read to the checkpoint kept.")
                               .Register(*registry)
                               .Add({}, base::LatencyBucketsSeconds())),
      size_(MakeGauge(registry, "jembatan_auditor_ledger_records", "Records in the ledger.")),
      unsealed_(MakeGauge(registry, "jembatan_auditor_unsealed_records",
                          "Those of them that no checkpoint covers yet.")) {
  auto& family = prometheus::BuildCounter()
                     .Name("jembatan_auditor_breaches_total")
                     .Help("Breaches of the promise that the topics show.")
                     .Register(*registry);
  for (size_t i = 0; i < breaches_.size(); ++i) {
    breaches_[i] = &family.Add({{"promise", "P" + std::to_string(i + 1)}});
  }
}

void Probe::Shadow(uint64_t checked, uint64_t unchecked, size_t remembered) {
  shadow_checked_->Set(static_cast<double>(checked));
  shadow_unchecked_->Set(static_cast<double>(unchecked));
  shadow_remembered_->Set(static_cast<double>(remembered));
}

void Probe::Sealed(const std::string& topic, size_t records) {
  prometheus::Counter*& counter = records_of_[topic];
  if (counter == nullptr) counter = &records_.Add({{"topic", topic}});
  counter->Increment(static_cast<double>(records));
}

}  // namespace jembatan::auditor
