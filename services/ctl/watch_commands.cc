// watch: looks after a rollout and takes it back by itself: publishes a control that was signed
// beforehand as soon as the rule says so.

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/controls/abort_rule.h"
#include "libs/controls/statement.h"
#include "libs/runtime/admin_client.h"
#include "services/ctl/command.h"
#include "services/ctl/controls.h"
#include "services/ctl/controls_flags.h"
#include "services/ctl/metrics.h"

namespace jembatan::ctl {
namespace {

struct WatchFlags {
  ControlsAccess access;
  controls::AbortRule::Limits limits;
  std::string control;
  // Admin ports.
  std::string gateways;
  std::string bridges;
  std::string auditors;
  int every_ms = 1'000;
  int for_s = 0;
};

class Watch {
 public:
  explicit Watch(const WatchFlags& flags) : flags_(flags), rule_(flags.limits) {}

  // What the rule has seen reason enough for; empty: the time is over.
  std::string Run() {
    const int64_t until_ns = base::MonotonicNs() + int64_t{1'000'000'000} * flags_.for_s;
    while (true) {
      const std::string why = rule_.Look(Look());
      if (!why.empty()) return why;
      if (flags_.for_s > 0 && base::MonotonicNs() >= until_ns) return {};
      std::this_thread::sleep_for(std::chrono::milliseconds(flags_.every_ms));
    }
  }

 private:
  // The page, or nothing: then it was silent.
  static std::string Page(const std::string& url, controls::AbortRule::Seen* seen) {
    const auto page = runtime::HttpGet(url + "/metrics", {.timeout_ms = 1'000});
    if (page.ok() && page->status == 200) return page->body;
    seen->silent = true;
    return {};
  }

  // The p99 in seconds of what a histogram counted since the last look; of all pages together.
  struct Latency {
    Buckets before = {};
    Buckets now = {};
    bool looked = false;

    void Add(std::string_view page, std::string_view histogram) {
      for (const auto& [bound, count] : BucketsIn(page, histogram)) now[bound] += count;
    }
    // -1: nothing to compare with, or nothing counted.
    double TakeMs() {
      const auto p99 = looked ? QuantileBetween(before, now, 0.99) : std::nullopt;
      looked = true;
      before = std::exchange(now, {});
      return p99 ? *p99 * 1'000 : -1;
    }
  };

  controls::AbortRule::Seen Look() {
    controls::AbortRule::Seen seen;
    for (const std::string& url : base::SplitList(flags_.gateways)) {
      receipts_.Add(Page(url, &seen), "jembatan_gateway_receipt_seconds");
    }
    seen.receipt_p99_ms = receipts_.TakeMs();
    for (const std::string& url : base::SplitList(flags_.bridges)) {
      const std::string page = Page(url, &seen);
      outcomes_.Add(page, "jembatan_bridge_outcome_seconds");
      const auto oldest = MetricIn(page, "jembatan_bridge_oldest_unfinished_seconds");
      if (oldest) seen.oldest_ms = std::max(seen.oldest_ms, *oldest * 1'000);
    }
    seen.outcome_p99_ms = outcomes_.TakeMs();
    for (const std::string& url : base::SplitList(flags_.auditors)) {
      const auto breaches = MetricIn(Page(url, &seen), "jembatan_auditor_breaches_total");
      if (breaches) seen.breaches += NewBreaches(url, *breaches);
    }
    return seen;
  }

  // What was found before the watch began is no reason any more; an auditor that was started again
  // counts anew.
  uint64_t NewBreaches(const std::string& url, double total) {
    const auto [at, first] = known_breaches_.try_emplace(url, total);
    if (first) return 0;
    if (total < at->second) at->second = 0;
    return static_cast<uint64_t>(total - at->second);
  }

  const WatchFlags& flags_;
  controls::AbortRule rule_;
  Latency receipts_;
  Latency outcomes_;
  std::map<std::string, double> known_breaches_;  // by the auditor
};

}  // namespace

void AddWatchCommands(CLI::App& app, Chosen* chosen) {
  auto flags = std::make_shared<WatchFlags>();
  CLI::App* watch = app.add_subcommand(
      "watch", "Look after a rollout; publish a control signed beforehand when it must stop");
  AddAccess(watch, &flags->access);
  watch->add_option("--control", flags->control, "File with the control that stops it")->required();
  watch->add_option("--gateways", flags->gateways, "Admin ports, http://host:port,...");
  watch->add_option("--bridges", flags->bridges, "Admin ports, http://host:port,...");
  watch->add_option("--auditors", flags->auditors, "Admin ports, http://host:port,...");
  watch
      ->add_option(Flag("receipt_p99_ms"), flags->limits.receipt_p99_ms,
                   "Longest p99 of receipts between two looks; 0: not looked at")
      ->capture_default_str();
  watch
      ->add_option(Flag("outcome_p99_ms"), flags->limits.outcome_p99_ms,
                   "Longest p99 from append to outcome between two looks; 0: not looked at")
      ->capture_default_str();
  watch
      ->add_option(Flag("oldest_ms"), flags->limits.oldest_ms,
                   "Longest age of an intent without a final; 0: not looked at")
      ->capture_default_str();
  watch->add_option("--looks", flags->limits.looks, "Looks in a row that must be over")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  watch->add_option(Flag("every_ms"), flags->every_ms, "Between two looks")
      ->capture_default_str()
      ->check(CLI::Range(10, 60'000));
  watch->add_option(Flag("for_s"), flags->for_s, "How long; 0: until it must stop")
      ->capture_default_str()
      ->check(CLI::Range(0, 366 * 24 * 3600));
  watch->callback([flags, chosen] {
    chosen->run = [flags](std::ostream& out) -> absl::Status {
      // Read first: a file that cannot be published must not be found out in the need.
      JEMB_ASSIGN_OR_RETURN(const crossing::v1::Control control, ControlFromFile(flags->control));
      JEMB_RETURN_IF_ERROR(controls::CheckControl(control));
      JEMB_RETURN_IF_ERROR(CheckPublishable(flags->access, control));
      const std::string why = Watch(*flags).Run();
      if (why.empty()) {
        out << "nothing was wrong\n";
        return absl::OkStatus();
      }
      JEMB_ASSIGN_OR_RETURN(const Published published, PublishControl(flags->access, control));
      out << "stopped: " << why << "; " << controls::SubjectOf(control) << " version "
          << control.version() << " at offset " << published.offset << "\n";
      return absl::OkStatus();
    };
  });
}

}  // namespace jembatan::ctl
