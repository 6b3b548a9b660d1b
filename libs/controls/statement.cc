#include "libs/controls/statement.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <google/protobuf/message.h>
#include <openssl/sha.h>

#include "libs/base/id_text.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "libs/controls/limits.h"
#include "libs/policy/parse.h"

namespace jembatan::controls {
namespace {

using crossing::v1::Control;
using crossing::v1::Halt;
using crossing::v1::Milestone;
using crossing::v1::Rollout;
using crossing::v1::Route;
using crossing::v1::Trial;
using google::protobuf::Timestamp;

// No token begins so: a colon is in no base64url.
constexpr std::string_view kPrefix = "jembatan-control-v1:";
// Hexadecimal digits of the value's digest in a record's key.
constexpr size_t kDigestDigits = 32;

bool IsId(std::string_view text) { return base::IsIdText(text, kIdBytes); }

bool IsLine(std::string_view text, size_t bound) {
  return !text.empty() && text.size() <= bound && base::IsUtf8(text) &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// Whole milliseconds since 1970, as SetMs writes them: what is finer would not be signed.
bool IsTime(const Timestamp& time) {
  return time.seconds() > 0 && time.seconds() < 253'402'300'800 && time.nanos() >= 0 &&
         time.nanos() < 1'000'000'000 && time.nanos() % 1'000'000 == 0;
}

absl::Status Bad(const std::string& field) { return base::InvalidArgument("control: " + field); }

// At any depth.
bool KnowsAll(const google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (!reflection.GetUnknownFields(message).empty()) return false;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (!KnowsAll(reflection.GetMessage(message, field))) return false;
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      if (!KnowsAll(reflection.GetRepeatedMessage(message, field, i))) return false;
    }
  }
  return true;
}

std::string_view NameOf(Halt::Scope scope) {
  switch (scope) {
    case Halt::SCOPE_GLOBAL:
      return "global";
    case Halt::SCOPE_MARKETPLACE:
      return "marketplace";
    case Halt::SCOPE_SELLER:
      return "seller";
    case Halt::SCOPE_OFFER:
      return "offer";
    case Halt::SCOPE_ROOM:
      return "room";
    case Halt::SCOPE_UNSPECIFIED:
    case crossing::v1::Halt_Scope_Halt_Scope_INT_MIN_SENTINEL_DO_NOT_USE_:
    case crossing::v1::Halt_Scope_Halt_Scope_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return {};
}

absl::Status CheckHalt(const Halt& halt) {
  if (NameOf(halt.scope()).empty()) return Bad("halt.scope is unknown");
  const bool global = halt.scope() == Halt::SCOPE_GLOBAL;
  if (global && !halt.id().empty()) return Bad("halt.id must be empty with SCOPE_GLOBAL");
  if (!global && !IsId(halt.id())) return Bad("halt.id: 1 to 64 of [A-Za-z0-9._:-]");
  return absl::OkStatus();
}

absl::Status CheckRoute(const Route& route) {
  if (!IsId(route.marketplace_id())) {
    return Bad("route.marketplace_id: 1 to 64 of [A-Za-z0-9._:-]");
  }
  if (!route.campaign_id().empty() && !IsId(route.campaign_id())) {
    return Bad("route.campaign_id: up to 64 of [A-Za-z0-9._:-]");
  }
  const bool known = route.mode() == crossing::v1::ROUTE_MODE_BACKEND ||
                     route.mode() == crossing::v1::ROUTE_MODE_LINK_OUT;
  return known ? absl::OkStatus() : Bad("route.mode is unknown");
}

absl::Status CheckMilestone(const Milestone& milestone) {
  const bool known = milestone.stream() == crossing::v1::WORK_STREAM_PAYMENT ||
                     milestone.stream() == crossing::v1::WORK_STREAM_USER_DATA ||
                     milestone.stream() == crossing::v1::WORK_STREAM_MERCHANTS;
  if (!known) return Bad("milestone.stream is unknown");
  if (!IsLine(milestone.title(), kMilestoneTitleBytes)) {
    return Bad("milestone.title: one line of 1 to 200 bytes");
  }
  if (!IsTime(milestone.due_at())) return Bad("milestone.due_at is no time");
  if (milestone.has_reached_at() && !IsTime(milestone.reached_at())) {
    return Bad("milestone.reached_at is no time");
  }
  return absl::OkStatus();
}

absl::Status CheckTrial(const Trial& trial) {
  if (!IsTime(trial.starts_at())) return Bad("trial.starts_at is no time");
  if (!IsTime(trial.ends_at())) return Bad("trial.ends_at is no time");
  if (!IsTime(trial.renewed_until())) return Bad("trial.renewed_until is no time");
  if (base::ToMs(trial.ends_at()) <= base::ToMs(trial.starts_at())) {
    return Bad("trial.ends_at is not after starts_at");
  }
  if (static_cast<size_t>(trial.milestones_size()) > kMilestones) {
    return Bad("trial.milestones: more than 32");
  }
  for (const Milestone& milestone : trial.milestones()) {
    JEMB_RETURN_IF_ERROR(CheckMilestone(milestone));
  }
  return absl::OkStatus();
}

absl::Status CheckRollout(const Rollout& rollout) {
  if (!IsId(rollout.marketplace_id())) {
    return Bad("rollout.marketplace_id: 1 to 64 of [A-Za-z0-9._:-]");
  }
  if (rollout.share() > kWholeShare) return Bad("rollout.share: 0 to 10000");
  return rollout.has_trial() ? CheckTrial(rollout.trial()) : absl::OkStatus();
}

// Every reader finds the same policy good, and outcomes name it by the same version.
absl::Status CheckPolicy(const crossing::v1::Policy& ordered) {
  if (ordered.text().size() > kPolicyBytes || !base::IsUtf8(ordered.text())) {
    return Bad("policy.text: at most 512 KiB of UTF-8");
  }
  const absl::StatusOr<policy::Policy> parsed = policy::ParsePolicy("policy", ordered.text());
  if (!parsed.ok()) return Bad(std::string(base::Std(parsed.status().message())));
  if (ordered.version() != parsed->version) return Bad("policy.version is another text's");
  return absl::OkStatus();
}

// Values with their lengths before them, as netstrings.
class Canonical {
 public:
  void Add(std::string_view value) {
    bytes_.append(std::to_string(value.size())).append(":").append(value).append(",");
  }
  void Add(int64_t value) { Add(std::to_string(value)); }
  void Add(const Timestamp& time) { Add(base::ToMs(time)); }

  void Add(const Trial& trial) {
    Add(trial.starts_at());
    Add(trial.ends_at());
    Add(trial.renewed_until());
    Add(int64_t{trial.milestones_size()});
    for (const Milestone& milestone : trial.milestones()) {
      Add(int64_t{milestone.stream()});
      Add(milestone.title());
      Add(milestone.due_at());
      Add(milestone.has_reached_at() ? base::ToMs(milestone.reached_at()) : int64_t{-1});
    }
  }

  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_{kPrefix};
};

}  // namespace

std::string SubjectOf(const Control& control) {
  if (control.has_halt()) {
    std::string subject = "halt/" + std::string(NameOf(control.halt().scope()));
    if (!control.halt().id().empty()) subject += ":" + control.halt().id();
    return subject;
  }
  if (control.has_route()) {
    std::string subject = "route/" + control.route().marketplace_id();
    if (!control.route().campaign_id().empty()) subject += "/" + control.route().campaign_id();
    return subject;
  }
  if (control.has_rollout()) return "rollout/" + control.rollout().marketplace_id();
  if (control.has_policy()) return "policy";
  return {};
}

absl::Status CheckControl(const Control& control) {
  if (!KnowsAll(control)) return Bad("has a field that this program does not know");
  if (control.version() == 0) return Bad("version counts from 1");
  if (control.version() > static_cast<uint64_t>(INT64_MAX)) return Bad("version is too large");
  if (!IsTime(control.issued_at())) return Bad("issued_at is no time");
  if (!IsLine(control.why(), kWhyBytes)) return Bad("why: one line of 1 to 500 bytes");
  if (static_cast<size_t>(control.signatures_size()) > kSignatures) {
    return Bad("signatures: more than 8");
  }
  if (control.has_halt()) return CheckHalt(control.halt());
  if (control.has_route()) return CheckRoute(control.route());
  if (control.has_rollout()) return CheckRollout(control.rollout());
  if (control.has_policy()) return CheckPolicy(control.policy());
  return Bad("orders nothing");
}

std::string CanonicalBytes(const Control& control) {
  Canonical canonical;
  canonical.Add(SubjectOf(control));
  canonical.Add(static_cast<int64_t>(control.version()));
  canonical.Add(control.issued_at());
  canonical.Add(control.why());
  if (control.has_halt()) {
    canonical.Add(int64_t{control.halt().halted()});
  } else if (control.has_route()) {
    canonical.Add(int64_t{control.route().mode()});
  } else if (control.has_rollout()) {
    canonical.Add(int64_t{control.rollout().share()});
    canonical.Add(int64_t{control.rollout().shadow()});
    canonical.Add(int64_t{control.rollout().has_trial()});
    if (control.rollout().has_trial()) canonical.Add(control.rollout().trial());
  } else if (control.has_policy()) {
    canonical.Add(control.policy().text());
  }
  return canonical.Take();
}

std::string RecordKey(const Control& control, std::string_view value) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(value.data()), value.size(), digest.data());
  const std::string hex = base::Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
  return SubjectOf(control) + "@" + std::to_string(control.version()) + "-" +
         hex.substr(0, kDigestDigits);
}

}  // namespace jembatan::controls
