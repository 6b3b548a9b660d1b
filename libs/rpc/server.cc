#include "libs/rpc/server.h"

#include <string_view>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include "libs/base/check.h"
#include "libs/base/status.h"

namespace jembatan::rpc {
namespace {

using boost::asio::ip::tcp;

constexpr int kKeepaliveMs = 30'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
// How often a peer may ping: below the client's interval, else it is told to go away.
constexpr int kMinPingIntervalMs = 10'000;
constexpr int kReconnectInitialMs = 100;
constexpr int kReconnectMaxMs = 2'000;
// A channel carries batches in both directions.
constexpr int kMaxChannelMessageBytes = 4 << 20;

// Tries the address with plain sockets, because gRPC tells the cause of a failed bind only to its
// own log. Returns the errors of the address alone; port 0 has none.
absl::Status CheckAddress(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == listen.size()) {
    return base::InvalidArgument("cannot listen on \"" + listen + "\": not host:port");
  }
  std::string host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const std::string port = listen.substr(colon + 1);
  const auto failed = [&listen](const boost::system::error_code& error) {
    return base::Unavailable("cannot listen on " + listen + ": " + error.message());
  };
  boost::asio::io_context context;
  boost::system::error_code error;
  const auto found = tcp::resolver(context).resolve(
      host, port, tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error) return failed(error);
  const tcp::endpoint endpoint = found.begin()->endpoint();
  tcp::acceptor acceptor(context);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1, error);
  if (error) return failed(error);
  return absl::OkStatus();
}

}  // namespace

Server::Server(ServerOptions options) : options_(std::move(options)) {}

Server::~Server() { Stop(std::chrono::milliseconds(0)); }

void Server::Register(grpc::Service* service) {
  JEMB_CHECK(server_ == nullptr);
  builder_.RegisterService(service);
}

absl::Status Server::Start() {
  JEMB_CHECK(server_ == nullptr);
  std::shared_ptr<grpc::ServerCredentials> credentials;
  JEMB_RETURN_IF_ERROR(ServerCredentials(options_.tls, options_.callers, &credentials));
  JEMB_RETURN_IF_ERROR(CheckAddress(options_.listen));
  grpc::EnableDefaultHealthCheckService(true);
  builder_.AddListeningPort(options_.listen, credentials, &port_);
  builder_.SetMaxReceiveMessageSize(options_.max_message_bytes);
  builder_.SetMaxSendMessageSize(options_.max_message_bytes);
  // Without this a second server on the port would start and take half of the connections.
  builder_.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder_.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options_.max_concurrent_streams);
  builder_.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder_.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder_.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder_.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              kMinPingIntervalMs);
  if (options_.max_threads > 0) {
    grpc::ResourceQuota quota("jembatan");
    quota.SetMaxThreads(options_.max_threads);
    builder_.SetResourceQuota(quota);
  }
  server_ = builder_.BuildAndStart();
  if (server_ == nullptr || port_ == 0) {
    server_.reset();
    return base::Unavailable("cannot listen on " + options_.listen + ": gRPC refused the address");
  }
  return absl::OkStatus();
}

void Server::Stop(std::chrono::milliseconds grace) {
  if (server_ == nullptr) return;
  if (auto* health = server_->GetHealthCheckService(); health != nullptr) health->Shutdown();
  server_->Shutdown(std::chrono::system_clock::now() + grace);
  server_->Wait();
  server_.reset();
}

std::shared_ptr<grpc::Channel> Connect(const std::string& target,
                                       std::shared_ptr<grpc::ChannelCredentials> credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxChannelMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxChannelMessageBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectInitialMs);
  // Also how long one attempt may take, so not shorter than the longest pause.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  // Channels to one target do not share a connection or its backoff.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(target, credentials, arguments);
}

}  // namespace jembatan::rpc
