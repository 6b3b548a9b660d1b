#pragma once

// OfferFeed: offers on their way through the bridge. It reads the offers topic and tells the core
// what is attested about the goods of its marketplace's offers; and while this bridge relays for
// the group, it watches the marketplace's offers and writes into the topic what differs.
//
// Owned by the bridge's Service; all methods on the shard's thread. Stop() before the completion
// queue is stopped; the object goes before the producer.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "libs/kafka/producer.h"
#include "libs/offers_reader/offers_reader.h"
#include "services/bridge/events.h"
#include "services/bridge/offers_grpc.h"
#include "services/bridge/relay.h"

namespace jembatan::bridge {

class OfferFeed final : public offers::OffersHandler, public OffersWatchHandler {
 public:
  struct Options {
    kafka::ClusterConfig cluster;
    int partitions = 6;
    std::string marketplace_id;
    goods::NoteKeys keys;
  };
  // step: hands the core an event.
  OfferFeed(Options options, kafka::Producer& producer, prometheus::Registry& registry,
            boost::asio::io_context& context, std::function<void(const Event&)> step);
  ~OfferFeed() override;

  absl::Status StartReading();
  void Connect(std::shared_ptr<grpc::Channel> channel, rpc::CompletionQueue* queue);
  void Stop();

  // Whether this bridge relays for its group.
  void SetRelaying(bool relaying);
  // Writes what is due; to be called in every turn.
  void Pump();
  // False: the delivery is not of a record of ours.
  bool OnDelivery(const kafka::Delivery& delivery);

  // What is attested is known: the topic has been read to its end. One that holds nothing yet was
  // never written, and its first relay is about to.
  bool known() const { return known_; }
  uint64_t unknown_fields() const { return watch_ ? watch_->unknown_fields() : 0; }

 private:
  // offers::OffersHandler
  void OnOffersBegin() override;
  void OnOfferRecord(std::string_view offer_id, std::string_view value,
                     const offers::OfferPtr& offer) override;
  void OnOffer(std::string_view offer_id, const offers::OfferPtr& offer) override;
  void OnOffersComplete() override;
  // OffersWatchHandler
  void OnWatchBegun() override;
  void OnOffer(const crossing::v1::Offer& offer) override;
  void OnAllTold() override;
  void OnWatchEnded() override;
  void OnWatchUnsupported() override;

  void BeKnown();
  bool FirstIsWritten() const;
  void AddMetrics(prometheus::Registry& registry);

  const Options options_;
  kafka::Producer& producer_;
  boost::asio::io_context& context_;
  const std::function<void(const Event&)> step_;
  OfferRelay relay_;
  offers::OffersReader reader_;
  std::unique_ptr<OffersWatch> watch_;
  // Records handed to the producer, by cookie.
  absl::flat_hash_map<uint64_t, std::string> handed_;
  uint64_t next_cookie_;
  bool known_ = false;
  // When the topic's end was read for the first time, and it held nothing; -1: it was not.
  int64_t empty_since_ms_ = -1;
  // The marketplace tells nobody of offers.
  bool unsupported_ = false;
  uint64_t untold_counted_ = 0;
  prometheus::Gauge* relaying_ = nullptr;
  prometheus::Counter* written_ = nullptr;
  prometheus::Counter* untold_ = nullptr;
};

}  // namespace jembatan::bridge
