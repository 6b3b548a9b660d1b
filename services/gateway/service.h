#pragma once

// The gateway's composition: shards, producer, outcome reader, listeners, admin port. main() fills
// Options and waits for a signal; the pipeline test builds several in one process.
//
// Start and Stop from the main thread. Stop drains: not ready, listeners closed, sessions told to
// reconnect (WebSocket 1001 with a Drain frame first), outstanding deliveries awaited within
// drain_budget_ms, then the rest answers PENDING.

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/kafka/topic_watch.h"
#include "services/gateway/limits.h"

namespace jembatan::gateway {

struct Options {
  std::string brokers = "127.0.0.1:9092";
  // WebSocket (/v1/stream) and HTTP (Connect protocol).
  std::string listen = "127.0.0.1:8080";
  std::string grpc_listen = "127.0.0.1:8081";
  std::string admin_listen = "127.0.0.1:8090";
  std::string profile = "dev";
  // JWKS file with the app's public keys; who issued tokens, and for whom.
  std::string token_keys;
  std::string token_issuer = "https://app.example";
  std::string token_audience = "jembatan";
  // File of the marketplaces (libs/registry/registry.h); empty: there is one, and buyer_key and
  // marketplace_id tell of it.
  std::string registry;
  // Pseudonym keys of the marketplace, by epoch; read again every few seconds.
  std::string buyer_key;
  std::string marketplace_id = "tokopedia";
  // Name of this instance, written into what it accepts; empty: host name and port.
  std::string instance;
  // Comma-separated ISO 3166-1 codes; empty: all.
  std::string regions = "ID";
  int partitions = 6;
  int shards = 1;
  int latency_budget_ms = 5;
  int linger_us = 500;
  int in_flight_max = 32'768;
  int viewer_rate = 100;
  int queue_max_ms = 8'000;
  // WebSocket and HTTP connections and gRPC streams, over all shards.
  int connections_max = 16'384;
  int outcome_window = 500'000;
  int drain_budget_ms = 5'000;
  // Web origins that may call, comma-separated, or *; empty: * in dev, none in production.
  std::string allow_origins;
  // PEM files of the gRPC port; with a ca its callers must present a certificate. Empty: plaintext.
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_ca;
  // Taps in a room that was never opened: admit, or refuse with SESSION_NOT_LIVE.
  std::string unknown_rooms = "admit";
  // File of further librdkafka properties, key=value a line (security.protocol, sasl.*, ssl.*).
  std::string kafka_config;
  // JWKS file with the operators' keys; empty: controls need no signatures. How many of them must
  // have signed a control.
  std::string operator_keys;
  int operators_needed = 2;
  // File of the marketplaces' public keys for what they attest about goods (goods::NoteKeys);
  // empty: nothing attested is believed, and halts of a seller are the bridges' alone to obey.
  std::string goods_keys;
  // Not flags: only tests change them. How often the intents' topic is looked at, and the
  // buyers' keys read again.
  int topic_watch_ms = kafka::kTopicWatchMs;
  int read_buyer_keys_ms = 5'000;
  Timeouts timeouts;
};

class Service {
 public:
  explicit Service(Options options);
  ~Service();

  // Refuses with one line when a file, a port, the cluster or a topic is not as it must be.
  absl::Status Start();
  void Stop();

  // Ports taken, for tests that ask for port 0.
  int port() const;
  int grpc_port() const;
  int admin_port() const;
  // The outcome window is filled, the operators' controls are known, and the log answers and is the
  // one it was.
  bool ready() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jembatan::gateway
