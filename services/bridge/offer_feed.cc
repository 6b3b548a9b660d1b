#include "services/bridge/offer_feed.h"

#include <utility>

#include <prometheus/registry.h>

#include "libs/base/clock.h"
#include "libs/base/crash_point.h"
#include "libs/base/log.h"
#include "libs/base/status.h"
#include "services/bridge/limits.h"

namespace jembatan::bridge {
namespace {

// No cookie of the core has the highest bit: theirs begin with a partition's number.
constexpr uint64_t kFirstCookie = uint64_t{1} << 63;

int64_t MonotonicMs() { return base::MonotonicNs() / 1'000'000; }

}  // namespace

OfferFeed::OfferFeed(Options options, kafka::Producer& producer, prometheus::Registry& registry,
                     boost::asio::io_context& context, std::function<void(const Event&)> step)
    : options_(std::move(options)),
      producer_(producer),
      context_(context),
      step_(std::move(step)),
      relay_(options_.marketplace_id),
      reader_(options_.cluster, options_.partitions, options_.keys, "bridge", registry, context,
              this),
      next_cookie_(kFirstCookie) {
  AddMetrics(registry);
}

OfferFeed::~OfferFeed() = default;

void OfferFeed::AddMetrics(prometheus::Registry& registry) {
  relaying_ = &prometheus::BuildGauge()
                   .Name("jembatan_bridge_relays_offers")
                   .Help("1 while this bridge writes the marketplace's offers into their topic.")
                   .Register(registry)
                   .Add({});
  written_ = &prometheus::BuildCounter()
                  .Name("jembatan_bridge_offers_written_total")
                  .Help("Records handed to the offers topic.")
                  .Register(registry)
                  .Add({});
  untold_ = &prometheus::BuildCounter()
                 .Name("jembatan_bridge_offers_untold_total")
                 .Help(
                     "Offers of the marketplace that are not written: malformed, too many, or "
                     "another marketplace's.")
                 .Register(registry)
                 .Add({});
}

absl::Status OfferFeed::StartReading() { return reader_.Start(); }

void OfferFeed::Connect(std::shared_ptr<grpc::Channel> channel, rpc::CompletionQueue* queue) {
  watch_ = std::make_unique<OffersWatch>(options_.marketplace_id, std::move(channel), queue,
                                         context_, this);
}

void OfferFeed::Stop() { SetRelaying(false); }

void OfferFeed::SetRelaying(bool relaying) {
  if (relaying == relay_.relaying()) return;
  base::Log(base::Level::kInfo, relaying ? "relays_offers" : "relays_offers_no_longer");
  relaying_->Set(relaying ? 1 : 0);
  if (relaying) {
    relay_.Start();
    watch_->Start();
  } else {
    watch_->Stop();
    relay_.Stop();
  }
}

void OfferFeed::Pump() {
  const int64_t now_ms = MonotonicMs();
  for (const OfferRelay::Write& write : relay_.Due(now_ms)) {
    const int32_t partition = kafka::PartitionOf(write.offer_id, options_.partitions);
    const uint64_t cookie = next_cookie_++;
    JEMB_CRASH_POINT("bridge.offer_relayed");
    // No value, not an empty one: only then does compaction forget the offer.
    const std::string_view value = write.value.empty() ? std::string_view() : write.value;
    if (producer_.Produce(kafka::kOffersTopic, partition, write.offer_id, value, cookie).ok()) {
      handed_.emplace(cookie, write.offer_id);
      written_->Increment();
    } else {
      relay_.OnLost(write.offer_id, now_ms);
    }
  }
  if (empty_since_ms_ >= 0 && FirstIsWritten()) BeKnown();
  untold_->Increment(static_cast<double>(relay_.untold() - untold_counted_));
  untold_counted_ = relay_.untold();
}

bool OfferFeed::OnDelivery(const kafka::Delivery& delivery) {
  if (delivery.opaque < kFirstCookie) return false;
  auto handed = handed_.extract(delivery.opaque);
  // What is in the topic is read back.
  if (handed.empty() || delivery.status.ok()) return true;
  base::Log(base::Level::kWarn, "offer_not_written",
            {{"offer", handed.mapped()}, {"status", base::ToString(delivery.status)}});
  relay_.OnLost(handed.mapped(), MonotonicMs());
  return true;
}

void OfferFeed::OnOffersBegin() { step_(event::GoodsBegin{}); }

void OfferFeed::OnOfferRecord(std::string_view offer_id, std::string_view value,
                              const offers::OfferPtr& offer) {
  relay_.OnRecord(offer_id, value,
                  offer != nullptr ? std::string_view(offer->told.marketplace_id()) : "",
                  MonotonicMs());
}

void OfferFeed::OnOffer(std::string_view offer_id, const offers::OfferPtr& offer) {
  const bool ours = offer != nullptr && offer->told.marketplace_id() == options_.marketplace_id;
  step_(event::GoodsTold{offer_id, ours ? offer->goods.get() : nullptr});
}

void OfferFeed::OnOffersComplete() {
  relay_.OnTopicComplete();
  if (known_ || reader_.catalogue().size() > 0) return BeKnown();
  empty_since_ms_ = MonotonicMs();
}

void OfferFeed::BeKnown() {
  known_ = true;
  empty_since_ms_ = -1;
  step_(event::GoodsComplete{});
}

// Of a topic that held nothing.
bool OfferFeed::FirstIsWritten() const {
  if (relay_.relaying()) return relay_.settled() || unsupported_;
  return reader_.catalogue().size() > 0 || MonotonicMs() - empty_since_ms_ >= kFirstOfferMs;
}

void OfferFeed::OnWatchBegun() { relay_.OnWatchBegun(); }

void OfferFeed::OnOffer(const crossing::v1::Offer& offer) { relay_.OnOffer(offer, MonotonicMs()); }

void OfferFeed::OnAllTold() { relay_.OnAllTold(MonotonicMs()); }

void OfferFeed::OnWatchEnded() { relay_.OnWatchEnded(); }

void OfferFeed::OnWatchUnsupported() {
  unsupported_ = true;
  relay_.OnWatchEnded();
}

}  // namespace jembatan::bridge
