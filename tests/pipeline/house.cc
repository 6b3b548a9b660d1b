#include "tests/pipeline/house.h"

#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

#include "jembatan/crossing/v1/controls.pb.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/base/timestamp.h"
#include "libs/controls/statement.h"
#include "libs/kafka/config.h"
#include "libs/runtime/admin_client.h"
#include "tests/pipeline/patience.h"
#include "tests/pipeline/topic_reader.h"

namespace jembatan::pipeline {
namespace {

constexpr char kAnyPort[] = "127.0.0.1:0";
constexpr int kGateways = 2;
// The in-process Kafka lets a rebalance last for about this long. On an overloaded machine a
// shorter one ends while the member still waits for its answer, on which that Kafka asserts.
constexpr int kSessionMs = 4'000;
// Tokens outlive every test.
constexpr int64_t kTokenMs = 3'600'000;

std::string At(int port) { return "127.0.0.1:" + std::to_string(port); }

absl::Status WriteFile(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return file.flush() ? absl::OkStatus() : base::Unavailable("cannot write " + path.string());
}

std::string OffersJson(const std::vector<SaleOffer>& offers, size_t market) {
  std::string json = "[";
  for (const SaleOffer& offer : offers) {
    if (offer.market != market) continue;
    json += json.size() > 1 ? "," : "";
    json += R"({"offer_id":")" + offer.offer_id + R"(","title":"Barang )" + offer.offer_id +
            R"(","seller_id":")" + offer.seller_id + R"(","currency":"IDR","amount_minor":)" +
            std::to_string(kPriceMinor) + R"(,"stock":)" + std::to_string(offer.stock);
    if (!offer.facts.empty()) json += "," + offer.facts;
    json += "}";
  }
  return json + "]";
}

// Whoever signs links, and under which name.
constexpr char kLinkKid[] = "links-1";

void QuietLog() {
  static const bool done = [] {
    base::InitLog("pipeline", base::Level::kError);
    return true;
  }();
  (void)done;
}

}  // namespace

House::House(std::vector<SaleOffer> offers, Furnishing furnishing)
    : offers_(std::move(offers)),
      furnishing_(std::move(furnishing)),
      markets_(furnishing_.marketplaces) {
  markets_.front().id = kMarketplaceId;
  if (markets_.size() > 1) markets_[1].id = kSecondMarketplaceId;
  QuietLog();
}

House::~House() {
  for (auto& gateway : gateways_) gateway->Stop();
  for (auto& bridge : bridges_) {
    if (bridge) bridge->Stop();
  }
  for (size_t market = 0; market < markets_.size(); ++market) StopMarketplace(market);
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

absl::Status House::Start(int bridges) {
  JEMB_RETURN_IF_ERROR(WriteFiles());
  JEMB_ASSIGN_OR_RETURN(cluster_,
                        kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(kPartitions)));
  if (furnishing_.link_out) JEMB_RETURN_IF_ERROR(RouteByLink());
  for (size_t market = 0; market < markets_.size(); ++market) {
    JEMB_RETURN_IF_ERROR(StartMarketplace(market));
  }
  JEMB_RETURN_IF_ERROR(WriteRegistry());
  for (int i = 0; i < bridges; ++i) JEMB_RETURN_IF_ERROR(StartBridge());
  for (int i = 0; i < kGateways; ++i) JEMB_RETURN_IF_ERROR(StartGateway());
  const bool ready = Eventually([this] {
    for (const auto& gateway : gateways_) {
      if (!gateway->ready()) return false;
    }
    return true;
  });
  if (!ready) return base::Unavailable("a gateway is never ready");
  return bridges > 0 ? AwaitOwners() : absl::OkStatus();
}

absl::Status House::AwaitOwners() {
  const bool owned = Eventually([this] {
    double total = 0;
    for (size_t number = 0; number < bridges_.size(); ++number) {
      if (!bridges_[number]) continue;
      const double own = BridgeMetric(number, "jembatan_bridge_partitions_owned");
      if (own == 0) return false;
      total += own;
    }
    return total == kPartitions;
  });
  return owned ? absl::OkStatus() : base::Unavailable("partitions without an owner");
}

absl::Status House::WriteFiles() {
  std::string pattern = (std::filesystem::path(::testing::TempDir()) / "house.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return base::Unavailable("cannot make " + pattern);
  folder_ = pattern;
  auto signer = identity::Signer::Generate(identity::Algorithm::kEdDsa, "dev");
  if (!signer.ok()) return signer.status();
  signer_ = std::make_unique<identity::Signer>(*std::move(signer));
  auto links = identity::Signer::Generate(identity::Algorithm::kEdDsa, kLinkKid);
  if (!links.ok()) return links.status();
  link_signer_ = std::make_unique<identity::Signer>(*std::move(links));
  for (size_t market = 0; market < markets_.size(); ++market) {
    const std::string hex(64, static_cast<char>('7' + market));
    JEMB_ASSIGN_OR_RETURN(identity::BuyerKey key, identity::BuyerKey::FromHex(hex));
    markets_[market].buyer_key = std::make_unique<identity::BuyerKey>(std::move(key));
    JEMB_RETURN_IF_ERROR(WriteFile(FileOf("buyer.key", market), hex));
    JEMB_RETURN_IF_ERROR(WriteFile(FileOf("offers.json", market), OffersJson(offers_, market)));
  }
  JEMB_RETURN_IF_ERROR(WriteFile(folder_ / "links.jwks", link_signer_->jwks()));
  JEMB_RETURN_IF_ERROR(WriteFile(folder_ / "links.pem", link_signer_->private_pem()));
  if (!furnishing_.policy.empty()) {
    JEMB_RETURN_IF_ERROR(WriteFile(folder_ / "policy.toml", furnishing_.policy));
  }
  return WriteFile(folder_ / "jwks.json", signer_->jwks());
}

absl::Status House::WriteGoodsKeys(size_t market) const {
  JEMB_ASSIGN_OR_RETURN(const runtime::HttpReply key,
                        runtime::HttpGet(AdminUrl(market) + "/verifier"));
  if (key.status != 200) return base::Unavailable("no key: " + key.body);
  return WriteFile(FileOf("goods.keys", market), key.body);
}

std::filesystem::path House::FileOf(const std::string& name, size_t market) const {
  return folder_ / (std::to_string(market) + "." + name);
}

std::string House::HostsOf(const Market& market) const {
  return furnishing_.url_hosts.empty() ? At(market.checkout_port) : furnishing_.url_hosts;
}

std::string House::PageOf(const Market& market) const {
  return "http://" + At(market.checkout_port) + "/beli";
}

// As an operator orders it, before anybody taps.
absl::Status House::RouteByLink() {
  for (const Market& market : markets_) {
    crossing::v1::Control control;
    control.set_version(1);
    control.set_why("semua lewat tautan");
    base::SetMs(base::WallMs(), control.mutable_issued_at());
    control.mutable_route()->set_marketplace_id(market.id);
    control.mutable_route()->set_mode(crossing::v1::ROUTE_MODE_LINK_OUT);
    const std::string value = control.SerializeAsString();
    JEMB_RETURN_IF_ERROR(
        PutRecord(brokers(), kafka::kControlsTopic, 0, controls::RecordKey(control, value), value)
            .status());
  }
  return absl::OkStatus();
}

absl::Status House::WriteRegistry() const {
  if (markets_.size() == 1) return absl::OkStatus();
  std::string text = "schema = 1\n";
  for (size_t market = 0; market < markets_.size(); ++market) {
    const Market& m = markets_[market];
    text += "[[marketplace]]\nid = \"" + m.id + "\"\norders = \"" + At(m.orders_port) +
            "\"\nhosts = [\"" + HostsOf(m) + "\"]\nbuyer_keys = \"" +
            FileOf("buyer.key", market).string() + "\"\ngoods_keys = \"" +
            FileOf("goods.keys", market).string() + "\"\nlink_page = \"" + PageOf(m) +
            "\"\nlink_key = \"" + (folder_ / "links.pem").string() + "\"\nlink_kid = \"" +
            kLinkKid + "\"\n";
    // The first has all the others'.
    if (market == 0) continue;
    text += "offers = [";
    for (const SaleOffer& offer : offers_) {
      if (offer.market == market) text += "\"" + offer.offer_id + "\", ";
    }
    text += "]\n";
  }
  return WriteFile(folder_ / "registry.toml", text);
}

absl::Status House::StartMarketplace(size_t market) {
  Market& m = markets_.at(market);
  marketplace::Options options;
  options.listen = At(m.orders_port);
  options.operator_listen = kAnyPort;
  options.checkout_listen = At(m.checkout_port);
  options.admin_listen = At(m.admin_port);
  options.database = FileOf("marketplace.db", market);
  options.offers = FileOf("offers.json", market);
  options.link_keys = folder_ / "links.jwks";
  options.marketplace_id = m.id;
  options.goods_key = FileOf("goods.key", market);
  m.service = std::make_unique<marketplace::Service>(std::move(options));
  JEMB_RETURN_IF_ERROR(m.service->Start());
  m.orders_port = m.service->port();
  m.admin_port = m.service->admin_port();
  m.checkout_port = m.service->checkout_port();
  return WriteGoodsKeys(market);
}

void House::StopMarketplace(size_t market) {
  std::unique_ptr<marketplace::Service>& service = markets_.at(market).service;
  if (!service) return;
  service->Stop();
  service.reset();
}

absl::Status House::StartBridge() {
  const Market& first = markets_.front();
  bridge::Options options;
  options.brokers = brokers();
  options.admin_listen = kAnyPort;
  if (markets_.size() > 1) {
    options.registry = folder_ / "registry.toml";
  } else {
    options.orders_target = At(first.orders_port);
    options.marketplace_id = first.id;
    options.url_hosts = HostsOf(first);
  }
  if (markets_.size() == 1 && furnishing_.link_out) {
    options.link_page = PageOf(first);
    options.link_key = folder_ / "links.pem";
    options.link_kid = kLinkKid;
  }
  options.partitions = kPartitions;
  if (markets_.size() == 1) options.goods_keys = FileOf("goods.keys", 0);
  if (!furnishing_.policy.empty()) options.policy = folder_ / "policy.toml";
  options.instance = "bridge-" + std::to_string(bridges_.size());
  options.session_timeout_ms = kSessionMs;
  auto bridge = std::make_unique<bridge::Service>(std::move(options));
  JEMB_RETURN_IF_ERROR(bridge->Start());
  bridges_.push_back(std::move(bridge));
  return absl::OkStatus();
}

double House::BridgeMetric(size_t number, const std::string& line) const {
  double sum = 0;
  const std::vector<std::string> rows = absl::StrSplit(BridgeMetrics(number), '\n');
  for (const std::string& row : rows) {
    if (row.starts_with(line)) sum += std::atof(row.c_str() + row.rfind(' '));
  }
  return sum;
}

void House::StopBridge(size_t number) {
  bridges_.at(number)->Stop();
  bridges_.at(number).reset();
}

absl::Status House::StartGateway() {
  gateway::Options options;
  options.brokers = brokers();
  options.listen = kAnyPort;
  options.grpc_listen = kAnyPort;
  options.admin_listen = kAnyPort;
  options.token_keys = folder_ / "jwks.json";
  if (markets_.size() > 1) {
    options.registry = folder_ / "registry.toml";
  } else {
    options.buyer_key = FileOf("buyer.key", 0);
    options.marketplace_id = markets_.front().id;
  }
  options.partitions = kPartitions;
  if (markets_.size() == 1) options.goods_keys = FileOf("goods.keys", 0);
  options.instance = "gateway-" + std::to_string(gateways_.size());
  auto gateway = std::make_unique<gateway::Service>(std::move(options));
  JEMB_RETURN_IF_ERROR(gateway->Start());
  gateways_.push_back(std::move(gateway));
  return absl::OkStatus();
}

std::string House::BridgeMetrics(size_t number) const {
  auto metrics = runtime::HttpGet("http://" + At(bridges_.at(number)->admin_port()) + "/metrics");
  EXPECT_TRUE(metrics.ok()) << metrics.status();
  return metrics.ok() ? metrics->body : std::string();
}

std::string House::TokenOf(const std::string& viewer_id) const {
  const gateway::Options defaults;
  identity::Viewer viewer;
  viewer.id = viewer_id;
  viewer.region = "ID";
  viewer.shop_consent = true;
  viewer.consent_version = "1";
  viewer.expires_ms = base::WallMs() + kTokenMs;
  auto token =
      signer_->Sign(viewer, defaults.token_issuer, defaults.token_audience, base::WallMs());
  EXPECT_TRUE(token.ok()) << token.status();
  return token.ok() ? *token : std::string();
}

std::string House::BuyerOf(const std::string& viewer_id, size_t market) const {
  return std::string(markets_.at(market).buyer_key->RefOf(viewer_id).view());
}

std::string House::AdminUrl(size_t market) const {
  return "http://" + At(markets_.at(market).admin_port);
}

absl::StatusOr<std::vector<load::ListedOffer>> House::Offers() const {
  JEMB_ASSIGN_OR_RETURN(const std::vector<load::ListedOffer> listed,
                        load::MarketplaceReader(AdminUrl(0)).Offers());
  std::vector<load::ListedOffer> ordered;
  for (const SaleOffer& wanted : offers_) {
    for (const load::ListedOffer& offer : listed) {
      if (offer.sale.offer_id == wanted.offer_id) ordered.push_back(offer);
    }
  }
  if (ordered.size() != offers_.size()) return base::Internal("an offer is not on sale");
  return ordered;
}

absl::StatusOr<std::vector<load::LedgerRow>> House::Ledger(size_t market) const {
  absl::flat_hash_map<std::string, uint16_t> index;
  for (const SaleOffer& offer : offers_) {
    index.emplace(offer.offer_id, static_cast<uint16_t>(index.size()));
  }
  return load::MarketplaceReader(AdminUrl(market)).LedgerAfter(0, index);
}

std::vector<load::LedgerRow> House::RowsOf(const std::string& intent_id, size_t market) const {
  std::vector<load::LedgerRow> rows;
  auto ledger = Ledger(market);
  EXPECT_TRUE(ledger.ok()) << ledger.status();
  if (!ledger.ok()) return rows;
  for (const load::LedgerRow& row : *ledger) {
    if (row.id.ToString() == intent_id) rows.push_back(row);
  }
  return rows;
}

intake::v1::Intent TapOn(const std::string& offer_id, int64_t age_ms) {
  static std::mt19937_64 random{std::random_device{}()};
  const uint64_t high = random();
  const uint64_t low = random();
  intake::v1::Intent intent;
  intent.set_intent_id(base::Uuid::MakeV7(base::WallMs() - age_ms, high, low).ToString());
  intent.set_offer_id(offer_id);
  intent.set_quantity(1);
  intent.mutable_price_seen()->set_currency("IDR");
  intent.mutable_price_seen()->set_amount_minor(kPriceMinor);
  return intent;
}

}  // namespace jembatan::pipeline
