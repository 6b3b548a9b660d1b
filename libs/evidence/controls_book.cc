#include "libs/evidence/controls_book.h"

#include <algorithm>
#include <utility>

#include "libs/base/timestamp.h"
#include "libs/controls/limits.h"

namespace jembatan::evidence {

using controls::Way;
using crossing::v1::Control;
using crossing::v1::Outcome;

ControlsBook::ControlsBook(const Segment& controls, const controls::Operators& operators,
                           int64_t since_ms) {
  states_.push_back({0, controls::Controls(operators)});
  for (const Record& record : controls.records) {
    if (record.whole) Read(record, since_ms);
  }
}

void ControlsBook::Read(const Record& record, int64_t since_ms) {
  controls::Controls next = states_.back().controls;
  const auto applied = next.Apply(record.offset, record.key, record.value);
  Control control;
  ControlRow row{.offset = record.offset,
                 .append_ms = record.append_ms,
                 .subject = applied.subject,
                 .version = applied.version,
                 .refused = applied.refused};
  if (control.ParseFromArray(record.value.data(), static_cast<int>(record.value.size()))) {
    row.why = control.why();
    for (const auto& signature : control.signatures()) row.signers.push_back(signature.key_id());
  }
  rows_.push_back(std::move(row));
  if (!applied.refused.empty()) return;
  if (record.append_ms < since_ms) states_.pop_back();
  states_.push_back({record.append_ms, std::move(next)});
}

bool ControlsBook::HaltsTheUnseen(const State& state) const {
  for (const controls::Controls::InForce& each : state.controls.List()) {
    const crossing::v1::Halt& halt = each.control.halt();
    if (halt.halted() && (halt.scope() == crossing::v1::Halt::SCOPE_SELLER ||
                          halt.scope() == crossing::v1::Halt::SCOPE_ROOM)) {
      return true;
    }
  }
  return false;
}

// A bridge obeys what it has read, at most kStaleMs after it was written; it may have asked for the
// order at any time between the intent's append and the decision.
bool ControlsBook::Had(const controls::Tap& tap, Way way, int64_t append_ms,
                       const Outcome& outcome) const {
  const int64_t decided_ms = base::ToMs(outcome.decided_at());
  for (size_t i = states_.size(); i-- > 0;) {
    const State& state = states_[i];
    if (state.controls.revision() > outcome.controls_revision()) continue;
    if (state.controls.WayOf(tap, append_ms) == way ||
        state.controls.WayOf(tap, decided_ms) == way ||
        (way == Way::kHalted && HaltsTheUnseen(state))) {
      return true;
    }
    if (state.append_ms <= append_ms - controls::kStaleMs) return false;
  }
  return false;
}

std::string ControlsBook::WhyNot(const crossing::v1::PurchaseIntent& intent,
                                 std::string_view seller_id, int64_t append_ms,
                                 const Outcome& outcome) const {
  controls::Tap tap;
  tap.marketplace_id = intent.marketplace_id();
  tap.seller_id = seller_id;
  tap.offer_id = intent.offer_id();
  tap.campaign_id = intent.campaign_id();
  tap.buyer_ref = intent.buyer_ref();
  const auto had = [&](Way way) { return Had(tap, way, append_ms, outcome); };
  if (outcome.state() == Outcome::STATE_ORDERED) {
    return had(Way::kOrder) ? std::string() : "ordered, though operators had stopped it";
  }
  // What the marketplace has answered it answers for.
  if (outcome.route_mode() == crossing::v1::ROUTE_MODE_BACKEND) return {};
  if (outcome.route_mode() == crossing::v1::ROUTE_MODE_LINK_OUT) {
    return had(Way::kLinkOut) ? std::string() : "handed off, though no operator had ordered that";
  }
  if (outcome.reason() == crossing::v1::REASON_SALES_HALTED) {
    return had(Way::kHalted) ? std::string() : "refused as halted, though nothing was halted";
  }
  if (outcome.reason() == crossing::v1::REASON_ROLLOUT_EXCLUDED && !outcome.refused_by_policy()) {
    return had(Way::kExcluded) || had(Way::kShadow)
               ? std::string()
               : "refused as outside the rollout, though it was in it";
  }
  return {};
}

}  // namespace jembatan::evidence
