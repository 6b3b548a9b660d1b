#include "services/auditor/service.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <prometheus/registry.h>

#include "libs/base/clock.h"
#include "libs/base/log.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/kafka/admin.h"
#include "libs/kafka/properties.h"
#include "libs/ledger_store/store.h"
#include "libs/runtime/admin.h"
#include "libs/runtime/shard.h"
#include "libs/signing_key/signing_key.h"
#include "services/auditor/answers.h"
#include "services/auditor/limits.h"
#include "services/auditor/probe.h"
#include "services/auditor/shadows.h"
#include "services/auditor/tail.h"

namespace jembatan::auditor {
namespace {

constexpr int kTopicCheckTimeoutMs = 10'000;
// How often metrics and readiness are brought up to date.
constexpr auto kLook = std::chrono::milliseconds(250);

int64_t MonotonicMs() { return base::MonotonicNs() / 1'000'000; }

}  // namespace

class Service::Impl {
 public:
  explicit Impl(Options options)
      : options_(std::move(options)),
        registry_(std::make_shared<prometheus::Registry>()),
        probe_(registry_.get()),
        shadows_(probe_),
        // Nobody waits for it: ticks may gather.
        shard_({.name = "auditor", .latency_budget_ms = 20}),
        look_timer_(shard_.context()),
        seal_timer_(shard_.context()) {}
  ~Impl() { Stop(); }

  absl::Status Start();
  void Stop();
  int admin_port() const { return admin_->port(); }
  std::string NotReady() const {
    base::MutexLock lock(&not_ready_mutex_);
    return not_ready_;
  }

 private:
  absl::Status OpenLedger();
  absl::Status PublishVerifier() const;
  absl::Status ConnectKafka();
  Tail::Sink SinkOf(const std::string& topic);
  absl::Status StartAdmin();
  void ArmLook();
  void Look();
  void ArmSeal();
  void Seal();

  const Options options_;
  const std::shared_ptr<prometheus::Registry> registry_;
  Probe probe_;
  Shadows shadows_;
  runtime::Shard shard_;
  boost::asio::steady_timer look_timer_;
  boost::asio::steady_timer seal_timer_;
  std::unique_ptr<ledger_store::Store> store_;
  std::unique_ptr<ledger::NoteSigner> signer_;
  std::vector<std::unique_ptr<Tail>> tails_;
  std::unique_ptr<kafka::Admin> kafka_admin_;
  std::unique_ptr<Answers> answers_;
  std::unique_ptr<runtime::AdminServer> admin_;
  int64_t sealed_mono_ms_ = 0;
  bool started_ = false;
  mutable base::Mutex not_ready_mutex_;
  std::string not_ready_ ABSL_GUARDED_BY(not_ready_mutex_) = "not started";
};

absl::Status Service::Impl::Start() {
  JEMB_RETURN_IF_ERROR(OpenLedger());
  JEMB_RETURN_IF_ERROR(ConnectKafka());
  JEMB_RETURN_IF_ERROR(StartAdmin());
  // Before the shard runs: its first tick finds everything begun.
  for (const std::unique_ptr<Tail>& tail : tails_) JEMB_RETURN_IF_ERROR(tail->Start());
  sealed_mono_ms_ = MonotonicMs();
  ArmLook();
  ArmSeal();
  shard_.Start();
  admin_->Start();
  started_ = true;
  base::Log(base::Level::kInfo, "started",
            {{"admin_port", admin_->port()},
             {"records", store_->entries()},
             {"unsealed", store_->unsealed()},
             {"checkpoints", store_->seals()},
             {"verifier", signer_->verifier().text()}});
  return absl::OkStatus();
}

absl::Status Service::Impl::OpenLedger() {
  if (options_.ledger.empty()) return base::InvalidArgument("--ledger: a folder is needed");
  JEMB_ASSIGN_OR_RETURN(store_, ledger_store::Store::Open(options_.ledger));
  const std::string key =
      options_.signing_key.empty() ? options_.ledger + "/signing.key" : options_.signing_key;
  absl::StatusOr<ledger::NoteSigner> signer = signing_key::Load(key, options_.name);
  if (!signer.ok()) return signer.status();
  signer_ = std::make_unique<ledger::NoteSigner>(*std::move(signer));
  return PublishVerifier();
}

// Beside the ledger, for whoever checks what is in it.
absl::Status Service::Impl::PublishVerifier() const {
  const std::string path = options_.ledger + "/verifier";
  const std::string next = path + ".new";
  std::ofstream file(next);
  file << signer_->verifier().text() << "\n";
  file.close();
  std::error_code failed;
  if (file) std::filesystem::rename(next, path, failed);
  if (file && !failed) return absl::OkStatus();
  return base::FailedPrecondition("cannot write " + path);
}

absl::Status Service::Impl::ConnectKafka() {
  JEMB_ASSIGN_OR_RETURN(
      const kafka::ClusterConfig cluster,
      kafka::ReadCluster(options_.brokers, "jembatan-auditor", options_.kafka_config));
  const std::vector<kafka::TopicSpec> topics = kafka::CrossingTopics(options_.partitions);
  JEMB_RETURN_IF_ERROR(kafka::CheckTopics(cluster, topics, kafka::ProfileNamed(options_.profile),
                                          kTopicCheckTimeoutMs));
  JEMB_ASSIGN_OR_RETURN(kafka_admin_, kafka::Admin::Create(cluster, shard_.context()));
  for (const kafka::TopicSpec& topic : topics) {
    tails_.push_back(std::make_unique<Tail>(TailOptions{cluster, topic.name, topic.partitions},
                                            *store_, *kafka_admin_, probe_, shard_.context(),
                                            SinkOf(topic.name)));
  }
  return shadows_.Begin(options_.partitions, *store_);
}

// What the promise shows in.
Tail::Sink Service::Impl::SinkOf(const std::string& topic) {
  const auto gap = [this](int32_t partition) { shadows_.OnGap(partition); };
  if (topic == kafka::kIntentsTopic) {
    return {[this](const kafka::Record& record) { shadows_.OnIntent(record); }, gap};
  }
  if (topic == kafka::kOutcomesTopic) {
    return {[this](const kafka::Record& record) { shadows_.OnOutcome(record); }, gap};
  }
  return {};
}

absl::Status Service::Impl::StartAdmin() {
  JEMB_ASSIGN_OR_RETURN(answers_, Answers::Open(options_.ledger, signer_->verifier().text()));
  JEMB_ASSIGN_OR_RETURN(admin_, runtime::AdminServer::Create(options_.admin_listen, registry_));
  admin_->AddHealthCheck([this] { return shard_.Liveness(); });
  admin_->AddReadyCheck([this] { return NotReady(); });
  answers_->AddTo(admin_.get());
  return absl::OkStatus();
}

void Service::Impl::Stop() {
  if (!std::exchange(started_, false)) return;
  std::promise<void> sealed;
  shard_.Post([this, &sealed] {
    look_timer_.cancel();
    seal_timer_.cancel();
    if (store_->unsealed() > 0) Seal();
    sealed.set_value();
  });
  sealed.get_future().wait();
  shard_.Stop();
  kafka_admin_.reset();
  tails_.clear();
  admin_->Stop();
  base::Log(base::Level::kInfo, "stopped",
            {{"records", store_->entries()}, {"checkpoints", store_->seals()}});
  answers_.reset();
  store_.reset();
}

void Service::Impl::ArmLook() {
  look_timer_.expires_after(kLook);
  look_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    Look();
    ArmLook();
  });
}

void Service::Impl::Look() {
  probe_.Size(store_->entries(), store_->unsealed());
  shadows_.Publish();
  std::string why;
  for (const std::unique_ptr<Tail>& tail : tails_) {
    const std::string not_read = tail->WhyNotRead();
    if (not_read.empty()) continue;
    if (!why.empty()) why += '\n';
    why += not_read;
  }
  const int64_t overdue_ms = int64_t{1'000} * kSealsMissedMax * options_.checkpoint_interval_s;
  if (store_->unsealed() > 0 && MonotonicMs() - sealed_mono_ms_ > overdue_ms) {
    if (!why.empty()) why += '\n';
    why += "no checkpoint could be made for " +
           std::to_string((MonotonicMs() - sealed_mono_ms_) / 1'000) + " s";
  }
  base::MutexLock lock(&not_ready_mutex_);
  not_ready_ = std::move(why);
}

void Service::Impl::ArmSeal() {
  seal_timer_.expires_after(std::chrono::seconds(options_.checkpoint_interval_s));
  seal_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const bool idle = store_->seals() > 0 && store_->unsealed() == 0;
    if (!idle || MonotonicMs() - sealed_mono_ms_ >= kIdleSealMs) Seal();
    ArmSeal();
  });
}

void Service::Impl::Seal() {
  const int64_t begun_ns = base::MonotonicNs();
  const absl::StatusOr<ledger_store::SealRow> seal =
      store_->Seal(base::WallMs(), *signer_, shadows_.State());
  if (!seal.ok()) {
    probe_.CheckpointFailed();
    base::Log(base::Level::kError, "checkpoint_failed",
              {{"status", base::ToString(seal.status())}});
    return;
  }
  probe_.Checkpoint(static_cast<double>(base::MonotonicNs() - begun_ns) * 1e-9);
  sealed_mono_ms_ = MonotonicMs();
}

Service::Service(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Service::~Service() = default;

absl::Status Service::Start() { return impl_->Start(); }
void Service::Stop() { impl_->Stop(); }
int Service::admin_port() const { return impl_->admin_port(); }
bool Service::ready() const { return impl_->NotReady().empty(); }

}  // namespace jembatan::auditor
