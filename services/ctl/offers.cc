// offers load, list, campaigns, vouchers: what the reference marketplace has on sale.

#include "services/ctl/offers.h"

#include <memory>

#include "absl/strings/str_format.h"
#include <CLI/CLI.hpp>
#include <google/protobuf/timestamp.pb.h>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "libs/catalog/catalog_file.h"
#include "services/ctl/command.h"
#include "services/ctl/files.h"
#include "services/ctl/times.h"

namespace jembatan::ctl {
namespace {

struct OffersOptions {
  std::string target = "127.0.0.1:9501";
  std::string file;
  int timeout_ms = 10'000;
};

void AddTarget(CLI::App* command, const std::shared_ptr<OffersOptions>& options) {
  command->add_option("--target", options->target, "The marketplace's operator port, host:port")
      ->capture_default_str();
  command->add_option(Flag("timeout_ms"), options->timeout_ms, "How long it may take")
      ->capture_default_str()
      ->check(CLI::Range(1, 600'000));
}

absl::Status Load(const OffersOptions& options, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(std::string json, base::ReadWholeFile(options.file, kFileBytes));
  absl::StatusOr<orders::v1::LoadOffersRequest> all = catalog::ParseCatalogFile(json);
  if (!all.ok()) {
    return base::FailedPrecondition(options.file + ": " + std::string(all.status().message()));
  }
  if (all->ByteSizeLong() == 0) return base::FailedPrecondition(options.file + ": nothing in it");
  JEMB_ASSIGN_OR_RETURN(Loaded loaded, LoadCatalog(options.target, *all, options.timeout_ms));
  out << loaded.inserted << " offers new, " << loaded.replaced << " replaced";
  if (all->campaigns_size() > 0) out << ", " << all->campaigns_size() << " campaigns";
  if (all->vouchers_size() > 0) out << ", " << all->vouchers_size() << " vouchers";
  out << "\n";
  return absl::OkStatus();
}

absl::Status List(const OffersOptions& options, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(std::vector<OfferEntry> entries,
                        ListOffers(options.target, options.timeout_ms));
  out << OffersTable(entries);
  return absl::OkStatus();
}

using PromotionsTable = std::string (*)(const orders::v1::ListPromotionsResponse&);

absl::Status ListPromoted(const OffersOptions& options, PromotionsTable table, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(const orders::v1::ListPromotionsResponse promotions,
                        ListPromotions(options.target, options.timeout_ms));
  out << table(promotions);
  return absl::OkStatus();
}

std::string LimitText(uint64_t limit) { return limit == 0 ? "any" : std::to_string(limit); }

std::string TimeText(const google::protobuf::Timestamp& time, bool known) {
  return known ? InstantText(base::ToMs(time)) : "any";
}

}  // namespace

std::string OffersTable(const std::vector<OfferEntry>& entries) {
  std::string table = absl::StrFormat("%-28s %14s %10s %10s %10s  %s\n", "OFFER", "PRICE", "STOCK",
                                      "SOLD", "PER BUYER", "TITLE");
  for (const OfferEntry& entry : entries) {
    const orders::v1::Offer& offer = entry.offer();
    table +=
        absl::StrFormat("%-28s %14s %10d %10d %10s  %s\n", offer.offer_id(),
                        base::MoneyText(offer.price().currency(), offer.price().amount_minor()),
                        offer.stock(), entry.sold(), LimitText(offer.buyer_limit()), offer.title());
  }
  return table;
}

std::string CampaignsTable(const orders::v1::ListPromotionsResponse& promotions) {
  std::string table = absl::StrFormat("%-24s %10s %10s %10s  %-24s %s\n", "CAMPAIGN", "SOLD",
                                      "LIMIT", "PER BUYER", "FROM", "UNTIL");
  for (const auto& entry : promotions.campaigns()) {
    const orders::v1::Campaign& campaign = entry.campaign();
    table +=
        absl::StrFormat("%-24s %10d %10s %10s  %-24s %s\n", campaign.campaign_id(), entry.sold(),
                        LimitText(campaign.total_limit()), LimitText(campaign.buyer_limit()),
                        TimeText(campaign.starts_at(), campaign.has_starts_at()),
                        TimeText(campaign.ends_at(), campaign.has_ends_at()));
  }
  return table;
}

std::string VouchersTable(const orders::v1::ListPromotionsResponse& promotions) {
  std::string table = absl::StrFormat("%-24s %14s %10s %10s %10s  %-24s %s\n", "VOUCHER", "AMOUNT",
                                      "USED", "USES", "PER BUYER", "FOR", "UNTIL");
  for (const auto& entry : promotions.vouchers()) {
    const orders::v1::Voucher& voucher = entry.voucher();
    std::string what = voucher.offer_id();
    if (what.empty()) what = voucher.campaign_id();
    table += absl::StrFormat(
        "%-24s %14s %10d %10s %10s  %-24s %s\n", voucher.voucher_ref(),
        base::MoneyText(voucher.amount().currency(), voucher.amount().amount_minor()), entry.used(),
        LimitText(voucher.uses()), LimitText(voucher.buyer_uses()), what.empty() ? "any" : what,
        TimeText(voucher.ends_at(), voucher.has_ends_at()));
  }
  return table;
}

void AddOffersCommands(CLI::App& app, Chosen* chosen) {
  CLI::App* offers = app.add_subcommand("offers", "Offers of the reference marketplace");
  offers->require_subcommand(1);
  auto options = std::make_shared<OffersOptions>();
  CLI::App* load = offers->add_subcommand("load", "Put on sale what a JSON file says");
  load->add_option("file", options->file,
                   "A JSON array of offers, or an object of offers, campaigns and vouchers")
      ->required();
  AddTarget(load, options);
  load->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) { return Load(*options, out); };
  });
  CLI::App* list = offers->add_subcommand("list", "List offers with stock and sales");
  AddTarget(list, options);
  list->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) { return List(*options, out); };
  });
  CLI::App* campaigns = offers->add_subcommand("campaigns", "List campaigns with their sales");
  AddTarget(campaigns, options);
  campaigns->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) {
      return ListPromoted(*options, CampaignsTable, out);
    };
  });
  CLI::App* vouchers = offers->add_subcommand("vouchers", "List vouchers with their uses");
  AddTarget(vouchers, options);
  vouchers->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) {
      return ListPromoted(*options, VouchersTable, out);
    };
  });
}

}  // namespace jembatan::ctl
