#include "services/bridge/service.h"

#include <chrono>
#include <future>
#include <optional>
#include <set>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <prometheus/registry.h>

#include "libs/base/clock.h"
#include "libs/base/crash_point.h"
#include "libs/base/file.h"
#include "libs/base/log.h"
#include "libs/base/mutex.h"
#include "libs/base/overloaded.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/controls_reader/controls_reader.h"
#include "libs/identity/permalink.h"
#include "libs/kafka/admin.h"
#include "libs/kafka/consumer.h"
#include "libs/kafka/producer.h"
#include "libs/kafka/properties.h"
#include "libs/registry/limits.h"
#include "libs/registry/registry.h"
#include "libs/runtime/admin.h"
#include "libs/runtime/lifecycle.h"
#include "libs/runtime/shard.h"
#include "services/bridge/border.h"
#include "services/bridge/core.h"
#include "services/bridge/offer_feed.h"
#include "services/bridge/order_state_feed.h"
#include "services/bridge/orders_grpc.h"
#include "services/bridge/policy_file.h"
#include "services/bridge/probe.h"
#include "services/bridge/readiness.h"

namespace jembatan::bridge {
namespace {

constexpr auto kHeartbeat = std::chrono::milliseconds(20);
constexpr int64_t kPublishMs = 250;
constexpr auto kLookUpAgain = std::chrono::milliseconds(200);
constexpr int kTopicCheckTimeoutMs = 10'000;
// Nobody waits for an outcome to be read back but the next commit.
constexpr int kReadBackWaitMs = 50;
constexpr int kReadBackBytes = 65'536;
constexpr size_t kKeyFileBytes = 16 * 1024;

Now ReadClocks() { return Now{base::WallMs(), base::MonotonicNs() / 1'000'000}; }

}  // namespace

class Service::Impl : public kafka::GroupHandler {
 public:
  explicit Impl(Options options)
      : options_(std::move(options)),
        registry_(std::make_shared<prometheus::Registry>()),
        probe_(registry_.get()),
        shard_({.name = "bridge", .latency_budget_ms = options_.latency_budget_ms}),
        heartbeat_(shard_.context()) {
    if (options_.instance.empty()) options_.instance = runtime::InstanceName();
  }

  absl::Status Start();
  void Stop();
  int admin_port() const { return admin_->port(); }
  // Empty: ready.
  std::string NotReady() const {
    base::MutexLock lock(&not_ready_mutex_);
    return not_ready_;
  }

 private:
  // One marketplace: its client, and the events of it under its number.
  struct Market : OrdersHandler {
    Market(Impl* impl, size_t number, registry::Marketplace settings)
        : impl(impl), number(number), settings(std::move(settings)) {}

    void OnStreamUp() override { impl->OnStreamUp(*this); }
    void OnStreamDown() override { impl->OnStreamDown(*this); }
    void OnFenced(const event::Fenced& told) override {
      JEMB_CRASH_POINT("bridge.fenced");
      event::Fenced fenced = told;
      fenced.market = number;
      impl->Step(fenced);
    }
    void OnAnswered(const event::Answered& answered) override {
      JEMB_CRASH_POINT("bridge.answered");
      impl->Step(answered);
    }
    void OnFound(const event::Found& found) override {
      JEMB_CRASH_POINT("bridge.found");
      impl->Step(found);
    }

    absl::Status ReadLinkKey();
    // Empty: there is no page, or the order is too long for a link to it.
    std::string LinkTo(const crossing::v1::PurchaseIntent& intent, int64_t wall_ms) const;

    Impl* const impl;
    const size_t number;
    const registry::Marketplace settings;
    std::optional<identity::Signer> link_signer;
    std::unique_ptr<OrdersClient> orders;
    bool stream_up = false;
  };

  // Outcomes come from a reader of their own: GroupHandler's names are taken by the intents.
  struct OutcomesTail : kafka::ReaderHandler {
    explicit OutcomesTail(Impl* impl) : impl(impl) {}
    void OnRecords(std::span<const kafka::Record> records) override {
      JEMB_CRASH_POINT("bridge.read_back");
      const Now now = ReadClocks();
      for (const kafka::Record& record : records) {
        impl->Step(event::OutcomeRead{record.partition, impl->readings_[record.partition],
                                      record.offset, record.value},
                   now);
      }
    }
    void OnPartitionEnd(int32_t, int64_t) override {}
    void OnError(int32_t partition, const absl::Status& status) override {
      base::Log(base::Level::kError, "outcomes_reader_error",
                {{"partition", partition}, {"status", base::ToString(status)}});
      impl->Stopped(partition, &impl->outcomes_stopped_, status);
    }
    Impl* impl;
  };

  // kafka::GroupHandler
  void OnAssigned(std::span<const kafka::PartitionStart> partitions) override;
  void OnRevoked(std::span<const int32_t> partitions, bool lost,
                 std::function<void()> done) override;
  void OnRecords(std::span<const kafka::Record> records) override;
  void OnPartitionEnd(int32_t partition, int64_t next_offset) override {
    Step(event::IntentsEnd{partition, next_offset});
  }
  void OnError(int32_t partition, const absl::Status& status) override;

  void OnStreamUp(Market& market);
  void OnStreamDown(Market& market);
  void OnControls(const controls::Snapshot& controls);
  void OnDeliveries(std::span<const kafka::Delivery> deliveries);
  void Step(const Event& event) { Step(event, ReadClocks()); }
  // Events that come together share one reading of the clocks.
  void Step(const Event& event, Now now) { core_->Step(event, now, &effects_); }
  size_t EndTick();
  void Execute(Effect& effect);
  void Produce(const char* topic, int32_t partition, const std::string& key,
               const std::string& value, uint64_t cookie);
  void ReadOutcomes(const effect::ReadOutcomes& read);
  void StartReading(const effect::ReadOutcomes& read, int64_t offset);
  void QueryEnd(const effect::QueryEnd& query);
  void Release(int32_t partition);
  void Heartbeat();
  void Publish(Now now);
  void LookAtReadiness(Now now);
  void ObeyPolicy(const std::shared_ptr<const policy::Policy>& ordered);
  void LookAtPolicy();
  void TakePolicy(std::shared_ptr<const policy::Policy> policy);
  // Notes why, if the error has stopped the partition.
  bool Stopped(int32_t partition, std::map<int32_t, std::string>* why, const absl::Status& status);
  std::string WhyStopped(int32_t partition) const;
  void WatchTopics();
  void Abandon(const std::string& why);
  void LookForGap(int32_t partition);
  void TellGap(int32_t partition, int64_t begin, int64_t end);
  absl::StatusOr<registry::Registry> ReadRegistry() const;
  absl::Status MakeMarkets();
  absl::Status ReadPolicy();
  absl::Status ConnectKafka();
  absl::Status ConnectMarketplaces();
  std::shared_ptr<grpc::Channel> Connect(
      size_t market, const std::shared_ptr<grpc::ChannelCredentials>& credentials);

  Options options_;
  std::shared_ptr<prometheus::Registry> registry_;
  Probe probe_;
  std::unique_ptr<runtime::AdminServer> admin_;
  runtime::Shard shard_;
  boost::asio::steady_timer heartbeat_;
  std::vector<std::unique_ptr<Market>> markets_;  // by number
  std::unique_ptr<Core> core_;
  Effects effects_;
  std::optional<PolicyFile> policy_file_;
  OutcomesTail tail_{this};
  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<kafka::GroupConsumer> consumer_;
  std::unique_ptr<kafka::PartitionReader> reader_;
  std::unique_ptr<kafka::Admin> kafka_admin_;
  std::unique_ptr<controls::ControlsReader> controls_reader_;
  std::unique_ptr<OfferFeed> offer_feed_;
  std::unique_ptr<OrderStateFeed> order_state_feed_;
  std::unique_ptr<rpc::CompletionQueue> queue_;
  // Per partition: the reading the core wants, and the one that the reader's records belong to.
  std::map<int32_t, uint64_t> wanted_readings_;
  std::map<int32_t, uint64_t> readings_;
  std::vector<std::pair<std::set<int32_t>, std::function<void()>>> revocations_;
  int64_t published_mono_ms_ = 0;
  bool controls_known_ = false;
  bool subscribed_ = false;
  bool started_ = false;
  // Partitions whose intents are not read on, and why, until they are assigned anew; and whose
  // outcomes are not, until another reading of them begins.
  std::map<int32_t, std::string> stopped_;
  std::map<int32_t, std::string> outcomes_stopped_;
  std::vector<std::unique_ptr<kafka::TopicWatch>> watches_;
  // Why no partition is worked on until a restart; empty: they are.
  std::string abandoned_;
  Readiness readiness_;
  mutable base::Mutex not_ready_mutex_;
  std::string not_ready_ ABSL_GUARDED_BY(not_ready_mutex_) = "not started";
};

absl::Status Service::Impl::Start() {
  JEMB_RETURN_IF_ERROR(MakeMarkets());
  JEMB_RETURN_IF_ERROR(ReadPolicy());
  JEMB_RETURN_IF_ERROR(ConnectKafka());
  JEMB_RETURN_IF_ERROR(ConnectMarketplaces());
  JEMB_ASSIGN_OR_RETURN(admin_, runtime::AdminServer::Create(options_.admin_listen, registry_));
  admin_->AddHealthCheck([this] { return shard_.Liveness(); });
  admin_->AddReadyCheck([this] { return NotReady(); });
  shard_.AddTickHook([this] { return EndTick(); });
  shard_.Post([this] {
    for (const auto& market : markets_) market->orders->Start();
    WatchTopics();
    Heartbeat();
  });
  queue_->Start();
  shard_.Start();
  admin_->Start();
  started_ = true;
  base::Log(base::Level::kInfo, "started",
            {{"admin_port", admin_->port()}, {"instance", options_.instance}});
  return absl::OkStatus();
}

// Without a file: the one that the flags tell of.
absl::StatusOr<registry::Registry> Service::Impl::ReadRegistry() const {
  if (options_.registry.empty()) {
    registry::Marketplace only;
    only.id = options_.marketplace_id;
    only.orders = options_.orders_target;
    only.hosts = base::SplitList(options_.url_hosts);
    only.tls_certificate = options_.orders_tls.certificate;
    only.tls_key = options_.orders_tls.key;
    only.tls_ca = options_.orders_tls.ca;
    only.tls_revoked = options_.orders_tls.revoked;
    only.link_page = options_.link_page;
    only.link_key = options_.link_key;
    only.link_kid = options_.link_kid;
    only.link_ttl_s = options_.link_ttl_s;
    return registry::Registry({std::move(only)});
  }
  const rpc::TlsFiles& tls = options_.orders_tls;
  for (const std::string* flag : {&options_.url_hosts, &options_.link_page, &options_.link_key,
                                  &tls.certificate, &tls.key, &tls.ca, &tls.revoked}) {
    if (flag->empty()) continue;
    return base::InvalidArgument(
        "--registry tells of url_hosts, link_* and orders_tls_*: no flag may");
  }
  JEMB_ASSIGN_OR_RETURN(const std::string text,
                        base::ReadWholeFile(options_.registry, registry::kFileBytes));
  return registry::Registry::Parse(options_.registry, text);
}

absl::Status Service::Impl::MakeMarkets() {
  JEMB_ASSIGN_OR_RETURN(const registry::Registry registry, ReadRegistry());
  Core::Options core{.instance = options_.instance,
                     .seed = static_cast<uint64_t>(base::MonotonicNs())};
  std::vector<std::string> ids;
  for (const registry::Marketplace& settings : registry.marketplaces()) {
    markets_.push_back(std::make_unique<Market>(this, markets_.size(), settings));
    Market* market = markets_.back().get();
    JEMB_RETURN_IF_ERROR(market->ReadLinkKey());
    ids.push_back(settings.id);
    core.marketplaces.push_back(
        {settings.id, [market](const crossing::v1::PurchaseIntent& intent, int64_t wall_ms) {
           return market->LinkTo(intent, wall_ms);
         }});
  }
  core_ = std::make_unique<Core>(std::move(core));
  probe_.SetMarketplaces(ids);
  return absl::OkStatus();
}

absl::Status Service::Impl::Market::ReadLinkKey() {
  if (settings.link_page.empty() && settings.link_key.empty()) return absl::OkStatus();
  if (settings.link_page.empty() || settings.link_key.empty()) {
    return base::InvalidArgument("link_page and link_key go together");
  }
  if (!MayName({.hosts = settings.hosts}, settings.link_page)) {
    return base::InvalidArgument("link_page of " + settings.id +
                                 ": its host is not registered (url_hosts, hosts)");
  }
  JEMB_ASSIGN_OR_RETURN(const std::string pem,
                        base::ReadWholeFile(settings.link_key, kKeyFileBytes));
  absl::StatusOr<identity::Signer> signer = identity::Signer::FromPem(pem, settings.link_kid);
  if (!signer.ok()) {
    return base::InvalidArgument("link_key of " + settings.id + ": " +
                                 std::string(base::Std(signer.status().message())));
  }
  link_signer.emplace(*std::move(signer));
  return absl::OkStatus();
}

std::string Service::Impl::Market::LinkTo(const crossing::v1::PurchaseIntent& intent,
                                          int64_t wall_ms) const {
  if (!link_signer) return {};
  return identity::MakePermalink(settings.link_page, OrderBytes(intent),
                                 wall_ms + int64_t{1'000} * settings.link_ttl_s, *link_signer)
      .value_or("");
}

// A bridge does not start without the policy it was told to keep.
absl::Status Service::Impl::ReadPolicy() {
  if (options_.policy.empty()) {
    TakePolicy(policy::ConsentOnly());
    return absl::OkStatus();
  }
  policy_file_.emplace(options_.policy);
  JEMB_ASSIGN_OR_RETURN(auto policy, *policy_file_->Look());
  TakePolicy(std::move(policy));
  return absl::OkStatus();
}

void Service::Impl::TakePolicy(std::shared_ptr<const policy::Policy> policy) {
  base::Log(base::Level::kInfo, "policy_taken",
            {{"version", base::Hex(policy->version)}, {"rules", policy->rules.size()}});
  probe_.PolicyTaken(*policy);
  Step(event::PolicyTaken{std::move(policy)});
}

// What operators have ordered holds over the file.
void Service::Impl::ObeyPolicy(const std::shared_ptr<const policy::Policy>& ordered) {
  if (ordered == nullptr) return;
  policy_file_.reset();
  if (ordered->version != core_->policy().version) TakePolicy(ordered);
}

void Service::Impl::LookAtPolicy() {
  if (!policy_file_) return;
  std::optional<PolicyFile::Taken> taken = policy_file_->Look();
  if (!taken) return;
  if (taken->ok()) return TakePolicy(**std::move(taken));
  probe_.PolicyRefused();
  base::Log(
      base::Level::kError, "policy_refused",
      {{"why", base::ToString(taken->status())}, {"in_force", base::Hex(core_->policy().version)}});
}

absl::Status Service::Impl::ConnectKafka() {
  JEMB_ASSIGN_OR_RETURN(
      const kafka::ClusterConfig cluster,
      kafka::ReadCluster(options_.brokers, "jembatan-bridge", options_.kafka_config));
  JEMB_RETURN_IF_ERROR(kafka::CheckTopics(cluster, kafka::CrossingTopics(options_.partitions),
                                          kafka::ProfileNamed(options_.profile),
                                          kTopicCheckTimeoutMs));
  JEMB_ASSIGN_OR_RETURN(
      producer_, kafka::Producer::Create({.cluster = cluster}, shard_.context(),
                                         [this](std::span<const kafka::Delivery> deliveries) {
                                           OnDeliveries(deliveries);
                                         }));
  JEMB_ASSIGN_OR_RETURN(
      consumer_, kafka::GroupConsumer::Create({.cluster = cluster,
                                               .group_id = options_.group,
                                               .topic = kafka::kIntentsTopic,
                                               .session_timeout_ms = options_.session_timeout_ms},
                                              shard_.context(), this));
  JEMB_ASSIGN_OR_RETURN(reader_,
                        kafka::PartitionReader::Create({.cluster = cluster,
                                                        .topic = kafka::kOutcomesTopic,
                                                        .fetch_wait_max_ms = kReadBackWaitMs,
                                                        .fetch_min_bytes = kReadBackBytes},
                                                       shard_.context(), &tail_));
  JEMB_ASSIGN_OR_RETURN(kafka_admin_, kafka::Admin::Create(cluster, shard_.context()));
  JEMB_ASSIGN_OR_RETURN(controls::Operators operators,
                        controls::LoadOperators(options_.operator_keys, options_.operators_needed));
  controls_reader_ = std::make_unique<controls::ControlsReader>(
      cluster, std::move(operators), "bridge", *registry_, shard_.context(),
      [this](const controls::Snapshot& now) { OnControls(now); });
  JEMB_RETURN_IF_ERROR(controls_reader_->Start());
  std::vector<std::string> marketplace_ids;
  std::vector<std::string> goods_keys{options_.goods_keys};
  for (const auto& market : markets_) {
    marketplace_ids.push_back(market->settings.id);
    goods_keys.push_back(market->settings.goods_keys);
  }
  JEMB_ASSIGN_OR_RETURN(goods::NoteKeys keys, offers::LoadNoteKeys(goods_keys));
  order_state_feed_ =
      std::make_unique<OrderStateFeed>(OrderStateFeed::Options{.cluster = cluster,
                                                               .partitions = options_.partitions,
                                                               .marketplace_ids = marketplace_ids},
                                       *producer_, *kafka_admin_, *registry_, shard_.context());
  JEMB_RETURN_IF_ERROR(order_state_feed_->StartReading());
  offer_feed_ = std::make_unique<OfferFeed>(
      OfferFeed::Options{.cluster = cluster,
                         .partitions = options_.partitions,
                         .marketplace_ids = std::move(marketplace_ids),
                         .keys = std::move(keys)},
      *producer_, *registry_, shard_.context(), [this](const Event& event) { Step(event); });
  return offer_feed_->StartReading();
}

absl::Status Service::Impl::ConnectMarketplaces() {
  queue_ = std::make_unique<rpc::CompletionQueue>(shard_.context());
  for (const auto& market : markets_) {
    const registry::Marketplace& settings = market->settings;
    std::shared_ptr<grpc::ChannelCredentials> credentials;
    const absl::Status usable = rpc::ChannelCredentials(
        {settings.tls_certificate, settings.tls_key, settings.tls_ca, settings.tls_revoked},
        &credentials);
    if (!usable.ok()) {
      return base::InvalidArgument(settings.id + ": " + std::string(base::Std(usable.message())));
    }
    OrdersClient::Options options;
    options.topic_version = kafka::kIntentsTopic;
    options.urls.hosts = settings.hosts;
    auto connect = [this, number = market->number, credentials] {
      return Connect(number, credentials);
    };
    market->orders = std::make_unique<OrdersClient>(std::move(options), std::move(connect),
                                                    queue_.get(), shard_.context(), market.get());
  }
  return absl::OkStatus();
}

// Everything that is asked of a marketplace goes by one connection.
std::shared_ptr<grpc::Channel> Service::Impl::Connect(
    size_t market, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  std::shared_ptr<grpc::Channel> channel =
      rpc::Connect(markets_[market]->settings.orders, credentials);
  offer_feed_->Connect(market, channel, queue_.get());
  order_state_feed_->Connect(market, channel, queue_.get());
  return channel;
}

void Service::Impl::Stop() {
  if (!std::exchange(started_, false)) return;
  std::promise<void> left;
  shard_.Post([this, &left] { consumer_->Close([&left] { left.set_value(); }); });
  left.get_future().wait();
  std::promise<void> ended;
  shard_.Post([this, &ended] {
    heartbeat_.cancel();
    for (const auto& market : markets_) market->orders->Stop();
    offer_feed_->Stop();
    order_state_feed_->Stop();
    ended.set_value();
  });
  ended.get_future().wait();
  queue_->Stop();
  shard_.Stop();
  // What the queue handed over last: the stream's own end.
  shard_.context().restart();
  shard_.context().poll();
  controls_reader_.reset();
  offer_feed_.reset();
  consumer_.reset();
  reader_.reset();
  watches_.clear();
  kafka_admin_.reset();
  order_state_feed_.reset();
  producer_.reset();
  admin_->Stop();
  base::Log(base::Level::kInfo, "stopped",
            {{"ordered", core_->counts().ordered},
             {"rejected", core_->counts().rejected},
             {"expired", core_->counts().expired}});
}

void Service::Impl::WatchTopics() {
  for (const char* topic : {kafka::kIntentsTopic, kafka::kOutcomesTopic}) {
    auto told = [this, topic](const absl::Status& /*status*/, const std::string& changed) {
      if (!changed.empty()) Abandon(std::string(topic) + " " + changed);
    };
    watches_.push_back(std::make_unique<kafka::TopicWatch>(*kafka_admin_, shard_.context(), topic,
                                                           options_.partitions,
                                                           options_.topic_watch_ms, told));
    watches_.back()->Start();
  }
}

// What was read belongs to a log that is no more: what is under way is finished, nothing further is
// begun, and no offset of the old log committed into the new one. Whoever restarts the bridge takes
// the topics as they are.
void Service::Impl::Abandon(const std::string& why) {
  if (!abandoned_.empty()) return;
  abandoned_ = why;
  base::Log(base::Level::kError, "topic_changed", {{"why", why}});
  std::vector<int32_t> numbers;
  for (const auto& [number, partition] : core_->partitions()) numbers.push_back(number);
  for (int32_t number : numbers) {
    probe_.PartitionStopped();
    consumer_->Pause(number);
    Step(event::Revoked{number, /*lost=*/false});
  }
}

void Service::Impl::OnAssigned(std::span<const kafka::PartitionStart> partitions) {
  for (const kafka::PartitionStart& start : partitions) {
    if (!abandoned_.empty()) {
      consumer_->Pause(start.partition);
      continue;
    }
    base::Log(base::Level::kInfo, "assigned",
              {{"partition", start.partition}, {"offset", start.offset}});
    stopped_.erase(start.partition);
    JEMB_CRASH_POINT("bridge.assigned");
    Step(event::Assigned{start.partition, start.offset});
  }
}

void Service::Impl::OnRevoked(std::span<const int32_t> partitions, bool lost,
                              std::function<void()> done) {
  std::set<int32_t> waiting(partitions.begin(), partitions.end());
  std::erase_if(waiting, [&](int32_t number) { return !core_->partitions().contains(number); });
  if (waiting.empty()) return done();
  revocations_.emplace_back(waiting, std::move(done));
  for (int32_t partition : partitions) {
    base::Log(base::Level::kInfo, "revoked", {{"partition", partition}, {"lost", lost}});
    stopped_.erase(partition);
    JEMB_CRASH_POINT("bridge.revoked");
    Step(event::Revoked{partition, lost});
  }
}

void Service::Impl::Release(int32_t partition) {
  JEMB_CRASH_POINT("bridge.released");
  for (auto& [waiting, done] : revocations_) waiting.erase(partition);
  // A callback may bring the next assignment: take the finished ones out before calling.
  std::vector<std::function<void()>> finished;
  std::erase_if(revocations_, [&](auto& revocation) {
    if (!revocation.first.empty()) return false;
    finished.push_back(std::move(revocation.second));
    return true;
  });
  for (const std::function<void()>& done : finished) done();
}

void Service::Impl::OnRecords(std::span<const kafka::Record> records) {
  JEMB_CRASH_POINT("bridge.intents_read");
  const Now now = ReadClocks();
  for (const kafka::Record& record : records) {
    Step(event::Intent{record.partition, record.offset, record.append_time_ms, record.key,
                       record.value},
         now);
  }
}

void Service::Impl::OnError(int32_t partition, const absl::Status& status) {
  base::Log(base::Level::kError, "intents_consumer_error",
            {{"partition", partition}, {"status", base::ToString(status)}});
  if (!Stopped(partition, &stopped_, status)) return;
  if (absl::IsOutOfRange(status)) LookForGap(partition);
}

bool Service::Impl::Stopped(int32_t partition, std::map<int32_t, std::string>* why,
                            const absl::Status& status) {
  if (!core_->partitions().contains(partition) || !kafka::StopsPartition(status)) return false;
  probe_.PartitionStopped();
  (*why)[partition] = base::ToString(status);
  return true;
}

std::string Service::Impl::WhyStopped(int32_t partition) const {
  if (auto at = stopped_.find(partition); at != stopped_.end()) return at->second;
  auto at = outcomes_stopped_.find(partition);
  return at == outcomes_stopped_.end() ? std::string() : "its outcomes: " + at->second;
}

// Skipping what is gone would break the promise to whoever was told ACCEPTED; somebody has to
// decide, and needs to know what is missing.
void Service::Impl::LookForGap(int32_t partition) {
  auto ended = [this, partition](absl::StatusOr<int64_t> begin, absl::StatusOr<int64_t> end) {
    if (!stopped_.contains(partition)) return;
    if (begin.ok() && end.ok()) return TellGap(partition, *begin, *end);
    auto again = std::make_shared<boost::asio::steady_timer>(shard_.context(), kLookUpAgain);
    again->async_wait([this, partition, again](boost::system::error_code error) {
      if (!error && stopped_.contains(partition)) LookForGap(partition);
    });
  };
  kafka_admin_->BeginOffset(
      kafka::kIntentsTopic, partition, [this, partition, ended](absl::StatusOr<int64_t> begin) {
        kafka_admin_->EndOffset(
            kafka::kIntentsTopic, partition,
            [ended, begin](absl::StatusOr<int64_t> end) { ended(begin, std::move(end)); });
      });
}

void Service::Impl::TellGap(int32_t partition, int64_t begin, int64_t end) {
  const Standing standing = core_->partitions().at(partition)->standing(ReadClocks());
  stopped_[partition] = DescribeGap(standing, begin, end);
  base::Log(base::Level::kError, "intents_gap",
            {{"partition", partition},
             {"committed", standing.watermark},
             {"next", standing.next_offset},
             {"log_begin", begin},
             {"log_end", end}});
}

void Service::Impl::OnStreamUp(Market& market) {
  market.stream_up = true;
  base::Log(base::Level::kInfo, "orders_stream_up", {{"marketplace", market.settings.id}});
  Step(event::StreamUp{market.number});
}

void Service::Impl::OnStreamDown(Market& market) {
  market.stream_up = false;
  Step(event::StreamDown{market.number});
}

// Intents are first asked for when it is known what is halted.
void Service::Impl::OnControls(const controls::Snapshot& controls) {
  controls_known_ = controls != nullptr;
  Step(event::ControlsChanged{controls});
  if (controls_known_) ObeyPolicy(controls->policy());
  if (controls_known_ && !std::exchange(subscribed_, true)) consumer_->Subscribe();
}

void Service::Impl::OnDeliveries(std::span<const kafka::Delivery> deliveries) {
  JEMB_CRASH_POINT("bridge.acknowledged");
  const Now now = ReadClocks();
  for (const kafka::Delivery& delivery : deliveries) {
    if (order_state_feed_->OnDelivery(delivery) || offer_feed_->OnDelivery(delivery)) continue;
    Step(event::Produced{delivery.opaque, delivery.status.ok(), delivery.offset,
                         delivery.append_time_ms},
         now);
  }
}

size_t Service::Impl::EndTick() {
  Now now = ReadClocks();
  core_->Step(event::Tick{}, now, &effects_);
  // Executing may bring further events, whose effects wait for the next tick.
  Effects effects = std::exchange(effects_, {});
  for (Effect& effect : effects) Execute(effect);
  offer_feed_->Pump();
  order_state_feed_->Pump();
  if (now.mono_ms - published_mono_ms_ >= kPublishMs) Publish(now);
  return effects.size();
}

void Service::Impl::Execute(Effect& effect) {
  std::visit(base::Overloaded{
                 [&](effect::ProduceOutcome& e) {
                   JEMB_CRASH_POINT("bridge.decided");
                   Produce(kafka::kOutcomesTopic, e.partition, e.key, e.value, e.cookie);
                   JEMB_CRASH_POINT("bridge.outcome_handed");
                 },
                 [&](effect::ProduceDeadLetter& e) {
                   Produce(kafka::kDeadLettersTopic, kafka::PartitionOf(e.key, options_.partitions),
                           e.key, e.value, e.cookie);
                   JEMB_CRASH_POINT("bridge.dead_letter_handed");
                 },
                 [&](effect::ReadOutcomes& e) { ReadOutcomes(e); },
                 [&](effect::StopOutcomes& e) {
                   wanted_readings_[e.partition] = 0;
                   outcomes_stopped_.erase(e.partition);
                   reader_->Stop(e.partition);
                 },
                 [&](effect::Fence& e) { markets_[e.market]->orders->Fence(e); },
                 [&](effect::QueryEnd& e) { QueryEnd(e); },
                 [&](effect::Place& e) {
                   JEMB_CRASH_POINT("bridge.placing");
                   markets_[e.market]->orders->Place(e);
                   JEMB_CRASH_POINT("bridge.placed");
                 },
                 [&](effect::Ask& e) { markets_[e.market]->orders->Ask(e); },
                 [&](effect::ResetStream& e) { markets_[e.market]->orders->Reset(); },
                 [&](effect::Commit& e) {
                   if (!abandoned_.empty())
                     return Step(event::Committed{e.partition, e.next_offset, true});
                   JEMB_CRASH_POINT("bridge.committing");
                   consumer_->Commit(
                       e.partition, e.next_offset, [this, e](const absl::Status& status) {
                         JEMB_CRASH_POINT("bridge.committed");
                         Step(event::Committed{e.partition, e.next_offset, status.ok()});
                       });
                 },
                 [&](effect::Pause& e) { consumer_->Pause(e.partition); },
                 [&](effect::Resume& e) { consumer_->Resume(e.partition); },
                 [&](effect::Release& e) { Release(e.partition); },
             },
             effect);
}

void Service::Impl::Produce(const char* topic, int32_t partition, const std::string& key,
                            const std::string& value, uint64_t cookie) {
  absl::Status status = producer_->Produce(topic, partition, key, value, cookie);
  if (status.ok()) return;
  // The core retries with backoff; it must not hear of it within its own step.
  shard_.Post([this, cookie] { Step(event::Produced{cookie, false, -1, -1}); });
}

void Service::Impl::StartReading(const effect::ReadOutcomes& read, int64_t offset) {
  readings_[read.partition] = read.reading;
  outcomes_stopped_.erase(read.partition);
  reader_->Start(read.partition, offset);
}

void Service::Impl::ReadOutcomes(const effect::ReadOutcomes& read) {
  wanted_readings_[read.partition] = read.reading;
  if (read.offset >= 0) return StartReading(read, read.offset);
  kafka_admin_->OffsetAtTime(
      kafka::kOutcomesTopic, read.partition, read.append_ms,
      [this, read](absl::StatusOr<int64_t> offset) {
        if (wanted_readings_[read.partition] != read.reading) return;
        if (offset.ok()) return StartReading(read, *offset);
        auto again = std::make_shared<boost::asio::steady_timer>(shard_.context(), kLookUpAgain);
        again->async_wait([this, read, again](boost::system::error_code error) {
          if (!error && wanted_readings_[read.partition] == read.reading) ReadOutcomes(read);
        });
      });
}

void Service::Impl::QueryEnd(const effect::QueryEnd& query) {
  kafka_admin_->EndOffset(
      kafka::kIntentsTopic, query.partition, [this, query](absl::StatusOr<int64_t> offset) {
        Step(event::EndOffset{query.partition, query.query, offset.ok() ? *offset : -1});
      });
}

// Wakes the shard when nothing else does, so that waits of the core end in time.
void Service::Impl::Heartbeat() {
  heartbeat_.expires_after(kHeartbeat);
  heartbeat_.async_wait([this](boost::system::error_code error) {
    if (!error) Heartbeat();
  });
}

void Service::Impl::Publish(Now now) {
  published_mono_ms_ = now.mono_ms;
  LookAtPolicy();
  // One for the group, whoever has the first partition.
  const bool relays = abandoned_.empty() && core_->partitions().contains(0);
  offer_feed_->SetRelaying(relays);
  order_state_feed_->SetRelaying(relays);
  LookAtReadiness(now);
  std::vector<Probe::Answers> answers;
  for (const auto& market : markets_) {
    answers.push_back({market->stream_up, market->orders->dropped_urls(),
                       market->orders->unknown_fields() +
                           offer_feed_->unknown_fields(market->number) +
                           order_state_feed_->unknown_fields(market->number)});
  }
  probe_.Publish(*core_, readiness_.stuck(), answers, now);
}

void Service::Impl::LookAtReadiness(Now now) {
  Readiness::View view{.controls_known = controls_known_,
                       .member = consumer_->IsMember(),
                       .offers_known = offer_feed_->known()};
  for (const auto& market : markets_) {
    view.stream_up |= market->stream_up;
    view.marketplace_usable |= market->stream_up && core_->marketplace_usable(market->number);
  }
  for (const auto& [number, partition] : core_->partitions()) {
    for (const auto& market : markets_) {
      const bool out = !market->stream_up || !core_->marketplace_usable(market->number);
      // Of one alone the view tells.
      const bool several = markets_.size() > 1;
      view.partitions.push_back({.number = number,
                                 .standing = partition->standing(now, market->number),
                                 .stopped = WhyStopped(number),
                                 .marketplace = several ? market->settings.id : "",
                                 .out = several && out});
    }
  }
  for (const Readiness::Change& change : readiness_.Look(view, now.mono_ms)) {
    base::Log(change.stuck ? base::Level::kError : base::Level::kInfo,
              change.stuck ? "partition_stuck" : "partition_got_on",
              {{"partition", change.partition},
               {"marketplace", change.marketplace},
               {"offset", change.standing.watermark},
               {"log_end", change.standing.log_end},
               {"waits_for", Describe(change.standing.waits_for)}});
  }
  base::MutexLock lock(&not_ready_mutex_);
  not_ready_ = abandoned_.empty() ? readiness_.reason() : "nothing is worked on: " + abandoned_;
}

Service::Service(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Service::~Service() { Stop(); }
absl::Status Service::Start() { return impl_->Start(); }
void Service::Stop() { impl_->Stop(); }
int Service::admin_port() const { return impl_->admin_port(); }
bool Service::ready() const { return impl_->NotReady().empty(); }

}  // namespace jembatan::bridge
