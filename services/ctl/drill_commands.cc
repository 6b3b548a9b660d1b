// drill halt: halts sales for as long as it takes to see everything stop, resumes them, and writes
// a dated report of how long it took and of what became of what was in flight.

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "libs/controls/statement.h"
#include "libs/intent/limits.h"
#include "libs/intent/timestamp_text.h"
#include "libs/runtime/admin_client.h"
#include "services/ctl/command.h"
#include "services/ctl/controls.h"
#include "services/ctl/controls_flags.h"
#include "services/ctl/drill.h"
#include "services/ctl/files.h"
#include "services/ctl/metrics.h"
#include "services/ctl/topic_scan.h"

namespace jembatan::ctl {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook(10);
constexpr milliseconds kScanAgain(500);
// Owners claim anew at least hourly: a record's token is no older.
constexpr int64_t kOutcomesBackMs = 2 * 3'600'000;
constexpr int64_t kIntentsBackMs = intent::kTtlMs + intent::kFutureMs + 2 * intent::kBrokerSkewMs;

struct DrillFlags {
  ControlsAccess access;
  std::string scope = "global";
  std::string why = "drill";
  std::vector<std::string> sign;
  // Admin ports.
  std::string gateways;
  std::string bridges;
  std::string out;
  int partitions = 6;
  int limit_s = 150;
  bool stay = false;
};

struct Watched {
  std::string service;
  std::string url;
  std::string metric;
};

// -1: the metric is not there, or nobody answers.
int64_t Metric(const Watched& watched) {
  const auto page = runtime::HttpGet(watched.url + "/metrics", {.timeout_ms = 1'000});
  if (!page.ok() || page->status != 200) return -1;
  return static_cast<int64_t>(MetricIn(page->body, watched.metric).value_or(-1));
}

std::vector<Watched> WatchedBy(const DrillFlags& flags) {
  std::vector<Watched> watched;
  for (const std::string& at : base::SplitList(flags.gateways)) {
    watched.push_back({"gateway " + at, at, "jembatan_gateway_controls_revision"});
  }
  for (const std::string& at : base::SplitList(flags.bridges)) {
    watched.push_back({"bridge " + at, at, "jembatan_bridge_controls_revision"});
  }
  return watched;
}

class DrillRun {
 public:
  explicit DrillRun(const DrillFlags& flags) : flags_(flags), watched_(WatchedBy(flags)) {}

  absl::Status Run(std::ostream& out) {
    JEMB_RETURN_IF_ERROR(ParseScope(flags_.scope, &halt_));
    const auto scope = halt_.scope();
    if (scope == crossing::v1::Halt::SCOPE_SELLER || scope == crossing::v1::Halt::SCOPE_ROOM) {
      return base::InvalidArgument("--scope: intents in the log name no seller and no room");
    }
    if (watched_.empty()) return base::InvalidArgument("--gateways and --bridges: none to watch");
    for (const Watched& each : watched_) {
      if (Metric(each) <= 0) return base::FailedPrecondition(each.service + " is not ready");
    }
    started_ms_ = base::WallMs();
    begun_ns_ = base::MonotonicNs();
    JEMB_ASSIGN_OR_RETURN(const Published halted, Order(/*halted=*/true));
    const absl::Status seen = See(halted);
    // Whatever was seen: sales go on.
    if (!flags_.stay) JEMB_RETURN_IF_ERROR(Order(/*halted=*/false).status());
    JEMB_RETURN_IF_ERROR(seen);
    return Report(out);
  }

 private:
  absl::StatusOr<Published> Order(bool halted) {
    crossing::v1::Control control;
    *control.mutable_halt() = halt_;
    control.mutable_halt()->set_halted(halted);
    JEMB_ASSIGN_OR_RETURN(const controls::Controls before, ReadControls(flags_.access));
    control.set_version(before.VersionOf(controls::SubjectOf(control)) + 1);
    control.set_why(flags_.why);
    base::SetMs(base::WallMs(), control.mutable_issued_at());
    JEMB_RETURN_IF_ERROR(SignWith(flags_.sign, &control));
    // From here on it counts; reading it back is not part of it.
    if (halted) begun_ns_ = base::MonotonicNs();
    return PublishControl(flags_.access, control);
  }

  int64_t ElapsedMs() const { return (base::MonotonicNs() - begun_ns_) / 1'000'000; }

  absl::Status See(const Published& halted) {
    const int64_t until_ms = int64_t{1'000} * flags_.limit_s;
    for (const Watched& each : watched_) obeyed_.push_back({each.service, -1});
    size_t missing = watched_.size();
    while (missing > 0) {
      for (size_t i = 0; i < watched_.size(); ++i) {
        // The gauge is one more than the revision, which is one more than the offset.
        if (obeyed_[i].after_ms >= 0 || Metric(watched_[i]) < halted.offset + 2) continue;
        obeyed_[i].after_ms = ElapsedMs();
        --missing;
      }
      if (missing > 0 && ElapsedMs() > until_ms) {
        return base::Unavailable("not every service obeys within the limit");
      }
      if (missing > 0) std::this_thread::sleep_for(kLook);
    }
    do {
      JEMB_RETURN_IF_ERROR(ReadLog(halted.append_ms));
      if (findings_.open == 0) return absl::OkStatus();
      std::this_thread::sleep_for(kScanAgain);
    } while (ElapsedMs() <= until_ms);
    return absl::OkStatus();
  }

  absl::Status ReadLog(int64_t halt_ms) {
    Drill drill(halt_, halt_ms);
    TopicScan scan{.cluster = flags_.access.cluster,
                   .topic = kafka::kIntentsTopic,
                   .partitions = flags_.partitions,
                   .since_ms = halt_ms - kIntentsBackMs,
                   .timeout_ms = flags_.access.timeout_ms};
    JEMB_RETURN_IF_ERROR(ScanTopic(scan, [&](const kafka::Record& record) {
      drill.OnIntent(record.append_time_ms, record.value);
    }));
    scan.topic = kafka::kOutcomesTopic;
    scan.since_ms = halt_ms - kOutcomesBackMs;
    JEMB_RETURN_IF_ERROR(ScanTopic(scan, [&](const kafka::Record& record) {
      drill.OnOutcome(record.partition, record.offset, record.append_time_ms, record.value);
    }));
    findings_ = drill.Find();
    return absl::OkStatus();
  }

  absl::Status Report(std::ostream& out) const {
    google::protobuf::Timestamp started;
    base::SetMs(started_ms_, &started);
    std::string started_at;
    intent::AppendTimestamp(started, &started_at);
    const std::string report = DrillReport(halt_, started_at, findings_, obeyed_);
    if (!flags_.out.empty()) {
      JEMB_RETURN_IF_ERROR(CreateFile(flags_.out, report, /*secret=*/false));
    }
    out << report << "\ndrill halt: full_stop_ms=" << FullStopMs(findings_, obeyed_)
        << " in_flight=" << findings_.in_flight << " open=" << findings_.open << "\n";
    if (findings_.open == 0) return absl::OkStatus();
    return base::FailedPrecondition(std::to_string(findings_.open) + " intents have no final");
  }

  const DrillFlags& flags_;
  const std::vector<Watched> watched_;
  crossing::v1::Halt halt_;
  int64_t started_ms_ = 0;
  int64_t begun_ns_ = 0;
  std::vector<Obeyed> obeyed_;
  Drill::Findings findings_;
};

}  // namespace

void AddDrillCommands(CLI::App& app, Chosen* chosen) {
  CLI::App* drill = app.add_subcommand("drill", "Exercises, with a dated report");
  drill->require_subcommand(1);
  auto flags = std::make_shared<DrillFlags>();
  CLI::App* halt = drill->add_subcommand(
      "halt", "Halt sales, watch everything stop, resume them and report; sales DO stop");
  AddAccess(halt, &flags->access);
  halt->add_option("--scope", flags->scope, "global, marketplace:ID or offer:ID")
      ->capture_default_str();
  halt->add_option("--why", flags->why, "Why, kept with the control")->capture_default_str();
  halt->add_option("--sign", flags->sign, "KEYFILE:KID of an operator; once for each");
  halt->add_option("--gateways", flags->gateways, "Admin ports, http://host:port,...");
  halt->add_option("--bridges", flags->bridges, "Admin ports, http://host:port,...");
  halt->add_option("--partitions", flags->partitions, "Partitions of the topics")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  halt->add_option(Flag("limit_s"), flags->limit_s, "How long it may take to see all ended")
      ->capture_default_str()
      ->check(CLI::Range(1, 3600));
  halt->add_option("--out", flags->out, "File for the report as well");
  halt->add_flag("--stay", flags->stay, "Leave sales halted");
  halt->callback([flags, chosen] {
    chosen->run = [flags](std::ostream& out) { return DrillRun(*flags).Run(out); };
  });
}

}  // namespace jembatan::ctl
