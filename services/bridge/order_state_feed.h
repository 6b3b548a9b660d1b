#pragma once

// OrderStateFeed: how orders fare, on its way through the bridge. While this bridge relays for the
// group it watches each marketplace and writes what it tells into the topic of order states, one
// group of changes after the other. It goes on from the beginning of the last group that stands
// there, of which some may be missing; every bridge knows it because it reads the topic. A change
// may be written twice, and says the same.
//
// Owned by the bridge's Service; all methods on the shard's thread. Stop() before the completion
// queue is stopped; the object goes after the admin client that it asks and before the producer.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include <boost/asio/io_context.hpp>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include "libs/kafka/producer.h"
#include "libs/kafka/recent_reader.h"
#include "services/bridge/border.h"
#include "services/bridge/order_states_grpc.h"

namespace jembatan::bridge {

class OrderStateFeed {
 public:
  struct Options {
    kafka::ClusterConfig cluster;
    int partitions = 6;
    std::vector<std::string> marketplace_ids;  // by number
  };
  OrderStateFeed(Options options, kafka::Producer& producer, kafka::Admin& admin,
                 prometheus::Registry& registry, boost::asio::io_context& context);
  ~OrderStateFeed();

  absl::Status StartReading();
  // Of the marketplace with that number; each before anything is relayed, and again with another
  // connection.
  void Connect(size_t market, std::shared_ptr<grpc::Channel> channel, rpc::CompletionQueue* queue);
  void Stop();

  // Whether this bridge relays for its group. It begins once the topic has been read.
  void SetRelaying(bool relaying);
  // Goes on with what was written; to be called in every turn.
  void Pump();
  // False: the delivery is not of a record of ours.
  bool OnDelivery(const kafka::Delivery& delivery);

  uint64_t unknown_fields(size_t market) const { return sources_.at(market)->unknown_fields; }

 private:
  struct Source final : OrderStatesHandler {
    Source(OrderStateFeed& feed, size_t number) : feed(feed), number(number) {}

    int64_t SinceMs() const override;
    void OnStates(const orders::v1::WatchOrderStatesResponse& states) override;

    OrderStateFeed& feed;
    const size_t number;
    std::unique_ptr<OrderStatesWatch> watch;
    // From where the last group of changes in the topic begins; -1: none was read.
    int64_t told_from_ms = -1;
    // What was told last: how much of it is under way, and whether some of it was lost.
    bool holding = false;
    size_t in_flight = 0;
    bool lost = false;
    uint64_t unknown_fields = 0;
  };

  void OnRecords(std::span<const kafka::Record> records);
  void Write(Source& source, const crossing::v1::OrderStateRecord& record);

  const Options options_;
  kafka::Producer& producer_;
  boost::asio::io_context& context_;
  std::vector<std::unique_ptr<Source>> sources_;  // by the marketplace's number
  kafka::RecentReader reader_;
  absl::flat_hash_map<uint64_t, size_t> handed_;  // marketplaces by cookie
  uint64_t next_cookie_;
  bool wanted_ = false;
  bool relays_ = false;
  crossing::v1::OrderStateRecord record_;
  prometheus::Counter* written_ = nullptr;
  prometheus::Counter* untold_ = nullptr;
};

}  // namespace jembatan::bridge
