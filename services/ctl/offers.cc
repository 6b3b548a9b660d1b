// offers load, offers list: what the reference marketplace has on sale.

#include "services/ctl/offers.h"

#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <google/protobuf/timestamp.pb.h>
#include <simdjson.h>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "libs/goods/facts_json.h"
#include "services/ctl/command.h"
#include "services/ctl/files.h"

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

// Each false if the key is none of theirs, or the value of another type or range.
bool SetText(std::string_view key, const simdjson::dom::element& value, orders::v1::Offer* offer) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return false;
  const std::string owned(text);
  if (key == "offer_id") return offer->set_offer_id(owned), true;
  if (key == "title") return offer->set_title(owned), true;
  if (key == "seller_id") return offer->set_seller_id(owned), true;
  if (key == "currency") return offer->mutable_price()->set_currency(owned), true;
  if (key == "price_version") return offer->set_price_version(owned), true;
  return false;
}

bool SetNumber(std::string_view key, const simdjson::dom::element& value,
               orders::v1::Offer* offer) {
  int64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS || number < 0) return false;
  const auto whole = static_cast<uint64_t>(number);
  if (key == "amount_minor") return offer->mutable_price()->set_amount_minor(number), true;
  if (key == "stock") return offer->set_stock(whole), true;
  if (key == "total_limit") return offer->set_total_limit(whole), true;
  if (key == "buyer_limit" && whole <= UINT32_MAX) {
    return offer->set_buyer_limit(static_cast<uint32_t>(whole)), true;
  }
  // As in the marketplace's own file, 0 stands for none.
  if (key == "sale_starts_ms") {
    if (number > 0) base::SetMs(number, offer->mutable_sale_starts_at());
    return true;
  }
  if (key == "sale_ends_ms") {
    if (number > 0) base::SetMs(number, offer->mutable_sale_ends_at());
    return true;
  }
  return false;
}

orders::v1::Goods ToWire(const goods::Goods& goods, const std::string& offer_id) {
  using goods::Goods;
  orders::v1::Goods wire;
  wire.set_offer_id(offer_id);
  wire.set_origin_country(goods.origin_country);
  if (goods.ships_from == Goods::ShipsFrom::kHome) {
    wire.set_ships_from(orders::v1::Goods::SHIPS_FROM_HOME);
  } else if (goods.ships_from == Goods::ShipsFrom::kAbroad) {
    wire.set_ships_from(orders::v1::Goods::SHIPS_FROM_ABROAD);
  }
  wire.set_hs_code(goods.hs_code);
  if (!goods.fob_currency.empty() || goods.fob_minor != 0) {
    wire.mutable_fob()->set_currency(goods.fob_currency);
    wire.mutable_fob()->set_amount_minor(goods.fob_minor);
  }
  wire.set_seller_licence(goods.seller_licence);
  if (goods.licence_expires_ms != goods::kForEver) {
    base::SetMs(goods.licence_expires_ms, wire.mutable_licence_expires_at());
  }
  if (goods.seller_tier == Goods::SellerTier::kUmkm) {
    wire.set_seller_tier(orders::v1::Goods::SELLER_TIER_UMKM);
  } else if (goods.seller_tier == Goods::SellerTier::kOther) {
    wire.set_seller_tier(orders::v1::Goods::SELLER_TIER_OTHER);
  }
  wire.set_local(goods.local);
  return wire;
}

// One offer; the status tells the key that is wrong.
absl::Status ParseOffer(const simdjson::dom::object& object, OfferToLoad* to_load) {
  orders::v1::Offer* offer = &to_load->offer;
  goods::Goods known;
  for (const auto& [key, value] : object) {
    if (SetText(key, value, offer) || SetNumber(key, value, offer)) continue;
    if (goods::SetFact(key, value, &known)) continue;
    return base::InvalidArgument("bad or unknown key \"" + std::string(key) + "\"");
  }
  if (offer->offer_id().empty() || offer->price().currency().empty()) {
    return base::InvalidArgument("offer_id, currency and amount_minor are required");
  }
  if (known != goods::Goods()) to_load->goods = ToWire(known, offer->offer_id());
  return absl::OkStatus();
}

absl::Status Load(const OffersOptions& options, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(std::string json, base::ReadWholeFile(options.file, kFileBytes));
  absl::StatusOr<std::vector<OfferToLoad>> offers = ParseOffersFile(json);
  if (!offers.ok()) {
    return base::FailedPrecondition(options.file + ": " + std::string(offers.status().message()));
  }
  JEMB_ASSIGN_OR_RETURN(Loaded loaded, LoadOffers(options.target, *offers, options.timeout_ms));
  out << loaded.inserted << " offers new, " << loaded.replaced << " replaced\n";
  return absl::OkStatus();
}

absl::Status List(const OffersOptions& options, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(std::vector<OfferEntry> entries,
                        ListOffers(options.target, options.timeout_ms));
  out << OffersTable(entries);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<OfferToLoad>> ParseOffersFile(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  if (parser.parse(json.data(), json.size()).get(array) != simdjson::SUCCESS) {
    return base::InvalidArgument("not a JSON array");
  }
  std::vector<OfferToLoad> offers;
  for (const simdjson::dom::element element : array) {
    const std::string place = "offer " + std::to_string(offers.size() + 1) + ": ";
    simdjson::dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      return base::InvalidArgument(place + "not an object");
    }
    const absl::Status parsed = ParseOffer(object, &offers.emplace_back());
    if (!parsed.ok()) {
      return base::InvalidArgument(place + std::string(base::Std(parsed.message())));
    }
  }
  if (offers.empty()) return base::InvalidArgument("no offer in it");
  return offers;
}

std::string OffersTable(const std::vector<OfferEntry>& entries) {
  std::string table;
  char line[512];
  auto add = [&](const char* id, const char* price, const std::string& stock,
                 const std::string& sold, const std::string& limit, const char* title) {
    std::snprintf(line, sizeof line, "%-28s %14s %10s %10s %10s  %s\n", id, price, stock.c_str(),
                  sold.c_str(), limit.c_str(), title);
    table += line;
  };
  add("OFFER", "PRICE", "STOCK", "SOLD", "PER BUYER", "TITLE");
  for (const OfferEntry& entry : entries) {
    const orders::v1::Offer& offer = entry.offer();
    add(offer.offer_id().c_str(),
        base::MoneyText(offer.price().currency(), offer.price().amount_minor()).c_str(),
        std::to_string(offer.stock()), std::to_string(entry.sold()),
        offer.buyer_limit() == 0 ? "any" : std::to_string(offer.buyer_limit()),
        offer.title().c_str());
  }
  return table;
}

void AddOffersCommands(CLI::App& app, Chosen* chosen) {
  CLI::App* offers = app.add_subcommand("offers", "Offers of the reference marketplace");
  offers->require_subcommand(1);
  auto options = std::make_shared<OffersOptions>();
  CLI::App* load = offers->add_subcommand("load", "Put the offers of a JSON file on sale");
  load->add_option("file", options->file, "A JSON array of offers")->required();
  AddTarget(load, options);
  load->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) { return Load(*options, out); };
  });
  CLI::App* list = offers->add_subcommand("list", "List offers with stock and sales");
  AddTarget(list, options);
  list->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) { return List(*options, out); };
  });
}

}  // namespace jembatan::ctl
