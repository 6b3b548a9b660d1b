#include "services/marketplace/service.h"

#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <prometheus/registry.h>

#include "libs/base/clock.h"
#include "libs/base/file.h"
#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/goods/words.h"
#include "libs/rpc/server.h"
#include "libs/runtime/admin.h"
#include "libs/signing_key/signing_key.h"
#include "services/marketplace/catalog_file.h"
#include "services/marketplace/catalog_grpc.h"
#include "services/marketplace/checkout.h"
#include "services/marketplace/checkout_http.h"
#include "services/marketplace/ledger.h"
#include "services/marketplace/limits.h"
#include "services/marketplace/order_changes.h"
#include "services/marketplace/order_states_grpc.h"
#include "services/marketplace/orders_grpc.h"
#include "services/marketplace/probe.h"

namespace jembatan::marketplace {
namespace {

// A call lasts a commit; a stream that is still open after this is cancelled.
constexpr std::chrono::milliseconds kGrace(500);

rpc::ServerOptions GrpcOptions(const std::string& listen) {
  rpc::ServerOptions options;
  options.listen = listen;
  options.max_message_bytes = kMaxGrpcMessageBytes;
  options.max_threads = kMaxGrpcThreads;
  return options;
}

// The address with the port that was taken in the end.
std::string WithPort(const std::string& listen, int port) {
  return listen.substr(0, listen.rfind(':') + 1) + std::to_string(port);
}

}  // namespace

class Service::Impl {
 public:
  Impl(Options options, Store::Clock clock)
      : options_(std::move(options)),
        clock_(clock != nullptr ? std::move(clock) : Store::Clock(base::WallMs)),
        registry_(std::make_shared<prometheus::Registry>()),
        probe_(*registry_) {}
  ~Impl() { Stop(); }

  absl::Status Start() {
    JEMB_RETURN_IF_ERROR(OpenStore());
    JEMB_RETURN_IF_ERROR(LoadOffers());
    JEMB_RETURN_IF_ERROR(StartServers());
    JEMB_RETURN_IF_ERROR(StartAdmin());
    Checkout* checkout = &*checkout_;
    checkout_http_->Start([checkout](std::string_view method, std::string_view target) {
      return checkout->Handle(method, target);
    });
    sweeper_ = std::thread([this] { Sweep(); });
    base::Log(base::Level::kInfo, "ready",
              {{"port", orders_server_->port()},
               {"operator_port", operator_server_->port()},
               {"checkout_port", checkout_http_->port()},
               {"admin_port", admin_->port()},
               {"database", options_.database}});
    return absl::OkStatus();
  }

  void Stop() {
    if (store_ == nullptr) return;
    store_->feed().Close();
    if (orders_server_.has_value()) orders_server_->Stop(kGrace);
    if (operator_server_.has_value()) operator_server_->Stop(kGrace);
    if (checkout_http_ != nullptr) checkout_http_->Stop();
    if (sweeper_.joinable()) sweeper_.join();
    if (admin_ != nullptr) admin_->Stop();
    ledger_.reset();
    order_changes_.reset();
    store_.reset();
  }

  int port() const { return orders_server_->port(); }
  int operator_port() const { return operator_server_->port(); }
  int checkout_port() const { return checkout_http_->port(); }
  int admin_port() const { return admin_->port(); }

 private:
  absl::Status OpenStore() {
    if (options_.name.empty()) return base::InvalidArgument("name is empty");
    JEMB_ASSIGN_OR_RETURN(checkout_http_, CheckoutHttp::Create(options_.checkout_listen));
    std::string public_url = options_.public_url;
    if (public_url.empty()) {
      public_url = "http://" + WithPort(options_.checkout_listen, checkout_http_->port());
    }
    JEMB_RETURN_IF_ERROR(CheckPublicUrl(public_url));
    StoreOptions store_options;
    store_options.database = options_.database;
    store_options.public_url = public_url;
    store_options.hold_ms = int64_t{1'000} * options_.hold_seconds;
    store_options.marketplace_id = options_.marketplace_id;
    JEMB_ASSIGN_OR_RETURN(store_options.goods_signer, ReadGoodsKey());
    JEMB_ASSIGN_OR_RETURN(store_, Store::Open(store_options, clock_));
    JEMB_ASSIGN_OR_RETURN(ledger_, Ledger::Open(options_.database));
    JEMB_ASSIGN_OR_RETURN(order_changes_, OrderChanges::Open(options_.database));
    std::shared_ptr<const identity::KeySet> link_keys;
    JEMB_RETURN_IF_ERROR(ReadLinkKeys(&link_keys));
    checkout_.emplace(*store_, options_.name, std::move(link_keys));
    return absl::OkStatus();
  }

  absl::StatusOr<std::shared_ptr<const ledger::NoteSigner>> ReadGoodsKey() {
    if (!goods::IsId(options_.marketplace_id)) {
      return base::InvalidArgument("marketplace_id: 1 to 64 of [A-Za-z0-9._:-]");
    }
    if (options_.goods_key.empty()) return nullptr;
    JEMB_ASSIGN_OR_RETURN(ledger::NoteSigner signer,
                          signing_key::Load(options_.goods_key, options_.marketplace_id));
    verifier_ = signer.verifier().text();
    base::Log(base::Level::kInfo, "goods_are_signed", {{"verifier", verifier_}});
    return std::make_shared<const ledger::NoteSigner>(std::move(signer));
  }

  absl::Status ReadLinkKeys(std::shared_ptr<const identity::KeySet>* keys) const {
    if (options_.link_keys.empty()) return absl::OkStatus();
    JEMB_ASSIGN_OR_RETURN(const std::string text,
                          base::ReadWholeFile(options_.link_keys, kMaxKeyFileBytes));
    absl::StatusOr<identity::KeySet> read = identity::KeySet::FromJwks(text);
    if (!read.ok()) {
      return base::InvalidArgument("link_keys: " + std::string(base::Std(read.status().message())));
    }
    *keys = std::make_shared<const identity::KeySet>(*std::move(read));
    return absl::OkStatus();
  }

  // Only what is new: a restart must not fill up what was sold.
  absl::Status LoadOffers() {
    if (options_.offers.empty()) return absl::OkStatus();
    JEMB_ASSIGN_OR_RETURN(Catalog catalog, ReadCatalogFile(options_.offers));
    const absl::StatusOr<Store::Loaded> loaded =
        store_->Load(std::move(catalog), Store::LoadMode::kNewOnly);
    if (!loaded.ok()) return loaded.status();
    base::Log(base::Level::kInfo, "offers_loaded", {{"inserted", loaded->inserted}});
    return absl::OkStatus();
  }

  absl::Status StartServers() {
    orders_grpc_.emplace(*store_, probe_);
    rpc::ServerOptions orders_options = GrpcOptions(options_.listen);
    orders_options.tls = {options_.tls_certificate, options_.tls_key, options_.tls_ca};
    orders_options.callers = {base::SplitList(options_.tls_client_names), options_.tls_revoked};
    orders_server_.emplace(orders_options);
    orders_server_->Register(&*orders_grpc_);
    order_states_grpc_.emplace(*store_, *order_changes_, probe_);
    orders_server_->Register(&*order_states_grpc_);
    JEMB_RETURN_IF_ERROR(orders_server_->Start());
    catalog_grpc_.emplace(*store_);
    operator_server_.emplace(GrpcOptions(options_.operator_listen));
    operator_server_->Register(&*catalog_grpc_);
    return operator_server_->Start();
  }

  absl::Status StartAdmin() {
    JEMB_ASSIGN_OR_RETURN(admin_, runtime::AdminServer::Create(options_.admin_listen, registry_));
    admin_->AddReadyCheck([this] {
      const absl::Status health = store_->health();
      return health.ok() ? std::string() : base::ToString(health);
    });
    admin_->AddRoute("/ledger", [this](std::string_view target) { return LedgerPage(target); });
    admin_->AddRoute("/orders/digest",
                     [this](std::string_view target) { return OrderDigests(target); });
    admin_->AddRoute("/offers", [this](std::string_view) {
      return runtime::AdminResponse{200, kNdjson, OfferLines(store_->feed())};
    });
    admin_->AddRoute("/verifier", [this](std::string_view) {
      if (verifier_.empty()) return runtime::AdminResponse{404, kText, "nothing is signed\n"};
      return runtime::AdminResponse{200, kText, verifier_ + "\n"};
    });
    admin_->Start();
    return absl::OkStatus();
  }

  runtime::AdminResponse LedgerPage(std::string_view target) {
    const absl::StatusOr<PageRequest> request = ParsePageRequest(target);
    if (!request.ok()) return Refused(request.status());
    return Lines(ledger_->Page(request->after, request->limit));
  }

  runtime::AdminResponse OrderDigests(std::string_view target) {
    const absl::StatusOr<DigestRequest> request = ParseDigestRequest(target);
    if (!request.ok()) return Refused(request.status());
    return Lines(ledger_->OrderDigests(request->hour, request->prefix));
  }

  static runtime::AdminResponse Refused(const absl::Status& status) {
    return {400, kText, std::string(base::Std(status.message())) + "\n"};
  }
  static runtime::AdminResponse Lines(absl::StatusOr<std::string> lines) {
    if (!lines.ok()) return {503, kText, base::ToString(lines.status()) + "\n"};
    return {200, kNdjson, *std::move(lines)};
  }

  void Sweep() {
    OfferFeed& feed = store_->feed();
    while (!feed.closed()) {
      const absl::StatusOr<int> cancelled = store_->CancelExpired();
      if (cancelled.ok()) probe_.HoldsCancelled(*cancelled);
      if (!cancelled.ok()) {
        base::Log(base::Level::kWarn, "sweep_failed",
                  {{"cause", base::ToString(cancelled.status())}});
      }
      // More are waiting: go on at once, letting orders in between.
      if (cancelled.ok() && *cancelled == kMaxSweepOrders) continue;
      feed.Pause(std::chrono::milliseconds(kSweepIntervalMs));
    }
  }

  static constexpr const char* kNdjson = "application/x-ndjson";
  static constexpr const char* kText = "text/plain; charset=utf-8";

  const Options options_;
  const Store::Clock clock_;
  const std::shared_ptr<prometheus::Registry> registry_;
  Probe probe_;
  // The public half of the key that signs; empty: nobody does.
  std::string verifier_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<OrderChanges> order_changes_;
  std::optional<Checkout> checkout_;
  std::optional<OrdersGrpc> orders_grpc_;
  std::optional<OrderStatesGrpc> order_states_grpc_;
  std::optional<CatalogGrpc> catalog_grpc_;
  std::unique_ptr<CheckoutHttp> checkout_http_;
  std::optional<rpc::Server> orders_server_;
  std::optional<rpc::Server> operator_server_;
  std::unique_ptr<runtime::AdminServer> admin_;
  std::thread sweeper_;
};

Service::Service(Options options, Store::Clock clock)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(clock))) {}

Service::~Service() = default;

absl::Status Service::Start() { return impl_->Start(); }

void Service::Stop() { impl_->Stop(); }

int Service::port() const { return impl_->port(); }

int Service::operator_port() const { return impl_->operator_port(); }

int Service::checkout_port() const { return impl_->checkout_port(); }

int Service::admin_port() const { return impl_->admin_port(); }

}  // namespace jembatan::marketplace
