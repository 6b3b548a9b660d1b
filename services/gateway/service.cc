#include "services/gateway/service.h"

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"

#include "libs/base/check.h"
#include "libs/base/clock.h"
#include "libs/base/crash_point.h"
#include "libs/base/file.h"
#include "libs/base/log.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/controls_reader/controls_reader.h"
#include "libs/kafka/admin.h"
#include "libs/kafka/producer.h"
#include "libs/kafka/properties.h"
#include "libs/kafka/topic_watch.h"
#include "libs/offers_reader/offers_reader.h"
#include "libs/registry/limits.h"
#include "libs/registry/registry.h"
#include "libs/rpc/server.h"
#include "libs/runtime/admin.h"
#include "libs/runtime/lifecycle.h"
#include "libs/runtime/options.h"
#include "libs/runtime/shard.h"
#include "services/gateway/buyer_keys_file.h"
#include "services/gateway/edge.h"
#include "services/gateway/intake_grpc.h"
#include "services/gateway/listener.h"
#include "services/gateway/order_state_reader.h"
#include "services/gateway/outcome_reader.h"
#include "services/gateway/room_desk.h"
#include "services/gateway/room_grpc.h"
#include "services/gateway/room_hints.h"
#include "services/gateway/room_reader.h"
#include "services/gateway/rooms.h"

namespace jembatan::gateway {
namespace {

using std::chrono::milliseconds;

constexpr int kClusterTimeoutMs = 10'000;
// Key and configuration files.
constexpr size_t kFileBytes = 64 * 1024;
// An intake's opaques carry its shard in the top 8 bits; a room desk's have the highest bit too.
constexpr int kShardShift = 56;
constexpr int kShardsMax = 64;
constexpr uint64_t kRoomBit = uint64_t{1} << 63;
// How often a drain looks whether it is done, and how long aborted connections may take to go.
constexpr milliseconds kDrainPoll(10);
constexpr milliseconds kAbortBudget(2'000);

absl::Status At(const char* flag, const absl::Status& status) {
  return absl::Status(status.code(),
                      base::Absl("--" + std::string(flag) + ": " + std::string(status.message())));
}

absl::StatusOr<std::string> ReadFile(const char* flag, const std::string& path) {
  if (path.empty()) return base::InvalidArgument("--" + std::string(flag) + ": a file is required");
  auto content = base::ReadWholeFile(path, kFileBytes);
  return content.ok() ? content : At(flag, content.status());
}

absl::StatusOr<std::vector<std::string>> ParseRegions(const std::string& text) {
  std::vector<std::string> regions;
  for (const std::string& region : base::SplitList(text)) {
    if (region.size() != 2 || !absl::ascii_isupper(static_cast<unsigned char>(region[0])) ||
        !absl::ascii_isupper(static_cast<unsigned char>(region[1]))) {
      return base::InvalidArgument("--regions: \"" + region + "\" is not an ISO 3166-1 code");
    }
    regions.push_back(region);
  }
  return regions;
}

class ProducerLog final : public IntentLog {
 public:
  explicit ProducerLog(kafka::Producer& producer) : producer_(producer) {}
  absl::Status Produce(int32_t partition, std::string_view key, std::string_view value,
                       uint64_t opaque) override {
    JEMB_CRASH_POINT("gateway.admitted");
    absl::Status handed = producer_.Produce(kafka::kIntentsTopic, partition, key, value, opaque);
    JEMB_CRASH_POINT("gateway.handed");
    return handed;
  }

 private:
  kafka::Producer& producer_;
};

}  // namespace

class Service::Impl : public offers::OffersHandler {
 public:
  explicit Impl(Options options) : options_(std::move(options)) {}
  ~Impl() override { Stop(); }

  absl::Status Start();
  void Stop();

  int port() const { return port_; }
  int grpc_port() const { return grpc_ ? grpc_->port() : 0; }
  int admin_port() const { return admin_ ? admin_->port() : 0; }
  bool ready() const { return NotReady().empty(); }

 private:
  // The rooms' topic as one shard's desk uses it.
  class ShardRoomLog;
  // In the order of construction: an edge's timers need its shard's io_context.
  struct ShardParts {
    std::unique_ptr<runtime::Shard> shard;
    std::unique_ptr<Offers> offers;
    std::unique_ptr<ShardRoomLog> room_log;
    std::unique_ptr<Rooms> rooms;
    std::unique_ptr<RoomHints> hints;
    std::unique_ptr<RoomDesk> desk;
    std::unique_ptr<Intake> intake;
    std::unique_ptr<Edge> edge;
    std::unique_ptr<Listener> listener;
  };

  absl::Status Configure();
  absl::Status ReadMarketplaces();
  // Without those that are stale.
  Keyring CurrentKeys() const;
  absl::Status MakeShards(std::vector<Listener::Acceptor>* acceptors);
  absl::Status ConnectLog();
  absl::Status MakeEdges(std::vector<Listener::Acceptor> acceptors);
  void MakeRooms(size_t shard);
  void StartShards();
  absl::Status StartGrpc();
  absl::Status Listen();
  std::string NotReady() const;

  void OnDeliveries(std::span<const kafka::Delivery> deliveries);
  bool TakeRoomDelivery(const kafka::Delivery& delivery);
  void OnRooms(const RoomBatchPtr& batch);
  void ApplyRooms(size_t shard, const RoomBatch& batch);
  void OnFinals(std::span<const FinalPtr> finals);
  void OnControls(const controls::Snapshot& controls);
  void OnOffer(std::string_view offer_id, const offers::OfferPtr& offer) override;
  void OnOffersComplete() override;
  void Measure();
  void OnTopicStatus(const absl::Status& status);
  void OnTopicChanged(const std::string& changed);
  void ArmKeys();
  void ReadKeys();

  // Runs the task on a started shard and waits for it. Main thread.
  template <typename Task>
  void RunOn(size_t shard, Task task);
  // Connections plus records in flight, over all shards.
  size_t Unfinished();
  void Drain();
  void TearDown();

  const Options options_;
  std::optional<OriginList> origins_;
  std::vector<std::string> regions_;
  kafka::ClusterConfig cluster_;
  std::shared_ptr<const registry::Registry> registry_;
  // By the marketplace's number; shard 0's, once started.
  std::vector<std::unique_ptr<BuyerKeysFile>> buyer_keys_;
  Keyring known_keys_;  // the last ones known of each
  std::unique_ptr<Authenticator> authenticator_;
  Probe probe_;
  std::unique_ptr<OutcomeWindow> window_;
  std::unique_ptr<LagForecast> lag_;
  std::vector<ShardParts> shards_;
  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<ProducerLog> log_;
  std::unique_ptr<kafka::Admin> log_admin_;
  std::unique_ptr<OutcomeReader> reader_;
  std::unique_ptr<RoomReader> room_reader_;
  std::unique_ptr<OrderStateReader> order_state_reader_;
  std::atomic<bool> rooms_known_{false};
  // Shard 0's.
  uint64_t rooms_unreadable_ = 0;
  std::unique_ptr<controls::ControlsReader> controls_reader_;
  std::atomic<bool> controls_known_{false};
  std::unique_ptr<offers::OffersReader> offers_reader_;
  std::unique_ptr<boost::asio::steady_timer> measure_timer_;
  std::unique_ptr<kafka::TopicWatch> log_watch_;
  // How the intents' topic is another than it was; empty: it is not.
  mutable base::Mutex other_log_mutex_;
  std::string other_log_ ABSL_GUARDED_BY(other_log_mutex_);
  std::unique_ptr<boost::asio::steady_timer> keys_timer_;
  std::atomic<bool> keys_stale_{false};
  // Why the intents' topic could not be looked at last.
  std::atomic<absl::StatusCode> topic_status_{absl::StatusCode::kOk};
  std::unique_ptr<IntakeGrpc> intake_grpc_;
  std::unique_ptr<RoomGrpc> room_grpc_;
  std::unique_ptr<rpc::Server> grpc_;
  std::unique_ptr<runtime::AdminServer> admin_;
  int port_ = 0;
  bool started_ = false;
  std::atomic<bool> stopping_{false};
};

class Service::Impl::ShardRoomLog final : public RoomLog {
 public:
  ShardRoomLog(Impl& service, size_t shard) : service_(service), shard_(shard) {}

  // The question is asked on shard 0, whose context the answer comes to.
  void AskEnd(uint64_t opaque) override {
    service_.shards_.front().shard->Post([this, opaque] {
      if (service_.log_admin_ == nullptr) return;
      service_.log_admin_->EndOffset(
          kafka::kRoomsTopic, 0, [this, opaque](const absl::StatusOr<int64_t>& end) {
            service_.shards_[shard_].shard->Post(
                [this, opaque, end] { service_.shards_[shard_].desk->OnEnd(opaque, end); });
          });
    });
  }
  absl::Status Produce(std::string_view key, std::string_view value, uint64_t opaque) override {
    return service_.producer_->Produce(kafka::kRoomsTopic, 0, key, value, opaque);
  }

 private:
  Impl& service_;
  const size_t shard_;
};

absl::Status Service::Impl::Start() {
  JEMB_RETURN_IF_ERROR(Configure());
  std::vector<Listener::Acceptor> acceptors;
  JEMB_RETURN_IF_ERROR(MakeShards(&acceptors));
  JEMB_ASSIGN_OR_RETURN(admin_,
                        runtime::AdminServer::Create(options_.admin_listen, probe_.registry()));
  for (ShardParts& parts : shards_) {
    admin_->AddHealthCheck([shard = parts.shard.get()] { return shard->Liveness(); });
  }
  admin_->AddReadyCheck([this] { return NotReady(); });
  JEMB_RETURN_IF_ERROR(ConnectLog());
  JEMB_RETURN_IF_ERROR(MakeEdges(std::move(acceptors)));
  StartShards();
  absl::Status serving = StartGrpc();
  if (serving.ok()) serving = Listen();
  if (!serving.ok()) Stop();
  return serving;
}

absl::Status Service::Impl::Configure() {
  if (options_.profile != "dev" && options_.profile != "production") {
    return base::InvalidArgument("--profile: dev or production expected");
  }
  if (options_.shards < 1 || options_.shards > kShardsMax || options_.partitions < 1) {
    return base::InvalidArgument("--shards: 1 to 64; --partitions: 1 or more");
  }
  std::string origins = options_.allow_origins;
  if (origins.empty() && options_.profile == "dev") origins = "*";
  auto parsed = OriginList::Parse(origins);
  if (!parsed.ok()) return At("allow_origins", parsed.status());
  origins_ = *std::move(parsed);
  JEMB_ASSIGN_OR_RETURN(regions_, ParseRegions(options_.regions));

  JEMB_ASSIGN_OR_RETURN(const std::string jwks, ReadFile("token_keys", options_.token_keys));
  auto keys = identity::KeySet::FromJwks(jwks);
  if (!keys.ok()) return At("token_keys", keys.status());
  JEMB_RETURN_IF_ERROR(ReadMarketplaces());
  authenticator_ = std::make_unique<Authenticator>(*std::move(keys), known_keys_,
                                                   options_.token_issuer, options_.token_audience);
  JEMB_ASSIGN_OR_RETURN(
      cluster_, kafka::ReadCluster(options_.brokers, "jembatan-gateway", options_.kafka_config));
  return absl::OkStatus();
}

// Without a file: the one that the flags tell of.
absl::Status Service::Impl::ReadMarketplaces() {
  if (options_.registry.empty()) {
    if (options_.buyer_key.empty()) return base::InvalidArgument("--buyer_key: a file is required");
    registry::Marketplace only;
    only.id = options_.marketplace_id;
    only.buyer_keys = options_.buyer_key;
    registry_ = std::make_shared<const registry::Registry>(
        std::vector<registry::Marketplace>{std::move(only)});
  } else {
    if (!options_.buyer_key.empty()) {
      return base::InvalidArgument("--buyer_key: the registry tells of them");
    }
    JEMB_ASSIGN_OR_RETURN(const std::string text,
                          base::ReadWholeFile(options_.registry, registry::kFileBytes));
    JEMB_ASSIGN_OR_RETURN(registry::Registry read,
                          registry::Registry::Parse(options_.registry, text));
    registry_ = std::make_shared<const registry::Registry>(std::move(read));
  }
  for (const registry::Marketplace& marketplace : registry_->marketplaces()) {
    buyer_keys_.push_back(std::make_unique<BuyerKeysFile>(marketplace.buyer_keys));
    const absl::Status loaded = buyer_keys_.back()->Load(base::WallMs());
    if (!loaded.ok()) return At(options_.registry.empty() ? "buyer_key" : "registry", loaded);
  }
  known_keys_ = CurrentKeys();
  std::vector<std::string> ids;
  for (const auto& marketplace : registry_->marketplaces()) ids.push_back(marketplace.id);
  probe_.SetMarketplaces(ids);
  return absl::OkStatus();
}

Keyring Service::Impl::CurrentKeys() const {
  std::vector<Keyring::Keys> keys;
  for (const auto& file : buyer_keys_) keys.push_back(file->current());
  return Keyring(std::move(keys));
}

absl::Status Service::Impl::MakeShards(std::vector<Listener::Acceptor>* acceptors) {
  std::vector<boost::asio::io_context*> contexts;
  for (int i = 0; i < options_.shards; ++i) {
    runtime::ShardOptions shard;
    shard.name = "shard" + std::to_string(i);
    shard.latency_budget_ms = options_.latency_budget_ms;
    shards_.emplace_back().shard = std::make_unique<runtime::Shard>(shard);
    contexts.push_back(&shards_.back().shard->context());
  }
  auto bound = Listener::Bind(options_.listen, contexts);
  if (!bound.ok()) return At("listen", bound.status());
  *acceptors = *std::move(bound);
  return absl::OkStatus();
}

// Topics that the gateway neither reads nor writes are not its business.
absl::Status Service::Impl::ConnectLog() {
  std::vector<kafka::TopicSpec> topics;
  for (kafka::TopicSpec& topic : kafka::JembatanTopics(options_.partitions)) {
    if (topic.name != kafka::kDeadLettersTopic) {
      topics.push_back(std::move(topic));
    }
  }
  const auto profile =
      options_.profile == "production" ? kafka::Profile::kProduction : kafka::Profile::kDev;
  JEMB_RETURN_IF_ERROR(kafka::CheckTopics(cluster_, topics, profile, kClusterTimeoutMs));

  kafka::ProducerOptions producer;
  producer.cluster = cluster_;
  producer.linger_ms = options_.linger_us / 1000.0;
  auto sink = [this](std::span<const kafka::Delivery> deliveries) { OnDeliveries(deliveries); };
  JEMB_ASSIGN_OR_RETURN(producer_,
                        kafka::Producer::Create(producer, shards_.front().shard->context(), sink));
  log_ = std::make_unique<ProducerLog>(*producer_);

  OutcomeWindow::Options window;
  window.partitions = options_.partitions;
  for (const auto& marketplace : registry_->marketplaces()) {
    window.marketplaces.push_back(marketplace.id);
  }
  window.capacity = static_cast<size_t>(options_.outcome_window);
  window_ = std::make_unique<OutcomeWindow>(window);
  lag_ = std::make_unique<LagForecast>(options_.partitions * static_cast<int>(registry_->size()));
  JEMB_ASSIGN_OR_RETURN(log_admin_,
                        kafka::Admin::Create(cluster_, shards_.front().shard->context()));
  reader_ = std::make_unique<OutcomeReader>(
      cluster_, *log_admin_, options_.partitions, shards_.front().shard->context(), *window_, *lag_,
      [this](std::span<const FinalPtr> finals) { OnFinals(finals); });
  JEMB_ASSIGN_OR_RETURN(controls::Operators operators,
                        controls::LoadOperators(options_.operator_keys, options_.operators_needed));
  controls_reader_ = std::make_unique<controls::ControlsReader>(
      cluster_, std::move(operators), "gateway", *probe_.registry(),
      shards_.front().shard->context(), [this](const controls::Snapshot& now) { OnControls(now); });
  JEMB_RETURN_IF_ERROR(controls_reader_->Start());
  std::vector<std::string> files{options_.goods_keys};
  for (const auto& marketplace : registry_->marketplaces()) files.push_back(marketplace.goods_keys);
  auto goods_keys = offers::LoadNoteKeys(files);
  if (!goods_keys.ok()) return At("goods_keys", goods_keys.status());
  offers_reader_ = std::make_unique<offers::OffersReader>(
      cluster_, options_.partitions, *std::move(goods_keys), "gateway", *probe_.registry(),
      shards_.front().shard->context(), this);
  JEMB_RETURN_IF_ERROR(offers_reader_->Start());
  room_reader_ =
      std::make_unique<RoomReader>(cluster_, *log_admin_, shards_.front().shard->context(),
                                   [this](const RoomBatchPtr& batch) { OnRooms(batch); });
  JEMB_RETURN_IF_ERROR(room_reader_->Start());
  order_state_reader_ = std::make_unique<OrderStateReader>(
      cluster_, *log_admin_, options_.partitions, shards_.front().shard->context(), *window_,
      [this](std::span<const FinalPtr> finals) { OnFinals(finals); });
  return reader_->Start();
}

absl::Status Service::Impl::MakeEdges(std::vector<Listener::Acceptor> acceptors) {
  boost::system::error_code error;
  port_ = acceptors.front().local_endpoint(error).port();
  IntakeOptions intake;
  intake.registry = registry_;
  intake.crossing.accepted_by =
      options_.instance.empty() ? runtime::InstanceName() : options_.instance;
  intake.partitions = options_.partitions;
  intake.regions = regions_;
  intake.viewer_rate = options_.viewer_rate;
  intake.queue_max_ms = options_.queue_max_ms;
  const size_t shards = shards_.size();
  intake.in_flight_max = static_cast<size_t>(options_.in_flight_max) / shards;
  for (size_t i = 0; i < shards; ++i) {
    ShardParts& parts = shards_[i];
    intake.shard = static_cast<uint8_t>(i);
    parts.intake = std::make_unique<Intake>(intake, log_.get(), window_.get(), lag_.get());
    parts.offers = std::make_unique<Offers>();
    parts.intake->SetOffers(parts.offers.get());
    // Nothing is taken before it is known that nothing is halted.
    parts.intake->SetControls(nullptr);
    parts.intake->SetBuyerKeys(CurrentKeys());
    MakeRooms(i);
    Edge::Options edge;
    edge.shard = static_cast<int>(i);
    edge.connections_max = static_cast<size_t>(options_.connections_max) / shards;
    edge.timeouts = options_.timeouts;
    edge.origins = *origins_;
    parts.edge = std::make_unique<Edge>(std::move(edge), *parts.shard, *parts.intake, *parts.hints,
                                        *parts.desk, *authenticator_, probe_);
    parts.listener = std::make_unique<Listener>(*parts.edge, std::move(acceptors[i]));
  }
  return absl::OkStatus();
}

void Service::Impl::MakeRooms(size_t shard) {
  ShardParts& parts = shards_[shard];
  parts.room_log = std::make_unique<ShardRoomLog>(*this, shard);
  parts.rooms = std::make_unique<Rooms>();
  parts.hints = std::make_unique<RoomHints>(
      parts.rooms.get(),
      [offers = parts.offers.get()](const std::string& offer_id, intake::v1::OfferHint* hint) {
        const offers::OfferPtr* offer = offers->Find(offer_id);
        if (offer != nullptr) ToHint(**offer, base::WallMs(), hint);
      });
  parts.offers->SetOnChange(
      [hints = parts.hints.get()](std::string_view offer_id, const offers::OfferPtr& /*offer*/) {
        hints->OnOffer(offer_id);
      });
  parts.desk = std::make_unique<RoomDesk>(parts.rooms.get(), parts.room_log.get(),
                                          kRoomBit | uint64_t{shard} << kShardShift);
  parts.intake->SetRooms(parts.rooms.get(), parts.hints.get(), options_.unknown_rooms == "refuse");
}

void Service::Impl::StartShards() {
  measure_timer_ = std::make_unique<boost::asio::steady_timer>(shards_.front().shard->context());
  keys_timer_ = std::make_unique<boost::asio::steady_timer>(shards_.front().shard->context());
  log_watch_ = std::make_unique<kafka::TopicWatch>(
      *log_admin_, shards_.front().shard->context(), kafka::kIntentsTopic, options_.partitions,
      options_.topic_watch_ms, [this](const absl::Status& status, const std::string& changed) {
        OnTopicStatus(status);
        OnTopicChanged(changed);
      });
  Measure();
  log_watch_->Start();
  ArmKeys();
  for (ShardParts& parts : shards_) {
    parts.edge->Start();
    parts.shard->Start();
  }
  started_ = true;
}

absl::Status Service::Impl::StartGrpc() {
  std::vector<Edge*> edges;
  for (ShardParts& parts : shards_) edges.push_back(parts.edge.get());
  room_grpc_ = std::make_unique<RoomGrpc>(edges);
  intake_grpc_ = std::make_unique<IntakeGrpc>(std::move(edges));
  rpc::ServerOptions server;
  server.listen = options_.grpc_listen;
  server.tls = {options_.tls_certificate, options_.tls_key, options_.tls_ca};
  server.max_message_bytes = static_cast<int>(intent::kFrameBytes);
  grpc_ = std::make_unique<rpc::Server>(std::move(server));
  grpc_->Register(intake_grpc_->service());
  grpc_->Register(room_grpc_->service());
  const absl::Status started = grpc_->Start();
  return started.ok() ? started : At("grpc_listen", started);
}

absl::Status Service::Impl::Listen() {
  for (size_t i = 0; i < shards_.size(); ++i) {
    absl::Status listening;
    RunOn(i, [&] { listening = shards_[i].listener->Start(); });
    if (!listening.ok()) return At("listen", listening);
  }
  admin_->Start();
  base::Log(base::Level::kInfo, "listening",
            {{"port", port_}, {"grpc_port", grpc_port()}, {"admin_port", admin_port()}});
  return absl::OkStatus();
}

std::string Service::Impl::NotReady() const {
  if (!started_) return "not started";
  if (stopping_.load()) return "draining";
  {
    base::MutexLock lock(&other_log_mutex_);
    if (!other_log_.empty()) {
      return "nothing new is admitted: the intents' topic " + other_log_;
    }
  }
  const absl::StatusCode topic = topic_status_.load();
  if (topic != absl::StatusCode::kOk) {
    return "the intents' topic: " + absl::StatusCodeToString(topic);
  }
  if (!controls_known_.load()) return "it is not known what the operators' controls say";
  if (keys_stale_.load()) return "the buyers' keys could not be read again";
  if (!rooms_known_.load()) return "the rooms are being read";
  if (!window_->ready()) return "the window of outcomes is being read";
  if (!reader_->log_answers()) return "the log does not answer";
  return {};
}

// Whether it is of a room's record; these are few.
bool Service::Impl::TakeRoomDelivery(const kafka::Delivery& delivery) {
  if ((delivery.opaque & kRoomBit) == 0) return false;
  const size_t shard = (delivery.opaque & ~kRoomBit) >> kShardShift;
  JEMB_CHECK(shard < shards_.size());
  absl::StatusOr<int64_t> offset = delivery.offset;
  if (!delivery.status.ok()) offset = delivery.status;
  shards_[shard].shard->Post([desk = shards_[shard].desk.get(), opaque = delivery.opaque, offset] {
    desk->OnDelivery(opaque, offset);
  });
  return true;
}

void Service::Impl::OnRooms(const RoomBatchPtr& batch) {
  for (size_t i = 0; i < shards_.size(); ++i) {
    shards_[i].shard->Post([this, i, batch] { ApplyRooms(i, *batch); });
  }
  if (batch->at_end) rooms_known_.store(true);
}

void Service::Impl::ApplyRooms(size_t shard, const RoomBatch& batch) {
  const ShardParts& parts = shards_[shard];
  if (batch.anew) *parts.rooms = Rooms();
  for (const RoomBatch::Record& record : batch.records) {
    const Rooms::Change change = parts.rooms->Apply(record.key, record.value, record.append_ms);
    parts.hints->OnRoom(change);
    if (shard != 0 || change.kind != Rooms::Change::Kind::kUnreadable) continue;
    ++rooms_unreadable_;
    base::Log(base::Level::kError, "room_unreadable", {{"append_ms", record.append_ms}});
  }
  if (batch.anew) parts.hints->OnRoomsAnew();
  if (batch.at_end) parts.rooms->SetKnown();
  parts.desk->OnApplied(batch.next_offset);
}

void Service::Impl::OnDeliveries(std::span<const kafka::Delivery> deliveries) {
  JEMB_CRASH_POINT("gateway.delivered");
  if (shards_.size() == 1) {
    // An intake passes over what is not its own.
    for (const kafka::Delivery& delivery : deliveries) TakeRoomDelivery(delivery);
    shards_.front().intake->OnDeliveries(deliveries, base::WallMs());
    return;
  }
  std::vector<std::vector<kafka::Delivery>> by_shard(shards_.size());
  for (const kafka::Delivery& delivery : deliveries) {
    if (TakeRoomDelivery(delivery)) continue;
    const size_t shard = delivery.opaque >> kShardShift;
    JEMB_CHECK(shard < by_shard.size());
    by_shard[shard].push_back(delivery);
  }
  for (size_t i = 0; i < by_shard.size(); ++i) {
    if (by_shard[i].empty()) continue;
    if (i == 0) {
      shards_[0].intake->OnDeliveries(by_shard[0], base::WallMs());
      continue;
    }
    shards_[i].shard->Post([intake = shards_[i].intake.get(), batch = std::move(by_shard[i])] {
      intake->OnDeliveries(batch, base::WallMs());
    });
  }
}

void Service::Impl::OnFinals(std::span<const FinalPtr> finals) {
  JEMB_CRASH_POINT("gateway.outcome_read");
  for (size_t i = 1; i < shards_.size(); ++i) {
    shards_[i].shard->Post([intake = shards_[i].intake.get(),
                            batch = std::vector<FinalPtr>(finals.begin(), finals.end())] {
      for (const FinalPtr& final : batch) intake->OnFinal(final);
    });
  }
  for (const FinalPtr& final : finals) shards_.front().intake->OnFinal(final);
}

void Service::Impl::OnControls(const controls::Snapshot& controls) {
  for (size_t i = 1; i < shards_.size(); ++i) {
    shards_[i].shard->Post(
        [intake = shards_[i].intake.get(), controls] { intake->SetControls(controls); });
  }
  shards_.front().intake->SetControls(controls);
  controls_known_.store(controls != nullptr);
}

void Service::Impl::OnOffer(std::string_view offer_id, const offers::OfferPtr& offer) {
  for (size_t i = 1; i < shards_.size(); ++i) {
    shards_[i].shard->Post([offers = shards_[i].offers.get(), id = std::string(offer_id), offer] {
      offers->Put(id, offer);
    });
  }
  shards_.front().offers->Put(offer_id, offer);
}

void Service::Impl::OnOffersComplete() {
  for (size_t i = 1; i < shards_.size(); ++i) {
    shards_[i].shard->Post([offers = shards_[i].offers.get()] { offers->SetComplete(); });
  }
  shards_.front().offers->SetComplete();
}

void Service::Impl::Measure() {
  probe_.SetOutcomeWindow(window_->size(), window_->unreadable());
  probe_.SetUnknownOutcomeFields(window_->unknown_fields());
  probe_.SetProducerRebuilds(producer_->rebuilds());
  probe_.SetRooms(shards_.front().rooms->open(), rooms_unreadable_);
  const absl::Status states = order_state_reader_->Look();
  if (!states.ok()) {
    base::Log(base::Level::kWarn, "order_states_not_read", {{"why", base::ToString(states)}});
  }
  measure_timer_->expires_after(milliseconds(1'000));
  measure_timer_->async_wait([this](const boost::system::error_code& error) {
    if (!error) Measure();
  });
}

// The topic is missing, our right to it was revoked, our credentials have expired: intents are
// PENDING until somebody mends it. A cluster that does not answer is told by the reader.
void Service::Impl::OnTopicStatus(const absl::Status& status) {
  const absl::StatusCode code = base::IsRetriable(status) ? topic_status_.load() : status.code();
  if (topic_status_.exchange(code) == code) return;
  const bool usable = code == absl::StatusCode::kOk;
  base::Log(usable ? base::Level::kInfo : base::Level::kError,
            usable ? "topic_usable" : "topic_refused",
            {{"topic", kafka::kIntentsTopic}, {"status", base::ToString(status)}});
}

void Service::Impl::OnTopicChanged(const std::string& changed) {
  {
    base::MutexLock lock(&other_log_mutex_);
    if (other_log_ == changed) return;
    other_log_ = changed;
  }
  const bool other = !changed.empty();
  base::Log(other ? base::Level::kError : base::Level::kInfo,
            other ? "admission_stopped" : "admission_resumed",
            {{"topic", kafka::kIntentsTopic}, {"changed", changed}});
  for (ShardParts& parts : shards_) {
    parts.shard->Post([intake = parts.intake.get(), other] { intake->SetOtherLog(other); });
  }
}

void Service::Impl::ArmKeys() {
  keys_timer_->expires_after(milliseconds(options_.read_buyer_keys_ms));
  keys_timer_->async_wait([this](const boost::system::error_code& error) {
    if (!error) ReadKeys();
  });
}

void Service::Impl::ReadKeys() {
  ArmKeys();
  bool changed = false;
  for (const auto& file : buyer_keys_) changed |= file->Reload(base::WallMs());
  if (!changed) return;
  const Keyring keys = CurrentKeys();
  keys_stale_ = !keys.complete();
  known_keys_ = keys.Or(known_keys_);
  // First those who come, then those who are here: nobody in between keeps the old ones.
  authenticator_->SetBuyerKeys(known_keys_);
  for (ShardParts& parts : shards_) {
    parts.shard->Post([intake = parts.intake.get(), keys] { intake->SetBuyerKeys(keys); });
  }
}

template <typename Task>
void Service::Impl::RunOn(size_t shard, Task task) {
  std::promise<void> done;
  shards_[shard].shard->Post([&task, &done] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

size_t Service::Impl::Unfinished() {
  size_t unfinished = 0;
  for (size_t i = 0; i < shards_.size(); ++i) {
    RunOn(i,
          [&] { unfinished += shards_[i].edge->connections() + shards_[i].intake->in_flight(); });
  }
  return unfinished;
}

void Service::Impl::Drain() {
  const auto until = std::chrono::steady_clock::now() + milliseconds(options_.drain_budget_ms);
  for (size_t i = 0; i < shards_.size(); ++i) {
    RunOn(i, [&] {
      shards_[i].listener->Stop();
      shards_[i].edge->Drain();
    });
  }
  // Refuses new calls at once; streams end by themselves within drain_ms.
  grpc_->Stop(milliseconds(options_.drain_budget_ms));
  while (Unfinished() > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(kDrainPoll);
  }
}

void Service::Impl::TearDown() {
  const auto until = std::chrono::steady_clock::now() + kAbortBudget;
  for (size_t i = 0; i < shards_.size(); ++i) RunOn(i, [&] { shards_[i].edge->AbortAll(); });
  // Their pending operations and posted deletions still have to run.
  while (intake_grpc_->calls() + room_grpc_->calls() > 0 &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(kDrainPoll);
  }
  size_t unsettled = 0;
  for (size_t i = 0; i < shards_.size(); ++i) {
    RunOn(i, [&] {
      unsettled += shards_[i].intake->in_flight();
      shards_[i].edge->Stop();
    });
  }
  admin_->Stop();
  RunOn(0, [&] {
    measure_timer_.reset();
    log_watch_.reset();
    keys_timer_.reset();
    log_admin_.reset();
    room_reader_.reset();
    order_state_reader_.reset();
    controls_reader_.reset();
    offers_reader_.reset();
    reader_.reset();
    producer_.reset();
  });
  for (ShardParts& parts : shards_) parts.shard->Stop();
  base::Log(base::Level::kInfo, "stopped", {{"unsettled", unsettled}});
}

void Service::Impl::Stop() {
  if (stopping_.exchange(true) || !started_) return;
  Drain();
  TearDown();
}

Service::Service(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Service::~Service() = default;

absl::Status Service::Start() { return impl_->Start(); }
void Service::Stop() { impl_->Stop(); }
int Service::port() const { return impl_->port(); }
int Service::grpc_port() const { return impl_->grpc_port(); }
int Service::admin_port() const { return impl_->admin_port(); }
bool Service::ready() const { return impl_->ready(); }

}  // namespace jembatan::gateway
