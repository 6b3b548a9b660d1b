#include "services/bridge/order_state_feed.h"

#include <algorithm>
#include <utility>

#include "libs/base/clock.h"
#include "libs/base/crash_point.h"
#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/base/timestamp.h"
#include "services/bridge/limits.h"

namespace jembatan::bridge {
namespace {

// Neither the core nor the offers have cookies with both of the highest bits.
constexpr uint64_t kFirstCookie = uint64_t{3} << 62;

}  // namespace

OrderStateFeed::OrderStateFeed(Options options, kafka::Producer& producer, kafka::Admin& admin,
                               prometheus::Registry& registry, boost::asio::io_context& context)
    : options_(std::move(options)),
      producer_(producer),
      context_(context),
      reader_({.reader = {.cluster = options_.cluster, .topic = kafka::kOrderStatesTopic},
               .partitions = options_.partitions,
               .reach = std::chrono::milliseconds(kOrderStatesReachMs)},
              admin, context,
              [this](std::span<const kafka::Record> records) { OnRecords(records); }),
      next_cookie_(kFirstCookie) {
  for (size_t i = 0; i < options_.marketplace_ids.size(); ++i) {
    sources_.push_back(std::make_unique<Source>(*this, i));
  }
  written_ = &prometheus::BuildCounter()
                  .Name("jembatan_bridge_order_states_written_total")
                  .Help("Records handed to the topic of order states.")
                  .Register(registry)
                  .Add({});
  untold_ = &prometheus::BuildCounter()
                 .Name("jembatan_bridge_order_states_untold_total")
                 .Help("Changes that a marketplace told in a way that nobody understands.")
                 .Register(registry)
                 .Add({});
}

OrderStateFeed::~OrderStateFeed() = default;

absl::Status OrderStateFeed::StartReading() { return reader_.Start(); }

void OrderStateFeed::Connect(size_t market, std::shared_ptr<grpc::Channel> channel,
                             rpc::CompletionQueue* queue) {
  Source& source = *sources_.at(market);
  if (source.watch != nullptr) return source.watch->UseChannel(std::move(channel));
  source.watch = std::make_unique<OrderStatesWatch>(std::move(channel), queue, context_, &source);
}

void OrderStateFeed::Stop() {
  SetRelaying(false);
  Pump();
}

void OrderStateFeed::SetRelaying(bool relaying) { wanted_ = relaying; }

void OrderStateFeed::OnRecords(std::span<const kafka::Record> records) {
  for (const kafka::Record& record : records) {
    const auto size = static_cast<int>(record.value.size());
    if (!record_.ParseFromArray(record.value.data(), size)) continue;
    const auto& ids = options_.marketplace_ids;
    const auto at = std::ranges::find(ids, record_.marketplace_id());
    if (at == ids.end()) continue;
    Source& source = *sources_[static_cast<size_t>(at - ids.begin())];
    source.told_from_ms = std::max(source.told_from_ms, base::ToMs(record_.told_from()));
  }
}

void OrderStateFeed::Pump() {
  const bool relays = wanted_ && reader_.caught_up();
  if (relays != std::exchange(relays_, relays)) {
    for (const auto& source : sources_) relays ? source->watch->Start() : source->watch->Stop();
  }
  for (const auto& source : sources_) {
    if (!source->holding || source->in_flight > 0) continue;
    source->holding = false;
    if (std::exchange(source->lost, false)) {
      source->watch->OpenAgain();
    } else {
      source->watch->TakeNext();
    }
  }
}

bool OrderStateFeed::OnDelivery(const kafka::Delivery& delivery) {
  if (delivery.opaque < kFirstCookie) return false;
  const auto handed = handed_.extract(delivery.opaque);
  if (handed.empty()) return true;
  Source& source = *sources_[handed.mapped()];
  --source.in_flight;
  if (!delivery.status.ok()) {
    source.lost = true;
    base::Log(base::Level::kWarn, "order_state_not_written",
              {{"status", base::ToString(delivery.status)}});
  }
  return true;
}

void OrderStateFeed::Write(Source& source, const crossing::v1::OrderStateRecord& record) {
  const uint64_t cookie = next_cookie_++;
  const int32_t partition = kafka::PartitionOf(record.intent_id(), options_.partitions);
  JEMB_CRASH_POINT("bridge.order_state_relayed");
  const absl::Status handed = producer_.Produce(
      kafka::kOrderStatesTopic, partition, record.intent_id(), record.SerializeAsString(), cookie);
  if (!handed.ok()) {
    source.lost = true;
    return;
  }
  handed_.emplace(cookie, source.number);
  ++source.in_flight;
  written_->Increment();
}

// What is older than the topic is read for, nobody is told of any more.
int64_t OrderStateFeed::Source::SinceMs() const {
  return std::max(base::WallMs() - kOrderStatesReachMs, told_from_ms);
}

void OrderStateFeed::Source::OnStates(const orders::v1::WatchOrderStatesResponse& states) {
  unknown_fields += UnknownFieldsIn(states);
  holding = true;
  crossing::v1::OrderStateRecord record;
  int64_t from_ms = 0;
  for (const orders::v1::OrderState& state : states.states()) {
    if (!ToOrderStateRecord(state, feed.options_.marketplace_ids[number], &record)) {
      feed.untold_->Increment();
      continue;
    }
    if (from_ms == 0) from_ms = base::ToMs(record.changed_at());
    base::SetMs(from_ms, record.mutable_told_from());
    feed.Write(*this, record);
  }
}

}  // namespace jembatan::bridge
