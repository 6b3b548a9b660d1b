#include "libs/controls/controls.h"

#include <algorithm>
#include <set>
#include <utility>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "libs/controls/limits.h"
#include "libs/controls/statement.h"
#include "libs/policy/parse.h"

namespace jembatan::controls {

using crossing::v1::Control;
using crossing::v1::Halt;
using crossing::v1::Rollout;

namespace {

// Where in 0 to 9,999 a buyer lies, for good: the pseudonym is an HMAC, any bytes of it are as good
// as chance.
uint32_t PlaceOf(std::string_view buyer_ref) {
  uint64_t number = 0;
  for (char byte : buyer_ref.substr(0, 8)) number = number << 8 | static_cast<uint8_t>(byte);
  return static_cast<uint32_t>(number % kWholeShare);
}

template <typename Set>
bool Has(const Set& set, std::string_view id) {
  return !set.empty() && set.contains(base::Absl(id));
}

}  // namespace

TrialPhase PhaseOf(const Rollout& rollout, int64_t now_ms) {
  if (!rollout.has_trial()) return TrialPhase::kNone;
  const crossing::v1::Trial& trial = rollout.trial();
  if (now_ms < base::ToMs(trial.starts_at())) return TrialPhase::kAhead;
  if (now_ms >= base::ToMs(trial.ends_at())) return TrialPhase::kEnded;
  return now_ms < base::ToMs(trial.renewed_until()) ? TrialPhase::kRunning : TrialPhase::kLapsed;
}

Controls::Applied Controls::Apply(int64_t offset, std::string_view key, std::string_view value) {
  Applied applied;
  Control control;
  if (value.empty() || value.size() > kControlBytes + kPolicyBytes ||
      !control.ParseFromArray(value.data(), static_cast<int>(value.size())) ||
      value.size() > kControlBytes + control.policy().text().size()) {
    applied.refused = "not a control";
    return applied;
  }
  applied.subject = SubjectOf(control);
  applied.version = control.version();
  applied.refused = WhyNot(control, key, value);
  if (!applied.refused.empty()) return applied;
  Adopt(control);
  InForce& in_force = by_subject_[applied.subject];
  in_force.subject = applied.subject;
  in_force.offset = offset;
  in_force.control = std::move(control);
  revision_ = static_cast<uint64_t>(offset) + 1;
  return applied;
}

std::string Controls::WhyNot(const Control& control, std::string_view key,
                             std::string_view value) const {
  if (absl::Status form = CheckControl(control); !form.ok()) {
    return std::string(base::Std(form.message()));
  }
  if (key != RecordKey(control, value)) return "the record's key is another control's";
  if (std::string why = WhyUnsigned(control); !why.empty()) return why;
  const std::string subject = SubjectOf(control);
  const uint64_t version = VersionOf(subject);
  if (control.version() <= version) {
    return "version " + std::to_string(control.version()) + " of " + subject + " is not above " +
           std::to_string(version) + ", which is in force";
  }
  if (version == 0 && by_subject_.size() >= kSubjects) return "more subjects than can be kept";
  return {};
}

// Every signature there is must be good: a bad one beside good ones is somebody's mistake or worse.
std::string Controls::WhyUnsigned(const Control& control) const {
  if (operators_.keys == nullptr) return {};
  const std::string statement = CanonicalBytes(control);
  std::set<std::string> signers;
  for (const crossing::v1::ControlSignature& signature : control.signatures()) {
    if (!operators_.keys->VerifyStatement(signature.key_id(), statement, signature.signature())) {
      return "the signature by \"" + signature.key_id() + "\" is not good";
    }
    if (!signers.insert(signature.key_id()).second) {
      return "\"" + signature.key_id() + "\" has signed twice";
    }
  }
  if (signers.size() >= operators_.needed) return {};
  return "signed by " + std::to_string(signers.size()) + " of " +
         std::to_string(operators_.needed) + " operators needed";
}

Controls::Ids* Controls::HaltedBy(Halt::Scope scope) {
  switch (scope) {
    case Halt::SCOPE_MARKETPLACE:
      return &halted_marketplaces_;
    case Halt::SCOPE_SELLER:
      return &halted_sellers_;
    case Halt::SCOPE_OFFER:
      return &halted_offers_;
    case Halt::SCOPE_ROOM:
      return &halted_rooms_;
    case Halt::SCOPE_GLOBAL:
    case Halt::SCOPE_UNSPECIFIED:
    case crossing::v1::Halt_Scope_Halt_Scope_INT_MIN_SENTINEL_DO_NOT_USE_:
    case crossing::v1::Halt_Scope_Halt_Scope_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return nullptr;
}

void Controls::Adopt(const Control& control) {
  if (control.has_halt()) {
    const Halt& halt = control.halt();
    Ids* ids = HaltedBy(halt.scope());
    if (ids == nullptr) {
      all_halted_ = halt.halted();
    } else if (halt.halted()) {
      ids->insert(halt.id());
    } else {
      ids->erase(halt.id());
    }
  } else if (control.has_route()) {
    const crossing::v1::Route& route = control.route();
    Routes& routes = routes_[route.marketplace_id()];
    auto& mode =
        route.campaign_id().empty() ? routes.mode : routes.by_campaign[route.campaign_id()];
    mode = route.mode();
  } else if (control.has_rollout()) {
    rollouts_[control.rollout().marketplace_id()] = control.rollout();
  } else {
    // It has been checked.
    policy_ = std::make_shared<const policy::Policy>(
        *policy::ParsePolicy("policy", control.policy().text()));
  }
}

Way Controls::WayOf(const Tap& tap, int64_t now_ms) const {
  if (Halted(tap)) return Way::kHalted;
  const Way way = RolloutOf(tap, now_ms);
  if (way != Way::kOrder) return way;
  return LinksOut(tap) ? Way::kLinkOut : Way::kOrder;
}

bool Controls::Halted(const Tap& tap) const {
  return all_halted_ || Has(halted_marketplaces_, tap.marketplace_id) ||
         Has(halted_sellers_, tap.seller_id) || Has(halted_offers_, tap.offer_id) ||
         Has(halted_rooms_, tap.room_id);
}

Way Controls::RolloutOf(const Tap& tap, int64_t now_ms) const {
  if (rollouts_.empty()) return Way::kOrder;
  const auto at = rollouts_.find(base::Absl(tap.marketplace_id));
  if (at == rollouts_.end()) return Way::kOrder;
  const TrialPhase phase = PhaseOf(at->second, now_ms);
  const bool runs = phase == TrialPhase::kNone || phase == TrialPhase::kRunning;
  if (!runs || PlaceOf(tap.buyer_ref) >= at->second.share()) return Way::kExcluded;
  return at->second.shadow() ? Way::kShadow : Way::kOrder;
}

bool Controls::LinksOut(const Tap& tap) const {
  if (routes_.empty()) return false;
  const auto at = routes_.find(base::Absl(tap.marketplace_id));
  if (at == routes_.end()) return false;
  crossing::v1::RouteMode mode = at->second.mode;
  const auto own = at->second.by_campaign.find(base::Absl(tap.campaign_id));
  if (own != at->second.by_campaign.end()) mode = own->second;
  return mode == crossing::v1::ROUTE_MODE_LINK_OUT;
}

std::vector<Controls::InForce> Controls::List() const {
  std::vector<InForce> list;
  for (const auto& [subject, in_force] : by_subject_) list.push_back(in_force);
  std::sort(list.begin(), list.end(),
            [](const InForce& a, const InForce& b) { return a.subject < b.subject; });
  return list;
}

uint64_t Controls::VersionOf(const std::string& subject) const {
  const auto at = by_subject_.find(subject);
  return at == by_subject_.end() ? 0 : at->second.control.version();
}

}  // namespace jembatan::controls
