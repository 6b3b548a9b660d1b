#pragma once

// The marketplace's composition: store, orders port, operators' port, checkout pages, admin port.
// main fills Options and waits for a signal; the pipeline test builds one in its own process, on
// ports 0.
//
// Start and Stop from the main thread. Stop: watchers are sent away, calls get a grace to end, the
// store closes last.

#include <memory>
#include <string>

#include "absl/status/status.h"

#include "services/marketplace/store.h"

namespace jembatan::marketplace {

struct Options {
  // OrderService, for the bridge.
  std::string listen = "127.0.0.1:9500";
  // CatalogService, for operators.
  std::string operator_listen = "127.0.0.1:9501";
  // The buyers' pages.
  std::string checkout_listen = "127.0.0.1:9580";
  // /metrics /healthz /readyz /ledger /offers /verifier
  std::string admin_listen = "127.0.0.1:9590";
  std::string database = "marketplace.db";
  std::string name = "Tokopedia (contoh)";
  // Where links lead; empty: http:// and the checkout port, if that is on a loopback address.
  std::string public_url;
  int hold_seconds = 900;
  // JWKS file with the keys of who may link to the page that orders; empty: no such link is opened.
  std::string link_keys;
  // JSON file of offers, campaigns and vouchers; those that the database does not know yet are put
  // on sale at the start.
  std::string offers;
  // The marketplace as the bridges name it; the name of its key.
  std::string marketplace_id = "tokopedia";
  // File of the key that signs what is attested about goods; made if there is none. Empty: nothing
  // is signed.
  std::string goods_key;
  // PEM files of the orders port; all empty: plaintext. With tls_ca a caller needs a certificate.
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_ca;
  // Which of the certificates that tls_ca signed may call, comma-separated; empty: all.
  std::string tls_client_names;
  // PEM file of what tls_ca has revoked; empty: nothing.
  std::string tls_revoked;
};

class Service {
 public:
  explicit Service(Options options, Store::Clock clock = nullptr);
  ~Service();

  // Refuses with one line when a file, a port or an option is not as it must be.
  absl::Status Start();
  // Idempotent.
  void Stop();

  // Ports taken, for tests that ask for port 0.
  int port() const;
  int operator_port() const;
  int checkout_port() const;
  int admin_port() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jembatan::marketplace
