#pragma once

// Server: lifecycle of one gRPC server: bounded messages, keepalive 30 s / 10 s, port 0, optional
// mutual TLS, health service. States: configuring -> serving -> stopped; Stop is idempotent.
//
// Owned by the service's composition; all methods from the main thread (grpc::Server::Shutdown must
// not run on a polling thread).

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include <grpcpp/grpcpp.h>

#include "libs/rpc/caller_check.h"

namespace jembatan::rpc {

struct TlsFiles {
  // PEM files; all empty: plaintext. With ca the peer must present a certificate that it signed.
  std::string certificate;
  std::string key;
  std::string ca;
  // A client's: revocation list of ca, read anew for every connection. Unreadable, outdated or not
  // that authority's: it connects to nobody. A server's callers have their own (Callers).
  std::string revoked = {};
};

struct ServerOptions {
  // host:port, port 0 takes a free one.
  std::string listen;
  TlsFiles tls;
  // Who of those that tls.ca signed may call.
  Callers callers;
  int max_message_bytes = 1 << 20;
  int max_concurrent_streams = 100;
  // Threads that synchronous handlers may use at most; 0: gRPC's own default.
  int max_threads = 0;
};

class Server {
 public:
  explicit Server(ServerOptions options);
  ~Server();

  // Before Start(); the service must outlive the server.
  void Register(grpc::Service* service);
  absl::Status Start();
  // Refuses new calls, gives running ones until the grace ends, then cancels them.
  void Stop(std::chrono::milliseconds grace);
  int port() const { return port_; }

 private:
  const ServerOptions options_;
  grpc::ServerBuilder builder_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

// Credentials of a client or server from PEM files; insecure if all are empty.
absl::Status ServerCredentials(const TlsFiles& files, const Callers& callers,
                               std::shared_ptr<grpc::ServerCredentials>* credentials);
absl::Status ChannelCredentials(const TlsFiles& files,
                                std::shared_ptr<grpc::ChannelCredentials>* credentials);

// A channel with keepalive 30 s / 10 s, bounded messages and reconnect backoff of 100 ms to 2 s.
std::shared_ptr<grpc::Channel> Connect(const std::string& target,
                                       std::shared_ptr<grpc::ChannelCredentials> credentials);

}  // namespace jembatan::rpc
