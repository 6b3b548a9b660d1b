#include "services/ctl/drill.h"

#include <algorithm>

#include "libs/base/timestamp.h"

namespace jembatan::ctl {
namespace {

using crossing::v1::Halt;
using crossing::v1::Outcome;

std::string Tail(const std::string& name, std::string_view prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

std::string NameOf(const Outcome& outcome) {
  std::string name = Tail(Outcome::State_Name(outcome.state()), "STATE_");
  if (outcome.reason() != crossing::v1::REASON_UNSPECIFIED) {
    name += " " + Tail(crossing::v1::Reason_Name(outcome.reason()), "REASON_");
  }
  return name;
}

std::string After(int64_t ms) { return ms < 0 ? "-" : std::to_string(ms) + " ms"; }

std::string Row(const std::string& what, const std::string& value) {
  return "| " + what + " | " + value + " |\n";
}

}  // namespace

bool Drill::Concerns(const crossing::v1::PurchaseIntent& intent) const {
  if (halt_.scope() == Halt::SCOPE_MARKETPLACE) return intent.marketplace_id() == halt_.id();
  if (halt_.scope() == Halt::SCOPE_OFFER) return intent.offer_id() == halt_.id();
  return true;
}

void Drill::OnIntent(int64_t append_ms, std::string_view value) {
  crossing::v1::PurchaseIntent intent;
  if (!intent.ParseFromArray(value.data(), static_cast<int>(value.size()))) return;
  if (!Concerns(intent) || append_ms > base::ToMs(intent.deadline())) return;
  intents_.try_emplace(Body{intent.buyer_ref(), intent.intent_id(), intent.fingerprint()},
                       append_ms);
}

void Drill::OnOutcome(int32_t partition, int64_t offset, int64_t append_ms,
                      std::string_view value) {
  crossing::v1::OutcomeRecord record;
  if (!record.ParseFromArray(value.data(), static_cast<int>(value.size()))) return;
  crossing::OutcomeJudge& judge = judges_.try_emplace(partition, offset).first->second;
  // A record whose token is older than this reading is no end that matters here.
  if (judge.Judge(record) != crossing::OutcomeJudge::Verdict::kValid) return;
  const Outcome& outcome = record.outcome();
  if (!record.has_outcome() || outcome.state() == Outcome::STATE_UNCONFIRMED) return;
  ends_.try_emplace(Body{outcome.buyer_ref(), outcome.intent_id(), outcome.fingerprint()},
                    End{append_ms, NameOf(outcome), outcome.state() == Outcome::STATE_ORDERED});
}

Drill::Findings Drill::Find() const {
  Findings findings;
  for (const auto& [body, append_ms] : intents_) {
    const auto end = ends_.find(body);
    const bool ended_before = end != ends_.end() && end->second.append_ms <= halt_ms_;
    if (ended_before) continue;
    ++findings.in_flight;
    if (append_ms > halt_ms_) {
      ++findings.accepted_after;
      findings.last_accepted_ms = std::max(findings.last_accepted_ms, append_ms - halt_ms_);
    }
    if (end == ends_.end()) {
      ++findings.open;
      ++findings.ends["none yet"];
      continue;
    }
    const int64_t after_ms = end->second.append_ms - halt_ms_;
    ++findings.ends[end->second.name];
    findings.last_final_ms = std::max(findings.last_final_ms, after_ms);
    if (end->second.ordered) findings.last_order_ms = std::max(findings.last_order_ms, after_ms);
  }
  return findings;
}

int64_t FullStopMs(const Drill::Findings& findings, const std::vector<Obeyed>& obeyed) {
  int64_t full_stop_ms = std::max<int64_t>({0, findings.last_accepted_ms, findings.last_order_ms});
  for (const Obeyed& each : obeyed) full_stop_ms = std::max(full_stop_ms, each.after_ms);
  return full_stop_ms;
}

std::string DrillReport(const Halt& halt, std::string_view started_at,
                        const Drill::Findings& findings, const std::vector<Obeyed>& obeyed) {
  const std::string scope =
      Tail(Halt::Scope_Name(halt.scope()), "SCOPE_") + (halt.id().empty() ? "" : " " + halt.id());
  std::string report = "# Latihan penghentian / Halt drill: " + scope + "\n\n";
  report += "Dimulai / started: " + std::string(started_at) + "\n\n";
  report += "| | |\n|---|---|\n";
  report += Row("**Waktu sampai berhenti penuh / time to full stop**",
                "**" + After(FullStopMs(findings, obeyed)) + "**");
  report += Row("Ketukan terakhir diterima / last tap accepted", After(findings.last_accepted_ms));
  report += Row("Pesanan terakhir dibuat / last order made", After(findings.last_order_ms));
  report += Row("Hasil akhir terakhir / last final outcome", After(findings.last_final_ms));
  for (const Obeyed& each : obeyed) {
    report += Row("Dipatuhi oleh / obeyed by " + each.service, After(each.after_ms));
  }
  report +=
      "\n## Yang sedang berjalan / what was in flight: " + std::to_string(findings.in_flight) +
      "\n\n";
  report += "Diterima setelah perintah / accepted after the order: " +
            std::to_string(findings.accepted_after) + "\n\n";
  report += "| Hasil akhir / final outcome | |\n|---|---|\n";
  for (const auto& [name, count] : findings.ends) report += Row(name, std::to_string(count));
  report += "\n";
  report += findings.open == 0
                ? "Semua berakhir dengan keadaan yang diketahui. / All ended in a known state.\n"
                : "BELUM SEMUA berakhir. / NOT ALL have ended.\n";
  return report;
}

}  // namespace jembatan::ctl
