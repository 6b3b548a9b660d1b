#include "libs/base/ids.h"
#include "libs/base/timestamp.h"
#include "libs/intent/limits.h"
#include "tests/simulation/judge.h"

// The viewers' side (protocol rule 9): what they were told against what the log and the ledger say.

namespace jembatan::simulation {
namespace {

using intake::v1::Outcome;
using intake::v1::Receipt;

class ViewersJudge {
 public:
  explicit ViewersJudge(const Evidence& evidence) : evidence_(evidence) {}

  std::string Verdict(const Witnesses& witnesses) {
    if (witnesses.strangers > 0) return "P4: a viewer was told of another's intent";
    for (const TapStory* story : witnesses.stories) JudgeTap(*story);
    return violation_;
  }

 private:
  void Violation(const std::string& what, const IdStory& id) {
    if (violation_.empty()) violation_ = ViolationBy(what, id.intent_id);
  }

  void JudgeTap(const TapStory& tap) {
    size_t orders = 0;
    for (const IdStory& id : tap.ids) {
      JudgeId(id);
      orders += OrdersOf(id.intent_id);
    }
    const IdStory& last = tap.ids.back();
    if (orders > 1) Violation("P4: two orders for one tap", last);
    if (tap.end == TapStory::End::kOpen) Violation("liveness: a viewer waits for ever", last);
  }

  void JudgeId(const IdStory& id) {
    const Body body{id.buyer_ref, id.intent_id, id.fingerprint};
    for (const Receipt& receipt : id.accepted) JudgeAccepted(body, id, receipt);
    for (const Outcome& outcome : id.outcomes) JudgeOutcome(body, id, outcome);
    bool in_log = evidence_.intents.contains(body);
    bool ordered = OrdersOf(id.intent_id) > 0;
    // Each submission was refused: none of them is in the log, or not in time.
    if (id.refused == id.sends && (in_log || ordered)) {
      Violation("9: REFUSED, and in the log", id);
    }
    if (id.refused > id.sends) Violation("9: more refusals than submissions", id);
    if (id.none && (ordered || evidence_.finals.contains(body))) {
      Violation("9: NONE, and a final", id);
    }
    if (id.none && in_log) Violation("9: NONE, and in the log", id);
  }

  // The place named holds this intent, in time.
  void JudgeAccepted(const Body& body, const IdStory& id, const Receipt& receipt) {
    if (!evidence_.intents.contains(body)) {
      Violation("P1: ACCEPTED, and not in the log", id);
      return;
    }
    const auto& log = evidence_.log.intents.at(static_cast<size_t>(receipt.partition()));
    crossing::v1::PurchaseIntent there;
    bool named = receipt.offset() >= 0 && receipt.offset() < static_cast<int64_t>(log.size()) &&
                 there.ParseFromString(log[receipt.offset()].value) &&
                 Body{there.buyer_ref(), there.intent_id(), there.fingerprint()} == body &&
                 log[receipt.offset()].append_ms <= base::ToMs(there.deadline());
    if (!named) Violation("P1: ACCEPTED names another place of the log", id);
    if (!evidence_.finals.contains(body)) Violation("P1: ACCEPTED, and no final outcome", id);
  }

  // All are told what the log says.
  void JudgeOutcome(const Body& body, const IdStory& id, const Outcome& told) {
    auto final = evidence_.finals.find(body);
    if (final == evidence_.finals.end()) {
      Violation("P1: told an outcome that is not the log's", id);
      return;
    }
    const crossing::v1::Outcome& outcome = final->second.outcome;
    bool same = static_cast<int>(told.state()) == static_cast<int>(outcome.state()) &&
                static_cast<int>(told.reason()) == static_cast<int>(outcome.reason()) &&
                told.fingerprint() == outcome.fingerprint() &&
                told.order_id() == outcome.order_id() && told.offer_id() == outcome.offer_id();
    if (!same) Violation("P3: answers differ", id);
    // Nothing else is wrong with an intent of a well-behaved viewer.
    const bool stopped = outcome.refused_by_policy() ||
                         told.reason() == intake::v1::REASON_SALES_HALTED ||
                         told.reason() == intake::v1::REASON_ROLLOUT_EXCLUDED;
    if (told.state() == Outcome::STATE_REJECTED && !stopped &&
        told.reason() != intake::v1::REASON_OUT_OF_STOCK) {
      Violation("a sound intent was refused for its form", id);
    }
  }

  // Under any pseudonym.
  size_t OrdersOf(const std::string& intent_id) const {
    size_t orders = 0;
    for (const LedgerRow& row : evidence_.ledger) orders += row.intent_id == intent_id;
    return orders;
  }

  const Evidence& evidence_;
  std::string violation_;
};

}  // namespace

std::string JudgeViewers(const Evidence& evidence, const Witnesses& witnesses) {
  return ViewersJudge(evidence).Verdict(witnesses);
}

}  // namespace jembatan::simulation
