#include "libs/evidence/decisions.h"

#include <algorithm>
#include <variant>

#include "libs/base/overloaded.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"

namespace jembatan::evidence {
namespace {

using crossing::v1::Outcome;
using policy::Decision;

// Which article a rule of the kind serves.
Article ArticleOf(const policy::Terms& terms) {
  return std::visit(base::Overloaded{
                        [](const policy::Consent&) { return Article::kPersonalData; },
                        [](const policy::Marketplaces&) { return Article::kInterconnection; },
                        [](const policy::Regions&) { return Article::kFairness; },
                        [](const policy::Rollout&) { return Article::kFairness; },
                        [](const policy::SaleWindow&) { return Article::kFairness; },
                        [](const policy::SellerLicence&) { return Article::kCrossBorder; },
                        [](const policy::CrossBorder&) { return Article::kCrossBorder; },
                    },
                    terms);
}

std::string ReasonName(crossing::v1::Reason reason) {
  return crossing::v1::Reason_Name(reason).substr(std::string("REASON_").size());
}

bool Agrees(const Decision& decision, const Outcome& outcome) {
  const auto wanted =
      outcome.refused_by_policy() ? Decision::Verdict::kRefused : Decision::Verdict::kAllowed;
  return decision.verdict == wanted && decision.rule != nullptr &&
         decision.rule->id == outcome.policy_rule() &&
         (!outcome.refused_by_policy() || decision.reason == outcome.reason());
}

const policy::Rule* RuleNamed(const policy::Policy& policy, const std::string& id) {
  const auto at = std::find_if(policy.rules.begin(), policy.rules.end(),
                               [&](const policy::Rule& rule) { return rule.id == id; });
  return at == policy.rules.end() ? nullptr : &*at;
}

}  // namespace

void Decisions::Check(const crossing::v1::PurchaseIntent& intent, const Outcome& outcome,
                      const KnownGoods& goods, bool surely, const std::string& place) {
  // No rule judged it: malformed, used before, expired, halted, or found at the marketplace.
  if (outcome.policy_rule().empty()) {
    if (outcome.refused_by_policy()) {
      judgements_->Fail(Article::kCrossBorder, {place, "refused by a rule that it does not name"});
    }
    return;
  }
  const auto at = bundle_.policies.find(outcome.policy_version());
  if (at == bundle_.policies.end()) {
    judgements_->Fail(Article::kCrossBorder,
                      {place, "it names the policy " + base::Hex(outcome.policy_version()) +
                                  ", whose text the bundle does not hold"});
    return;
  }
  const policy::Facts facts{.consent_given = intent.consent_given(),
                            .buyer_ref = intent.buyer_ref(),
                            .marketplace_id = intent.marketplace_id(),
                            .offer_id = intent.offer_id(),
                            .campaign_id = intent.campaign_id()};
  Compare(*at->second, facts, outcome, goods, surely, place);
}

void Decisions::Compare(const policy::Policy& policy, const policy::Facts& facts,
                        const Outcome& outcome, const KnownGoods& goods, bool surely,
                        const std::string& place) {
  const policy::Rule* rule = RuleNamed(policy, outcome.policy_rule());
  if (rule == nullptr) {
    judgements_->Fail(Article::kCrossBorder, {place, "its policy has no rule of that name"});
    return;
  }
  RuleUse use{.policy = base::Hex(policy.version),
              .rule = rule->id,
              .kind = std::string(policy::KindName(rule->terms)),
              .article = rule->article};
  if (outcome.refused_by_policy()) use.refusal = ReasonName(outcome.reason());
  ++(*uses_)[use];
  const int64_t at_ms = base::ToMs(outcome.intent_append_time());
  const bool agrees = std::any_of(goods.begin(), goods.end(), [&](const policy::Goods* one) {
    policy::Facts known = facts;
    known.goods = one;
    return Agrees(policy::Decide(policy, known, at_ms), outcome);
  });
  if (!agrees && !surely) return;
  // What the last rule let pass has passed those before it too.
  for (const policy::Rule& each : policy.rules) {
    if (!each.InForce(at_ms)) continue;
    if (&each == rule || !outcome.refused_by_policy()) judgements_->Count(ArticleOf(each.terms));
  }
  if (!agrees) {
    judgements_->Fail(ArticleOf(rule->terms),
                      {place, "rule " + rule->id + " does not decide so of this intent"});
  }
}

}  // namespace jembatan::evidence
