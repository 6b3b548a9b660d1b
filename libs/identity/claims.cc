#include "libs/identity/claims.h"

#include <cmath>
#include <set>

#include "libs/base/status.h"
#include "libs/base/text.h"

namespace jembatan::identity {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

constexpr size_t kDepth = 8;
constexpr std::string_view kRoomsRole = "rooms";
constexpr double kLastSecond = 253'402'300'799;  // 9999-12-31T23:59:59Z

// RFC 7519 lets a reader take the last of two equal names; another reader may take the first, and
// then the two disagree about who the viewer is. The parser has bounded the depth.
bool HasTwins(element value) {
  if (value.type() == element_type::ARRAY) {
    for (element item : simdjson::dom::array(value)) {
      if (HasTwins(item)) return true;
    }
  }
  if (value.type() == element_type::OBJECT) {
    std::set<std::string_view> keys;
    for (simdjson::dom::key_value_pair member : object(value)) {
      if (!keys.insert(member.key).second || HasTwins(member.value)) return true;
    }
  }
  return false;
}

bool IsRegion(std::string_view text) {
  return text.size() == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z';
}

// aud: one string or a list of strings, of which one must be ours.
absl::Status CheckAudience(const StrictObject& claims, std::string_view audience) {
  element value;
  if (claims.object().at_key("aud").get(value)) return base::Unauthenticated("aud: required");
  bool ours = false;
  std::string_view text;
  simdjson::dom::array list;
  if (!value.get(text)) {
    ours = text == audience;
  } else if (!value.get(list)) {
    for (element item : list) {
      if (item.get(text)) return base::Unauthenticated("aud: not a string or list of strings");
      ours |= text == audience;
    }
  } else {
    return base::Unauthenticated("aud: not a string or list of strings");
  }
  if (!ours) return base::Unauthenticated("aud: another audience");
  return absl::OkStatus();
}

// Roles that mean nothing here are the app's own matter.
absl::Status ReadRoles(const StrictObject& claims, Viewer* viewer) {
  if (!claims.Has("roles")) return absl::OkStatus();
  simdjson::dom::array roles;
  if (claims.object().at_key("roles").get(roles) || roles.size() > kRolesMax) {
    return base::Unauthenticated("roles: not a list of at most 32 strings");
  }
  for (element role : roles) {
    std::string_view text;
    if (role.get(text)) return base::Unauthenticated("roles: not a list of at most 32 strings");
    viewer->manages_rooms |= text == kRoomsRole;
  }
  return absl::OkStatus();
}

// A back end has no need of a region and of consent: without consent it can buy nothing.
absl::Status ReadConsent(const StrictObject& claims, Viewer* viewer) {
  viewer->region = claims.Text("region").value_or("");
  std::optional<bool> consent = claims.Truth("shop_consent");
  if (!consent && (claims.Has("shop_consent") || !viewer->manages_rooms)) {
    return base::Unauthenticated("shop_consent: required, true or false");
  }
  viewer->shop_consent = consent.value_or(false);
  if (claims.Has("shop_consent_version")) {
    std::optional<std::string_view> version = claims.Text("shop_consent_version");
    if (!version) return base::Unauthenticated("shop_consent_version: not a string");
    viewer->consent_version = *version;
  }
  return absl::OkStatus();
}

// The leeway forgives an issuer's clock that runs ahead; an expired token is never forgiven.
absl::Status CheckDates(const StrictObject& claims, int64_t now_ms, int64_t* expires_ms) {
  std::optional<int64_t> exp = claims.DateMs("exp");
  if (!exp) return base::Unauthenticated("exp: required, a NumericDate");
  if (now_ms >= *exp) return base::Unauthenticated("exp: the token has expired");
  for (const char* key : {"nbf", "iat"}) {
    if (!claims.Has(key)) continue;
    std::optional<int64_t> date = claims.DateMs(key);
    if (!date) return base::Unauthenticated(std::string(key) + ": not a NumericDate");
    if (*date > now_ms + kClockLeewayMs) {
      return base::Unauthenticated(std::string(key) + ": the token is not valid yet");
    }
  }
  *expires_ms = *exp;
  return absl::OkStatus();
}

// Everything quoted here is plain text already: only two characters need an escape.
void AppendQuoted(std::string_view text, std::string* out) {
  out->push_back('"');
  for (char c : text) {
    if (c == '"' || c == '\\') out->push_back('\\');
    out->push_back(c);
  }
  out->push_back('"');
}

}  // namespace

absl::StatusOr<StrictObject> StrictObject::Parse(std::string_view text) {
  StrictObject strict;
  strict.parser_ = std::make_unique<simdjson::dom::parser>();
  element root;
  bool read = strict.parser_->allocate(text.size() + simdjson::SIMDJSON_PADDING, kDepth) ==
                  simdjson::SUCCESS &&
              strict.parser_->parse(text.data(), text.size()).get(root) == simdjson::SUCCESS;
  if (!read) return base::InvalidArgument("not JSON");
  if (root.get(strict.object_)) return base::InvalidArgument("not a JSON object");
  if (HasTwins(root)) return base::InvalidArgument("a name is given twice");
  return strict;
}

bool StrictObject::Has(std::string_view key) const {
  return object_.at_key(key).error() == simdjson::SUCCESS;
}

std::optional<std::string_view> StrictObject::Text(simdjson::dom::object object,
                                                   std::string_view key) {
  std::string_view text;
  if (object.at_key(key).get(text)) return std::nullopt;
  return text;
}

std::optional<bool> StrictObject::Truth(std::string_view key) const {
  bool truth = false;
  if (object_.at_key(key).get(truth)) return std::nullopt;
  return truth;
}

std::optional<int64_t> StrictObject::DateMs(std::string_view key) const {
  double seconds = 0;  // Good to a millisecond over these years.
  if (object_.at_key(key).get(seconds)) return std::nullopt;
  if (!(seconds >= 0 && seconds <= kLastSecond)) return std::nullopt;
  return static_cast<int64_t>(std::floor(seconds * 1000));
}

bool IsPlainText(std::string_view text, size_t bound) {
  if (text.empty() || text.size() > bound || !base::IsUtf8(text)) return false;
  for (char c : text) {
    auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20 || byte == 0x7f) return false;
  }
  return true;
}

bool IsKid(std::string_view text) {
  if (text.empty() || text.size() > kKidBytes) return false;
  for (char c : text) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool other = (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!letter && !other) return false;
  }
  return true;
}

absl::Status CheckViewer(const Viewer& viewer) {
  if (!IsPlainText(viewer.id, kViewerIdBytes)) {
    return base::Unauthenticated("sub: required, 1 to 128 bytes of plain text");
  }
  if (!IsRegion(viewer.region) && !(viewer.manages_rooms && viewer.region.empty())) {
    return base::Unauthenticated("region: required, two upper-case letters");
  }
  bool has_version = !viewer.consent_version.empty();
  if (viewer.shop_consent && !has_version) {
    return base::Unauthenticated("shop_consent_version: required with consent");
  }
  if (has_version && !IsPlainText(viewer.consent_version, kConsentVersionBytes)) {
    return base::Unauthenticated("shop_consent_version: not 1 to 64 bytes of plain text");
  }
  return absl::OkStatus();
}

absl::StatusOr<Viewer> ReadClaims(std::string_view json, std::string_view issuer,
                                  std::string_view audience, int64_t now_ms) {
  absl::StatusOr<StrictObject> claims = StrictObject::Parse(json);
  if (!claims.ok()) {
    return base::Unauthenticated("claims: " + std::string(base::Std(claims.status().message())));
  }
  std::optional<std::string_view> iss = claims->Text("iss");
  if (!iss) return base::Unauthenticated("iss: required, a string");
  if (*iss != issuer) return base::Unauthenticated("iss: another issuer");
  JEMB_RETURN_IF_ERROR(CheckAudience(*claims, audience));
  Viewer viewer;
  JEMB_RETURN_IF_ERROR(CheckDates(*claims, now_ms, &viewer.expires_ms));
  viewer.id = claims->Text("sub").value_or("");
  JEMB_RETURN_IF_ERROR(ReadRoles(*claims, &viewer));
  JEMB_RETURN_IF_ERROR(ReadConsent(*claims, &viewer));
  JEMB_RETURN_IF_ERROR(CheckViewer(viewer));
  return viewer;
}

std::string WriteClaims(const Viewer& viewer, std::string_view issuer, std::string_view audience,
                        int64_t now_ms) {
  std::string json = "{\"iss\":";
  AppendQuoted(issuer, &json);
  json += ",\"aud\":";
  AppendQuoted(audience, &json);
  json += ",\"sub\":";
  AppendQuoted(viewer.id, &json);
  json += ",\"iat\":" + std::to_string(now_ms / 1000);
  json += ",\"exp\":" + std::to_string(viewer.expires_ms / 1000);
  if (viewer.manages_rooms) {
    json += ",\"roles\":[";
    AppendQuoted(kRoomsRole, &json);
    json += "]";
  }
  if (!viewer.region.empty()) {
    json += ",\"region\":";
    AppendQuoted(viewer.region, &json);
  }
  json += ",\"shop_consent\":";
  json += viewer.shop_consent ? "true" : "false";
  if (!viewer.consent_version.empty()) {
    json += ",\"shop_consent_version\":";
    AppendQuoted(viewer.consent_version, &json);
  }
  json += "}";
  return json;
}

}  // namespace jembatan::identity
