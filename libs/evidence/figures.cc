#include "libs/evidence/figures.h"

#include "libs/base/text.h"

namespace jembatan::evidence {
namespace {

// "a.b.c=value" lines. Names from records are quoted as JSON quotes them.
class Writer {
 public:
  void Line(const std::string& name, uint64_t value) {
    text_ += name + "=" + std::to_string(value) + "\n";
  }
  void Line(const std::string& name, const std::string& value) {
    text_ += name + "=" + value + "\n";
  }

  void Add(const std::string& name, const Counts& counts) {
    Line(name + ".intents", counts.intents);
    Line(name + ".ordered", counts.ordered);
    Line(name + ".handed_off", counts.handed_off);
    Line(name + ".rejected", counts.rejected);
    Line(name + ".expired", counts.expired);
    Line(name + ".open", counts.open);
  }
  void Add(const std::string& name, const Group& group) {
    Add(name, group.counts);
    Line(name + ".finals", group.latency.count);
    Line(name + ".p50_ms", static_cast<uint64_t>(group.latency.p50_ms));
    Line(name + ".p95_ms", static_cast<uint64_t>(group.latency.p95_ms));
    Line(name + ".p99_ms", static_cast<uint64_t>(group.latency.p99_ms));
    Line(name + ".max_ms", static_cast<uint64_t>(group.latency.max_ms));
  }
  static std::string Quoted(const std::string& text) {
    std::string quoted = "\"";
    base::AppendJsonEscaped(base::IsUtf8(text) ? text : base::Hex(text), &quoted);
    return quoted + "\"";
  }
  std::string Finish() && { return std::move(text_); }

 private:
  std::string text_ = "jembatan figures v1\n";
};

void AddTables(const Figures& figures, Writer* out) {
  for (const auto& [key, count] : figures.reasons) {
    out->Line("outcome." + key.first + (key.second.empty() ? "" : "." + key.second), count);
  }
  for (const auto& [message, presence] : figures.presence) {
    out->Line("message." + message, presence.messages);
    for (const auto& [field, count] : presence.fields) {
      out->Line("field." + message + "." + field, count);
    }
  }
  for (const auto& [host, count] : figures.hosts) {
    out->Line("host." + host.field + "." + Writer::Quoted(host.host), count);
  }
  for (const auto& [use, count] : figures.rules) {
    out->Line("rule." + use.policy + "." + Writer::Quoted(use.rule) + "." +
                  (use.refusal.empty() ? "passes" : use.refusal),
              count);
  }
  for (const auto& [cause, count] : figures.dead_letters) out->Line("dead_letter." + cause, count);
}

void AddControls(const Figures& figures, Writer* out) {
  for (const ControlRow& row : figures.controls) {
    const std::string name = "control." + std::to_string(row.offset);
    out->Line(name + ".append_ms", static_cast<uint64_t>(row.append_ms));
    out->Line(name + ".subject", Writer::Quoted(row.subject));
    out->Line(name + ".version", row.version);
    for (const std::string& signer : row.signers)
      out->Line(name + ".signer", Writer::Quoted(signer));
    out->Line(name + ".refused", Writer::Quoted(row.refused));
  }
}

}  // namespace

std::string FormatFigures(const Figures& figures) {
  Writer out;
  for (const auto& [topic, count] : figures.records) out.Line("records." + topic, count);
  out.Add("all", figures.all);
  for (const auto& [hour, group] : figures.hours) out.Add("hour." + std::to_string(hour), group);
  for (const auto& [name, group] : figures.marketplaces) {
    out.Add("marketplace." + Writer::Quoted(name), group);
  }
  for (const auto& [name, group] : figures.tiers) out.Add("tier." + Writer::Quoted(name), group);
  for (const auto& [name, counts] : figures.origins) {
    out.Add("origin." + Writer::Quoted(name), counts);
  }
  for (const auto& [name, counts] : figures.campaigns) {
    out.Add("campaign." + Writer::Quoted(name), counts);
  }
  out.Line("copies", figures.copies);
  out.Line("late", figures.late);
  out.Line("consent.given", figures.consent_given);
  out.Line("consent.withheld", figures.consent_withheld);
  out.Line("price.as_seen", figures.price_as_seen);
  out.Line("price.other", figures.price_other);
  AddTables(figures, &out);
  AddControls(figures, &out);
  for (const auto& [key, digest] : figures.order_digests) {
    out.Line("orders." + Writer::Quoted(key.first) + "." + std::to_string(key.second),
             std::to_string(digest.orders) + " " + base::Hex(ledger::BytesOf(digest.hash)));
  }
  return std::move(out).Finish();
}

}  // namespace jembatan::evidence
