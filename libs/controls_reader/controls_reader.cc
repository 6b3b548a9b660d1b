#include "libs/controls_reader/controls_reader.h"

#include <chrono>
#include <utility>

#include "libs/base/clock.h"
#include "libs/base/file.h"
#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/base/text.h"

namespace jembatan::controls {
namespace {

// All controls are in one partition.
constexpr int32_t kPartition = 0;
constexpr size_t kKeysFileBytes = 64 * 1024;

int64_t MonotonicMs() { return base::MonotonicNs() / 1'000'000; }

}  // namespace

absl::StatusOr<Operators> LoadOperators(const std::string& path, int needed) {
  Operators operators;
  operators.needed = static_cast<size_t>(needed);
  if (path.empty()) return operators;
  JEMB_ASSIGN_OR_RETURN(const std::string text, base::ReadWholeFile(path, kKeysFileBytes));
  absl::StatusOr<identity::KeySet> keys = identity::KeySet::FromJwks(text);
  if (!keys.ok()) {
    return base::InvalidArgument(path + ": " + std::string(base::Std(keys.status().message())));
  }
  if (keys->size() < operators.needed) {
    return base::InvalidArgument(path + ": has fewer keys than operators must sign");
  }
  operators.keys = std::make_shared<const identity::KeySet>(*std::move(keys));
  return operators;
}

ControlsReader::ControlsReader(kafka::ClusterConfig cluster, Operators operators,
                               const std::string& service, prometheus::Registry& registry,
                               boost::asio::io_context& context, Sink sink)
    : cluster_(std::move(cluster)),
      context_(context),
      sink_(std::move(sink)),
      operators_(std::move(operators)),
      feed_(operators_),
      revision_(prometheus::BuildGauge()
                    .Name("jembatan_" + service + "_controls_revision")
                    .Help("1 and the number of the newest control obeyed; 0: none is known")
                    .Register(registry)
                    .Add({})),
      refused_(prometheus::BuildCounter()
                   .Name("jembatan_" + service + "_controls_refused_total")
                   .Help("Records of the controls topic that are not obeyed")
                   .Register(registry)
                   .Add({})),
      look_(context) {}

ControlsReader::~ControlsReader() = default;

absl::Status ControlsReader::Start() {
  JEMB_ASSIGN_OR_RETURN(admin_, kafka::Admin::Create(cluster_, context_));
  // A control is one small record: it must not wait for others.
  kafka::ReaderOptions options{
      .cluster = cluster_, .topic = kafka::kControlsTopic, .fetch_min_bytes = 1};
  JEMB_ASSIGN_OR_RETURN(reader_, kafka::PartitionReader::Create(options, context_, this));
  Begin();
  Look();
  return absl::OkStatus();
}

void ControlsReader::Begin() {
  admin_->BeginOffset(kafka::kControlsTopic, kPartition, [this](absl::StatusOr<int64_t> begin) {
    // Look() tries again.
    if (!begin.ok() || reading_) return;
    reading_ = true;
    reader_->Start(kPartition, *begin);
    feed_.OnReached(*begin);
  });
}

// By the clock: asks where the topic ends, and notices when nobody has answered for too long.
void ControlsReader::Look() {
  if (!reading_) Begin();
  if (!asking_) {
    asking_ = true;
    admin_->EndOffset(kafka::kControlsTopic, kPartition,
                      [this, asked_ms = MonotonicMs()](absl::StatusOr<int64_t> end) {
                        asking_ = false;
                        if (end.ok()) feed_.OnEnd(*end, asked_ms);
                        Tell();
                      });
  }
  Tell();
  look_.expires_after(std::chrono::milliseconds(kLookMs));
  look_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Look();
  });
}

void ControlsReader::OnRecords(std::span<const kafka::Record> records) {
  for (const kafka::Record& record : records) {
    const Controls::Applied applied = feed_.OnRecord(record.offset, record.key, record.value);
    const bool in_force = applied.refused.empty();
    if (!in_force) refused_.Increment();
    base::Log(in_force ? base::Level::kInfo : base::Level::kError,
              in_force ? "control_in_force" : "control_refused",
              {{"subject", applied.subject},
               {"version", applied.version},
               {"offset", record.offset},
               {"cause", applied.refused}});
  }
  Tell();
}

void ControlsReader::OnPartitionEnd(int32_t /*partition*/, int64_t next_offset) {
  feed_.OnReached(next_offset);
  Tell();
}

void ControlsReader::OnError(int32_t partition, const absl::Status& status) {
  base::Log(base::Level::kWarn, "controls_error",
            {{"partition", partition}, {"error", base::ToString(status)}});
  // What comes next cannot be read: begin again, and know nothing until the end was reached.
  if (partition == kPartition && kafka::StopsPartition(status)) {
    reader_->Stop(kPartition);
    reading_ = false;
    feed_ = ControlsFeed(operators_);
  }
}

void ControlsReader::Tell() {
  const Snapshot now = feed_.At(MonotonicMs());
  if (now == told_) return;
  if ((now == nullptr) != (told_ == nullptr)) {
    base::Log(now != nullptr ? base::Level::kInfo : base::Level::kError,
              now != nullptr ? "controls_known" : "controls_unknown",
              {{"revision", feed_.revision()}});
  }
  told_ = now;
  sink_(told_);
  // After it is obeyed, not before.
  revision_.Set(now == nullptr ? 0 : static_cast<double>(now->revision() + 1));
}

}  // namespace jembatan::controls
