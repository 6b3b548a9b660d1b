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

struct SaleOffer {
  std::string offer_id;
  int64_t stock = 0;
  // What is known of its goods: keys of libs/goods/facts_json.h with their values.
  std::string facts = {};
  std::string seller_id = "toko";
};

class House {
 public:
  // policy: the bridges' policy; empty: consent alone.
  explicit House(std::vector<SaleOffer> offers, std::string policy = {});
  ~House();

  // Two gateways and bridges that share all partitions, ready.
  absl::Status Start(int bridges);
  // Until every bridge that runs owns partitions, and all of them are owned.
  absl::Status AwaitOwners();

  absl::Status StartMarketplace();
  void StopMarketplace();
  absl::Status StartBridge();
  // The number counts bridges in the order of their start.
  void StopBridge(size_t number);

  kafka::testing::MockCluster& cluster() { return *cluster_; }
  std::string brokers() const { return cluster_->bootstrap(); }
  gateway::Service& gateway(size_t number) { return *gateways_.at(number); }
  // The marketplace's port for its operators.
  int operator_port() const { return marketplace_->operator_port(); }
  // What the service tells of itself; the number counts as in StopBridge.
  std::string BridgeMetrics(size_t number) const;

  std::string TokenOf(const std::string& viewer_id) const;
  // The viewer's pseudonym at the marketplace.
  std::string BuyerOf(const std::string& viewer_id) const;

  // Offers as the marketplace lists them, in the order given to the constructor.
  absl::StatusOr<std::vector<load::ListedOffer>> Offers() const;
  // Every result of the marketplace; LedgerRow::offer counts as in the constructor's list.
  absl::StatusOr<std::vector<load::LedgerRow>> Ledger() const;
  // Those of one intent.
  std::vector<load::LedgerRow> RowsOf(const std::string& intent_id) const;

 private:
  absl::Status WriteFiles();
  absl::Status StartGateway();
  absl::Status WriteGoodsKeys() const;
  std::string AdminUrl() const;

  const std::vector<SaleOffer> offers_;
  const std::string policy_;
  std::filesystem::path folder_;
  std::unique_ptr<identity::Signer> signer_;
  std::unique_ptr<identity::BuyerKey> buyer_key_;
  std::unique_ptr<kafka::testing::MockCluster> cluster_;
  std::unique_ptr<marketplace::Service> marketplace_;
  // Kept over a restart; 0: not started yet.
  int orders_port_ = 0;
  int orders_admin_port_ = 0;
  std::vector<std::unique_ptr<gateway::Service>> gateways_;
  std::vector<std::unique_ptr<bridge::Service>> bridges_;
};

// A tap on one unit of the offer, with a new id whose time lies age_ms in the past.
intake::v1::Intent TapOn(const std::string& offer_id, int64_t age_ms = 0);

}  // namespace jembatan::pipeline
