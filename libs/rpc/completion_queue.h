#pragma once

// CompletionQueue: a grpc::CompletionQueue with the one thread that polls it; each finished
// operation is handed to an io_context, in the order of completion and in batches, so that callers'
// code runs on their shard and needs no lock. (Completion queues and not the callback API on the
// bridge's client side: the latter naps up to 100 ms after an idle second.)
//
// Owned by the composition; Start and Stop from the main thread. Stop shuts the queue down, drains
// it and joins: every started operation's tag is called (ok = false for cancelled ones) before it
// returns, provided the io_context still runs or is polled afterwards.

#include <atomic>
#include <functional>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <grpcpp/grpcpp.h>

namespace jembatan::rpc {

// A started operation; deletes itself after Run unless it is a member of a longer-lived object.
class Tag {
 public:
  virtual ~Tag() = default;
  // Hands the tag to the queue's thread: called before each operation that may have RunOnQueue.
  // gRPC orders the two threads as well, but with locks that ThreadSanitizer cannot see in the
  // system's build.
  void HandOver() { handed_over_.store(true, std::memory_order_release); }
  // On the queue's thread, first. For what must not wait for the io_context, such as starting the
  // next operation of a stream; true: that was all, Run is not called.
  virtual bool RunOnQueue(bool /*ok*/) { return false; }
  // On the io_context's thread. ok as gRPC defines it for the operation.
  virtual void Run(bool ok) = 0;

 private:
  friend class CompletionQueue;
  std::atomic<bool> handed_over_ = false;
};

class CompletionQueue {
 public:
  explicit CompletionQueue(boost::asio::io_context& context);
  ~CompletionQueue();

  void Start();
  void Stop();
  grpc::CompletionQueue* get() { return &queue_; }

 private:
  void Poll();

  boost::asio::io_context& context_;
  grpc::CompletionQueue queue_;
  std::thread thread_;
  bool stopped_ = false;
};

}  // namespace jembatan::rpc
