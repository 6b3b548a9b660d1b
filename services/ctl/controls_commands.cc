// halt, resume, route, rollout, trial; controls list, sign, publish: the operators' switches.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/base/timestamp.h"
#include "libs/controls/statement.h"
#include "services/ctl/cluster_flags.h"
#include "services/ctl/command.h"
#include "services/ctl/controls.h"
#include "services/ctl/controls_flags.h"
#include "services/ctl/controls_topic.h"
#include "services/ctl/files.h"

namespace jembatan::ctl {
namespace {

using crossing::v1::Control;

absl::Status Publish(const ControlsAccess& access, const Control& control, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(const Published published, PublishControl(access, control));
  out << controls::SubjectOf(control) << " version " << control.version() << " at offset "
      << published.offset << ", acknowledged after " << published.acknowledged_ms << " ms\n";
  return absl::OkStatus();
}

void AddHalt(CLI::App& app, Chosen* chosen, const char* name, const char* help, bool halted) {
  struct Flags : ControlOrder {
    std::string scope = "global";
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(name, help);
  AddOrder(command, flags.get());
  command
      ->add_option("--scope", flags->scope,
                   "global, marketplace:ID, seller:ID, offer:ID or room:ID")
      ->capture_default_str();
  command->callback([flags, chosen, halted] {
    chosen->run = [flags, halted](std::ostream& out) -> absl::Status {
      Control control;
      JEMB_RETURN_IF_ERROR(ParseScope(flags->scope, control.mutable_halt()));
      control.mutable_halt()->set_halted(halted);
      JEMB_ASSIGN_OR_RETURN(const controls::Controls before, ReadControls(flags->access));
      return FinishOrder(*flags, before, std::move(control), out);
    };
  });
}

void AddRoute(CLI::App& app, Chosen* chosen) {
  struct Flags : ControlOrder {
    std::string marketplace = "tokopedia";
    std::string campaign;
    std::string mode;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("route", "Choose how orders reach a marketplace");
  AddOrder(command, flags.get());
  command->add_option("--marketplace", flags->marketplace, "Its id")->capture_default_str();
  command->add_option("--campaign", flags->campaign, "Of this campaign only");
  command
      ->add_option("--mode", flags->mode,
                   "backend: the bridge orders; link_out: the buyer orders at its page")
      ->required()
      ->check(CLI::IsMember({"backend", "link_out"}));
  command->callback([flags, chosen] {
    chosen->run = [flags](std::ostream& out) -> absl::Status {
      Control control;
      control.mutable_route()->set_marketplace_id(flags->marketplace);
      control.mutable_route()->set_campaign_id(flags->campaign);
      control.mutable_route()->set_mode(flags->mode == "backend"
                                            ? crossing::v1::ROUTE_MODE_BACKEND
                                            : crossing::v1::ROUTE_MODE_LINK_OUT);
      JEMB_ASSIGN_OR_RETURN(const controls::Controls before, ReadControls(flags->access));
      return FinishOrder(*flags, before, std::move(control), out);
    };
  });
}

void AddRollout(CLI::App& app, Chosen* chosen) {
  struct Flags : ControlOrder, RolloutFlags {};
  auto flags = std::make_shared<Flags>();
  flags->marketplace = "tokopedia";
  CLI::App* command = app.add_subcommand(
      "rollout", "Open a marketplace to a share of the buyers; what is not given stays as it is");
  AddOrder(command, flags.get());
  command->add_option("--marketplace", flags->marketplace, "Its id")->capture_default_str();
  command->add_option("--percent", flags->percent, "Share of the buyers, 0 to 100");
  command->add_option("--shadow", flags->shadow, "Decide everything and order nothing")
      ->check(CLI::IsMember({"yes", "no"}));
  command->add_option("--starts", flags->starts, "Trial: nobody may order before");
  command->add_option("--ends", flags->ends, "Trial: nobody may order from then on");
  command->add_option(Flag("renewed_until"), flags->renewed_until,
                      "Trial: it stops by itself then, unless renewed again");
  command->add_option("--milestone", flags->milestones,
                      "Trial: adds payment|user_data|merchants:TIME:TITLE");
  command->add_option("--reached", flags->reached, "Trial: number of a milestone reached now");
  command->callback([flags, chosen] {
    chosen->run = [flags](std::ostream& out) -> absl::Status {
      JEMB_ASSIGN_OR_RETURN(const controls::Controls before, ReadControls(flags->access));
      Control control;
      control.mutable_rollout();
      for (const controls::Controls::InForce& each : before.List()) {
        if (each.subject == "rollout/" + flags->marketplace) {
          *control.mutable_rollout() = each.control.rollout();
        }
      }
      JEMB_RETURN_IF_ERROR(MakeRollout(*flags, base::WallMs(), control.mutable_rollout()));
      return FinishOrder(*flags, before, std::move(control), out);
    };
  });
}

void AddTrial(CLI::App& app, Chosen* chosen) {
  struct Flags {
    ControlsAccess access;
    std::string marketplace = "tokopedia";
    std::string out;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("trial", "Report on a marketplace's trial");
  AddAccess(command, &flags->access);
  command->add_option("--marketplace", flags->marketplace, "Its id")->capture_default_str();
  command->add_option("--out", flags->out, "File for the report as well");
  command->callback([flags, chosen] {
    chosen->run = [flags](std::ostream& out) -> absl::Status {
      JEMB_ASSIGN_OR_RETURN(const controls::Controls now, ReadControls(flags->access));
      for (const controls::Controls::InForce& each : now.List()) {
        if (each.subject != "rollout/" + flags->marketplace) continue;
        if (!each.control.rollout().has_trial()) break;
        const std::string report = TrialReport(each, base::WallMs());
        if (!flags->out.empty()) {
          JEMB_RETURN_IF_ERROR(CreateFile(flags->out, report, /*secret=*/false));
        }
        out << report;
        return absl::OkStatus();
      }
      return base::NotFound(flags->marketplace + " is on no trial");
    };
  });
}

void AddList(CLI::App& controls_app, Chosen* chosen) {
  auto access = std::make_shared<ControlsAccess>();
  CLI::App* command = controls_app.add_subcommand("list", "What is in force");
  AddAccess(command, access.get());
  command->callback([access, chosen] {
    chosen->run = [access](std::ostream& out) -> absl::Status {
      JEMB_ASSIGN_OR_RETURN(const controls::Controls now, ReadControls(*access));
      for (const controls::Controls::InForce& each : now.List()) {
        out << Describe(each, base::WallMs()) << "\n";
      }
      out << now.List().size() << " in force, revision " << now.revision() << "\n";
      return absl::OkStatus();
    };
  });
}

void AddSign(CLI::App& controls_app, Chosen* chosen) {
  struct Flags {
    std::string file;
    std::string out;
    std::vector<std::string> sign;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      controls_app.add_subcommand("sign", "Add an operator's signature to a control in a file");
  command->add_option("--file", flags->file, "The control")->required();
  command->add_option("--sign", flags->sign, "KEYFILE:KID of an operator")->required();
  command->add_option("--out", flags->out, "File for the signed control")->required();
  command->callback([flags, chosen] {
    chosen->run = [flags](std::ostream& out) -> absl::Status {
      JEMB_ASSIGN_OR_RETURN(Control control, ControlFromFile(flags->file));
      JEMB_RETURN_IF_ERROR(SignWith(flags->sign, &control));
      JEMB_ASSIGN_OR_RETURN(const std::string json, ControlJson(control));
      JEMB_RETURN_IF_ERROR(CreateFile(flags->out, json, /*secret=*/false));
      out << controls::SubjectOf(control) << " version " << control.version() << " has "
          << control.signatures_size() << " signatures\n";
      return absl::OkStatus();
    };
  });
}

void AddPublish(CLI::App& controls_app, Chosen* chosen) {
  struct Flags {
    ControlsAccess access;
    std::string file;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* command = controls_app.add_subcommand("publish", "Order what a file holds");
  AddAccess(command, &flags->access);
  command->add_option("--file", flags->file, "The signed control")->required();
  command->callback([flags, chosen] {
    chosen->run = [flags](std::ostream& out) -> absl::Status {
      JEMB_ASSIGN_OR_RETURN(const Control control, ControlFromFile(flags->file));
      return Publish(flags->access, control, out);
    };
  });
}

}  // namespace

void AddAccess(CLI::App* command, ControlsAccess* access) {
  AddCluster(command, &access->cluster);
  command->add_option(Flag("operator_keys"), access->operator_keys,
                      "JWKS file of who may sign controls, as the services have it");
  command
      ->add_option(Flag("operators_needed"), access->operators_needed,
                   "Operators who must sign a control, as the services have it")
      ->capture_default_str()
      ->check(CLI::Range(1, 5));
  command->add_option(Flag("timeout_ms"), access->timeout_ms, "How long the cluster may take")
      ->capture_default_str()
      ->check(CLI::Range(1, 600'000));
}

void AddOrder(CLI::App* command, ControlOrder* order) {
  AddAccess(command, &order->access);
  command->add_option("--why", order->why, "Why, in a line that is kept with it")->required();
  command->add_option("--sign", order->sign, "KEYFILE:KID of an operator; once for each");
  command->add_option("--out", order->out,
                      "File for it, to be signed and published later; nothing is ordered yet");
}

absl::Status FinishOrder(const ControlOrder& order, const controls::Controls& in_force,
                         Control control, std::ostream& out) {
  control.set_version(in_force.VersionOf(controls::SubjectOf(control)) + 1);
  control.set_why(order.why);
  base::SetMs(base::WallMs(), control.mutable_issued_at());
  JEMB_RETURN_IF_ERROR(SignWith(order.sign, &control));
  if (order.out.empty()) return Publish(order.access, control, out);
  JEMB_ASSIGN_OR_RETURN(const std::string json, ControlJson(control));
  JEMB_RETURN_IF_ERROR(CreateFile(order.out, json, /*secret=*/false));
  out << controls::SubjectOf(control) << " version " << control.version() << " written to "
      << order.out << "; nothing is ordered yet\n";
  return absl::OkStatus();
}

void AddControlsCommands(CLI::App& app, Chosen* chosen) {
  AddHalt(app, chosen, "halt", "Stop sales: at once and until they are resumed", true);
  AddHalt(app, chosen, "resume", "Lift a halt", false);
  AddRoute(app, chosen);
  AddRollout(app, chosen);
  AddTrial(app, chosen);
  CLI::App* controls_app = app.add_subcommand("controls", "The operators' controls");
  controls_app->require_subcommand(1);
  AddList(*controls_app, chosen);
  AddSign(*controls_app, chosen);
  AddPublish(*controls_app, chosen);
}

}  // namespace jembatan::ctl
