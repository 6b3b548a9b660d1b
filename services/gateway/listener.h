#pragma once

// Listener: one shard's acceptor. With several shards each has its own on the same port
// (SO_REUSEPORT) and the kernel spreads connections. When the shard is full a new connection is
// accepted and closed at once, so that its client learns; when descriptors or memory run out
// accepting pauses for kAcceptPauseMs and resumes by itself.
//
// Bind on the main thread before the shards start; Start and Stop on the shard's thread or before
// it runs. Destroyed by the composition after the shard has stopped.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "services/gateway/edge.h"

namespace jembatan::gateway {

class Listener {
 public:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp,
                                                      boost::asio::io_context::executor_type>;

  // One bound, not yet listening acceptor per context. Port 0 takes a free one for all. UNAVAILABLE
  // if another process holds the port.
  static absl::StatusOr<std::vector<Acceptor>> Bind(
      const std::string& listen, const std::vector<boost::asio::io_context*>& contexts);

  Listener(Edge& edge, Acceptor acceptor);

  absl::Status Start();
  void Stop();
  int port() const;

 private:
  using ErrorCode = boost::system::error_code;

  void Accept();
  void OnAccepted(const ErrorCode& error, Socket socket);
  void Pause();

  Edge& edge_;
  Acceptor acceptor_;
  boost::asio::steady_timer pause_;
  bool paused_ = false;
};

}  // namespace jembatan::gateway
