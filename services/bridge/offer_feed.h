#pragma once

// OfferFeed: offers on their way through the bridge. It reads the offers topic and tells the core
// what is attested about the goods of its marketplaces' offers; and while this bridge relays for
// the group, it watches each marketplace's offers and writes into the topic what differs.
//
// Owned by the bridge's Service; all methods on the shard's thread. Stop() before the completion
// queue is stopped; the object goes before the producer.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

class OfferFeed final : public offers::OffersHandler {
 public:
  struct Options {
    kafka::ClusterConfig cluster;
    int partitions = 6;
    std::vector<std::string> marketplace_ids;  // by number
    goods::NoteKeys keys;
  };
  // step: hands the core an event.
  OfferFeed(Options options, kafka::Producer& producer, prometheus::Registry& registry,
            boost::asio::io_context& context, std::function<void(const Event&)> step);
  ~OfferFeed() override;

  absl::Status StartReading();
  // Of the marketplace with that number; each before anything is relayed, and again with another
  // connection.
  void Connect(size_t market, std::shared_ptr<grpc::Channel> channel, rpc::CompletionQueue* queue);
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
  uint64_t unknown_fields(size_t market) const;

 private:
  // One marketplace: what it tells, and what the topic lacks of it.
  struct Source final : OffersWatchHandler {
    explicit Source(const std::string& marketplace_id)
        : marketplace_id(marketplace_id), relay(marketplace_id) {}

    void OnWatchBegun() override { relay.OnWatchBegun(); }
    void OnOffer(const crossing::v1::Offer& offer) override;
    void OnAllTold() override;
    void OnWatchEnded() override { relay.OnWatchEnded(); }
    void OnWatchUnsupported() override;

    const std::string marketplace_id;
    OfferRelay relay;
    std::unique_ptr<OffersWatch> watch;
    // It tells nobody of offers.
    bool unsupported = false;
  };
  // A record handed to the producer.
  struct Handed {
    size_t market;
    std::string offer_id;
  };

  // offers::OffersHandler
  void OnOffersBegin() override;
  void OnOfferRecord(std::string_view offer_id, std::string_view value,
                     const offers::OfferPtr& offer) override;
  void OnOffer(std::string_view offer_id, const offers::OfferPtr& offer) override;
  void OnOffersComplete() override;

  void PumpSource(size_t market, int64_t now_ms);
  void BeKnown();
  bool FirstIsWritten() const;
  void AddMetrics(prometheus::Registry& registry);

  const Options options_;
  kafka::Producer& producer_;
  boost::asio::io_context& context_;
  const std::function<void(const Event&)> step_;
  std::vector<std::unique_ptr<Source>> sources_;  // by the marketplace's number
  offers::OffersReader reader_;
  absl::flat_hash_map<uint64_t, Handed> handed_;  // by cookie
  uint64_t next_cookie_;
  bool known_ = false;
  // When the topic's end was read for the first time, and it held nothing; -1: it was not.
  int64_t empty_since_ms_ = -1;
  bool relays_ = false;
  uint64_t untold_counted_ = 0;
  prometheus::Gauge* relaying_ = nullptr;
  prometheus::Counter* written_ = nullptr;
  prometheus::Counter* untold_ = nullptr;
};

}  // namespace jembatan::bridge
