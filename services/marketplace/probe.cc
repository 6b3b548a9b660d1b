#include "services/marketplace/probe.h"

#include <string>

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "libs/base/metrics.h"

namespace jembatan::marketplace {

struct Probe::Metrics {
  prometheus::Family<prometheus::Counter>& results;
  prometheus::Counter& stale;
  prometheus::Counter& unknown_fields;
  prometheus::Counter& failures;
  prometheus::Counter& cancelled;
  prometheus::Histogram& batch_orders;
  prometheus::Histogram& batch_seconds;
};

Probe::Probe(prometheus::Registry& registry) {
  const auto counter = [&registry](const char* name, const char* help) -> prometheus::Counter& {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
  };
  metrics_ = std::make_unique<Metrics>(Metrics{
      prometheus::BuildCounter()
          .Name("jembatan_marketplace_results_total")
          .Help("Results told to the bridge")
          .Register(registry),
      counter("jembatan_marketplace_stale_total", "Calls refused for their token"),
      counter("jembatan_marketplace_unknown_fields_total",
              "Fields that the contract does not have, dropped at the border"),
      counter("jembatan_marketplace_store_failures_total", "Calls that the store could not answer"),
      counter("jembatan_marketplace_holds_cancelled_total", "Orders cancelled unpaid"),
      prometheus::BuildHistogram()
          .Name("jembatan_marketplace_batch_orders")
          .Help("Orders in a batch")
          .Register(registry)
          .Add({}, prometheus::Histogram::BucketBoundaries{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}),
      prometheus::BuildHistogram()
          .Name("jembatan_marketplace_batch_seconds")
          .Help("From a batch read to its results on the disk")
          .Register(registry)
          .Add({}, base::LatencyBucketsSeconds())});
}

Probe::~Probe() = default;

void Probe::BatchDecided(std::span<const Result> results, double seconds) {
  if (results.empty()) return;
  metrics_->batch_orders.Observe(static_cast<double>(results.size()));
  metrics_->batch_seconds.Observe(seconds);
  // Looking a counter up costs more than a decision, and neighbours mostly have the same fate.
  const auto alike = [](const Result& a, const Result& b) {
    return a.state == b.state && a.reason == b.reason && a.replayed == b.replayed;
  };
  for (size_t first = 0; first < results.size();) {
    size_t next = first + 1;
    while (next < results.size() && alike(results[first], results[next])) ++next;
    const Result& result = results[first];
    metrics_->results
        .Add({{"state", orders::v1::OrderResult::State_Name(result.state)},
              {"reason", orders::v1::Reason_Name(result.reason)},
              {"replayed", result.replayed ? "true" : "false"}})
        .Increment(static_cast<double>(next - first));
    first = next;
  }
}

void Probe::StaleRefused() { metrics_->stale.Increment(); }

void Probe::UnknownFieldsDropped(uint64_t fields) {
  if (fields > 0) metrics_->unknown_fields.Increment(static_cast<double>(fields));
}

void Probe::StoreFailed() { metrics_->failures.Increment(); }

void Probe::HoldsCancelled(int orders) { metrics_->cancelled.Increment(orders); }

}  // namespace jembatan::marketplace
