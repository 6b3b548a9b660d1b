#pragma once

// Controls for tests: sound ones of each kind, and their records. Values; any thread.

#include <string>
#include <utility>

#include "jembatan/crossing/v1/controls.pb.h"
#include "libs/base/timestamp.h"
#include "libs/controls/statement.h"
#include "libs/identity/token.h"
#include "libs/policy/parse.h"

namespace jembatan::controls::testing {

inline constexpr int64_t kIssuedMs = 1'800'000'000'000;

inline crossing::v1::Control MakeControl(uint64_t version) {
  crossing::v1::Control control;
  control.set_version(version);
  base::SetMs(kIssuedMs, control.mutable_issued_at());
  control.set_why("a test");
  return control;
}

inline crossing::v1::Control MakeHalt(uint64_t version, crossing::v1::Halt::Scope scope,
                                      const std::string& id = {}, bool halted = true) {
  crossing::v1::Control control = MakeControl(version);
  control.mutable_halt()->set_scope(scope);
  control.mutable_halt()->set_id(id);
  control.mutable_halt()->set_halted(halted);
  return control;
}

inline crossing::v1::Control MakeRoute(uint64_t version, const std::string& marketplace,
                                       const std::string& campaign, crossing::v1::RouteMode mode) {
  crossing::v1::Control control = MakeControl(version);
  control.mutable_route()->set_marketplace_id(marketplace);
  control.mutable_route()->set_campaign_id(campaign);
  control.mutable_route()->set_mode(mode);
  return control;
}

inline crossing::v1::Control MakeRollout(uint64_t version, const std::string& marketplace,
                                         uint32_t share, bool shadow = false) {
  crossing::v1::Control control = MakeControl(version);
  control.mutable_rollout()->set_marketplace_id(marketplace);
  control.mutable_rollout()->set_share(share);
  control.mutable_rollout()->set_shadow(shadow);
  return control;
}

// The text must be a policy's.
inline crossing::v1::Control MakePolicy(uint64_t version, const std::string& text) {
  crossing::v1::Control control = MakeControl(version);
  control.mutable_policy()->set_text(text);
  const auto policy = policy::ParsePolicy("policy", text);
  control.mutable_policy()->set_version(policy.ok() ? policy->version : std::string(32, 'v'));
  return control;
}

inline void Sign(const identity::Signer& signer, crossing::v1::Control* control) {
  const std::string statement = CanonicalBytes(*control);
  crossing::v1::ControlSignature* signature = control->add_signatures();
  signature->set_key_id(signer.kid());
  signature->set_signature(signer.SignStatement(statement).value_or(""));
}

struct ControlRecord {
  std::string key;
  std::string value;
};
inline ControlRecord RecordOf(const crossing::v1::Control& control) {
  ControlRecord record{.value = control.SerializeAsString()};
  record.key = RecordKey(control, record.value);
  return record;
}

}  // namespace jembatan::controls::testing
