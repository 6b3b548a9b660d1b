#include "services/ctl/policy_replay.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "libs/base/ids.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "services/ctl/times.h"
#include "services/ctl/topic_scan.h"

namespace jembatan::ctl {
namespace {

using crossing::v1::Outcome;
using Kind = policy::Finding::Kind;
using ShipsFrom = policy::Goods::ShipsFrom;
using Verdict = policy::Decision::Verdict;

template <typename Message>
std::string KeyOf(const Message& message) {
  return message.buyer_ref() + message.intent_id() + message.fingerprint();
}

std::string NameOf(crossing::v1::Reason reason) {
  return crossing::v1::Reason_Name(reason).substr(std::string("REASON_").size());
}

std::string NameOf(Outcome::State state) {
  return Outcome::State_Name(state).substr(std::string("STATE_").size());
}

std::string OrNone(const std::string& text) { return text.empty() ? "none" : Shown(text); }

std::string Describe(const policy::Goods* goods) {
  if (goods == nullptr) return "nothing is attested about the goods";
  const char* from = goods->ships_from == ShipsFrom::kHome     ? "home"
                     : goods->ships_from == ShipsFrom::kAbroad ? "abroad"
                                                               : "not attested";
  std::string text = "origin " + OrNone(goods->origin_country) + ", ships from " + from + ", HS " +
                     OrNone(goods->hs_code) + ", FOB ";
  text += goods->fob_currency.empty()
              ? std::string("none")
              : goods->fob_currency + " " + std::to_string(goods->fob_minor) + " (minor units)";
  return text + ", seller's licence " + OrNone(goods->seller_licence);
}

std::string Describe(const policy::Finding& finding) {
  switch (finding.kind) {
    case Kind::kNotInForce:
      return "not in force";
    case Kind::kNotConcerned:
      return "does not concern it";
    case Kind::kPasses:
      return "lets it pass";
    case Kind::kRefuses:
      return "refuses: " + NameOf(finding.reason);
    case Kind::kPending:
      return "waits for the goods";
  }
  return "";
}

std::string RuleLine(const policy::Finding& finding) {
  char line[256];
  std::snprintf(line, sizeof line, "  %-28s %-40s ", finding.rule->id.c_str(),
                Describe(finding).c_str());
  return line + finding.rule->article + "\n";
}

}  // namespace

policy::Facts PolicyReplay::FactsOf(const crossing::v1::PurchaseIntent& intent) const {
  auto goods = goods_.find(intent.offer_id());
  return {.consent_given = intent.consent_given(),
          .buyer_ref = intent.buyer_ref(),
          .marketplace_id = intent.marketplace_id(),
          .offer_id = intent.offer_id(),
          .campaign_id = intent.campaign_id(),
          .goods = goods == goods_.end() ? nullptr : &goods->second};
}

absl::Status PolicyReplay::AddIntent(int32_t partition, int64_t offset, int64_t append_ms,
                                     std::string_view value) {
  if (append_ms < range_.from_ms || append_ms >= range_.to_ms) return absl::OkStatus();
  crossing::v1::PurchaseIntent intent;
  bool read = intent.ParseFromArray(value.data(), static_cast<int>(value.size())) &&
              base::Uuid::ParseV7(intent.intent_id()).has_value();
  // Void when late: nobody decided it.
  if (!read || append_ms > base::ToMs(intent.deadline())) return absl::OkStatus();
  if (!range_.intent_id.empty() && intent.intent_id() != range_.intent_id) return absl::OkStatus();
  auto [entry, is_new] = intents_.try_emplace(KeyOf(intent));
  if (!is_new) return absl::OkStatus();
  if (intents_.size() > kReplayedMax) {
    return base::ResourceExhausted("more than " + std::to_string(kReplayedMax) +
                                   " intents; choose a shorter time");
  }
  Judged& judged = entry->second;
  judged.partition = partition;
  judged.offset = offset;
  judged.append_ms = append_ms;
  judged.decision = policy::Decide(policy_, FactsOf(intent), append_ms);
  if (!range_.intent_id.empty()) judged.intent = std::move(intent);
  return absl::OkStatus();
}

void PolicyReplay::AddOutcome(int32_t partition, std::string_view value) {
  crossing::v1::OutcomeRecord record;
  if (!record.ParseFromArray(value.data(), static_cast<int>(value.size()))) return;
  crossing::OutcomeJudge& judge = judges_.try_emplace(partition, 0).first->second;
  bool counts = judge.Judge(record) == crossing::OutcomeJudge::Verdict::kValid;
  const Outcome& outcome = record.outcome();
  if (!counts || !record.has_outcome() || outcome.state() == Outcome::STATE_UNCONFIRMED) return;
  auto at = intents_.find(KeyOf(outcome));
  // The first final stands.
  if (at == intents_.end() || at->second.state != Outcome::STATE_UNSPECIFIED) return;
  Judged& judged = at->second;
  judged.state = outcome.state();
  judged.reason = outcome.reason();
  judged.refused_by_policy = outcome.refused_by_policy();
  judged.rule = outcome.policy_rule();
  judged.version = outcome.policy_version();
}

std::string PolicyReplay::Then(const Judged& judged) {
  if (judged.state == Outcome::STATE_UNSPECIFIED) return "no outcome yet";
  std::string text = NameOf(judged.state);
  if (judged.reason != crossing::v1::REASON_UNSPECIFIED) text += " " + NameOf(judged.reason);
  if (judged.refused_by_policy) text += " by " + Shown(judged.rule);
  return text;
}

std::string PolicyReplay::Now(const Judged& judged) {
  if (judged.decision.verdict == Verdict::kAllowed) return "may pass";
  return "REJECTED " + NameOf(judged.decision.reason) + " by " + judged.decision.rule->id;
}

std::string PolicyReplay::Report() const {
  struct Row {
    uint64_t intents = 0;
    bool differs = false;
  };
  std::map<std::pair<std::string, std::string>, Row> rows;
  uint64_t differ = 0;
  for (const auto& [key, judged] : intents_) {
    Row& row = rows[{Then(judged), Now(judged)}];
    ++row.intents;
    bool refuses = judged.decision.verdict == Verdict::kRefused;
    row.differs = judged.state != Outcome::STATE_UNSPECIFIED && refuses != judged.refused_by_policy;
    differ += row.differs ? 1 : 0;
  }
  std::string report;
  char line[512];
  std::snprintf(line, sizeof line, "%-9s  %-56s %s\n", "INTENTS", "DECIDED", "BY THIS POLICY");
  report += line;
  for (const auto& [texts, row] : rows) {
    std::snprintf(line, sizeof line, "%9llu%s %-56s %s\n",
                  static_cast<unsigned long long>(row.intents), row.differs ? " *" : "  ",
                  texts.first.c_str(), texts.second.c_str());
    report += line;
  }
  return report + "policy " + base::Hex(policy_.version) +
         ": intents=" + std::to_string(intents_.size()) + " differ=" + std::to_string(differ) +
         "\n";
}

std::string PolicyReplay::Explain(const Judged& judged) const {
  const crossing::v1::PurchaseIntent& intent = judged.intent;
  const policy::Facts facts = FactsOf(intent);
  std::string text = "intent " + intent.intent_id() + " of buyer " +
                     base::Hex(intent.buyer_ref()).substr(0, 16) + ", appended " +
                     InstantText(judged.append_ms) + " at " + std::to_string(judged.partition) +
                     "/" + std::to_string(judged.offset) + "\n";
  text += "marketplace " + OrNone(intent.marketplace_id()) + ", offer " +
          OrNone(intent.offer_id()) + ", campaign " + OrNone(intent.campaign_id()) +
          (intent.consent_given() ? ", consent given\n" : ", no consent\n");
  text += Describe(facts.goods) + "\n";
  for (const policy::Finding& finding : policy::Explain(policy_, facts, judged.append_ms)) {
    text += RuleLine(finding);
  }
  text += "this policy:  " + Now(judged) + " (" + base::Hex(policy_.version) + ")\n";
  return text + "decided:      " + Then(judged) + "; rule " + OrNone(judged.rule) + " (" +
         (judged.version.empty() ? "no policy named" : base::Hex(judged.version)) + ")\n";
}

std::string PolicyReplay::Explanation() const {
  std::vector<const Judged*> in_order;
  for (const auto& [key, judged] : intents_) in_order.push_back(&judged);
  std::sort(in_order.begin(), in_order.end(), [](const Judged* a, const Judged* b) {
    return std::pair(a->partition, a->offset) < std::pair(b->partition, b->offset);
  });
  std::string text;
  for (const Judged* judged : in_order) {
    if (!text.empty()) text += "\n";
    text += Explain(*judged);
  }
  return text;
}

}  // namespace jembatan::ctl
