#include "services/bridge/probe.h"

#include <algorithm>

#include "libs/base/text.h"

namespace jembatan::bridge {
namespace {

prometheus::Gauge* MakeGauge(prometheus::Registry* registry, const char* name, const char* help) {
  return &prometheus::BuildGauge().Name(name).Help(help).Register(*registry).Add({});
}

}  // namespace

Probe::Probe(prometheus::Registry* registry) {
  auto& outcomes = prometheus::BuildCounter()
                       .Name("jembatan_bridge_outcomes_total")
                       .Help("Final outcomes decided, by state.")
                       .Register(*registry);
  for (auto& [state, field] : {std::pair{"ordered", &BridgeCounts::ordered},
                               std::pair{"handed_off", &BridgeCounts::handed_off},
                               std::pair{"rejected", &BridgeCounts::rejected},
                               std::pair{"expired", &BridgeCounts::expired}}) {
    rows_.push_back({&outcomes.Add({{"state", state}}), field});
  }
  struct {
    const char* name;
    const char* help;
    uint64_t BridgeCounts::* field;
  } plain[] = {
      {"jembatan_bridge_intents_total", "Intents read from the log.", &BridgeCounts::intents},
      {"jembatan_bridge_placed_total", "Orders sent to the marketplace.", &BridgeCounts::placed},
      {"jembatan_bridge_asked_total", "Intents asked about by GetOrders.", &BridgeCounts::asked},
      {"jembatan_bridge_repeated_total", "Finals repeated for a copy.", &BridgeCounts::repeated},
      {"jembatan_bridge_void_total", "Intents appended too late.", &BridgeCounts::void_intents},
      {"jembatan_bridge_dead_letters_total", "Dead letters written.", &BridgeCounts::dead_letters},
      {"jembatan_bridge_retries_total", "Results that said RETRY.", &BridgeCounts::retries},
      {"jembatan_bridge_unclear_total", "Results with a state that only a newer bridge knows.",
       &BridgeCounts::unclear},
      {"jembatan_bridge_unconfirmed_total", "Buyers told that the marketplace is being asked.",
       &BridgeCounts::unconfirmed},
      {"jembatan_bridge_claims_total", "Claims of a partition.", &BridgeCounts::claims},
      {"jembatan_bridge_superseded_total", "Times another owner took over.",
       &BridgeCounts::superseded},
      {"jembatan_bridge_unreadable_outcomes_total", "Outcome records that could not be decoded.",
       &BridgeCounts::unreadable_outcomes},
      {"jembatan_bridge_halted_total", "Intents refused because sales are halted.",
       &BridgeCounts::halted},
      {"jembatan_bridge_excluded_total", "Intents refused as not in the rollout.",
       &BridgeCounts::excluded},
      {"jembatan_bridge_shadowed_total", "Intents decided and, by a control, not ordered.",
       &BridgeCounts::shadowed},
      {"jembatan_bridge_linked_out_total", "Intents sent to the marketplace's page.",
       &BridgeCounts::linked_out},
  };
  for (const auto& row : plain) {
    auto& family = prometheus::BuildCounter().Name(row.name).Help(row.help).Register(*registry);
    rows_.push_back({&family.Add({}), row.field});
  }
  MakeDropped(registry);
  AddPolicies(registry);
  partitions_stopped_ = &prometheus::BuildCounter()
                             .Name("jembatan_bridge_partitions_stopped_total")
                             .Help("Partitions not read on, because something would be skipped.")
                             .Register(*registry)
                             .Add({});
  partitions_ = MakeGauge(registry, "jembatan_bridge_partitions", "Partitions assigned.");
  partitions_owned_ = MakeGauge(registry, "jembatan_bridge_partitions_owned",
                                "Partitions owned, so that orders are placed.");
  partitions_stuck_ = MakeGauge(registry, "jembatan_bridge_partitions_stuck",
                                "Partitions whose watermark stands with nothing in its way.");
  lag_ = MakeGauge(registry, "jembatan_bridge_lag_records",
                   "Records between the watermarks and the log's ends as last heard of.");
  unfinished_ = MakeGauge(registry, "jembatan_bridge_unfinished", "Intents read and not finished.");
  oldest_seconds_ = MakeGauge(registry, "jembatan_bridge_oldest_unfinished_seconds",
                              "Age of the oldest unfinished intent.");
  breaker_open_ = MakeGauge(registry, "jembatan_bridge_breaker_open",
                            "1 while the marketplace decides nothing and is only tried.");
}

void Probe::MakeDropped(prometheus::Registry* registry) {
  auto& unknown = prometheus::BuildCounter()
                      .Name("jembatan_bridge_unknown_fields_total")
                      .Help("Fields that the contract does not have, dropped at the border.")
                      .Register(*registry);
  rows_.push_back({&unknown.Add({{"from", "intents"}}), &BridgeCounts::unknown_fields});
  unknown_fields_ = &unknown.Add({{"from", "marketplace"}});
  dropped_urls_ = &prometheus::BuildCounter()
                       .Name("jembatan_bridge_dropped_urls_total")
                       .Help("Links outside the marketplace's registered hosts.")
                       .Register(*registry)
                       .Add({});
}

void Probe::AddPolicies(prometheus::Registry* registry) {
  auto& refused = prometheus::BuildCounter()
                      .Name("jembatan_bridge_refused_by_policy_total")
                      .Help("Intents that a rule of the policy refused.")
                      .Register(*registry);
  rows_.push_back({&refused.Add({}), &BridgeCounts::refused_by_policy});
  auto& policies = prometheus::BuildCounter()
                       .Name("jembatan_bridge_policies_total")
                       .Help("Policies read from the file, by what became of them.")
                       .Register(*registry);
  policies_taken_ = &policies.Add({{"result", "taken"}});
  policies_refused_ = &policies.Add({{"result", "refused"}});
  policy_versions_ = &prometheus::BuildGauge()
                          .Name("jembatan_bridge_policy_in_force")
                          .Help("1 for the version of the policy in force.")
                          .Register(*registry);
}

void Probe::PolicyTaken(const policy::Policy& policy) {
  policies_taken_->Increment();
  if (policy_ != nullptr) policy_versions_->Remove(policy_);
  policy_ = &policy_versions_->Add({{"version", base::Hex(policy.version)}}, 1);
}

void Probe::Publish(const Core& core, size_t stuck, const Dropped& dropped, Now now) {
  for (Row& row : rows_) {
    uint64_t counted = core.counts().*row.field;
    row.counter->Increment(static_cast<double>(counted - row.published));
    row.published = counted;
  }
  dropped_urls_->Increment(static_cast<double>(dropped.urls - published_.urls));
  unknown_fields_->Increment(
      static_cast<double>(dropped.unknown_fields - published_.unknown_fields));
  published_ = dropped;
  size_t owned = 0;
  size_t unfinished = 0;
  int64_t lag = 0;
  int64_t oldest_ms = now.wall_ms;
  for (const auto& [number, partition] : core.partitions()) {
    owned += partition->owns() ? 1 : 0;
    unfinished += partition->unfinished();
    const Standing standing = partition->standing(now);
    lag += standing.log_end - standing.watermark;
    if (partition->oldest_append_ms() >= 0) {
      oldest_ms = std::min(oldest_ms, partition->oldest_append_ms());
    }
  }
  partitions_->Set(static_cast<double>(core.partitions().size()));
  partitions_owned_->Set(static_cast<double>(owned));
  partitions_stuck_->Set(static_cast<double>(stuck));
  lag_->Set(static_cast<double>(lag));
  unfinished_->Set(static_cast<double>(unfinished));
  breaker_open_->Set(core.marketplace_usable() ? 0 : 1);
  oldest_seconds_->Set(static_cast<double>(now.wall_ms - oldest_ms) / 1000);
}

}  // namespace jembatan::bridge
