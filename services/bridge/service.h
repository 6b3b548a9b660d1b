#pragma once

// The checkout bridge's composition: one shard that runs the Core, with a group consumer of
// intents, a reader of outcomes, one producer and a client of each marketplace around it.
// Callbacks become events, effects are executed at the end of each tick; no decision is made here.
//
// Start and Stop from the main thread. Stop gives the partitions back: what is under way is
// finished and committed within the consumer's revoke budget.

#include <memory>
#include <string>

#include "absl/status/status.h"

#include "libs/kafka/topic_watch.h"
#include "libs/rpc/server.h"

namespace jembatan::bridge {

struct Options {
  std::string brokers = "127.0.0.1:9092";
  // File of the marketplaces (libs/registry/registry.h); empty: there is one, and what is said of
  // it below (orders_target, marketplace_id, url_hosts, orders_tls, link_*) holds.
  std::string registry;
  // The marketplace's OrderService, host:port.
  std::string orders_target = "127.0.0.1:9500";
  std::string admin_listen = "127.0.0.1:8190";
  std::string profile = "dev";
  std::string group = "jembatan-bridge";
  std::string marketplace_id = "tokopedia";
  // Hosts that links in outcomes may name, comma-separated; empty: any.
  std::string url_hosts;
  // The policy's file (libs/policy/parse.h), until operators' controls put another in force; empty:
  // consent is the only rule.
  std::string policy;
  // File of the marketplaces' public keys for what they attest about goods (goods::NoteKeys);
  // empty: nothing attested is believed.
  std::string goods_keys;
  // Name of this process, written into its records; empty: host name and process id.
  std::string instance;
  rpc::TlsFiles orders_tls;
  // File of further librdkafka properties, key=value a line (security.protocol, sasl.*, ssl.*).
  std::string kafka_config;
  // The marketplace's page for buyers who order there (LINK_OUT), without a slash at its end, and
  // the PEM file and name of the key that signs links to it; empty: nobody is sent there, and what
  // would have to be is REJECTED. How long a link opens.
  std::string link_page;
  std::string link_key;
  std::string link_kid = "links-1";
  int link_ttl_s = 900;
  // JWKS file with the operators' keys; empty: controls need no signatures. How many of them must
  // have signed a control.
  std::string operator_keys;
  int operators_needed = 2;
  int partitions = 6;
  // How long gathering may delay an order, in milliseconds.
  int latency_budget_ms = 20;
  // Not flags: only tests change them. After so long without a sign of life the group gives this
  // member's partitions to another; and how often the topics of intents and outcomes are looked at.
  int session_timeout_ms = 10'000;
  int topic_watch_ms = kafka::kTopicWatchMs;
};

class Service {
 public:
  explicit Service(Options options);
  ~Service();

  absl::Status Start();
  void Stop();

  int admin_port() const;
  // The operators' controls are known, a marketplace decides, and every assigned partition is owned
  // and gets on for those that do.
  bool ready() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jembatan::bridge
