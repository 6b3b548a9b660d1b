#pragma once

// OffersWatch: the marketplace's WatchOffers stream while it is wanted, reopened with backoff when
// it breaks. What comes is turned into records at the border.
//
// Owned by the bridge's Service; all methods and handler calls on the shard's thread. Ends with
// Stop(), which nobody calls from within the handler; the completion queue must be stopped after it
// while the shard still runs, or be drained by it. A marketplace that tells no offers
// (UNIMPLEMENTED) is asked again like one that is away.

#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "jembatan/orders/v1/orders.grpc.pb.h"
#include "libs/rpc/completion_queue.h"
#include "services/bridge/border.h"

namespace jembatan::bridge {

class OffersWatchHandler {
 public:
  virtual ~OffersWatchHandler() = default;
  // A stream begins; all offers follow, then OnAllTold, then changes.
  virtual void OnWatchBegun() = 0;
  virtual void OnOffer(const crossing::v1::Offer& offer) = 0;
  virtual void OnAllTold() = 0;
  virtual void OnWatchEnded() = 0;
  // The same, and the marketplace tells nobody of offers.
  virtual void OnWatchUnsupported() = 0;
};

class OffersWatch {
 public:
  OffersWatch(std::string marketplace_id, std::shared_ptr<grpc::Channel> channel,
              rpc::CompletionQueue* queue, boost::asio::io_context& context,
              OffersWatchHandler* handler);
  ~OffersWatch();

  // Opens the stream and keeps it open until Stop. Either may follow the other again.
  void Start();
  void Stop();
  // From now on by that connection.
  void UseChannel(std::shared_ptr<grpc::Channel> channel);

  // Fields of what the marketplace told that the contract does not have.
  uint64_t unknown_fields() const { return unknown_fields_; }

 private:
  class Stream;

  void OnStreamEnded(const grpc::Status& status);
  void OpenLater();

  const std::string marketplace_id_;
  std::unique_ptr<orders::v1::OrderService::Stub> stub_;
  rpc::CompletionQueue* const queue_;
  OffersWatchHandler* const handler_;
  boost::asio::steady_timer reopen_;
  Stream* stream_ = nullptr;  // deletes itself when its last tag has run
  bool wanted_ = false;
  int attempts_ = 0;
  uint64_t unknown_fields_ = 0;
};

}  // namespace jembatan::bridge
