#pragma once

// What hostile or broken clients send, as tables that the tests of all transports share. Pure.

#include <functional>
#include <string>
#include <vector>

#include "jembatan/intake/v1/intake.pb.h"
#include "services/gateway/testing/gateway_fixture.h"

namespace jembatan::gateway::testing {

// An intent that decodes but breaks the contract: it gets a receipt, whatever carries it.
struct BadIntent {
  const char* name;
  std::function<void(intake::v1::Intent&)> spoil;
  intake::v1::Reason reason;
};
std::vector<BadIntent> BadIntents();

// A JSON text that is no ClientFrame.
struct BadJson {
  const char* name;
  std::string text;
};
std::vector<BadJson> BadFrames();
// The same as fields of one intent: the body of SubmitIntent.
std::vector<BadJson> BadSubmits();

// The fields of a valid intent, for JSON texts.
std::string IntentFields(const intake::v1::Intent& intent);

}  // namespace jembatan::gateway::testing
