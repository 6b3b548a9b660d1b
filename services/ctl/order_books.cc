#include "services/ctl/order_books.h"

#include <utility>

#include "libs/base/ids.h"
#include "libs/base/status.h"
#include "libs/crossing/outcome_state.h"

namespace jembatan::ctl {

using crossing::v1::Outcome;
using Verdict = crossing::OutcomeJudge::Verdict;

absl::Status OrderBooks::AddOutcome(int32_t partition, int64_t offset, std::string_view value) {
  if (!record_.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    return absl::OkStatus();
  }
  auto& judge = judges_.try_emplace(partition, offset).first->second;
  const Outcome& outcome = record_.outcome();
  // What belongs to a reading that began earlier is of an hour that was not asked for.
  if (judge.Judge(record_) != Verdict::kValid || !record_.has_outcome() ||
      !crossing::IsFinal(outcome.state()) || record_.marketplace_id() != marketplace_id_) {
    return absl::OkStatus();
  }
  const auto id = base::Uuid::ParseV7(outcome.intent_id());
  const int64_t hour = id ? reconcile::HourOf(*id) : -1;
  if (hour < first_hour_ || hour >= last_hour_) return absl::OkStatus();
  const reconcile::Commitment commitment = reconcile::CommitmentOf(
      hasher_, {*id, outcome.buyer_ref(), outcome.fingerprint(), outcome.order_id()});
  // The first final stands.
  const auto [at, added] =
      known_.try_emplace(commitment.intent, Known{outcome.intent_id(), outcome.state()});
  if (added && outcome.state() == Outcome::STATE_ORDERED) hours_[hour].Add(commitment);
  if (known_.size() <= kOrdersMax) return absl::OkStatus();
  return base::ResourceExhausted("more than " + std::to_string(kOrdersMax) +
                                 " intents; choose a shorter time");
}

const OrderBooks::Known* OrderBooks::Find(const reconcile::Commitment& order) const {
  const auto at = known_.find(order.intent);
  return at == known_.end() ? nullptr : &at->second;
}

bool OrderBooks::IsHandedOff(const reconcile::Commitment& order) const {
  const Known* known = Find(order);
  return known != nullptr && known->state == Outcome::STATE_HANDED_OFF;
}

std::string OrderBooks::DescribeOurs(const reconcile::Commitment& order) const {
  const Known* known = Find(order);
  return (known == nullptr ? std::string("?") : known->intent_id) +
         ": ORDERED by its outcome, and not at the marketplace under that number";
}

std::string OrderBooks::DescribeTheirs(const reconcile::Commitment& order) const {
  const Known* known = Find(order);
  if (known == nullptr) {
    return "an order of the marketplace (" + ledger::HashText(order.order) +
           ") of which no outcome tells";
  }
  return known->intent_id + ": ordered at the marketplace, its outcome is " +
         Outcome::State_Name(known->state);
}

}  // namespace jembatan::ctl
