// reconcile: holds the outcomes' orders against the marketplace's, an hour at a time, by digests.

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>

#include <CLI/CLI.hpp>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/intent/limits.h"
#include "libs/reconcile/answer.h"
#include "libs/runtime/admin_client.h"
#include "services/ctl/cluster_flags.h"
#include "services/ctl/command.h"
#include "services/ctl/order_books.h"
#include "services/ctl/times.h"
#include "services/ctl/topic_scan.h"

namespace jembatan::ctl {
namespace {

struct ReconcileOptions {
  kafka::ClusterConfig cluster;
  int partitions = 6;
  int timeout_ms = 15'000;
  std::string marketplace_id = "tokopedia";
  std::string admin;
  std::string from;
  std::string to;
  int examples = 20;
};

struct Totals {
  uint64_t hours = 0;
  uint64_t orders = 0;
  uint64_t handed_off = 0;
  uint64_t differences = 0;
};

absl::StatusOr<reconcile::Answer> AskMarketplace(const ReconcileOptions& options, int64_t hour,
                                                 const std::string& prefix) {
  const std::string url =
      options.admin + "/orders/digest?hour=" + std::to_string(hour) + "&prefix=" + prefix;
  JEMB_ASSIGN_OR_RETURN(const runtime::HttpReply reply,
                        runtime::HttpGet(url, {.timeout_ms = options.timeout_ms}));
  if (reply.status != 200) {
    return base::Unavailable("the marketplace answers " + std::to_string(reply.status) + ": " +
                             reply.body);
  }
  return reconcile::ParseAnswer(reply.body);
}

absl::Status CompareHour(const ReconcileOptions& options, int64_t hour, OrderBooks* books,
                         Totals* totals, std::ostream& out) {
  reconcile::OrderSet& ours = books->Hour(hour);
  uint64_t asked = 0;
  const reconcile::Ask ask = [&](const std::string& prefix) {
    ++asked;
    return AskMarketplace(options, hour, prefix);
  };
  absl::StatusOr<reconcile::Difference> difference = reconcile::Compare(&ours, ask);
  if (!difference.ok()) return difference.status();
  const uint64_t orders = ours.DigestOf("").orders;
  uint64_t differences = difference->ours.size();
  for (const reconcile::Commitment& one : difference->theirs) {
    books->IsHandedOff(one) ? ++totals->handed_off : ++differences;
  }
  ++totals->hours;
  totals->orders += orders;
  out << "hour " << hour << " (" << InstantText(hour * reconcile::kHourMs) << ")  orders=" << orders
      << " asked=" << asked << (differences == 0 ? "  equal\n" : "  DIFFERENT\n");
  const auto tell = [&](const std::string& text) {
    if (totals->differences++ < static_cast<uint64_t>(options.examples))
      out << "  " << text << "\n";
  };
  for (const reconcile::Commitment& one : difference->ours) tell(books->DescribeOurs(one));
  for (const reconcile::Commitment& one : difference->theirs) {
    if (!books->IsHandedOff(one)) tell(books->DescribeTheirs(one));
  }
  return absl::OkStatus();
}

absl::Status Reconcile(const ReconcileOptions& options, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(const int64_t from_ms, InstantMs("--from", options.from));
  JEMB_ASSIGN_OR_RETURN(const int64_t to_ms, InstantMs("--to", options.to));
  if (to_ms <= from_ms) return base::InvalidArgument("--to is not after --from");
  const int64_t first = from_ms / reconcile::kHourMs;
  const int64_t last = (to_ms + reconcile::kHourMs - 1) / reconcile::kHourMs;
  OrderBooks books(options.marketplace_id, first, last);
  const TopicScan scan{.cluster = options.cluster,
                       .topic = kafka::kOutcomesTopic,
                       .partitions = options.partitions,
                       .since_ms = first * reconcile::kHourMs - intent::kFutureMs - kTokenAgeMs,
                       .timeout_ms = options.timeout_ms};
  absl::Status added;
  JEMB_RETURN_IF_ERROR(ScanTopic(scan, [&](const kafka::Record& record) {
    if (added.ok()) added = books.AddOutcome(record.partition, record.offset, record.value);
  }));
  JEMB_RETURN_IF_ERROR(added);
  Totals totals;
  for (int64_t hour = first; hour < last; ++hour) {
    JEMB_RETURN_IF_ERROR(CompareHour(options, hour, &books, &totals, out));
  }
  out << "reconcile: hours=" << totals.hours << " orders=" << totals.orders
      << " at_the_page=" << totals.handed_off << " differences=" << totals.differences << "\n";
  if (totals.differences == 0) return absl::OkStatus();
  return base::FailedPrecondition("the two sides do not hold the same orders");
}

}  // namespace

void AddReconcileCommand(CLI::App& app, Chosen* chosen) {
  auto options = std::make_shared<ReconcileOptions>();
  CLI::App* command = app.add_subcommand(
      "reconcile", "Compare the outcomes' orders with the marketplace's, by digests of each hour");
  AddCluster(command, &options->cluster);
  command->add_option("--partitions", options->partitions, "Partitions of the topics")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option(Flag("timeout_ms"), options->timeout_ms, "How long an answer may take")
      ->capture_default_str()
      ->check(CLI::Range(1, 600'000));
  command->add_option(Flag("marketplace_id"), options->marketplace_id, "Whose orders")
      ->capture_default_str();
  command->add_option("--admin", options->admin, "The marketplace's admin port, http://host:port")
      ->required();
  command->add_option("--from", options->from, "The first hour, by the ids' times, RFC 3339")
      ->required();
  command->add_option("--to", options->to, "Before that hour; of what is settled already")
      ->required();
  command->add_option("--examples", options->examples, "Differences told one by one")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  command->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) { return Reconcile(*options, out); };
  });
}

}  // namespace jembatan::ctl
