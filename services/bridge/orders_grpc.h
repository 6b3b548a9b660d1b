#pragma once

// OrdersClient: the marketplace's OrderService as the bridge uses it: one PlaceOrders stream that
// is reopened with backoff, and unary Fence and GetOrders beside it. Calls carry the scope's token;
// results come back through the border as values of the core's vocabulary.
//
// A connection on which nothing is answered any more is given up for a new one. It may stand for
// minutes and look well: bytes that something on the way has doubled make a frame of HTTP/2 that
// swallows all answers behind it, and gRPC's keepalive does not always find that out.
//
// Owned by the bridge's Service. All methods and handler calls on the shard's thread; the
// completion queue's thread keeps the stream's reads and writes going and hands over. Ends with
// Stop(); the completion queue must be stopped after it while the shard still runs, or be drained
// by it.

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "jembatan/orders/v1/orders.grpc.pb.h"
#include "libs/rpc/completion_queue.h"
#include "services/bridge/border.h"
#include "services/bridge/events.h"

namespace jembatan::bridge {

class OrdersHandler {
 public:
  virtual ~OrdersHandler() = default;
  virtual void OnStreamUp() = 0;
  virtual void OnStreamDown() = 0;
  virtual void OnFenced(const event::Fenced& fenced) = 0;
  virtual void OnAnswered(const event::Answered& answered) = 0;
  virtual void OnFound(const event::Found& found) = 0;
};

class OrdersClient {
 public:
  struct Options {
    // Name and version of the intents' log, the first part of every scope.
    std::string topic_version;
    // How long a unary call may take before it counts as unanswered.
    int call_timeout_ms = 3'000;
    // How long nothing may be answered before the connection is given up: longer than a marketplace
    // that is slow for a moment takes, shorter than what counts as stuck.
    int unanswered_ms = 9'000;
    UrlRule urls;
  };
  // A channel of its own connection each time. Called at once, and on the shard's thread.
  using Connect = std::function<std::shared_ptr<grpc::Channel>()>;

  OrdersClient(Options options, Connect connect, rpc::CompletionQueue* queue,
               boost::asio::io_context& context, OrdersHandler* handler);
  ~OrdersClient();

  // Opens the stream and keeps it open until Stop.
  void Start();
  void Stop();

  void Place(const effect::Place& place);
  void Ask(const effect::Ask& ask);
  void Fence(const effect::Fence& fence);
  // Breaks the connection: everything unanswered on it counts as such.
  void Reset();

  uint64_t dropped_urls() const { return options_.urls.dropped; }
  // Fields of the marketplace's answers that the contract does not have.
  uint64_t unknown_fields() const { return unknown_fields_; }

 private:
  class Stream;
  class FenceCall;
  class AskCall;

  void Open();
  void OnStreamEnded(const std::string& why);
  void OnCallEnded(const grpc::Status& status);
  void OnAnswer() { unanswered_since_.reset(); }
  void Replace(const std::string& why);
  void SetScope(int32_t partition, uint64_t token, orders::v1::Fencing* fencing) const;
  void SetDeadline(grpc::ClientContext* context) const;

  Options options_;
  const Connect connect_;
  std::unique_ptr<orders::v1::OrderService::Stub> stub_;
  rpc::CompletionQueue* const queue_;
  OrdersHandler* const handler_;
  boost::asio::steady_timer reopen_;
  Stream* stream_ = nullptr;  // deletes itself when its last tag has run
  int attempts_ = 0;
  // Since when calls end without an answer, and nothing else was answered either.
  std::optional<std::chrono::steady_clock::time_point> unanswered_since_;
  uint64_t unknown_fields_ = 0;
  bool stopped_ = false;
};

}  // namespace jembatan::bridge
