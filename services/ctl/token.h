#pragma once

// TokenFlags: the flags by which a command gets a viewer's bearer token: made of a development key,
// or given ready. Main thread only.

#include <string>

#include "absl/status/statusor.h"

namespace CLI {
class App;
}

namespace jembatan::ctl {

struct TokenFlags {
  std::string key;
  std::string kid = "dev";
  std::string viewer;
  std::string region = "ID";
  bool consent = true;
  std::string consent_version = "1";
  // The token of an app's back end, which manages rooms; viewer is then its name.
  bool manages_rooms = false;
  int ttl_s = 600;
  std::string issuer = "https://app.example";
  std::string audience = "jembatan";

  void AddTo(CLI::App& command);
  // Signs a token; INVALID_ARGUMENT if key or viewer are missing.
  absl::StatusOr<std::string> Make() const;
};

}  // namespace jembatan::ctl
