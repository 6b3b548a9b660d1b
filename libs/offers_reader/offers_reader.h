#pragma once

// OffersReader: reads the offers topic from its beginning and tells its owner what is on offer,
// whenever that changes. What counts for nothing is logged and counted:
// jembatan_SERVICE_offers_refused_total{what="record"|"note"}; the gauge jembatan_SERVICE_offers
// tells how many are known.
//
// Owned by a service's composition; everything on the io_context's thread, construction and
// destruction included. Ends by being destroyed; its pending questions go with it.

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <boost/asio/steady_timer.hpp>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "libs/kafka/admin.h"
#include "libs/kafka/config.h"
#include "libs/kafka/consumer.h"
#include "libs/offers/catalogue.h"

namespace jembatan::offers {

// Reads a file of verifier keys (goods::NoteKeys). An empty path: nobody's signature is believed.
absl::StatusOr<goods::NoteKeys> LoadNoteKeys(const std::string& path);
// The keys of all the files together; those without a name are passed over.
absl::StatusOr<goods::NoteKeys> LoadNoteKeys(const std::vector<std::string>& paths);

class OffersHandler {
 public:
  virtual ~OffersHandler() = default;
  // A reading of the topic begins, for the first time or again.
  virtual void OnOffersBegin() {}
  // A record as it stands in the topic, and the offer as it is known after it; null: it is not.
  virtual void OnOfferRecord(std::string_view /*offer_id*/, std::string_view /*value*/,
                             const OfferPtr& /*offer*/) {}
  // Null: it is not on offer any more.
  virtual void OnOffer(std::string_view offer_id, const OfferPtr& offer) = 0;
  // Everything that was in the topic has been told, for the first time or again.
  virtual void OnOffersComplete() = 0;
};

class OffersReader final : public kafka::ReaderHandler {
 public:
  // service: the middle of the metrics' names.
  OffersReader(kafka::ClusterConfig cluster, int partitions, goods::NoteKeys keys,
               const std::string& service, prometheus::Registry& registry,
               boost::asio::io_context& context, OffersHandler* handler);
  ~OffersReader() override;

  absl::Status Start();
  const Catalogue& catalogue() const { return catalogue_; }

  void OnRecords(std::span<const kafka::Record> records) override;
  void OnPartitionEnd(int32_t partition, int64_t next_offset) override;
  void OnError(int32_t partition, const absl::Status& status) override;

 private:
  void Begin();
  void BeginPartition(int32_t partition, uint64_t reading);
  void BeginLater();
  void OnRecord(const kafka::Record& record);

  const kafka::ClusterConfig cluster_;
  const int partitions_;
  boost::asio::io_context& context_;
  OffersHandler* const handler_;
  Catalogue catalogue_;
  prometheus::Gauge& known_;
  prometheus::Counter* refused_records_;
  prometheus::Counter* refused_notes_;
  // Counts the readings; what an earlier one still brings is ignored.
  uint64_t reading_ = 0;
  // Partitions whose end the reading has not reached.
  std::set<int32_t> behind_;
  std::unique_ptr<kafka::PartitionReader> reader_;
  boost::asio::steady_timer again_;
  // Destroyed first: no answer comes to a reader that is gone.
  std::unique_ptr<kafka::Admin> admin_;
};

}  // namespace jembatan::offers
