#pragma once

// House: the whole of Jembatan in one process, each part behind its own port as in production: an
// in-process Kafka, the marketplace on a database file, gateways and bridges. Parts stop and start
// alone, the marketplace again on its database and ports.
//
// Owned by a test; its thread builds, starts and asks. StopX and StartX may run on another thread,
// one at a time. Ends by stopping everything, gateways first.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "bench/load/invariants.h"
#include "bench/load/marketplace.h"
#include "jembatan/intake/v1/intake.pb.h"
#include "libs/identity/buyer_ref.h"
#include "libs/identity/token.h"
#include "libs/kafka/testing/mock_cluster.h"
#include "services/bridge/service.h"
#include "services/gateway/service.h"
#include "services/marketplace/service.h"

namespace jembatan::pipeline {

inline constexpr int kPartitions = 6;
inline constexpr int64_t kPriceMinor = 2'500'000;
inline constexpr char kMarketplaceId[] = "tokopedia";
inline constexpr char kSecondMarketplaceId[] = "pasar-dua";

struct SaleOffer {
  std::string offer_id;
  int64_t stock = 0;
  // What is known of its goods: keys of libs/goods/facts_json.h with their values.
  std::string facts = {};
  std::string seller_id = "toko";
  // Whose it is, by number.
  size_t market = 0;
};

// How the house is furnished.
struct Furnishing {
  // Buyers are sent to the marketplace's page; no server places their orders.
  bool link_out = false;
  // With more than one the house has a registry, and the second is called kSecondMarketplaceId.
  size_t marketplaces = 1;
  // The bridges' policy; empty: consent alone.
  std::string policy = {};
  // Hosts that links may name, host[:port]; empty: the marketplace's own.
  std::string url_hosts = {};
};

class House {
 public:
  explicit House(std::vector<SaleOffer> offers, Furnishing furnishing = {});
  ~House();

  // Two gateways and bridges that share all partitions, ready.
  absl::Status Start(int bridges);
  // Until every bridge that runs owns partitions, and all of them are owned.
  absl::Status AwaitOwners();

  absl::Status StartMarketplace(size_t market = 0);
  void StopMarketplace(size_t market = 0);
  absl::Status StartBridge();
  // The number counts bridges in the order of their start.
  void StopBridge(size_t number);

  kafka::testing::MockCluster& cluster() { return *cluster_; }
  std::string brokers() const { return cluster_->bootstrap(); }
  gateway::Service& gateway(size_t number) { return *gateways_.at(number); }
  // The marketplace's port for its operators.
  int operator_port() const { return markets_.front().service->operator_port(); }
  // What the service tells of itself; the number counts as in StopBridge.
  std::string BridgeMetrics(size_t number) const;

  std::string TokenOf(const std::string& viewer_id) const;
  // The viewer's pseudonym at a marketplace.
  std::string BuyerOf(const std::string& viewer_id, size_t market = 0) const;
  // What a bridge's metrics whose lines begin so come to.
  double BridgeMetric(size_t number, const std::string& line) const;

  // The first marketplace's offers, in the order given to the constructor.
  absl::StatusOr<std::vector<load::ListedOffer>> Offers() const;
  // Every result of a marketplace; LedgerRow::offer counts as in the constructor's list.
  absl::StatusOr<std::vector<load::LedgerRow>> Ledger(size_t market = 0) const;
  // Those of one intent.
  std::vector<load::LedgerRow> RowsOf(const std::string& intent_id, size_t market = 0) const;

 private:
  // One marketplace's; ports are kept over a restart, 0: not started yet.
  struct Market {
    std::string id;
    std::unique_ptr<identity::BuyerKey> buyer_key;
    std::unique_ptr<marketplace::Service> service;
    int orders_port = 0;
    int admin_port = 0;
    int checkout_port = 0;
  };

  absl::Status WriteFiles();
  absl::Status WriteRegistry() const;
  absl::Status RouteByLink();
  std::string HostsOf(const Market& market) const;
  std::string PageOf(const Market& market) const;
  std::filesystem::path FileOf(const std::string& name, size_t market) const;
  absl::Status StartGateway();
  absl::Status WriteGoodsKeys(size_t market) const;
  std::string AdminUrl(size_t market) const;

  const std::vector<SaleOffer> offers_;
  const Furnishing furnishing_;
  std::filesystem::path folder_;
  std::unique_ptr<identity::Signer> signer_;
  std::unique_ptr<identity::Signer> link_signer_;
  std::unique_ptr<kafka::testing::MockCluster> cluster_;
  std::vector<Market> markets_;
  std::vector<std::unique_ptr<gateway::Service>> gateways_;
  std::vector<std::unique_ptr<bridge::Service>> bridges_;
};

// A tap on one unit of the offer, with a new id whose time lies age_ms in the past.
intake::v1::Intent TapOn(const std::string& offer_id, int64_t age_ms = 0);

}  // namespace jembatan::pipeline
