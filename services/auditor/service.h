#pragma once

// The auditor's composition: one shard that reads all topics and writes the ledger, and the admin
// port, whose thread answers from a reader of its own. It changes nothing: it belongs to no group
// and writes to no topic.
//
// Start and Stop from the main thread. Stop seals what was read; dying instead loses nothing.

#include <memory>
#include <string>

#include "absl/status/status.h"

namespace jembatan::auditor {

struct Options {
  std::string brokers = "127.0.0.1:9092";
  // File of further librdkafka properties; empty: none.
  std::string kafka_config;
  std::string admin_listen = "127.0.0.1:8290";
  std::string profile = "dev";
  int partitions = 6;
  // Folder of the ledger; made if there is none.
  std::string ledger = "ledger";
  // Name of this auditor: the origin of its checkpoints and of its key.
  std::string name = "jembatan.example/auditor";
  // File of the signing key, made if there is none; empty: "signing.key" in the folder.
  std::string signing_key;
  int checkpoint_interval_s = 5;
};

class Service {
 public:
  explicit Service(Options options);
  ~Service();

  absl::Status Start();
  // Idempotent.
  void Stop();

  int admin_port() const;
  // Every partition is read, and checkpoints are made.
  bool ready() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jembatan::auditor
