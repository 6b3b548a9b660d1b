#include "services/bridge/probe.h"

#include <algorithm>

#include "libs/base/metrics.h"
#include "libs/base/text.h"

namespace jembatan::bridge {
namespace {

prometheus::Gauge* MakeGauge(prometheus::Registry* registry, const char* name, const char* help) {
  return &prometheus::BuildGauge().Name(name).Help(help).Register(*registry).Add({});
}

}  // namespace

Probe::Probe(prometheus::Registry* registry) : registry_(registry) {
  struct {
    const char* name;
    const char* help;
    uint64_t BridgeCounts::* field;
  } plain[] = {
      {"jembatan_bridge_intents_total", "Intents read from the log.", &BridgeCounts::intents},
      {"jembatan_bridge_asked_total", "Intents asked about by GetOrders.", &BridgeCounts::asked},
      {"jembatan_bridge_repeated_total", "Finals repeated for a copy.", &BridgeCounts::repeated},
      {"jembatan_bridge_void_total", "Intents appended too late.", &BridgeCounts::void_intents},
      {"jembatan_bridge_dead_letters_total", "Dead letters written.", &BridgeCounts::dead_letters},
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
  MakeFamilies();
  AddPolicies();
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
}

void Probe::MakeFamilies() {
  auto& unknown = prometheus::BuildCounter()
                      .Name("jembatan_bridge_unknown_fields_total")
                      .Help("Fields that the contract does not have, dropped at the border.")
                      .Register(*registry_);
  rows_.push_back({&unknown.Add({{"from", "intents"}}), &BridgeCounts::unknown_fields});
  unknown_fields_ = &unknown.Add({{"from", "marketplace"}});
  refused_ = &prometheus::BuildCounter()
                  .Name("jembatan_bridge_refused_total")
                  .Help("Intents REJECTED, by marketplace and reason.")
                  .Register(*registry_);
}

void Probe::SetMarketplaces(const std::vector<std::string>& ids) {
  const auto counter = [this](const char* name, const char* help) {
    return &prometheus::BuildCounter().Name(name).Help(help).Register(*registry_);
  };
  const auto gauge = [this](const char* name, const char* help) {
    return &prometheus::BuildGauge().Name(name).Help(help).Register(*registry_);
  };
  auto* outcomes = counter("jembatan_bridge_outcomes_total",
                           "Final outcomes decided, by marketplace and state.");
  auto* placed = counter("jembatan_bridge_placed_total", "Orders sent to the marketplace.");
  auto* retries = counter("jembatan_bridge_retries_total", "Results that said RETRY.");
  auto* dropped = counter("jembatan_bridge_dropped_urls_total",
                          "Links outside the marketplace's registered hosts.");
  auto* up = gauge("jembatan_bridge_marketplace_up", "1 while there is a stream to it.");
  auto* open = gauge("jembatan_bridge_breaker_open",
                     "1 while the marketplace decides nothing and is only tried.");
  auto* seconds = &prometheus::BuildHistogram()
                       .Name("jembatan_bridge_outcome_seconds")
                       .Help("From an intent's append to its outcome.")
                       .Register(*registry_);
  for (const std::string& id : ids) {
    const prometheus::Labels labels{{"marketplace", id}};
    Market& market = markets_.emplace_back();
    market.id = id;
    for (auto& [state, field] : {std::pair{"ordered", &BridgeCounts::ordered},
                                 std::pair{"handed_off", &BridgeCounts::handed_off},
                                 std::pair{"rejected", &BridgeCounts::rejected},
                                 std::pair{"expired", &BridgeCounts::expired}}) {
      market.rows.push_back({&outcomes->Add({{"marketplace", id}, {"state", state}}), field});
    }
    market.rows.push_back({&placed->Add(labels), &BridgeCounts::placed});
    market.rows.push_back({&retries->Add(labels), &BridgeCounts::retries});
    market.dropped_urls = &dropped->Add(labels);
    market.up = &up->Add(labels);
    market.breaker_open = &open->Add(labels);
    market.outcome_seconds = &seconds->Add(labels, base::LatencyBucketsSeconds());
  }
}

void Probe::AddPolicies() {
  auto& refused = prometheus::BuildCounter()
                      .Name("jembatan_bridge_refused_by_policy_total")
                      .Help("Intents that a rule of the policy refused.")
                      .Register(*registry_);
  rows_.push_back({&refused.Add({}), &BridgeCounts::refused_by_policy});
  auto& policies = prometheus::BuildCounter()
                       .Name("jembatan_bridge_policies_total")
                       .Help("Policies read from the file, by what became of them.")
                       .Register(*registry_);
  policies_taken_ = &policies.Add({{"result", "taken"}});
  policies_refused_ = &policies.Add({{"result", "refused"}});
  policy_versions_ = &prometheus::BuildGauge()
                          .Name("jembatan_bridge_policy_in_force")
                          .Help("1 for the version of the policy in force.")
                          .Register(*registry_);
}

void Probe::PolicyTaken(const policy::Policy& policy) {
  policies_taken_->Increment();
  if (policy_ != nullptr) policy_versions_->Remove(policy_);
  policy_ = &policy_versions_->Add({{"version", base::Hex(policy.version)}}, 1);
}

void Probe::PublishMarket(const Core& core, size_t number, const Answers& answers) {
  const bridge::Market& counted = core.market(number);
  Market& market = markets_.at(number);
  for (Row& row : market.rows) PublishRow(&row, counted.counts);
  std::vector<double> more;
  for (size_t i = 0; i < counted.times.buckets.size(); ++i) {
    more.push_back(static_cast<double>(counted.times.buckets[i] - market.published.buckets[i]));
  }
  const auto more_ms = static_cast<double>(counted.times.sum_ms - market.published.sum_ms);
  market.outcome_seconds->ObserveMultiple(more, more_ms / 1000);
  market.published = counted.times;
  for (const auto& [reason, count] : counted.refused) {
    auto& [counter, published] = market.refused[reason];
    if (counter == nullptr) {
      const std::string name = crossing::v1::Reason_IsValid(reason)
                                   ? crossing::v1::Reason_Name(reason)
                                   : std::to_string(reason);
      counter = &refused_->Add({{"marketplace", market.id}, {"reason", name}});
    }
    counter->Increment(static_cast<double>(count - published));
    published = count;
  }
  market.dropped_urls->Increment(
      static_cast<double>(answers.dropped_urls - market.answers.dropped_urls));
  unknown_fields_->Increment(
      static_cast<double>(answers.unknown_fields - market.answers.unknown_fields));
  market.answers = answers;
  market.up->Set(answers.stream_up ? 1 : 0);
  market.breaker_open->Set(counted.breaker.closed() ? 0 : 1);
}

void Probe::PublishRow(Row* row, const BridgeCounts& counts) {
  const uint64_t counted = counts.*row->field;
  row->counter->Increment(static_cast<double>(counted - row->published));
  row->published = counted;
}

void Probe::Publish(const Core& core, size_t stuck, const std::vector<Answers>& answers, Now now) {
  const BridgeCounts counts = core.counts();
  for (Row& row : rows_) PublishRow(&row, counts);
  for (size_t number = 0; number < markets_.size(); ++number) {
    PublishMarket(core, number, answers.at(number));
  }
  size_t owned = 0;
  size_t unfinished = 0;
  int64_t lag = 0;
  int64_t oldest_ms = now.wall_ms;
  for (const auto& [number, partition] : core.partitions()) {
    owned += partition->owns() ? 1 : 0;
    unfinished += partition->unfinished();
    lag += partition->log_end() - partition->committed();
    if (partition->oldest_append_ms() >= 0) {
      oldest_ms = std::min(oldest_ms, partition->oldest_append_ms());
    }
  }
  partitions_->Set(static_cast<double>(core.partitions().size()));
  partitions_owned_->Set(static_cast<double>(owned));
  partitions_stuck_->Set(static_cast<double>(stuck));
  lag_->Set(static_cast<double>(lag));
  unfinished_->Set(static_cast<double>(unfinished));
  oldest_seconds_->Set(static_cast<double>(now.wall_ms - oldest_ms) / 1000);
}

}  // namespace jembatan::bridge
