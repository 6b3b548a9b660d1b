#include "tests/simulation/sim_controls.h"

#include "libs/base/check.h"
#include "libs/base/timestamp.h"
#include "libs/controls/statement.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/world.h"

namespace jembatan::simulation {

void SimControls::Halt(const std::string& offer_id, bool halted) {
  using crossing::v1::Halt;
  crossing::v1::Control control;
  control.mutable_halt()->set_scope(offer_id.empty() ? Halt::SCOPE_GLOBAL : Halt::SCOPE_OFFER);
  control.mutable_halt()->set_id(offer_id);
  control.mutable_halt()->set_halted(halted);
  Append(std::move(control));
}

void SimControls::Open(size_t market, uint32_t share, bool shadow) {
  crossing::v1::Control control;
  control.mutable_rollout()->set_marketplace_id(kMarketIds[market]);
  control.mutable_rollout()->set_share(share);
  control.mutable_rollout()->set_shadow(shadow);
  Append(std::move(control));
}

void SimControls::Route(size_t market, bool link_out) {
  crossing::v1::Control control;
  control.mutable_route()->set_marketplace_id(kMarketIds[market]);
  control.mutable_route()->set_mode(link_out ? crossing::v1::ROUTE_MODE_LINK_OUT
                                             : crossing::v1::ROUTE_MODE_BACKEND);
  Append(std::move(control));
}

void SimControls::Append(crossing::v1::Control control) {
  control.set_why("simulated");
  base::SetMs(World::kEpochMs, control.mutable_issued_at());
  control.set_version(now_->VersionOf(controls::SubjectOf(control)) + 1);
  const std::string value = control.SerializeAsString();
  auto next = std::make_shared<controls::Controls>(*now_);
  const auto applied = next->Apply(next_offset_++, controls::RecordKey(control, value), value);
  JEMB_CHECK(applied.refused.empty());
  now_ = std::move(next);
  on_change();
}

}  // namespace jembatan::simulation
