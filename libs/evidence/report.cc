#include "libs/evidence/report.h"

#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/base/text.h"
#include "libs/evidence/html.h"
#include "libs/evidence/wording.h"
#include "libs/separation/rules.h"

namespace jembatan::evidence {
namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="id"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Jembatan</title>
<style>
:root{--ink:#1d2129;--soft:#5b6472;--line:#d8dce3;--paper:#fff;--band:#f5f6f8;
--good:#16704a;--bad:#b3261e;
--s0:#2f6f9f;--s1:#d08a2a;--s2:#8a8f99;--s3:#b9485a;--s4:#d8dce3}
@media(prefers-color-scheme:dark){
:root{--ink:#e7e9ee;--soft:#a5adba;--line:#3a404b;--paper:#15181d;--band:#1d2128;
--good:#62c799;--bad:#ff8a80;
--s0:#6fb1e0;--s1:#e6ae5c;--s2:#878d98;--s3:#e0808f;--s4:#3a404b}}
*{box-sizing:border-box}
body{margin:0 auto;padding:3rem 1.5rem 5rem;max-width:62rem;
color:var(--ink);background:var(--paper);
font:1rem/1.55 Charter,"Bitstream Charter","Source Serif 4",Georgia,serif;hyphens:auto}
h1{font-size:2.1rem;line-height:1.15;margin:0 0 1rem;letter-spacing:-.01em}
h2{font-size:1.45rem;margin:3rem 0 .5rem;padding-top:1rem;border-top:2px solid var(--ink)}
h3{font-size:1.1rem;margin:2rem 0 .25rem}
p{max-width:44rem;margin:.4rem 0}
section+section{margin-top:6rem}
.table{overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;width:100%;font:.84rem/1.4 system-ui,"Noto Sans",sans-serif;
font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;color:var(--soft);border-bottom:1.5px solid var(--ink);
padding:.3rem .7rem .3rem 0;vertical-align:bottom}
td{padding:.32rem .7rem .32rem 0;border-bottom:1px solid var(--line);vertical-align:top;
overflow-wrap:anywhere;hyphens:none}
.n{text-align:right;white-space:nowrap}
tr.sum td{font-weight:600;background:var(--band)}
tr.held td:nth-child(3){color:var(--good);font-weight:600;white-space:nowrap}
tr.broken td{color:var(--bad)}tr.broken td:nth-child(3){font-weight:700;white-space:nowrap}
figure{margin:1rem 0}
svg{width:100%;height:auto;font:11px system-ui,"Noto Sans",sans-serif;fill:var(--soft)}
svg .grid{stroke:var(--line)}svg .y{text-anchor:end}
svg polyline{fill:none!important;stroke-width:1.8}
figcaption{display:flex;flex-wrap:wrap;gap:1.1rem;font:.8rem system-ui,sans-serif;
color:var(--soft)}
figcaption i{display:inline-block;width:.75rem;height:.75rem;margin-right:.4rem;
border-radius:2px}
.s0{fill:var(--s0);background:var(--s0)}.s1{fill:var(--s1);background:var(--s1)}
.s2{fill:var(--s2);background:var(--s2)}.s3{fill:var(--s3);background:var(--s3)}
.s4{fill:var(--s4);background:var(--s4)}
polyline.s0{stroke:var(--s0)}polyline.s1{stroke:var(--s1)}polyline.s2{stroke:var(--s2)}
pre{background:var(--band);padding:.8rem 1rem;overflow-x:auto;font-size:.82rem}
@media print{body{padding:0}h2{break-after:avoid}tr{break-inside:avoid}}
</style></head><body>
)";

// The report in one language.
class Writer {
 public:
  Writer(const ReportInput& input, Language language)
      : input_(input), figures_(input.figures), text_(TheReportText()), language_(language) {}

  std::string Write() && {
    html_.Raw(language_ == Language::kIndonesian ? "<section lang=\"id\">\n"
                                                 : "<section lang=\"en\">\n");
    html_.Element("h1", In(text_.title));
    html_.Element("p", In(text_.opening));
    Summary();
    Verdicts();
    Payment();
    UserData();
    Merchants();
    html_.Element("h2", In(text_.verify_heading));
    html_.Element("p", In(text_.verify_opening));
    html_.Element("pre", "jembatan-ctl verify FILE.zip --key=FILE");
    html_.Raw("</section>\n");
    return std::move(html_).Finish();
  }

 private:
  std::string In(const Text& text) const { return std::string(text.In(language_)); }
  std::string Number(uint64_t number) const { return NumberText(number, language_); }
  std::string Share(uint64_t part, uint64_t whole) const {
    return ShareText(part, whole, language_);
  }
  std::string OrNotAttested(const std::string& tier) const {
    return tier.empty() ? In(text_.not_attested) : tier;
  }

  void Part(const Text& heading, const Text& opening) {
    html_.Element("h2", In(heading));
    html_.Element("p", In(opening));
  }
  void Heading(const Text& heading, const Text* opening) {
    html_.Element("h3", In(heading));
    if (opening != nullptr) html_.Element("p", In(*opening));
  }

  void Summary() {
    html_.BeginTable({{""}, {""}});
    html_.Row({In(text_.from), TimeText(input_.scope.from_ms) + " WIB"});
    html_.Row({In(text_.to), TimeText(input_.scope.to_ms) + " WIB"});
    html_.Row({In(text_.auditor), input_.scope.auditor});
    html_.Row({In(text_.checkpoint), Number(input_.checkpoint_size)});
    html_.Row({In(text_.sealed_at), TimeText(input_.sealed_ms) + " WIB"});
    for (const auto& [topic, count] : figures_.records) {
      html_.Row({topic, Number(count)});
    }
    html_.EndTable();
  }

  void Verdicts() {
    Part(text_.verdicts_heading, text_.verdicts_opening);
    html_.BeginTable({{In(text_.article_column)},
                      {In(text_.check_column)},
                      {In(text_.verdict_column)},
                      {In(text_.judged_column), true},
                      {In(text_.broken_column), true}});
    std::vector<Fault> faults;
    for (size_t i = 0; i < kArticles; ++i) {
      const auto article = static_cast<Article>(i);
      // It cannot speak of itself.
      if (article == Article::kReport) continue;
      const Judgement& judgement = input_.judgements[article];
      const Verdict verdict = judgement.verdict();
      const char* row_class = verdict == Verdict::kHeld     ? "held"
                              : verdict == Verdict::kBroken ? "broken"
                                                            : "";
      html_.Row({std::string(NameOf(article)), In(CheckText(article)), In(VerdictText(verdict)),
                 Number(judgement.judged), Number(judgement.broken)},
                row_class);
      faults.insert(faults.end(), judgement.faults.begin(), judgement.faults.end());
    }
    html_.EndTable();
    if (faults.empty()) return;
    Heading(text_.faults_heading, nullptr);
    html_.BeginTable({{In(text_.place_column)}, {In(text_.fault_column)}});
    for (const Fault& fault : faults) html_.Row({fault.place, fault.what}, "broken");
    html_.EndTable();
  }

  // --- Payment

  void Payment() {
    Part(text_.payment_heading, text_.payment_opening);
    Hours();
    Latencies();
    Heading(text_.links_heading, &text_.links_opening);
    html_.BeginTable(
        {{In(text_.field_column)}, {In(text_.host_column)}, {In(text_.count_column), true}});
    for (const auto& [host, count] : figures_.hosts) {
      html_.Row({host.field, host.host, Number(count)});
    }
    EndOrNothing(figures_.hosts.empty());
    Digests();
    Heading(text_.dead_letters_heading, &text_.dead_letters_opening);
    html_.BeginTable({{In(text_.cause_column)}, {In(text_.count_column), true}});
    for (const auto& [cause, count] : figures_.dead_letters) html_.Row({cause, Number(count)});
    EndOrNothing(figures_.dead_letters.empty());
  }

  void EndOrNothing(bool empty) {
    html_.EndTable();
    if (empty) html_.Element("p", In(text_.nothing));
  }

  std::vector<Column> CountColumns(const Text& first) const {
    return {{In(first)},
            {In(text_.intents), true},
            {In(text_.ordered), true},
            {In(text_.handed_off), true},
            {In(text_.rejected), true},
            {In(text_.expired), true},
            {In(text_.open), true}};
  }
  std::vector<std::string> CountCells(const std::string& first, const Counts& counts) const {
    return {first,
            Number(counts.intents),
            Number(counts.ordered),
            Number(counts.handed_off),
            Number(counts.rejected),
            Number(counts.expired),
            Number(counts.open)};
  }

  static std::string HourText(int64_t hour) {
    return TimeText(hour * reconcile::kHourMs).substr(0, 16);
  }

  void Hours() {
    Heading(text_.hours_heading, &text_.hours_opening);
    std::vector<Series> series = {{In(text_.ordered), {}},
                                  {In(text_.handed_off), {}},
                                  {In(text_.rejected), {}},
                                  {In(text_.expired), {}},
                                  {In(text_.open), {}}};
    std::vector<std::string> labels;
    for (const auto& [hour, group] : figures_.hours) {
      const Counts& counts = group.counts;
      labels.push_back(HourText(hour));
      const uint64_t values[] = {counts.ordered, counts.handed_off, counts.rejected, counts.expired,
                                 counts.open};
      for (size_t i = 0; i < series.size(); ++i) series[i].values.push_back(values[i]);
    }
    if (!labels.empty()) html_.Raw(StackedBars(series, labels, language_));
    html_.BeginTable(CountColumns(text_.hour_column));
    for (const auto& [hour, group] : figures_.hours) {
      html_.Row(CountCells(HourText(hour), group.counts));
    }
    html_.Row(CountCells(In(text_.all_row), figures_.all.counts), "sum");
    html_.EndTable();
  }

  std::vector<std::string> LatencyCells(const std::string& first, const Latency& latency) const {
    const auto ms = [this](int64_t value) { return Number(static_cast<uint64_t>(value)); };
    return {first,
            Number(latency.count),
            ms(latency.p50_ms),
            ms(latency.p95_ms),
            ms(latency.p99_ms),
            ms(latency.max_ms)};
  }

  void Latencies() {
    Heading(text_.latency_heading, &text_.latency_opening);
    std::vector<Series> series = {{In(text_.p50), {}}, {In(text_.p99), {}}};
    std::vector<std::string> labels;
    for (const auto& [hour, group] : figures_.hours) {
      labels.push_back(HourText(hour));
      series[0].values.push_back(static_cast<uint64_t>(group.latency.p50_ms));
      series[1].values.push_back(static_cast<uint64_t>(group.latency.p99_ms));
    }
    if (labels.size() > 1) html_.Raw(Lines(series, labels, language_));
    html_.BeginTable({{In(text_.hour_column)},
                      {In(text_.count_column), true},
                      {In(text_.p50), true},
                      {In(text_.p95), true},
                      {In(text_.p99), true},
                      {In(text_.longest), true}});
    for (const auto& [hour, group] : figures_.hours) {
      html_.Row(LatencyCells(HourText(hour), group.latency));
    }
    html_.Row(LatencyCells(In(text_.all_row), figures_.all.latency), "sum");
    html_.EndTable();
  }

  void Digests() {
    Heading(text_.digests_heading, &text_.digests_opening);
    html_.BeginTable({{In(text_.marketplace_column)},
                      {In(text_.hour_column)},
                      {In(text_.ordered), true},
                      {In(text_.digest_column)}});
    for (const auto& [key, digest] : figures_.order_digests) {
      html_.Row({key.first, HourText(key.second), Number(digest.orders),
                 base::Hex(ledger::BytesOf(digest.hash))});
    }
    EndOrNothing(figures_.order_digests.empty());
  }

  // --- User data

  void UserData() {
    Part(text_.user_data_heading, text_.user_data_opening);
    Heading(text_.consent_heading, nullptr);
    html_.BeginTable({{""}, {In(text_.count_column), true}});
    html_.Row({In(text_.consent_given), Number(figures_.consent_given)});
    html_.Row({In(text_.consent_withheld), Number(figures_.consent_withheld)});
    html_.EndTable();
    Heading(text_.fields_heading, &text_.fields_opening);
    Fields(*crossing::v1::PurchaseIntent::descriptor());
    Fields(*crossing::v1::Outcome::descriptor());
  }

  void Fields(const google::protobuf::Descriptor& message) {
    const auto at = figures_.presence.find(message.full_name());
    if (at == figures_.presence.end()) return;
    const Presence& presence = at->second;
    html_.BeginTable({{message.full_name()},
                      {In(text_.meaning_column)},
                      {In(text_.purpose_column)},
                      {In(text_.count_column), true},
                      {In(text_.share_column), true}});
    for (int i = 0; i < message.field_count(); ++i) {
      const google::protobuf::FieldDescriptor& field = *message.field(i);
      const Text* meaning = separation::FieldText(field.full_name());
      const auto* purpose = separation::PurposeText(separation::TermsOf(field).purpose());
      const uint64_t count = presence.fields.at(field.name());
      html_.Row({field.name(), meaning == nullptr ? "" : In(*meaning),
                 purpose == nullptr ? "" : In(purpose->name), Number(count),
                 Share(count, presence.messages)});
    }
    html_.Row({In(text_.all_row), "", "", Number(presence.messages), ""}, "sum");
    html_.EndTable();
  }

  // --- Merchants

  void Merchants() {
    Part(text_.merchants_heading, text_.merchants_opening);
    Heading(text_.prices_heading, nullptr);
    html_.BeginTable({{""}, {In(text_.count_column), true}});
    html_.Row({In(text_.price_as_seen), Number(figures_.price_as_seen)});
    html_.Row({In(text_.price_other), Number(figures_.price_other)});
    html_.EndTable();
    Rules();
    Heading(text_.parity_heading, &text_.parity_opening);
    Groups(text_.marketplace_column, figures_.marketplaces);
    Heading(text_.tiers_heading, &text_.tiers_opening);
    Groups(text_.tier_column, figures_.tiers);
    Heading(text_.origins_heading, &text_.origins_opening);
    html_.BeginTable(CountColumns(text_.origin_column));
    for (const auto& [name, counts] : figures_.origins) {
      html_.Row(CountCells(OrNotAttested(name), counts));
    }
    EndOrNothing(figures_.origins.empty());
    Heading(text_.campaigns_heading, &text_.campaigns_opening);
    html_.BeginTable(CountColumns(text_.campaign_column));
    for (const auto& [name, counts] : figures_.campaigns) html_.Row(CountCells(name, counts));
    EndOrNothing(figures_.campaigns.empty());
    Reasons();
    Controls();
  }

  void Rules() {
    Heading(text_.rules_heading, &text_.rules_opening);
    html_.BeginTable({{In(text_.rule_column)},
                      {In(text_.article_column)},
                      {In(text_.decision_column)},
                      {In(text_.count_column), true}});
    for (const auto& [use, count] : figures_.rules) {
      html_.Row({use.rule, use.article, use.refusal.empty() ? In(text_.passes) : use.refusal,
                 Number(count)});
    }
    EndOrNothing(figures_.rules.empty());
  }

  void Groups(const Text& first, const std::map<std::string, Group>& groups) {
    html_.BeginTable({{In(first)},
                      {In(text_.intents), true},
                      {In(text_.ordered), true},
                      {In(text_.rejected), true},
                      {In(text_.p50), true},
                      {In(text_.p99), true}});
    for (const auto& [name, group] : groups) {
      const Counts& counts = group.counts;
      html_.Row({OrNotAttested(name), Number(counts.intents), Share(counts.ordered, counts.intents),
                 Share(counts.rejected, counts.intents),
                 Number(static_cast<uint64_t>(group.latency.p50_ms)),
                 Number(static_cast<uint64_t>(group.latency.p99_ms))});
    }
    EndOrNothing(groups.empty());
  }

  void Reasons() {
    Heading(text_.reasons_heading, nullptr);
    html_.BeginTable(
        {{In(text_.state_column)}, {In(text_.reason_column)}, {In(text_.count_column), true}});
    for (const auto& [key, count] : figures_.reasons) {
      html_.Row({key.first, key.second, Number(count)});
    }
    EndOrNothing(figures_.reasons.empty());
  }

  void Controls() {
    Heading(text_.controls_heading, &text_.controls_opening);
    html_.BeginTable({{In(text_.time_column)},
                      {In(text_.control_column)},
                      {In(text_.why_column)},
                      {In(text_.signers_column)},
                      {In(text_.in_force_column)}});
    for (const ControlRow& row : figures_.controls) {
      std::string signers;
      for (const std::string& signer : row.signers) {
        signers += (signers.empty() ? "" : ", ") + signer;
      }
      html_.Row({TimeText(row.append_ms), row.subject + " #" + std::to_string(row.version), row.why,
                 signers, row.refused.empty() ? In(text_.in_force) : row.refused});
    }
    EndOrNothing(figures_.controls.empty());
  }

  const ReportInput& input_;
  const Figures& figures_;
  const ReportText& text_;
  const Language language_;
  Html html_;
};

// One subject's trail in one language.
class TrailWriter {
 public:
  TrailWriter(const Bundle& bundle, Language language)
      : bundle_(bundle), text_(TheReportText()), language_(language) {}

  std::string Write() && {
    html_.Raw(language_ == Language::kIndonesian ? "<section lang=\"id\">\n"
                                                 : "<section lang=\"en\">\n");
    html_.Element("h1", In(text_.trail_title));
    html_.Element("p", In(text_.trail_opening));
    html_.BeginTable({{""}, {""}});
    html_.Row({In(text_.subject), base::Hex(bundle_.scope.subject)});
    html_.Row({In(text_.auditor), bundle_.scope.auditor});
    html_.Row({In(text_.sealed_at), TimeText(bundle_.seals.end.time_ms) + " WIB"});
    html_.EndTable();
    Records();
    html_.Element("h2", In(text_.verify_heading));
    html_.Element("p", In(text_.verify_opening));
    html_.Element("pre", "jembatan-ctl verify FILE.zip --key=FILE");
    html_.Raw("</section>\n");
    return std::move(html_).Finish();
  }

 private:
  std::string In(const Text& text) const { return std::string(text.In(language_)); }

  void Records() {
    std::multimap<int64_t, std::vector<std::string>> rows;
    for (const Trail& trail : bundle_.trails) {
      for (const Proven& proven : trail.records) {
        rows.emplace(proven.record.append_ms, Row(trail.log, proven));
      }
    }
    html_.BeginTable({{In(text_.time_column)},
                      {In(text_.event_column)},
                      {In(text_.offer_column)},
                      {In(text_.state_column)},
                      {In(text_.reason_column)},
                      {In(text_.place_column)}});
    for (const auto& [time_ms, row] : rows) html_.Row(row);
    html_.EndTable();
    if (rows.empty()) html_.Element("p", In(text_.nothing));
  }

  std::vector<std::string> Row(const ledger::LogId& log, const Proven& proven) const {
    const std::string time = TimeText(proven.record.append_ms);
    const std::string place = PlaceOf(log, proven.index);
    const auto size = static_cast<int>(proven.record.value.size());
    if (log.topic == kIntents) {
      crossing::v1::PurchaseIntent intent;
      static_cast<void>(intent.ParseFromArray(proven.record.value.data(), size));
      return {time, In(text_.intent_event), intent.offer_id(), "", "", place};
    }
    if (log.topic == kOutcomes) {
      crossing::v1::OutcomeRecord record;
      static_cast<void>(record.ParseFromArray(proven.record.value.data(), size));
      const crossing::v1::Outcome& outcome = record.outcome();
      return {time,
              In(text_.outcome_event),
              outcome.offer_id(),
              crossing::v1::Outcome::State_Name(outcome.state()),
              crossing::v1::Reason_Name(outcome.reason()),
              place};
    }
    return {time, In(text_.dead_letter_event), "", "", "", place};
  }

  const Bundle& bundle_;
  const ReportText& text_;
  const Language language_;
  Html html_;
};

}  // namespace

std::string Report(const ReportInput& input) {
  std::string page(kHead);
  page += Writer(input, Language::kIndonesian).Write();
  page += Writer(input, Language::kEnglish).Write();
  return page + "</body></html>\n";
}

std::string TrailReport(const Bundle& bundle) {
  std::string page(kHead);
  page += TrailWriter(bundle, Language::kIndonesian).Write();
  page += TrailWriter(bundle, Language::kEnglish).Write();
  return page + "</body></html>\n";
}

}  // namespace jembatan::evidence
