#pragma once

// OrderStatesWatch: a marketplace's WatchOrderStates stream while it is wanted, reopened with
// backoff when it breaks. What came is held until the owner has taken it: no more is read before.
//
// Owned by the OrderStateFeed; all methods and handler calls on the shard's thread. Ends with
// Stop(), which nobody calls from within the handler; the completion queue must be stopped after it
// while the shard still runs, or be drained by it. A marketplace that does not tell how orders fare
// (UNIMPLEMENTED) is asked again like one that is away.

#include <cstdint>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "jembatan/orders/v1/order_states.grpc.pb.h"
#include "libs/rpc/completion_queue.h"

namespace jembatan::bridge {

class OrderStatesHandler {
 public:
  virtual ~OrderStatesHandler() = default;
  // From which change on the stream that is being opened shall tell, Unix milliseconds.
  virtual int64_t SinceMs() const = 0;
  // Changes were told; the next ones come after TakeNext().
  virtual void OnStates(const orders::v1::WatchOrderStatesResponse& states) = 0;
};

class OrderStatesWatch {
 public:
  OrderStatesWatch(std::shared_ptr<grpc::Channel> channel, rpc::CompletionQueue* queue,
                   boost::asio::io_context& context, OrderStatesHandler* handler);
  ~OrderStatesWatch();

  // Opens the stream and keeps it open until Stop. Either may follow the other again.
  void Start();
  void Stop();
  // From now on by that connection.
  void UseChannel(std::shared_ptr<grpc::Channel> channel);
  // What was told last has been taken.
  void TakeNext();
  // What was told last was not: the stream is opened anew after a pause.
  void OpenAgain();

 private:
  class Stream;

  void OnStreamEnded(const grpc::Status& status);
  void OpenLater();

  std::unique_ptr<orders::v1::OrderStateService::Stub> stub_;
  rpc::CompletionQueue* const queue_;
  OrderStatesHandler* const handler_;
  boost::asio::steady_timer reopen_;
  Stream* stream_ = nullptr;  // deletes itself when its last tag has run
  bool wanted_ = false;
  int attempts_ = 0;
};

}  // namespace jembatan::bridge
