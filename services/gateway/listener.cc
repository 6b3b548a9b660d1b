#include "services/gateway/listener.h"

#include <chrono>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/ip/v6_only.hpp>

#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/runtime/options.h"
#include "services/gateway/http_connection.h"

namespace jembatan::gateway {
namespace {

using boost::asio::ip::tcp;
using ReusePort = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

absl::StatusOr<tcp::endpoint> Resolve(const std::string& listen, boost::asio::io_context& context) {
  runtime::HostPort address;
  JEMB_RETURN_IF_ERROR(runtime::ParseHostPort(listen, &address));
  boost::system::error_code error;
  const auto literal = boost::asio::ip::make_address(address.host, error);
  if (!error) return tcp::endpoint(literal, address.port);
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(address.host, std::to_string(address.port), error);
  if (error) return base::InvalidArgument("cannot resolve \"" + listen + "\": " + error.message());
  return found.begin()->endpoint();
}

absl::StatusOr<Listener::Acceptor> Open(const tcp::endpoint& endpoint, bool shared,
                                        boost::asio::io_context& context) {
  Listener::Acceptor acceptor(context);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Listener::Acceptor::reuse_address(true), error);
  if (!error && shared) acceptor.set_option(ReusePort(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (error) return base::Unavailable(error.message());
  return acceptor;
}

bool OutOfResources(const boost::system::error_code& error) {
  return error == boost::system::errc::too_many_files_open ||
         error == boost::system::errc::too_many_files_open_in_system ||
         error == boost::system::errc::no_buffer_space ||
         error == boost::system::errc::not_enough_memory;
}

}  // namespace

absl::StatusOr<std::vector<Listener::Acceptor>> Listener::Bind(
    const std::string& listen, const std::vector<boost::asio::io_context*>& contexts) {
  auto endpoint = Resolve(listen, *contexts.front());
  if (!endpoint.ok()) return endpoint.status();
  std::vector<Acceptor> acceptors;
  const bool shared = contexts.size() > 1;
  if (shared && endpoint->port() != 0) {
    // Sharing a port hides that another process holds it: ask without sharing first.
    boost::asio::io_context probe;
    auto alone = Open(*endpoint, /*shared=*/false, probe);
    if (!alone.ok()) {
      return base::Unavailable("cannot listen on " + listen + ": " +
                               std::string(alone.status().message()));
    }
  }
  for (boost::asio::io_context* context : contexts) {
    auto acceptor = Open(*endpoint, shared, *context);
    if (!acceptor.ok()) {
      return base::Unavailable("cannot listen on " + listen + ": " +
                               std::string(acceptor.status().message()));
    }
    boost::system::error_code error;
    *endpoint = acceptor->local_endpoint(error);
    acceptors.push_back(*std::move(acceptor));
  }
  return acceptors;
}

Listener::Listener(Edge& edge, Acceptor acceptor)
    : edge_(edge), acceptor_(std::move(acceptor)), pause_(edge.context()) {}

absl::Status Listener::Start() {
  boost::system::error_code error;
  acceptor_.listen(Acceptor::max_listen_connections, error);
  if (error) return base::Unavailable("cannot listen: " + error.message());
  Accept();
  return absl::OkStatus();
}

void Listener::Stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

int Listener::port() const {
  boost::system::error_code error;
  const auto endpoint = acceptor_.local_endpoint(error);
  return error ? 0 : endpoint.port();
}

void Listener::Accept() {
  acceptor_.async_accept(edge_.context(), [this](const ErrorCode& error, Socket socket) {
    OnAccepted(error, std::move(socket));
  });
}

void Listener::OnAccepted(const ErrorCode& error, Socket socket) {
  if (error == boost::asio::error::operation_aborted || !acceptor_.is_open()) return;
  if (OutOfResources(error)) return Pause();
  if (std::exchange(paused_, false)) base::Log(base::Level::kInfo, "accept_resumed");
  if (!error) {
    if (edge_.full()) {
      edge_.probe().TurnedAway(Turned::kFull);
      ErrorCode ignored;
      socket.close(ignored);
    } else {
      ErrorCode ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      HttpConnection::Start(edge_, std::move(socket));
    }
  }
  Accept();  // other errors are the client's, who has gone before its turn
}

void Listener::Pause() {
  // One line for the whole time of want.
  if (!std::exchange(paused_, true)) {
    base::Log(base::Level::kWarn, "accept_paused", {{"pause_ms", kAcceptPauseMs}});
  }
  pause_.expires_after(std::chrono::milliseconds(kAcceptPauseMs));
  pause_.async_wait([this](const ErrorCode& error) {
    if (!error && acceptor_.is_open()) Accept();
  });
}

}  // namespace jembatan::gateway
