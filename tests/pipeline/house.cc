#include "tests/pipeline/house.h"

#include <cstdlib>
#include <fstream>
#include <random>
#include <utility>

#include "gtest/gtest.h"

#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/kafka/config.h"
#include "libs/runtime/admin_client.h"
#include "tests/pipeline/patience.h"

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

std::string OffersJson(const std::vector<SaleOffer>& offers) {
  std::string json = "[";
  for (const SaleOffer& offer : offers) {
    json += json.size() > 1 ? "," : "";
    json += R"({"offer_id":")" + offer.offer_id + R"(","title":"Barang )" + offer.offer_id +
            R"(","seller_id":")" + offer.seller_id + R"(","currency":"IDR","amount_minor":)" +
            std::to_string(kPriceMinor) + R"(,"stock":)" + std::to_string(offer.stock);
    if (!offer.facts.empty()) json += "," + offer.facts;
    json += "}";
  }
  return json + "]";
}

// Partitions that the bridge says it owns.
int OwnedBy(const bridge::Service& bridge) {
  constexpr std::string_view kGauge = "\njembatan_bridge_partitions_owned ";
  auto metrics = runtime::HttpGet("http://" + At(bridge.admin_port()) + "/metrics");
  if (!metrics.ok()) return 0;
  const size_t at = metrics->body.find(kGauge);
  if (at == std::string::npos) return 0;
  return std::atoi(metrics->body.c_str() + at + kGauge.size());
}

void QuietLog() {
  static const bool done = [] {
    base::InitLog("pipeline", base::Level::kError);
    return true;
  }();
  (void)done;
}

}  // namespace

House::House(std::vector<SaleOffer> offers, std::string policy)
    : offers_(std::move(offers)), policy_(std::move(policy)) {
  QuietLog();
}

House::~House() {
  for (auto& gateway : gateways_) gateway->Stop();
  for (auto& bridge : bridges_) {
    if (bridge) bridge->Stop();
  }
  StopMarketplace();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

absl::Status House::Start(int bridges) {
  JEMB_RETURN_IF_ERROR(WriteFiles());
  JEMB_ASSIGN_OR_RETURN(cluster_,
                        kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(kPartitions)));
  JEMB_RETURN_IF_ERROR(StartMarketplace());
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
    int total = 0;
    for (const auto& bridge : bridges_) {
      const int own = bridge ? OwnedBy(*bridge) : 0;
      if (bridge && own == 0) return false;
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
  const std::string hex(64, '7');
  JEMB_ASSIGN_OR_RETURN(identity::BuyerKey key, identity::BuyerKey::FromHex(hex));
  buyer_key_ = std::make_unique<identity::BuyerKey>(std::move(key));
  JEMB_RETURN_IF_ERROR(WriteFile(folder_ / "jwks.json", signer_->jwks()));
  JEMB_RETURN_IF_ERROR(WriteFile(folder_ / "buyer.key", hex));
  if (!policy_.empty()) JEMB_RETURN_IF_ERROR(WriteFile(folder_ / "policy.toml", policy_));
  return WriteFile(folder_ / "offers.json", OffersJson(offers_));
}

absl::Status House::StartMarketplace() {
  marketplace::Options options;
  options.listen = At(orders_port_);
  options.operator_listen = kAnyPort;
  options.checkout_listen = kAnyPort;
  options.admin_listen = At(orders_admin_port_);
  options.database = folder_ / "marketplace.db";
  options.offers = folder_ / "offers.json";
  options.marketplace_id = kMarketplaceId;
  options.goods_key = folder_ / "goods.key";
  marketplace_ = std::make_unique<marketplace::Service>(std::move(options));
  JEMB_RETURN_IF_ERROR(marketplace_->Start());
  orders_port_ = marketplace_->port();
  orders_admin_port_ = marketplace_->admin_port();
  return WriteGoodsKeys();
}

absl::Status House::WriteGoodsKeys() const {
  JEMB_ASSIGN_OR_RETURN(const runtime::HttpReply key, runtime::HttpGet(AdminUrl() + "/verifier"));
  if (key.status != 200) return base::Unavailable("no key: " + key.body);
  return WriteFile(folder_ / "goods.keys", key.body);
}

void House::StopMarketplace() {
  if (!marketplace_) return;
  marketplace_->Stop();
  marketplace_.reset();
}

absl::Status House::StartBridge() {
  bridge::Options options;
  options.brokers = brokers();
  options.orders_target = At(orders_port_);
  options.admin_listen = kAnyPort;
  options.marketplace_id = kMarketplaceId;
  options.partitions = kPartitions;
  options.goods_keys = folder_ / "goods.keys";
  if (!policy_.empty()) options.policy = folder_ / "policy.toml";
  options.instance = "bridge-" + std::to_string(bridges_.size());
  options.session_timeout_ms = kSessionMs;
  auto bridge = std::make_unique<bridge::Service>(std::move(options));
  JEMB_RETURN_IF_ERROR(bridge->Start());
  bridges_.push_back(std::move(bridge));
  return absl::OkStatus();
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
  options.buyer_key = folder_ / "buyer.key";
  options.marketplace_id = kMarketplaceId;
  options.partitions = kPartitions;
  options.goods_keys = folder_ / "goods.keys";
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

std::string House::BuyerOf(const std::string& viewer_id) const {
  return std::string(buyer_key_->RefOf(viewer_id).view());
}

std::string House::AdminUrl() const { return "http://" + At(orders_admin_port_); }

absl::StatusOr<std::vector<load::ListedOffer>> House::Offers() const {
  JEMB_ASSIGN_OR_RETURN(const std::vector<load::ListedOffer> listed,
                        load::MarketplaceReader(AdminUrl()).Offers());
  std::vector<load::ListedOffer> ordered;
  for (const SaleOffer& wanted : offers_) {
    for (const load::ListedOffer& offer : listed) {
      if (offer.sale.offer_id == wanted.offer_id) ordered.push_back(offer);
    }
  }
  if (ordered.size() != offers_.size()) return base::Internal("an offer is not on sale");
  return ordered;
}

absl::StatusOr<std::vector<load::LedgerRow>> House::Ledger() const {
  absl::flat_hash_map<std::string, uint16_t> index;
  for (const SaleOffer& offer : offers_) {
    index.emplace(offer.offer_id, static_cast<uint16_t>(index.size()));
  }
  return load::MarketplaceReader(AdminUrl()).LedgerAfter(0, index);
}

std::vector<load::LedgerRow> House::RowsOf(const std::string& intent_id) const {
  std::vector<load::LedgerRow> rows;
  auto ledger = Ledger();
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
