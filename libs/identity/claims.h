#pragma once

// The JSON inside tokens: a header, a body of claims, a key set; read strictly by simdjson and
// written for Signer. Internal to this folder; knows nothing of signatures. Pure; any thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <simdjson.h>

#include "libs/identity/token.h"

namespace jembatan::identity {

inline constexpr size_t kViewerIdBytes = 128;
inline constexpr size_t kKidBytes = 64;
inline constexpr size_t kConsentVersionBytes = 64;
inline constexpr size_t kIssuerBytes = 256;  // and of each audience
inline constexpr size_t kRolesMax = 32;

// One JSON object, wholly checked: UTF-8, no key twice at any depth, at most 8 levels.
class StrictObject {
 public:
  static absl::StatusOr<StrictObject> Parse(std::string_view text);

  simdjson::dom::object object() const { return object_; }
  bool Has(std::string_view key) const;
  // The member as text or truth value; nullopt: absent or of another type.
  static std::optional<std::string_view> Text(simdjson::dom::object object, std::string_view key);
  std::optional<std::string_view> Text(std::string_view key) const { return Text(object_, key); }
  std::optional<bool> Truth(std::string_view key) const;
  // A NumericDate in milliseconds: seconds since the epoch, fractions allowed, years 1970 to 9999.
  std::optional<int64_t> DateMs(std::string_view key) const;

 private:
  std::unique_ptr<simdjson::dom::parser> parser_;  // Owns what object_ points into.
  simdjson::dom::object object_;
};

// Well-formed UTF-8 of 1 to bound bytes without control characters.
bool IsPlainText(std::string_view text, size_t bound);
// Name of a key: 1 to 64 of [A-Za-z0-9._-].
bool IsKid(std::string_view text);

// Whether the viewer could have come from a token; what a Signer must not sign is refused.
absl::Status CheckViewer(const Viewer& viewer);

// Reads and checks the claims of a token whose signature has been verified.
absl::StatusOr<Viewer> ReadClaims(std::string_view json, std::string_view issuer,
                                  std::string_view audience, int64_t now_ms);
std::string WriteClaims(const Viewer& viewer, std::string_view issuer, std::string_view audience,
                        int64_t now_ms);

}  // namespace jembatan::identity
