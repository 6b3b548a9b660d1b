// jembatan-load: plays viewers of a live stream against gateways, open loop, and judges afterwards
// whether the promise held. Exit status: 0 it held, 1 it did not (or the run failed), 2 bad usage.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "bench/load/generator.h"
#include "bench/load/invariants.h"
#include "bench/load/marketplace.h"
#include "bench/load/report.h"
#include "libs/base/clock.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/identity/token.h"
#include "libs/runtime/options.h"

namespace jembatan::load {
namespace {

constexpr size_t kMaxIntents = 20'000'000;
constexpr size_t kMaxOffers = 10'000;
constexpr size_t kTokenKeyBytes = size_t{64} << 10;

struct Options {
  std::string targets = "127.0.0.1:8080";
  std::string encoding = "proto";
  std::string arrivals = "constant";
  double rate = 1000;
  double seconds = 20;
  double calm_s = 0;
  double calm_rate = 50;
  int64_t begin_at_ms = 0;
  double connect_seconds = 15;
  double settle_seconds = 30;
  int viewers = 400;
  std::string viewer_prefix = "viewer-";
  int people = 0;
  std::string viewer_order = "random";
  int quantity = 1;
  std::string offers;
  int64_t price_minor = 2'500'000;
  std::string marketplace_admin;
  double zipf = 1.1;
  std::string campaign;
  std::string campaign_offers;
  std::string flash;
  double flash_share = 0.3;
  double flash_at_s = 0;
  int flash_taps = 1;
  std::string room;
  std::string attributions;
  bool hints = false;
  std::string token_key;
  std::string token_kid = "dev";
  std::string token_issuer = "https://app.example";
  std::string token_audience = "jembatan";
  std::string region = "ID";
  int tick_us = 1000;
  double drop_at_s = -1;
  double cuts_per_s = 0;
  int64_t max_intents = 0;
  int64_t seed = 0;
  std::string json;
  std::string history;
};

void Declare(runtime::OptionTable& table, Options& o) {
  table.Add("targets", &o.targets, "Gateways, host:port, comma-separated");
  table.AddChoice("encoding", &o.encoding, "Frames on the WebSocket", {"proto", "json"});
  table.AddChoice("arrivals", &o.arrivals, "How taps are spread in time", {"constant", "poisson"});
  table.Add("rate", &o.rate, "Taps a second", 0.01, 1e6);
  table.Add("seconds", &o.seconds, "Length of the schedule", 0.1, 86'400.0);
  table.Add("calm_s", &o.calm_s, "So long at the beginning the rush has not come yet", 0.0,
            86'400.0);
  table.Add("calm_rate", &o.calm_rate, "Taps a second until it comes", 0.01, 1e6);
  table.Add("begin_at_ms", &o.begin_at_ms,
            "When the first tap is due, milliseconds since the Unix epoch, all viewers being "
            "connected; 0: as soon as they are",
            int64_t{0}, INT64_MAX);
  table.Add("connect_seconds", &o.connect_seconds, "Time for all viewers to connect", 0.1, 600.0);
  table.Add("settle_seconds", &o.settle_seconds, "Longest wait for outcomes afterwards", 0.0,
            3'600.0);
  table.Add("viewers", &o.viewers, "WebSocket connections, each a viewer", 1, 19'000);
  table.Add("viewer_prefix", &o.viewer_prefix, "Viewer ids are this and a number");
  table.Add("people", &o.people, "Viewer ids that the connections share; 0: each has its own", 0,
            19'000);
  table.AddChoice("viewer_order", &o.viewer_order, "Who taps an ordinary offer",
                  {"random", "turn"});
  table.Add("quantity", &o.quantity, "Units a tap", 1, 99);
  table.Add(
      "offers", &o.offers,
      "Offer ids, comma-separated, most popular first; empty: all that the marketplace lists");
  table.Add("price_minor", &o.price_minor,
            "IDR price in minor units, when no marketplace tells prices", int64_t{0},
            int64_t{1'000'000'000'000'000});
  table.Add("marketplace_admin", &o.marketplace_admin,
            "http://host:port of the marketplace's admin port: offers, and the ledger to judge by");
  table.Add("zipf", &o.zipf, "Exponent of the offers' popularity", 0.0, 5.0);
  table.Add("campaign", &o.campaign, "Campaign of the taps on campaign_offers");
  table.Add("campaign_offers", &o.campaign_offers, "Offer ids, comma-separated");
  table.Add("flash", &o.flash, "Offer on flash sale; empty: none");
  table.Add("flash_share", &o.flash_share, "Its share of the taps while it lasts", 0.0, 1.0);
  table.Add("flash_at_s", &o.flash_at_s, "Second at which it opens", 0.0, 86'400.0);
  table.Add("flash_taps", &o.flash_taps, "Taps on it per viewer", 1, 1000);
  table.Add("room", &o.room, "Live room of the taps; empty: none");
  table.Add("attributions", &o.attributions,
            "Creators' tokens, comma-separated, of which each viewer's taps bear one; empty: none");
  table.Add("hints", &o.hints,
            "Viewers watch the room and do not tap what they are told is sold out");
  table.Add("token_key", &o.token_key, "PEM file of the key that signs viewers' tokens");
  table.Add("token_kid", &o.token_kid, "Its key id");
  table.Add("token_issuer", &o.token_issuer, "Issuer in the tokens");
  table.Add("token_audience", &o.token_audience, "Audience in the tokens");
  table.Add("region", &o.region, "Region in the tokens");
  table.Add("tick_us", &o.tick_us, "Sends are gathered for this long", 100, 100'000);
  table.Add("drop_at_s", &o.drop_at_s, "Second at which all connections are cut; below 0: never",
            -1.0, 86'400.0);
  table.Add("cuts_per_s", &o.cuts_per_s, "Connections cut a second, each in turn, to return", 0.0,
            10'000.0);
  table.Add("max_intents", &o.max_intents, "Bound of the taps kept; 0: as the schedule needs",
            int64_t{0}, static_cast<int64_t>(kMaxIntents));
  table.Add("seed", &o.seed, "Of everything random; 0: from the system", int64_t{0}, INT64_MAX);
  table.Add("json", &o.json, "File for all figures; empty: none");
  table.Add("history", &o.history,
            "File for what viewers sent and were told (jembatan-ctl check-history); empty: none");
}

absl::StatusOr<std::vector<WsConnection::Target>> Resolve(const std::string& list) {
  std::vector<WsConnection::Target> targets;
  boost::asio::io_context context;
  boost::asio::ip::tcp::resolver resolver(context);
  for (const std::string& text : base::SplitList(list)) {
    runtime::HostPort where;
    JEMB_RETURN_IF_ERROR(runtime::ParseHostPort(text, &where));
    boost::system::error_code error;
    auto found = resolver.resolve(where.host, std::to_string(where.port), error);
    if (error) return base::InvalidArgument("--targets: " + text + ": " + error.message());
    targets.push_back({found.begin()->endpoint(), text});
  }
  if (targets.empty()) return base::InvalidArgument("--targets names no gateway");
  return targets;
}

absl::StatusOr<identity::Signer> ReadSigner(const Options& options) {
  if (options.token_key.empty()) return base::InvalidArgument("--token_key is required");
  JEMB_ASSIGN_OR_RETURN(const std::string pem,
                        base::ReadWholeFile(options.token_key, kTokenKeyBytes));
  return identity::Signer::FromPem(pem, options.token_kid);
}

// The run's offers in the order of popularity; flash is the index of the one on flash sale.
struct Sale {
  std::vector<ListedOffer> offers;
  int flash = -1;
};

absl::StatusOr<Sale> ChooseOffers(const Options& options, std::vector<ListedOffer> listed) {
  std::vector<std::string> wanted = base::SplitList(options.offers);
  if (wanted.empty()) {
    for (const ListedOffer& offer : listed) wanted.push_back(offer.sale.offer_id);
  }
  if (!options.flash.empty() &&
      std::find(wanted.begin(), wanted.end(), options.flash) == wanted.end()) {
    wanted.push_back(options.flash);
  }
  Sale sale;
  for (const std::string& id : wanted) {
    auto found = std::find_if(listed.begin(), listed.end(),
                              [&](const ListedOffer& o) { return o.sale.offer_id == id; });
    ListedOffer offer;
    offer.sale.offer_id = offer.stock.offer_id = id;
    offer.sale.amount_minor = options.price_minor;
    if (found != listed.end()) {
      offer = *found;
    } else if (!options.marketplace_admin.empty()) {
      return base::InvalidArgument("the marketplace has no offer '" + id + "'");
    }
    const std::vector<std::string> campaign = base::SplitList(options.campaign_offers);
    if (std::find(campaign.begin(), campaign.end(), id) != campaign.end()) {
      offer.sale.campaign_id = options.campaign;
    }
    if (id == options.flash) sale.flash = static_cast<int>(sale.offers.size());
    sale.offers.push_back(std::move(offer));
  }
  if (sale.offers.empty()) {
    return base::InvalidArgument("nothing to tap: --offers or --marketplace_admin is required");
  }
  if (sale.offers.size() > kMaxOffers) {
    return base::InvalidArgument("more than " + std::to_string(kMaxOffers) +
                                 " offers; choose by --offers");
  }
  return sale;
}

size_t RecordsNeeded(const Options& options) {
  if (options.max_intents > 0) return static_cast<size_t>(options.max_intents);
  // Poisson arrivals may be more than the mean: six standard deviations and some.
  const double calm_s = std::min(options.calm_s, options.seconds);
  double mean = options.rate * (options.seconds - calm_s) + options.calm_rate * calm_s;
  return std::min(kMaxIntents, static_cast<size_t>(mean + 6 * std::sqrt(mean) + 16));
}

GeneratorOptions MakeGeneratorOptions(const Options& options, const Sale& sale, uint64_t seed) {
  GeneratorOptions result;
  result.encoding = options.encoding == "json" ? Encoding::kJson : Encoding::kProto;
  result.arrivals =
      options.arrivals == "poisson" ? Arrivals::Kind::kPoisson : Arrivals::Kind::kConstant;
  result.rate = options.rate;
  result.seconds = options.seconds;
  result.calm = {static_cast<int64_t>(options.calm_s * 1e9), options.calm_rate};
  result.begin_at_ms = options.begin_at_ms;
  result.connect_seconds = options.connect_seconds;
  result.settle_seconds = options.settle_seconds;
  result.tick_us = options.tick_us;
  result.drop_at_s = options.drop_at_s;
  result.cuts_per_s = options.cuts_per_s;
  result.quantity = static_cast<uint32_t>(options.quantity);
  result.room = options.room;
  result.attributions = base::SplitList(options.attributions);
  result.hints = options.hints;
  result.max_intents = RecordsNeeded(options);
  result.seed = seed;
  for (const ListedOffer& offer : sale.offers) result.offers.push_back(offer.sale);
  result.plan.viewers = static_cast<size_t>(options.viewers);
  result.plan.offers = sale.offers.size();
  result.plan.zipf = options.zipf;
  result.plan.flash = sale.flash;
  result.plan.flash_share = options.flash_share;
  result.plan.flash_at_ns = static_cast<int64_t>(options.flash_at_s * 1e9);
  result.plan.flash_taps_per_viewer = options.flash_taps;
  result.plan.random_viewers = options.viewer_order == "random";
  result.plan.seed = seed + 3;
  return result;
}

std::function<absl::StatusOr<std::string>(uint32_t)> TokenSource(
    const Options& options, std::shared_ptr<const identity::Signer> signer) {
  const auto people = static_cast<uint32_t>(options.people);
  return [options, people, signer = std::move(signer)](uint32_t number) {
    const int64_t now = base::WallMs();
    identity::Viewer viewer;
    const uint32_t person = people == 0 ? number : number % people;
    viewer.id = options.viewer_prefix + std::to_string(person);
    viewer.region = options.region;
    viewer.shop_consent = true;
    viewer.consent_version = "1";
    // It must outlive the run with its waits.
    viewer.expires_ms = now + static_cast<int64_t>((options.connect_seconds + options.seconds +
                                                    options.settle_seconds + 600) *
                                                   1000);
    return signer->Sign(viewer, options.token_issuer, options.token_audience, now);
  };
}

// On a terminal one line that changes every second, else a line every five.
class Progress {
 public:
  void operator()(Generator& generator) {
    const bool terminal = isatty(STDERR_FILENO) == 1;
    if (!terminal && ++calls_ % 5 != 0) return;
    if (generator.phase() == Generator::Phase::kConnecting) return;
    int64_t p99 = generator.TakeRecentReceiptP99();
    std::string text = ProgressText(generator.book(), generator.elapsed_s(), p99,
                                    generator.open_connections(), generator.viewers());
    std::fprintf(stderr, terminal ? "\r\x1b[K%s" : "%s\n", text.c_str());
    std::fflush(stderr);
  }

 private:
  int calls_ = 0;
};

std::atomic<Generator*> g_running{nullptr};

void OnInterrupt(int) {
  if (Generator* generator = g_running.load()) generator->RequestStop();
}

absl::Status Play(Generator& generator) {
  g_running = &generator;
  std::signal(SIGINT, OnInterrupt);
  std::signal(SIGTERM, OnInterrupt);
  std::signal(SIGPIPE, SIG_IGN);
  absl::Status status = generator.Run();
  g_running = nullptr;
  if (isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "\n");
  return status;
}

struct Before {
  std::vector<ListedOffer> offers;
  uint64_t ledger_end = 0;
};

absl::StatusOr<Before> Look(const Options& options) {
  Before before;
  if (options.marketplace_admin.empty()) return before;
  MarketplaceReader reader(options.marketplace_admin);
  JEMB_ASSIGN_OR_RETURN(before.offers, reader.Offers());
  JEMB_ASSIGN_OR_RETURN(before.ledger_end, reader.LedgerEnd());
  return before;
}

absl::StatusOr<Verdict> Examine(const Options& options, const Sale& sale, uint64_t ledger_end,
                                const IntentBook& book) {
  std::vector<OfferStock> stock;
  absl::flat_hash_map<std::string, uint16_t> index;
  for (const ListedOffer& offer : sale.offers) {
    index[offer.stock.offer_id] = static_cast<uint16_t>(stock.size());
    stock.push_back(offer.stock);
  }
  if (options.marketplace_admin.empty()) return Judge(book.records(), {}, stock, false);
  MarketplaceReader reader(options.marketplace_admin);
  JEMB_ASSIGN_OR_RETURN(std::vector<ListedOffer> after, reader.Offers());
  for (const ListedOffer& offer : after) {
    auto found = index.find(offer.stock.offer_id);
    if (found == index.end()) continue;
    stock[found->second].sold_after = offer.stock.sold_after;
    stock[found->second].initial = offer.stock.initial;
  }
  JEMB_ASSIGN_OR_RETURN(std::vector<LedgerRow> rows, reader.LedgerAfter(ledger_end, index));
  return Judge(book.records(), rows, stock, true);
}

absl::StatusOr<bool> Run(const Options& options, std::vector<WsConnection::Target> targets,
                         std::shared_ptr<const identity::Signer> signer) {
  JEMB_ASSIGN_OR_RETURN(Before before, Look(options));
  JEMB_ASSIGN_OR_RETURN(Sale sale, ChooseOffers(options, std::move(before.offers)));
  const uint64_t seed =
      options.seed != 0 ? static_cast<uint64_t>(options.seed) : std::random_device{}();
  GeneratorOptions generator_options = MakeGeneratorOptions(options, sale, seed);
  const size_t gateways = targets.size();
  generator_options.targets = std::move(targets);
  generator_options.token = TokenSource(options, std::move(signer));

  HistoryFile history;
  if (!options.history.empty()) {
    JEMB_RETURN_IF_ERROR(history.Open(options.history));
    generator_options.history = &history;
  }
  Generator generator(std::move(generator_options));
  generator.SetProgress(Progress());
  JEMB_RETURN_IF_ERROR(Play(generator));
  if (!options.history.empty()) JEMB_RETURN_IF_ERROR(history.Close());
  JEMB_ASSIGN_OR_RETURN(Verdict verdict,
                        Examine(options, sale, before.ledger_end, generator.book()));

  RunFigures figures;
  figures.book = &generator.book();
  figures.generator = &generator.report();
  figures.verdict = &verdict;
  figures.offers = sale.offers;
  figures.flash = sale.flash;
  figures.viewers = static_cast<size_t>(options.viewers);
  figures.gateways = gateways;
  figures.rate = options.rate;
  figures.have_ledger = !options.marketplace_admin.empty();
  if (!options.json.empty()) {
    std::ofstream file(options.json, std::ios::trunc);
    file << FiguresJson(figures);
    if (!file.flush()) return base::Unavailable("cannot write " + options.json);
  }
  std::printf("%s%s\n", SummaryText(figures).c_str(), LastLine(figures).c_str());
  return verdict.holds();
}

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "jembatan-load: %s\n", std::string(base::Std(status.message())).c_str());
  return code;
}

int Main(int argc, char** argv) {
  Options options;
  runtime::OptionTable table("load", "Plays viewers against gateways and judges the promise.");
  Declare(table, options);
  table.Parse(argc, argv);
  if (options.hints && options.room.empty()) {
    return Fail(base::InvalidArgument("--hints needs a --room to watch"), 2);
  }
  absl::StatusOr<std::vector<WsConnection::Target>> targets = Resolve(options.targets);
  if (!targets.ok()) return Fail(targets.status(), 2);
  absl::StatusOr<identity::Signer> signer = ReadSigner(options);
  if (!signer.ok()) return Fail(signer.status(), 2);
  absl::StatusOr<bool> held = Run(options, *std::move(targets),
                                  std::make_shared<const identity::Signer>(*std::move(signer)));
  if (!held.ok()) return Fail(held.status(), absl::IsInvalidArgument(held.status()) ? 2 : 1);
  return *held ? 0 : 1;
}

}  // namespace
}  // namespace jembatan::load

int main(int argc, char** argv) { return jembatan::load::Main(argc, argv); }
