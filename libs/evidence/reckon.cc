#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "absl/container/flat_hash_map.h"

#include "jembatan/crossing/v1/crossing.pb.h"
#include "jembatan/orders/v1/orders.pb.h"
#include "libs/base/ids.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "libs/controls/limits.h"
#include "libs/crossing/link_host.h"
#include "libs/evidence/attested.h"
#include "libs/evidence/controls_book.h"
#include "libs/evidence/decisions.h"
#include "libs/evidence/figures.h"
#include "libs/evidence/join.h"
#include "libs/evidence/limits.h"
#include "libs/history/shadow.h"
#include "libs/separation/rules.h"

namespace jembatan::evidence {
namespace {

using crossing::v1::Outcome;
using crossing::v1::PurchaseIntent;
using google::protobuf::FieldDescriptor;

std::string ReasonName(crossing::v1::Reason reason) {
  return crossing::v1::Reason_Name(reason).substr(std::string("REASON_").size());
}

std::string StateName(Outcome::State state) {
  return Outcome::State_Name(state).substr(std::string("STATE_").size());
}

// A text of a record may be anything: what is no UTF-8 is shown as hexadecimal.
std::string Shown(const std::string& text) { return base::IsUtf8(text) ? text : base::Hex(text); }

std::string TierOf(const goods::Goods* goods) {
  using Tier = goods::Goods::SellerTier;
  if (goods == nullptr || goods->seller_tier == Tier::kNotAttested) return "";
  return goods->seller_tier == Tier::kUmkm ? "umkm" : "other";
}

void Count(const Outcome* outcome, Counts* counts) {
  ++counts->intents;
  if (outcome == nullptr) {
    ++counts->open;
    return;
  }
  counts->ordered += outcome->state() == Outcome::STATE_ORDERED;
  counts->handed_off += outcome->state() == Outcome::STATE_HANDED_OFF;
  counts->rejected += outcome->state() == Outcome::STATE_REJECTED;
  counts->expired += outcome->state() == Outcome::STATE_EXPIRED;
}

// How often each field is set, by its descriptor: names would cost more than the rest.
class PresenceCounter {
 public:
  void Add(const google::protobuf::Message& message) {
    ++messages_[message.GetDescriptor()];
    fields_.clear();
    message.GetReflection()->ListFields(message, &fields_);
    for (const FieldDescriptor* field : fields_) ++present_[field];
  }
  std::map<std::string, Presence> Finish() const {
    std::map<std::string, Presence> presence;
    for (const auto* message : {PurchaseIntent::descriptor(), Outcome::descriptor()}) {
      Presence& one = presence[message->full_name()];
      const auto count = messages_.find(message);
      one.messages = count == messages_.end() ? 0 : count->second;
      for (int i = 0; i < message->field_count(); ++i) {
        const auto at = present_.find(message->field(i));
        one.fields[message->field(i)->name()] = at == present_.end() ? 0 : at->second;
      }
    }
    return presence;
  }

 private:
  absl::flat_hash_map<const google::protobuf::Descriptor*, uint64_t> messages_;
  absl::flat_hash_map<const FieldDescriptor*, uint64_t> present_;
  std::vector<const FieldDescriptor*> fields_;
};

class Reckoner {
 public:
  Reckoner(const Bundle& bundle, Judgements* judgements)
      : bundle_(bundle),
        judgements_(judgements),
        decisions_(bundle, &figures_.rules, judgements),
        controls_(SegmentOf({std::string(kControls), 0}),
                  {bundle.operators, static_cast<size_t>(bundle.scope.operators_needed)},
                  bundle.scope.from_ms - kLeadMs - controls::kStaleMs),
        attested_(bundle.goods_keys) {}

  Figures Run() && {
    CheckContracts();
    for (const auto& [log, segment] : bundle_.segments) {
      figures_.records[log.topic] += segment.records.size();
      if (log.topic == kDeadLetters) ReadDeadLetters(segment);
      if (log.topic == kOffers) attested_.Read(segment);
    }
    figures_.controls = controls_.rows();
    judgements_->Count(Article::kSanctions, figures_.controls.size());
    for (const auto& [log, segment] : bundle_.segments) {
      if (log.topic != kIntents) continue;
      const Segment& outcomes = SegmentOf({std::string(kOutcomes), log.partition});
      judgements_->Count(Article::kRetention, segment.records.size() + outcomes.records.size());
      ReadPartition(segment, outcomes);
      Watch(segment, outcomes);
    }
    Finish();
    return std::move(figures_);
  }

 private:
  const Segment& SegmentOf(const ledger::LogId& log) const {
    static const Segment kNone;
    const auto at = bundle_.segments.find(log);
    return at == bundle_.segments.end() ? kNone : at->second;
  }

  static std::string PlaceIn(const Segment& segment, const Record* record) {
    return PlaceOf(segment.log,
                   segment.first + static_cast<uint64_t>(record - segment.records.data()));
  }

  // The contracts that this program was built with: there is no field for what must not cross.
  void CheckContracts() {
    using separation::BreachesOf;
    std::vector<std::string> breaches =
        BreachesOf(*PurchaseIntent::descriptor()->file(), separation::v1::ZONE_CROSSING);
    for (std::string& each :
         BreachesOf(*orders::v1::Order::descriptor()->file(), separation::v1::ZONE_COMMERCE)) {
      breaches.push_back(std::move(each));
    }
    for (const std::string& each : breaches) {
      judgements_->Fail(Article::kUserData, {"contract", each});
      judgements_->Fail(Article::kPayment, {"contract", each});
    }
  }

  void ReadDeadLetters(const Segment& segment) {
    crossing::v1::DeadLetter letter;
    for (const Record& record : segment.records) {
      if (!letter.ParseFromArray(record.value.data(), static_cast<int>(record.value.size()))) {
        judgements_->Fail(Article::kInterconnection,
                          {PlaceIn(segment, &record), "it is no dead letter"});
        continue;
      }
      if (letter.topic() == kIntents) set_aside_.insert({letter.partition(), letter.offset()});
      if (!bundle_.scope.HasIntent(base::ToMs(letter.append_time()))) continue;
      ++figures_.dead_letters[crossing::v1::DeadLetter::Cause_Name(letter.cause())
                                  .substr(std::string("CAUSE_").size())];
    }
  }

  void ReadPartition(const Segment& intents, const Segment& outcomes) {
    const JoinedPartition joined = Join(intents, outcomes);
    figures_.copies += joined.copies;
    figures_.late += joined.late;
    judgements_->Count(Article::kInterconnection, intents.records.size() + outcomes.records.size());
    for (const Misfit& misfit : joined.misfits) TakeMisfit(misfit);
    for (const Joined& one : joined.intents) {
      if (bundle_.scope.HasIntent(one.intent->append_ms)) Take(one, intents, outcomes);
    }
  }

  void TakeMisfit(const Misfit& misfit) {
    const Record& record = misfit.segment->records[misfit.index];
    const std::string place = PlaceIn(*misfit.segment, &record);
    switch (misfit.kind) {
      case Misfit::Kind::kUnreadable:
        // What was set aside went no further.
        if (set_aside_.contains({misfit.segment->log.partition, record.offset})) return;
        judgements_->Fail(Article::kInterconnection, {place, "it does not follow its contract"});
        return;
      case Misfit::Kind::kUnknownFields:
        judgements_->Fail(Article::kInterconnection,
                          {place, "it holds fields that no contract names"});
        return;
      case Misfit::Kind::kNoIntent:
        judgements_->Fail(Article::kInterconnection,
                          {place, "it tells of an intent that the log does not hold"});
        return;
    }
  }

  void Take(const Joined& joined, const Segment& intents, const Segment& outcomes) {
    static_cast<void>(intent_.ParseFromArray(joined.intent->value.data(),
                                             static_cast<int>(joined.intent->value.size())));
    const Outcome* outcome = nullptr;
    if (joined.outcome != nullptr) {
      static_cast<void>(record_.ParseFromArray(joined.outcome->value.data(),
                                               static_cast<int>(joined.outcome->value.size())));
      outcome = &record_.outcome();
    }
    TakeIntent(PlaceIn(intents, joined.intent));
    CountInGroups(joined, outcome);
    if (outcome != nullptr) {
      TakeOutcome(*joined.intent, joined.outcome->append_ms, *outcome,
                  PlaceIn(outcomes, joined.outcome));
    }
  }

  void TakeIntent(const std::string& place) {
    presence_.Add(intent_);
    judgements_->Count(Article::kUserData);
    judgements_->Count(Article::kPersonalData);
    if (intent_.consent_given()) {
      ++figures_.consent_given;
      if (!intent_.consent_version().empty()) return;
      judgements_->Fail(Article::kPersonalData, {place, "it names no version of the consent"});
      return;
    }
    ++figures_.consent_withheld;
    judgements_->Fail(Article::kUserData, {place, "it crossed without the viewer's consent"});
  }

  void CountInGroups(const Joined& joined, const Outcome* outcome) {
    const int64_t hour = joined.intent->append_ms / reconcile::kHourMs;
    const std::string marketplace = Shown(intent_.marketplace_id());
    Count(outcome, &figures_.all.counts);
    Count(outcome, &figures_.hours[hour].counts);
    Count(outcome, &figures_.marketplaces[marketplace].counts);
    const goods::Goods* goods = attested_.At(intent_.offer_id(), joined.intent->append_ms);
    const std::string tier = TierOf(goods);
    Count(outcome, &figures_.tiers[tier].counts);
    Count(outcome, &figures_.origins[goods == nullptr ? "" : goods->local ? "local" : "other"]);
    if (!intent_.campaign_id().empty()) {
      Count(outcome, &figures_.campaigns[Shown(intent_.campaign_id())]);
    }
    if (outcome == nullptr) return;
    const int64_t took_ms =
        std::max<int64_t>(0, joined.outcome->append_ms - joined.intent->append_ms);
    all_ms_.push_back(took_ms);
    by_hour_ms_[hour].push_back(took_ms);
    by_marketplace_ms_[marketplace].push_back(took_ms);
    by_tier_ms_[tier].push_back(took_ms);
  }

  void TakeOutcome(const Record& intent, int64_t decided_append_ms, const Outcome& outcome,
                   const std::string& place) {
    presence_.Add(outcome);
    ++figures_
          .reasons[{StateName(outcome.state()), outcome.reason() == crossing::v1::REASON_UNSPECIFIED
                                                    ? std::string()
                                                    : ReasonName(outcome.reason())}];
    // What a bridge had read of the offers then is not known to the second.
    const KnownGoods known =
        attested_.Between(intent_.offer_id(), intent.append_ms - kOffersLagMs, decided_append_ms);
    decisions_.Check(intent_, outcome, known, !attested_.incomplete(), place);
    const goods::Goods* goods = known.back();
    const std::string why =
        controls_.WhyNot(intent_, goods == nullptr ? std::string_view() : goods->seller_id,
                         intent.append_ms, outcome);
    if (!why.empty()) judgements_->Fail(Article::kSanctions, {place, why});
    CheckLink("continue_url", outcome.continue_url(), place);
    CheckLink("invoice_url", outcome.invoice_url(), place);
    if (outcome.state() == Outcome::STATE_ORDERED) TakeOrder(outcome, goods, place);
  }

  void TakeOrder(const Outcome& outcome, const goods::Goods* goods, const std::string& place) {
    if (goods != nullptr) {
      judgements_->Count(Article::kProducer);
      if (goods->seller_id.empty() || goods->seller_licence.empty()) {
        judgements_->Fail(Article::kProducer, {place, "no licensed seller of it is attested"});
      }
    }
    if (outcome.continue_url().empty()) {
      judgements_->Fail(Article::kPayment, {place, "no page of the marketplace to pay at"});
    }
    AddToDigest(outcome);
    if (!outcome.has_price()) return;
    judgements_->Count(Article::kFairness);
    if (outcome.price().currency() == intent_.price_seen().currency() &&
        outcome.price().amount_minor() == intent_.price_seen().amount_minor()) {
      ++figures_.price_as_seen;
      return;
    }
    ++figures_.price_other;
    judgements_->Fail(Article::kFairness, {place, "ordered at another price than was shown"});
  }

  void CheckLink(const char* field, const std::string& url, const std::string& place) {
    if (url.empty()) return;
    const std::string host(crossing::LinkHost(url));
    ++figures_.hosts[{field, Shown(host)}];
    const std::vector<std::string>& registered = bundle_.scope.hosts;
    // Without a list there is nothing to hold it against.
    if (registered.empty()) return;
    judgements_->Count(Article::kPayment);
    if (std::binary_search(registered.begin(), registered.end(), host)) return;
    judgements_->Fail(Article::kPayment,
                      {place, std::string(field) + " leads to \"" + Shown(host) + "\""});
  }

  void AddToDigest(const Outcome& outcome) {
    const auto id = base::Uuid::ParseV7(outcome.intent_id());
    if (!id) return;
    const int64_t hour = reconcile::HourOf(*id);
    // Those of the hour come between these times.
    const bool whole = bundle_.scope.from_ms <=
                           hour * reconcile::kHourMs - intent::kFutureMs - intent::kBrokerSkewMs &&
                       bundle_.scope.to_ms >=
                           (hour + 1) * reconcile::kHourMs + intent::kTtlMs + intent::kBrokerSkewMs;
    if (!whole) return;
    orders_[{Shown(intent_.marketplace_id()), hour}].Add(reconcile::CommitmentOf(
        hasher_, {*id, outcome.buyer_ref(), outcome.fingerprint(), outcome.order_id()}));
  }

  // Both topics of a partition, by time as far as they tell it.
  void Watch(const Segment& intents, const Segment& outcomes) {
    history::Shadow shadow(bundle_.scope.from_ms - 1);
    std::vector<history::Breach> breaches;
    size_t intent = 0;
    for (const Record& outcome : outcomes.records) {
      while (intent < intents.records.size() &&
             intents.records[intent].append_ms <= outcome.append_ms) {
        const Record& record = intents.records[intent++];
        shadow.OnIntent(record.offset, record.append_ms, record.key, record.value, &breaches);
      }
      shadow.OnOutcome(outcome.offset, outcome.append_ms, outcome.value, &breaches);
    }
    for (; intent < intents.records.size(); ++intent) {
      const Record& record = intents.records[intent];
      shadow.OnIntent(record.offset, record.append_ms, record.key, record.value, &breaches);
    }
    judgements_->Count(Article::kPromise, shadow.checked());
    for (const history::Breach& breach : breaches) {
      const Segment& segment = breach.in_outcomes ? outcomes : intents;
      const auto index = static_cast<uint64_t>(breach.offset - segment.records.front().offset);
      std::string place = PlaceOf(segment.log, segment.first + index);
      judgements_->Fail(Article::kPromise, {std::move(place), "P" + std::to_string(breach.promise) +
                                                                  ": " + breach.what});
    }
  }

  void Finish() {
    figures_.presence = presence_.Finish();
    figures_.all.latency = LatencyOf(&all_ms_);
    for (auto& [hour, times] : by_hour_ms_) figures_.hours[hour].latency = LatencyOf(&times);
    for (auto& [name, times] : by_marketplace_ms_) {
      figures_.marketplaces[name].latency = LatencyOf(&times);
    }
    for (auto& [name, times] : by_tier_ms_) figures_.tiers[name].latency = LatencyOf(&times);
    for (auto& [key, set] : orders_) figures_.order_digests[key] = set.DigestOf("");
  }

  const Bundle& bundle_;
  Judgements* judgements_;
  Figures figures_;
  Decisions decisions_;
  const ControlsBook controls_;
  Attested attested_;
  PresenceCounter presence_;
  ledger::Hasher hasher_;
  // Places of the intents that dead letters are about.
  std::set<std::pair<int32_t, int64_t>> set_aside_;
  std::vector<int64_t> all_ms_;
  std::map<int64_t, std::vector<int64_t>> by_hour_ms_;
  std::map<std::string, std::vector<int64_t>> by_marketplace_ms_;
  std::map<std::string, std::vector<int64_t>> by_tier_ms_;
  std::map<std::pair<std::string, int64_t>, reconcile::OrderSet> orders_;
  // Filled again and again.
  PurchaseIntent intent_;
  crossing::v1::OutcomeRecord record_;
};

}  // namespace

Latency LatencyOf(std::vector<int64_t>* times_ms) {
  if (times_ms->empty()) return {};
  std::sort(times_ms->begin(), times_ms->end());
  // The smallest with at least that share at or below it.
  const auto at = [&](uint64_t hundredths) {
    const uint64_t rank = (times_ms->size() * hundredths + 99) / 100;
    return (*times_ms)[rank - 1];
  };
  return {times_ms->size(), at(50), at(95), at(99), times_ms->back()};
}

Figures Reckon(const Bundle& bundle, Judgements* judgements) {
  return Reckoner(bundle, judgements).Run();
}

}  // namespace jembatan::evidence
