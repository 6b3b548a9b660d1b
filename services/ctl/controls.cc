#include "services/ctl/controls.h"

#include <charconv>
#include <cstdio>

#include <google/protobuf/util/json_util.h>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "libs/controls/limits.h"
#include "libs/controls/statement.h"
#include "libs/intent/timestamp_text.h"
#include "services/ctl/files.h"

namespace jembatan::ctl {
namespace {

using controls::TrialPhase;
using crossing::v1::Halt;
using crossing::v1::Milestone;
using crossing::v1::Rollout;

struct ScopeName {
  std::string_view name;
  Halt::Scope scope;
};
constexpr ScopeName kScopes[] = {{"global", Halt::SCOPE_GLOBAL},
                                 {"marketplace", Halt::SCOPE_MARKETPLACE},
                                 {"seller", Halt::SCOPE_SELLER},
                                 {"offer", Halt::SCOPE_OFFER},
                                 {"room", Halt::SCOPE_ROOM}};

struct StreamName {
  std::string_view name;
  crossing::v1::WorkStream stream;
};
constexpr StreamName kStreams[] = {{"payment", crossing::v1::WORK_STREAM_PAYMENT},
                                   {"user_data", crossing::v1::WORK_STREAM_USER_DATA},
                                   {"merchants", crossing::v1::WORK_STREAM_MERCHANTS}};

std::string_view NameOf(crossing::v1::WorkStream stream) {
  for (const StreamName& each : kStreams) {
    if (each.stream == stream) return each.name;
  }
  return "?";
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  std::string text;
  intent::AppendTimestamp(time, &text);
  return text;
}

// "0.5" -> 50 hundredths of a percent.
absl::Status ParsePercent(std::string_view text, uint32_t* share) {
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string hundredths(point == std::string_view::npos ? "" : text.substr(point + 1));
  const bool fits = !whole.empty() && whole.size() <= 3 && hundredths.size() <= 2 &&
                    text.find_first_not_of("0123456789.") == std::string_view::npos &&
                    (point == std::string_view::npos || !hundredths.empty()) &&
                    hundredths.find('.') == std::string::npos;
  if (fits) {
    hundredths.resize(2, '0');
    const std::string digits = std::string(whole) + hundredths;
    std::from_chars(digits.data(), digits.data() + digits.size(), *share);
    if (*share <= controls::kWholeShare) return absl::OkStatus();
  }
  return base::InvalidArgument("--percent: '" + std::string(text) +
                               "' is not 0 to 100 with up to two digits behind the point");
}

absl::Status AddMilestone(const std::string& text, crossing::v1::Trial* trial) {
  const size_t first = text.find(':');
  // A time has colons of its own, and ends in Z or an offset; the title begins behind "Z:".
  const size_t second = text.find("Z:", first == std::string::npos ? 0 : first);
  if (first == std::string::npos || second == std::string::npos) {
    return base::InvalidArgument("--milestone: '" + text + "' is not STREAM:TIME:TITLE, TIME in Z");
  }
  Milestone* milestone = trial->add_milestones();
  const std::string stream = text.substr(0, first);
  for (const StreamName& each : kStreams) {
    if (each.name == stream) milestone->set_stream(each.stream);
  }
  if (milestone->stream() == crossing::v1::WORK_STREAM_UNSPECIFIED) {
    return base::InvalidArgument("--milestone: '" + stream +
                                 "' is not payment, user_data or merchants");
  }
  milestone->set_title(text.substr(second + 2));
  return ParseTime("--milestone", text.substr(first + 1, second - first),
                   milestone->mutable_due_at());
}

std::string PhaseText(const Rollout& rollout, int64_t now_ms) {
  switch (controls::PhaseOf(rollout, now_ms)) {
    case TrialPhase::kNone:
      return "no dates";
    case TrialPhase::kAhead:
      return "ahead";
    case TrialPhase::kRunning:
      return "running";
    case TrialPhase::kLapsed:
      return "stopped: not renewed";
    case TrialPhase::kEnded:
      return "ended";
  }
  return {};
}

std::string RolloutText(const Rollout& rollout, int64_t now_ms) {
  char share[32];
  std::snprintf(share, sizeof share, "%u.%02u %%", rollout.share() / 100, rollout.share() % 100);
  std::string text = share;
  if (rollout.shadow()) text += ", shadow";
  if (rollout.has_trial()) text += ", trial " + PhaseText(rollout, now_ms);
  return text;
}

}  // namespace

absl::Status ParseScope(std::string_view text, Halt* halt) {
  const size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  for (const ScopeName& each : kScopes) {
    if (each.name != name) continue;
    halt->set_scope(each.scope);
    if (colon != std::string_view::npos) halt->set_id(std::string(text.substr(colon + 1)));
    return absl::OkStatus();
  }
  return base::InvalidArgument("--scope: '" + std::string(text) +
                               "' is not global, marketplace:ID, seller:ID, offer:ID or room:ID");
}

absl::Status ParseTime(std::string_view name, std::string_view text,
                       google::protobuf::Timestamp* time) {
  if (intent::ParseTimestamp(text, time) && time->nanos() % 1'000'000 == 0) {
    return absl::OkStatus();
  }
  return base::InvalidArgument(std::string(name) + ": '" + std::string(text) +
                               "' is not a time as 2026-12-12T00:00:00Z");
}

absl::Status MakeRollout(const RolloutFlags& flags, int64_t now_ms, Rollout* rollout) {
  const bool first = rollout->marketplace_id().empty();
  rollout->set_marketplace_id(flags.marketplace);
  uint32_t share = first ? controls::kWholeShare : rollout->share();
  if (!flags.percent.empty()) JEMB_RETURN_IF_ERROR(ParsePercent(flags.percent, &share));
  rollout->set_share(share);
  if (!flags.shadow.empty()) rollout->set_shadow(flags.shadow == "yes");
  const bool dated = !flags.starts.empty() || !flags.ends.empty() || !flags.renewed_until.empty() ||
                     !flags.milestones.empty() || !flags.reached.empty();
  if (!dated) return absl::OkStatus();
  crossing::v1::Trial* trial = rollout->mutable_trial();
  struct {
    const char* name;
    const std::string& text;
    google::protobuf::Timestamp* time;
  } times[] = {{"--starts", flags.starts, trial->mutable_starts_at()},
               {"--ends", flags.ends, trial->mutable_ends_at()},
               {"--renewed_until", flags.renewed_until, trial->mutable_renewed_until()}};
  for (const auto& each : times) {
    if (!each.text.empty()) JEMB_RETURN_IF_ERROR(ParseTime(each.name, each.text, each.time));
  }
  for (const std::string& text : flags.milestones) JEMB_RETURN_IF_ERROR(AddMilestone(text, trial));
  for (int number : flags.reached) {
    if (number < 1 || number > trial->milestones_size()) {
      return base::InvalidArgument("--reached: there is no milestone " + std::to_string(number));
    }
    base::SetMs(now_ms, trial->mutable_milestones(number - 1)->mutable_reached_at());
  }
  return absl::OkStatus();
}

absl::Status SignWith(const std::vector<std::string>& keys, crossing::v1::Control* control) {
  JEMB_RETURN_IF_ERROR(controls::CheckControl(*control));
  const std::string statement = controls::CanonicalBytes(*control);
  for (const std::string& key : keys) {
    const size_t colon = key.rfind(':');
    if (colon == std::string::npos) {
      return base::InvalidArgument("--sign: '" + key + "' is not KEYFILE:KID");
    }
    JEMB_ASSIGN_OR_RETURN(const std::string pem,
                          base::ReadWholeFile(key.substr(0, colon), kFileBytes));
    absl::StatusOr<identity::Signer> signer = identity::Signer::FromPem(pem, key.substr(colon + 1));
    if (!signer.ok()) {
      return base::InvalidArgument("--sign: " + key + ": " +
                                   std::string(base::Std(signer.status().message())));
    }
    crossing::v1::ControlSignature* signature = control->add_signatures();
    signature->set_key_id(signer->kid());
    JEMB_ASSIGN_OR_RETURN(*signature->mutable_signature(), signer->SignStatement(statement));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ControlJson(const crossing::v1::Control& control) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string json;
  if (google::protobuf::util::MessageToJsonString(control, &json, options).ok()) return json;
  return base::Internal("a control cannot be shown");
}

absl::StatusOr<crossing::v1::Control> ControlFromFile(const std::string& path) {
  JEMB_ASSIGN_OR_RETURN(const std::string json, base::ReadWholeFile(path, kFileBytes));
  crossing::v1::Control control;
  if (google::protobuf::util::JsonStringToMessage(json, &control).ok()) return control;
  return base::InvalidArgument(path + ": is no control");
}

std::string Describe(const controls::Controls::InForce& in_force, int64_t now_ms) {
  const crossing::v1::Control& control = in_force.control;
  std::string says;
  if (control.has_halt()) says = control.halt().halted() ? "halted" : "not halted";
  if (control.has_route()) {
    const bool link_out = control.route().mode() == crossing::v1::ROUTE_MODE_LINK_OUT;
    says = link_out ? "LINK_OUT" : "BACKEND";
  }
  if (control.has_rollout()) says = RolloutText(control.rollout(), now_ms);
  if (control.has_policy()) says = base::Hex(control.policy().version());
  std::string signers;
  for (const auto& signature : control.signatures()) {
    signers += (signers.empty() ? "" : ",") + signature.key_id();
  }
  return in_force.subject + "  version " + std::to_string(control.version()) + "  " + says +
         "  since " + TimeText(control.issued_at()) + "  by " +
         (signers.empty() ? "nobody named" : signers) + ": " + control.why();
}

std::string TrialReport(const controls::Controls::InForce& in_force, int64_t now_ms) {
  const Rollout& rollout = in_force.control.rollout();
  const crossing::v1::Trial& trial = rollout.trial();
  google::protobuf::Timestamp now;
  base::SetMs(now_ms, &now);
  std::string report = "Trial of " + rollout.marketplace_id() + ", as of " + TimeText(now) + "\n";
  report += "state: " + RolloutText(rollout, now_ms) + " (version " +
            std::to_string(in_force.control.version()) + ")\n";
  report += "from " + TimeText(trial.starts_at()) + " to " + TimeText(trial.ends_at()) +
            ", stops by itself at " + TimeText(trial.renewed_until()) + " unless renewed\n";
  for (const StreamName& stream : kStreams) {
    report += std::string(stream.name) + ":\n";
    int number = 0;
    for (const Milestone& milestone : trial.milestones()) {
      ++number;
      if (NameOf(milestone.stream()) != stream.name) continue;
      const bool late = !milestone.has_reached_at() && now_ms > base::ToMs(milestone.due_at());
      report += "  " + std::to_string(number) + ". " + milestone.title() + ": ";
      report += milestone.has_reached_at()
                    ? "reached " + TimeText(milestone.reached_at())
                    : (late ? "OVERDUE since " : "due ") + TimeText(milestone.due_at());
      report += "\n";
    }
  }
  return report;
}

}  // namespace jembatan::ctl
