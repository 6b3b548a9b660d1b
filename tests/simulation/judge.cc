#include "tests/simulation/judge.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/base/ids.h"
#include "libs/base/timestamp.h"
#include "libs/intent/limits.h"
#include "tests/simulation/plan.h"

namespace jembatan::simulation {
namespace {

using crossing::v1::Outcome;

constexpr std::string_view kByIntent = ": intent ";
constexpr size_t kVersionBytes = 32;  // of a policy

class Judge {
 public:
  Judge(const SimLog& log, const std::vector<LedgerRow>& ledger)
      : evidence_{log, ledger, {}, {}}, log_(log), ledger_(ledger) {}

  JudgedHistory Verdict(const Witnesses& witnesses) {
    ReadIntents();
    ReadOutcomes();
    for (const auto& [body, seen] : intents_) JudgeIntent(body);
    JudgeLedger();
    JudgeOrder();
    JudgeProgress();
    if (witnesses.disobeyed > 0 && result_.violation.empty()) {
      result_.violation = "controls: ordered though stopped";
    }
    if (result_.violation.empty()) result_.violation = JudgeViewers(evidence_, witnesses);
    result_.intents = intents_.size();
    return result_;
  }

 private:
  using Seen = Evidence::Seen;
  using Told = Evidence::Told;

  void Violation(const std::string& what, const Body& body) {
    if (result_.violation.empty()) result_.violation = ViolationBy(what, std::get<1>(body));
  }

  // Nobody's intents are the first marketplace's to refuse.
  static size_t MarketOf(const std::string& id) { return id == kMarketIds[1] ? 1 : 0; }

  void ReadIntents() {
    for (size_t p = 0; p < log_.intents.size(); ++p) {
      for (size_t offset = 0; offset < log_.intents[p].size(); ++offset) {
        const LogRecord& record = log_.intents[p][offset];
        crossing::v1::PurchaseIntent intent;
        if (!intent.ParseFromString(record.value)) continue;
        if (record.append_ms > base::ToMs(intent.deadline())) continue;  // void
        intents_.try_emplace(
            Body{intent.buyer_ref(), intent.intent_id(), intent.fingerprint()},
            Seen{MarketOf(intent.marketplace_id()), static_cast<int>(p),
                 static_cast<int64_t>(offset), record.append_ms, intent.offer_id()});
      }
    }
  }

  // An outcome counts unless an `open` of its marketplace with a higher token stands before it.
  void ReadOutcomes() {
    for (const auto& log : log_.outcomes) {
      std::map<std::string, uint64_t> highest_of;
      for (size_t offset = 0; offset < log.size(); ++offset) {
        crossing::v1::OutcomeRecord record;
        record.ParseFromString(log[offset].value);
        if (record.has_claim()) continue;
        uint64_t& highest = highest_of[record.marketplace_id()];
        if (record.token() < highest) {
          result_.void_outcomes += record.has_outcome();
          continue;
        }
        if (record.has_open()) highest = record.token();
        if (record.has_outcome()) Tell(record.outcome(), static_cast<int64_t>(offset));
      }
    }
  }

  void Tell(const Outcome& outcome, int64_t offset) {
    if (outcome.state() == Outcome::STATE_UNCONFIRMED) return;  // not final
    Body body{outcome.buyer_ref(), outcome.intent_id(), outcome.fingerprint()};
    auto [it, first] = told_.try_emplace(body, Told{outcome, offset});
    const bool rejected = outcome.state() == Outcome::STATE_REJECTED;
    if (outcome.policy_version().size() != kVersionBytes ||
        (outcome.refused_by_policy() && (!rejected || outcome.policy_rule().empty()))) {
      Violation("an outcome does not tell by which policy it was decided", body);
    }
    if (first) {
      result_.expired += outcome.state() == Outcome::STATE_EXPIRED;
      result_.stopped += outcome.reason() == crossing::v1::REASON_SALES_HALTED ||
                         outcome.reason() == crossing::v1::REASON_ROLLOUT_EXCLUDED ||
                         outcome.reason() == crossing::v1::REASON_LINK_OUT_ONLY;
    } else if (it->second.outcome.SerializeAsString() != outcome.SerializeAsString()) {
      Violation("P1: two different finals", body);
    }
  }

  size_t OrdersOf(const Body& body) const {
    size_t orders = 0;
    for (const LedgerRow& row : ledger_) {
      orders += Body{row.buyer_ref, row.intent_id, row.fingerprint} == body;
    }
    return orders;
  }

  bool OrderedWhereItBelongs(const Body& body) const {
    return std::ranges::all_of(ledger_, [&](const LedgerRow& row) {
      return Body{row.buyer_ref, row.intent_id, row.fingerprint} != body ||
             row.market == intents_.at(body).market;
    });
  }

  void JudgeIntent(const Body& body) {
    auto told = told_.find(body);
    if (told == told_.end()) {
      Violation("P1: accepted, and no final outcome", body);
      return;
    }
    size_t orders = OrdersOf(body);
    if (told->second.outcome.state() == Outcome::STATE_ORDERED) {
      if (orders == 0) Violation("P1: ORDERED, and no order", body);
      if (orders > 0 && !OrderedWhereItBelongs(body)) {
        Violation("P1: ordered at another marketplace", body);
      }
    } else if (orders > 0) {
      Violation("P2: not ORDERED, and an order", body);
    }
  }

  void JudgeLedger() {
    std::map<std::pair<std::string, std::string>, size_t> per_id;
    for (const LedgerRow& row : ledger_) {
      Body body{row.buyer_ref, row.intent_id, row.fingerprint};
      if (++per_id[{row.buyer_ref, row.intent_id}] > 1) Violation("P4: two orders", body);
      // By the id alone: what the order said of its deadline may have been made up.
      int64_t deadline_ms = base::Uuid::ParseV7(row.intent_id)->unix_ms() + intent::kTtlMs;
      if (row.decided_ms > deadline_ms) Violation("P5: ordered past the deadline", body);
      if (!intents_.contains(body)) Violation("P1: an order nobody was told ACCEPTED", body);
    }
  }

  // Orders of one offer take effect in the order of their intents' first copies.
  void JudgeOrder() {
    std::map<std::string, int64_t> last;
    for (const LedgerRow& row : ledger_) {
      Body body{row.buyer_ref, row.intent_id, row.fingerprint};
      auto seen = intents_.find(body);
      if (seen == intents_.end()) continue;
      auto [it, first] = last.try_emplace(row.offer_id, seen->second.offset);
      if (!first && seen->second.offset < it->second) Violation("P6: order overtaken", body);
      it->second = std::max(it->second, seen->second.offset);
    }
  }

  // What a valid open says of progress must be true of the log before it: every intent appended
  // before that time, less M, has its final there.
  void JudgeProgress() {
    for (size_t p = 0; p < log_.outcomes.size(); ++p) {
      std::map<std::string, uint64_t> highest_of;
      const auto& log = log_.outcomes[p];
      for (size_t offset = 0; offset < log.size(); ++offset) {
        crossing::v1::OutcomeRecord record;
        record.ParseFromString(log[offset].value);
        uint64_t& highest = highest_of[record.marketplace_id()];
        if (!record.has_open() || record.token() < highest) continue;
        highest = record.token();
        if (record.open().has_progress()) {
          CheckProgress(MarketOf(record.marketplace_id()), static_cast<int>(p),
                        static_cast<int64_t>(offset), base::ToMs(record.open().progress()));
        }
      }
    }
  }

  void CheckProgress(size_t market, int partition, int64_t offset, int64_t progress_ms) {
    for (const auto& [body, seen] : intents_) {
      if (seen.partition != partition || seen.market != market) continue;
      if (seen.append_ms >= progress_ms - intent::kBrokerSkewMs) continue;
      auto told = told_.find(body);
      if (told == told_.end() || told->second.offset > offset) {
        Violation("NONE would be wrong: progress told before the final", body);
      }
    }
  }

  Evidence evidence_;
  const SimLog& log_;
  const std::vector<LedgerRow>& ledger_;
  std::map<Body, Seen>& intents_ = evidence_.intents;
  std::map<Body, Told>& told_ = evidence_.finals;
  JudgedHistory result_;
};

}  // namespace

std::string ViolationBy(const std::string& what, const std::string& intent_id) {
  return what + std::string(kByIntent) + intent_id;
}

std::string KindOf(const std::string& violation) {
  return violation.substr(0, violation.find(kByIntent));
}

JudgedHistory JudgeHistory(const SimLog& log, const std::vector<LedgerRow>& ledger,
                           const Witnesses& witnesses) {
  JudgedHistory judged = Judge(log, ledger).Verdict(witnesses);
  if (judged.violation.empty()) judged.violation = JudgeShadow(log);
  return judged;
}

}  // namespace jembatan::simulation
