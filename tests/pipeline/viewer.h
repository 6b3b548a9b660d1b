#pragma once

// Viewer: one person in front of one gateway, as a WebSocket client that keeps every receipt and
// outcome it is told. ViewerLoop: the thread on which all connections of a test run.
//
// The test's thread calls; answers arrive on the loop's thread and are handed over under a mutex.
// A Viewer ends before its loop; ending drops the connection without a word, as an app that is
// killed does.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "bench/load/frames.h"
#include "bench/load/ws_connection.h"
#include "jembatan/intake/v1/intake.pb.h"

namespace jembatan::pipeline {

class ViewerLoop {
 public:
  ViewerLoop();
  ~ViewerLoop();

  boost::asio::io_context& context() { return context_; }
  // Runs the task on the loop's thread and waits for its end.
  template <typename Task>
  void Run(Task task);

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

class Viewer : private load::WsConnection::Events {
 public:
  // Connects at once to the gateway on that port; what is sent meanwhile waits for the handshake.
  Viewer(ViewerLoop& loop, int port, const std::string& token, intent::Encoding encoding);
  ~Viewer() override;

  void Send(const intake::v1::ClientFrame& frame);
  void Tap(const intake::v1::Intent& intent);
  void Watch(const std::string& intent_id);
  void WatchRoom(const std::string& room_id);

  // The count-th receipt of the id that is not PENDING; nothing: it did not come.
  std::optional<intake::v1::Receipt> AwaitReceipt(const std::string& intent_id, size_t count = 1);
  // The first final of the id, and of the id's body.
  std::optional<intake::v1::Outcome> AwaitOutcome(const std::string& intent_id);
  std::optional<intake::v1::Outcome> AwaitOutcome(const std::string& intent_id,
                                                  const std::string& fingerprint);

  // The first hint about the offer that is wanted.
  std::optional<intake::v1::OfferHint> AwaitHint(
      const std::string& offer_id, const std::function<bool(const intake::v1::OfferHint&)>& wanted);

  // All that was told so far.
  std::vector<intake::v1::Receipt> receipts();
  std::vector<intake::v1::Outcome> outcomes();

 private:
  void OnOpen(uint32_t) override {}
  void OnMessage(uint32_t, std::string_view bytes) override;
  std::string NextFrame(uint32_t) override;
  void OnClosed(uint32_t, const std::string& why) override;

  template <typename Message, typename Wanted>
  std::optional<Message> AwaitTold(const std::vector<Message>& told, Wanted wanted, size_t count);

  ViewerLoop& loop_;
  const intent::Encoding encoding_;
  // The loop's thread only.
  load::FrameReader reader_;
  std::deque<std::string> unsent_;
  std::shared_ptr<load::WsConnection> link_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<intake::v1::Receipt> receipts_;
  std::vector<intake::v1::Outcome> outcomes_;
  std::vector<intake::v1::OfferHint> hints_;
  std::string closed_why_;
};

}  // namespace jembatan::pipeline
