#include "services/bridge/offer_feed.h"

#include <algorithm>
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
      reader_(options_.cluster, options_.partitions, options_.keys, "bridge", registry, context,
              this),
      next_cookie_(kFirstCookie) {
  for (const std::string& id : options_.marketplace_ids) {
    sources_.push_back(std::make_unique<Source>(id));
  }
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

void OfferFeed::Connect(size_t market, std::shared_ptr<grpc::Channel> channel,
                        rpc::CompletionQueue* queue) {
  Source& source = *sources_.at(market);
  if (source.watch != nullptr) return source.watch->UseChannel(std::move(channel));
  source.watch = std::make_unique<OffersWatch>(source.marketplace_id, std::move(channel), queue,
                                               context_, &source);
}

void OfferFeed::Stop() { SetRelaying(false); }

uint64_t OfferFeed::unknown_fields(size_t market) const {
  const Source& source = *sources_.at(market);
  return source.watch ? source.watch->unknown_fields() : 0;
}

void OfferFeed::SetRelaying(bool relaying) {
  if (relaying == relays_) return;
  relays_ = relaying;
  base::Log(base::Level::kInfo, relaying ? "relays_offers" : "relays_offers_no_longer");
  relaying_->Set(relaying ? 1 : 0);
  for (const auto& source : sources_) {
    if (relaying) {
      source->relay.Start();
      source->watch->Start();
    } else {
      source->watch->Stop();
      source->relay.Stop();
    }
  }
}

void OfferFeed::PumpSource(size_t market, int64_t now_ms) {
  OfferRelay& relay = sources_[market]->relay;
  for (const OfferRelay::Write& write : relay.Due(now_ms)) {
    const int32_t partition = kafka::PartitionOf(write.offer_id, options_.partitions);
    const uint64_t cookie = next_cookie_++;
    JEMB_CRASH_POINT("bridge.offer_relayed");
    // No value, not an empty one: only then does compaction forget the offer.
    const std::string_view value = write.value.empty() ? std::string_view() : write.value;
    if (producer_.Produce(kafka::kOffersTopic, partition, write.offer_id, value, cookie).ok()) {
      handed_.emplace(cookie, Handed{market, write.offer_id});
      written_->Increment();
    } else {
      relay.OnLost(write.offer_id, now_ms);
    }
  }
}

void OfferFeed::Pump() {
  const int64_t now_ms = MonotonicMs();
  uint64_t untold = 0;
  for (size_t market = 0; market < sources_.size(); ++market) {
    PumpSource(market, now_ms);
    untold += sources_[market]->relay.untold();
  }
  if (empty_since_ms_ >= 0 && FirstIsWritten()) BeKnown();
  untold_->Increment(static_cast<double>(untold - untold_counted_));
  untold_counted_ = untold;
}

bool OfferFeed::OnDelivery(const kafka::Delivery& delivery) {
  if (delivery.opaque < kFirstCookie) return false;
  auto handed = handed_.extract(delivery.opaque);
  // What is in the topic is read back.
  if (handed.empty() || delivery.status.ok()) return true;
  const Handed& lost = handed.mapped();
  base::Log(base::Level::kWarn, "offer_not_written",
            {{"offer", lost.offer_id}, {"status", base::ToString(delivery.status)}});
  sources_[lost.market]->relay.OnLost(lost.offer_id, MonotonicMs());
  return true;
}

void OfferFeed::OnOffersBegin() { step_(event::GoodsBegin{}); }

void OfferFeed::OnOfferRecord(std::string_view offer_id, std::string_view value,
                              const offers::OfferPtr& offer) {
  const int64_t now_ms = MonotonicMs();
  for (const auto& source : sources_) {
    source->relay.OnRecord(offer_id, value,
                           offer != nullptr ? std::string_view(offer->told.marketplace_id()) : "",
                           now_ms);
  }
}

void OfferFeed::OnOffer(std::string_view offer_id, const offers::OfferPtr& offer) {
  const auto& ids = options_.marketplace_ids;
  const bool ours =
      offer != nullptr && std::ranges::find(ids, offer->told.marketplace_id()) != ids.end();
  step_(event::GoodsTold{offer_id, ours ? offer->goods.get() : nullptr});
}

void OfferFeed::OnOffersComplete() {
  for (const auto& source : sources_) source->relay.OnTopicComplete();
  if (known_ || reader_.catalogue().size() > 0) return BeKnown();
  empty_since_ms_ = MonotonicMs();
}

void OfferFeed::BeKnown() {
  known_ = true;
  empty_since_ms_ = -1;
  step_(event::GoodsComplete{});
}

// Of a topic that held nothing. A marketplace that is away holds up nobody else's goods for longer
// than kFirstOfferMs.
bool OfferFeed::FirstIsWritten() const {
  const bool late = MonotonicMs() - empty_since_ms_ >= kFirstOfferMs;
  if (!relays_) return reader_.catalogue().size() > 0 || late;
  const bool all = std::ranges::all_of(
      sources_, [](const auto& source) { return source->relay.settled() || source->unsupported; });
  return all || (late && sources_.size() > 1);
}

void OfferFeed::Source::OnOffer(const crossing::v1::Offer& offer) {
  relay.OnOffer(offer, MonotonicMs());
}

void OfferFeed::Source::OnAllTold() { relay.OnAllTold(MonotonicMs()); }

void OfferFeed::Source::OnWatchUnsupported() {
  unsupported = true;
  relay.OnWatchEnded();
}

}  // namespace jembatan::bridge
