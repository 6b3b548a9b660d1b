// orders show: what the marketplace's ledger holds of an intent.

#include "services/ctl/orders.h"

#include <memory>

#include <CLI/CLI.hpp>
#include <simdjson.h>

#include "libs/base/ids.h"
#include "libs/base/status.h"
#include "libs/runtime/admin_client.h"
#include "services/ctl/command.h"

namespace jembatan::ctl {
namespace {

struct ShowOptions {
  std::string intent;
  std::string admin = "http://127.0.0.1:9590";
};

absl::Status Show(const ShowOptions& options, std::ostream& out) {
  if (!base::Uuid::ParseV7(options.intent)) {
    return base::InvalidArgument("--intent: '" + options.intent + "' is not a canonical UUIDv7");
  }
  uint64_t after = 0;
  while (true) {
    JEMB_ASSIGN_OR_RETURN(
        runtime::HttpReply reply,
        runtime::HttpGet(options.admin + "/ledger?after=" + std::to_string(after) + "&limit=5000"));
    if (reply.status != 200) {
      return base::Unavailable(options.admin + " answers " + std::to_string(reply.status));
    }
    JEMB_ASSIGN_OR_RETURN(LedgerPage page, SearchLedgerPage(reply.body, options.intent));
    if (!page.found.empty()) {
      out << page.found;
      return absl::OkStatus();
    }
    if (page.rows == 0) return base::NotFound("the ledger has nothing of " + options.intent);
    if (page.last_seq <= after) return base::Internal("the ledger does not advance");
    after = page.last_seq;
  }
}

}  // namespace

absl::StatusOr<LedgerPage> SearchLedgerPage(std::string_view ndjson, std::string_view intent_id) {
  LedgerPage page;
  simdjson::dom::parser parser;
  while (!ndjson.empty()) {
    const size_t end = ndjson.find('\n');
    const std::string_view line = ndjson.substr(0, end);
    ndjson.remove_prefix(end == std::string_view::npos ? ndjson.size() : end + 1);
    if (line.empty()) continue;
    simdjson::dom::element row;
    std::string_view id;
    uint64_t seq = 0;
    if (parser.parse(line.data(), line.size()).get(row) != simdjson::SUCCESS ||
        row["seq"].get(seq) != simdjson::SUCCESS || row["intent_id"].get(id) != simdjson::SUCCESS) {
      return base::Internal("the ledger reads: " + std::string(line.substr(0, 200)));
    }
    ++page.rows;
    page.last_seq = seq;
    if (id == intent_id) page.found.append(line).push_back('\n');
  }
  return page;
}

void AddOrdersCommands(CLI::App& app, Chosen* chosen) {
  CLI::App* orders = app.add_subcommand("orders", "Orders at the reference marketplace");
  orders->require_subcommand(1);
  auto options = std::make_shared<ShowOptions>();
  CLI::App* show = orders->add_subcommand("show", "Show the ledger's rows of an intent");
  show->add_option("--intent", options->intent, "The intent's id")->required();
  show->add_option("--admin", options->admin, "The marketplace's admin port, http://host:port")
      ->capture_default_str();
  show->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) { return Show(*options, out); };
  });
}

}  // namespace jembatan::ctl
