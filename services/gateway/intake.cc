#include "services/gateway/intake.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "libs/intent/intent.h"
#include "libs/intent/limits.h"
#include "libs/intent/reasons.h"
#include "libs/kafka/config.h"
#include "services/gateway/in_flight.h"
#include "services/gateway/viewer_rate.h"

namespace jembatan::gateway {
namespace {

using intake::v1::Intent;
using intake::v1::Reason;
using intake::v1::Receipt;

// When a resend makes sense.
constexpr int64_t kDrainRetryMs = 1'000;
constexpr int64_t kPendingRetryMs = 1'000;
constexpr int64_t kLogRetryMs = 500;
// Somebody has to mend it.
constexpr int64_t kOtherLogRetryMs = 10'000;
constexpr int64_t kRetryMsMax = 30'000;
// An overload's resends are spread over kOverloadRetryMs and kOverloadSpreadMs more.
constexpr int64_t kOverloadRetryMs = 100;
constexpr uint64_t kOverloadSpreadMs = 400;
// What the bridge and the marketplace need of the time before the deadline.
constexpr int64_t kServeMs = 2'000;
// A record that may be in the log, or may be taken later, is published again after this, doubled
// each time up to the bound, until its deadline (protocol's rule 9).
constexpr int64_t kRepublishMs = 200;
constexpr int64_t kRepublishMsMax = 2'000;
// What PENDING says of it.
constexpr std::string_view kPossiblyPersisted = "the log may have it; being published again";
constexpr std::string_view kRefusedForNow = "the log refuses it for now; being published again";
// Bytes of an id that a receipt repeats.
constexpr size_t kEchoedIdBytes = 64;

struct Refused {
  Reason reason = intake::v1::REASON_UNSPECIFIED;
  // Static text, in English.
  std::string_view message;
  int64_t retry_after_ms = 0;
};

// What admission learns of an intent it does not refuse.
struct Admitted {
  base::Uuid id;
  std::string fingerprint;
  // The intent's own text.
  std::string_view offer_id;
  // The marketplace's number.
  size_t market = registry::Registry::kNone;
  int32_t partition = -1;
  // For the lag forecast.
  int scope = -1;
  int64_t deadline_ms = 0;
  // Its final, if it was decided before.
  FinalPtr known;
};

// The id as sent, cut to kEchoedIdBytes between characters; empty if it is not text.
std::string_view EchoedId(std::string_view id) {
  if (id.size() > kEchoedIdBytes) {
    size_t end = kEchoedIdBytes;
    while (end > 0 && (static_cast<uint8_t>(id[end]) & 0xc0) == 0x80) --end;
    id = id.substr(0, end);
  }
  return base::IsUtf8(id) ? id : std::string_view();
}

// The hint, or 0 when the deadline will have passed by then.
int64_t HintBefore(int64_t deadline_ms, int64_t retry_after_ms, int64_t now_ms) {
  return now_ms + retry_after_ms < deadline_ms ? retry_after_ms : 0;
}

// The resends of those refused at once must not come at once; longer_ms: how much of a queue has to
// pass first.
Refused Overloaded(std::string_view message, int64_t longer_ms, const Admitted& admitted,
                   int64_t now_ms) {
  int64_t spread_ms = kOverloadRetryMs + static_cast<int64_t>(admitted.id.low % kOverloadSpreadMs);
  int64_t hint_ms = std::min(longer_ms + spread_ms, kRetryMsMax);
  return {intake::v1::REASON_OVERLOADED, message,
          HintBefore(admitted.deadline_ms, hint_ms, now_ms)};
}

// An id from a clock too far ahead comes into the window by waiting.
int64_t SkewRetryMs(const Intent& intent, int64_t now_ms) {
  std::optional<base::Uuid> id = base::Uuid::ParseV7(intent.intent_id());
  if (!id) return 0;
  int64_t wait_ms = id->unix_ms() - now_ms - intent::kFutureMs;
  return wait_ms <= kRetryMsMax ? wait_ms : 0;
}

bool TokenExpired(const Principal& principal, int64_t now_ms) {
  return now_ms >= principal.viewer.expires_ms;
}

// The log refuses whatever comes, for a cause that somebody will mend: the topic is missing, a
// right was revoked, credentials have expired. Nothing of the record is in the log, and it may be
// later.
bool RefusedForNow(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsPermissionDenied(status) ||
         absl::IsUnauthenticated(status);
}

absl::Status CheckBounds(const intake::v1::ClientFrame& frame) {
  if (static_cast<size_t>(frame.intents_size()) > intent::kIntentsPerFrame) {
    return base::InvalidArgument("TOO_LARGE: more than 256 intents in a frame");
  }
  if (static_cast<size_t>(frame.watch_intent_ids_size()) > intent::kWatchesPerFrame) {
    return base::InvalidArgument("TOO_LARGE: more than 256 watch_intent_ids in a frame");
  }
  if (static_cast<size_t>(frame.watch_room_ids_size()) > intent::kRoomsPerFrame) {
    return base::InvalidArgument("TOO_LARGE: more than 8 watch_room_ids in a frame");
  }
  for (const std::string& room_id : frame.watch_room_ids()) {
    if (room_id.size() > intent::kShortTextBytes) {
      return base::InvalidArgument("TOO_LARGE: watch_room_ids: longer than 64 bytes");
    }
  }
  return absl::OkStatus();
}

}  // namespace

class Intake::Impl {
 public:
  Impl(IntakeOptions options, IntentLog* log, const OutcomeWindow* window, LagForecast* lag)
      : options_(std::move(options)),
        log_(log),
        window_(window),
        lag_(lag),
        in_flight_(options_.in_flight_max, options_.shard),
        viewer_rate_(options_.viewer_rate) {
    JEMB_CHECK(options_.partitions > 0);
    crossings_.assign(options_.registry ? options_.registry->size() : 1, options_.crossing);
    for (size_t market = 0; options_.registry && market < crossings_.size(); ++market) {
      crossings_[market].market = market;
      crossings_[market].marketplace_id = options_.registry->marketplaces()[market].id;
    }
    keys_stale_.assign(crossings_.size(), false);
    counts_.by_market.resize(crossings_.size());
  }

  SessionKey Open(Session* session, bool push) { return sessions_.Open(session, push); }
  void Close(SessionKey key) {
    const SessionTable::Entry* entry = sessions_.Find(key);
    if (hints_ != nullptr && entry != nullptr) hints_->Close(*entry->session);
    sessions_.Close(key);
  }

  absl::Status Submit(SessionKey key, const intake::v1::ClientFrame& frame, int64_t now_ms);
  void Answer(const Principal& principal, const intake::v1::GetOutcomesRequest::Query& query,
              intake::v1::GetOutcomesResponse::Answer* answer) const;
  void AnswerWithoutOffer(const Principal& principal, const base::Uuid& id,
                          intake::v1::GetOutcomesResponse::Answer* answer) const;
  bool OverRate(SessionKey key) {
    const SessionTable::Entry* session = sessions_.Find(key);
    return session != nullptr && session->over_rate;
  }
  void OnDelivery(const kafka::Delivery& delivery, int64_t now_ms);
  void OnFinal(const FinalPtr& final) {
    counts_.outcomes_pushed += sessions_.Push(final->buyer, final->outcome);
  }
  size_t EndTick(int64_t now_ms);
  int64_t NextDueMs();

  void SetOtherLog(bool other) { other_log_ = other; }
  void SetControls(controls::Snapshot controls) { controls_ = std::move(controls); }
  void SetOffers(const Offers* offers) { offers_ = offers; }
  void SetBuyerKeys(const Keyring& keys) {
    for (size_t market = 0; market < keys_stale_.size(); ++market) {
      keys_stale_[market] = keys.At(market) == nullptr;
    }
    Keyring known = keys.Or(buyer_keys_);
    if (!known.complete() || known == buyer_keys_) return;
    buyer_keys_ = std::move(known);
    sessions_.SetBuyerKeys(buyer_keys_);
  }
  const Keyring& buyer_keys() const { return buyer_keys_; }
  void SetRooms(const Rooms* rooms, RoomHints* hints, bool refuse_unknown) {
    rooms_ = rooms;
    hints_ = hints;
    refuse_unknown_rooms_ = refuse_unknown;
  }
  void StartDrain() { draining_ = true; }
  size_t in_flight() const { return in_flight_.size(); }
  const IntakeCounts& counts() const { return counts_; }

 private:
  struct Republish {
    int64_t due_ms;
    uint64_t opaque;
    // Turned round: the heap's top is the earliest.
    bool operator<(const Republish& other) const { return due_ms > other.due_ms; }
  };

  // Beyond the marketplaces: nobody's.
  size_t MarketOf(std::string_view offer_id) const;
  bool FindPlace(const std::string& offer_id, Admitted* admitted) const;
  void SubmitOne(SessionKey key, const Intent& intent, uint32_t index, int64_t now_ms);
  Refused Admit(SessionTable::Entry& session, const Intent& intent, int64_t now_ms,
                Admitted* admitted);
  Refused CheckRate(SessionTable::Entry& session, int64_t now_ms);
  Refused CheckViewer(const Principal& principal, const Intent& intent, int64_t now_ms,
                      Admitted* admitted) const;
  Refused CheckControls(const Principal& principal, const Intent& intent, const Admitted& admitted,
                        int64_t now_ms) const;
  Refused CheckRoom(const Intent& intent, const Admitted& admitted, int64_t now_ms) const;
  Refused CheckCapacity(const SessionTable::Entry& session, const Admitted& admitted,
                        int64_t now_ms) const;
  Refused HandToLog(SessionKey key, const Intent& intent, const Admitted& admitted, uint32_t index,
                    int64_t now_ms);
  void Replay(SessionKey key, const Admitted& admitted, uint32_t index);
  void Refuse(SessionKey key, std::string_view id, uint32_t index, const Refused& refused,
              int64_t now_ms);
  void Watch(SessionKey key, const std::string& id_text, uint32_t index, int64_t now_ms);

  void Delivered(Submission* submission, const kafka::Delivery& delivery, int64_t now_ms);
  void Settle(Submission* submission);
  void TellPending(Submission* submission, std::string_view message, int64_t now_ms);
  void ScheduleRepublish(Submission* submission, int64_t now_ms);
  void GiveUp(Submission* submission, int64_t now_ms);
  void RepublishDue(int64_t now_ms);

  const IntakeOptions options_;
  IntentLog* const log_;
  const OutcomeWindow* const window_;
  LagForecast* const lag_;
  SessionTable sessions_;
  InFlight in_flight_;
  ViewerRate viewer_rate_;
  // At most one entry a submission, hence bounded as in_flight_ is.
  std::vector<Republish> republish_;
  crossing::v1::PurchaseIntent crossing_;  // scratch
  IntakeCounts counts_;
  size_t handed_to_log_ = 0;
  bool other_log_ = false;
  const Offers* offers_ = nullptr;
  controls::Snapshot controls_ = std::make_shared<const controls::Controls>();
  std::vector<CrossingContext> crossings_;  // by the marketplace's number
  Keyring buyer_keys_;                      // none: principals' own
  std::vector<bool> keys_stale_;            // by the marketplace's number
  const Rooms* rooms_ = nullptr;
  RoomHints* hints_ = nullptr;
  bool refuse_unknown_rooms_ = false;
  bool draining_ = false;
};

absl::Status Intake::Impl::Submit(SessionKey key, const intake::v1::ClientFrame& frame,
                                  int64_t now_ms) {
  SessionTable::Entry* session = sessions_.Find(key);
  if (session == nullptr) return base::FailedPrecondition("the session is closed");
  session->over_rate = false;
  JEMB_RETURN_IF_ERROR(CheckBounds(frame));
  uint32_t index = 0;
  for (const Intent& intent : frame.intents()) SubmitOne(key, intent, index++, now_ms);
  // Receipts of watched ids count on from the intents', so that an index names one thing.
  for (const std::string& id : frame.watch_intent_ids()) Watch(key, id, index++, now_ms);
  if (hints_ != nullptr && frame.watch_room_ids_size() > 0) {
    hints_->Watch(*session->session, frame.watch_room_ids());
  }
  return absl::OkStatus();
}

void Intake::Impl::SubmitOne(SessionKey key, const Intent& intent, uint32_t index, int64_t now_ms) {
  ++counts_.submitted;
  Admitted admitted;
  Refused refused = Admit(*sessions_.Find(key), intent, now_ms, &admitted);
  if (admitted.known) {
    Replay(key, admitted, index);
    return;
  }
  if (refused.reason == intake::v1::REASON_UNSPECIFIED) {
    refused = HandToLog(key, intent, admitted, index, now_ms);
  }
  if (refused.reason != intake::v1::REASON_UNSPECIFIED) {
    if (admitted.market < crossings_.size()) ++counts_.by_market[admitted.market].refused;
    Refuse(key, intent.intent_id(), index, refused, now_ms);
  }
}

size_t Intake::Impl::MarketOf(std::string_view offer_id) const {
  return options_.registry ? options_.registry->OfOffer(offer_id) : 0;
}

// Of an offer that is somebody's.
bool Intake::Impl::FindPlace(const std::string& offer_id, Admitted* admitted) const {
  admitted->offer_id = offer_id;
  admitted->market = MarketOf(offer_id);
  if (admitted->market >= crossings_.size()) return false;
  admitted->partition = kafka::PartitionOf(offer_id, options_.partitions);
  admitted->scope = ScopeOf(admitted->market, admitted->partition, options_.partitions);
  return true;
}

Refused Intake::Impl::Admit(SessionTable::Entry& session, const Intent& intent, int64_t now_ms,
                            Admitted* admitted) {
  const Principal& principal = session.session->principal();
  // First, before anything is looked at: it is what a refusal costs that protects the others.
  Refused refused = CheckRate(session, now_ms);
  if (refused.reason != intake::v1::REASON_UNSPECIFIED) return refused;
  refused = CheckViewer(principal, intent, now_ms, admitted);
  if (refused.reason != intake::v1::REASON_UNSPECIFIED) return refused;
  admitted->deadline_ms = intent::DeadlineMs(admitted->id);
  admitted->fingerprint = intent::Fingerprint(intent);
  if (!FindPlace(intent.offer_id(), admitted)) {
    return {intake::v1::REASON_MARKETPLACE_NOT_REGISTERED, "offer_id: no marketplace has it"};
  }
  const identity::BuyerRef* buyer = principal.BuyersAt(admitted->market).At(admitted->id.unix_ms());
  if (buyer == nullptr) {
    return {intake::v1::REASON_DEADLINE_PASSED, "intent_id: the key of its time is destroyed"};
  }
  FinalPtr known = window_->Find(*buyer, admitted->id);
  if (known && known->outcome.fingerprint() != admitted->fingerprint) {
    return {intake::v1::REASON_ID_REUSED, "intent_id: was used with another body"};
  }
  admitted->known = std::move(known);
  if (admitted->known) return {};
  refused = CheckControls(principal, intent, *admitted, now_ms);
  if (refused.reason != intake::v1::REASON_UNSPECIFIED) return refused;
  refused = CheckRoom(intent, *admitted, now_ms);
  if (refused.reason != intake::v1::REASON_UNSPECIFIED) return refused;
  return CheckCapacity(session, *admitted, now_ms);
}

Refused Intake::Impl::CheckControls(const Principal& principal, const Intent& intent,
                                    const Admitted& admitted, int64_t now_ms) const {
  if (controls_ == nullptr) {
    return {intake::v1::REASON_LOG_UNAVAILABLE, "it is not known whether sales are halted",
            HintBefore(admitted.deadline_ms, kLogRetryMs, now_ms)};
  }
  controls::Tap tap;
  tap.marketplace_id = crossings_[admitted.market].marketplace_id;
  tap.offer_id = intent.offer_id();
  if (offers_ != nullptr && controls_->halts_sellers()) {
    tap.seller_id = offers_->SellerOf(intent.offer_id());
  }
  tap.room_id = intent.room_id();
  tap.campaign_id = intent.campaign_id();
  tap.buyer_ref = principal.BuyersAt(admitted.market).At(admitted.id.unix_ms())->view();
  switch (controls_->WayOf(tap, now_ms)) {
    case controls::Way::kHalted:
      return {intake::v1::REASON_SALES_HALTED, "halted by an operator"};
    case controls::Way::kExcluded:
      return {intake::v1::REASON_ROLLOUT_EXCLUDED, "not in the rollout, or its trial is over"};
    case controls::Way::kShadow:
    case controls::Way::kLinkOut:
    case controls::Way::kOrder:
      break;
  }
  return {};
}

Refused Intake::Impl::CheckRoom(const Intent& intent, const Admitted& admitted,
                                int64_t now_ms) const {
  if (rooms_ == nullptr || intent.room_id().empty()) return {};
  switch (rooms_->Of(intent.room_id(), intent.offer_id())) {
    case Rooms::Standing::kPinned:
      return {};
    case Rooms::Standing::kNotPinned:
      return {intake::v1::REASON_OFFER_NOT_IN_SESSION, "offer_id: not pinned in this room"};
    case Rooms::Standing::kClosed:
      return {intake::v1::REASON_SESSION_NOT_LIVE, "room_id: the room was closed"};
    case Rooms::Standing::kUnknown:
      break;
  }
  if (!refuse_unknown_rooms_) return {};
  if (!rooms_->known()) {
    return {intake::v1::REASON_LOG_UNAVAILABLE, "it is not known yet which rooms are open",
            HintBefore(admitted.deadline_ms, kLogRetryMs, now_ms)};
  }
  return {intake::v1::REASON_SESSION_NOT_LIVE, "room_id: nobody has opened this room"};
}

Refused Intake::Impl::CheckRate(SessionTable::Entry& session, int64_t now_ms) {
  // The id has not been looked at yet; a viewer who changes epochs may send twice as fast then.
  const identity::BuyerRef* buyer = session.session->principal().buyers.At(now_ms);
  const int64_t wait_ms = buyer == nullptr ? 0 : viewer_rate_.Take(*buyer, now_ms);
  if (wait_ms == 0) return {};
  session.over_rate = true;
  return {intake::v1::REASON_RATE_LIMITED, "this viewer submits too fast", wait_ms};
}

Refused Intake::Impl::CheckViewer(const Principal& principal, const Intent& intent, int64_t now_ms,
                                  Admitted* admitted) const {
  if (draining_) {
    return {intake::v1::REASON_SHUTTING_DOWN, "this gateway is draining", kDrainRetryMs};
  }
  if (TokenExpired(principal, now_ms)) {
    return {intake::v1::REASON_UNAUTHENTICATED, "the token has expired"};
  }
  intent::Refusal refusal = intent::Validate(intent, now_ms, &admitted->id);
  if (refusal.refused()) {
    bool skewed = refusal.reason == intake::v1::REASON_CLOCK_SKEW;
    return {refusal.reason, refusal.message, skewed ? SkewRetryMs(intent, now_ms) : 0};
  }
  if (!principal.viewer.shop_consent) {
    return {intake::v1::REASON_CONSENT_NOT_GIVEN, "the token carries no shop consent"};
  }
  const std::vector<std::string>& served = options_.regions;
  if (!served.empty() &&
      std::find(served.begin(), served.end(), principal.viewer.region) == served.end()) {
    return {intake::v1::REASON_REGION_NOT_ENABLED, "the token's region is not served"};
  }
  return {};
}

Refused Intake::Impl::CheckCapacity(const SessionTable::Entry& session, const Admitted& admitted,
                                    int64_t now_ms) const {
  if (other_log_) {
    return {intake::v1::REASON_LOG_UNAVAILABLE, "the log is not the one it was",
            HintBefore(admitted.deadline_ms, kOtherLogRetryMs, now_ms)};
  }
  if (keys_stale_[admitted.market]) {
    return {intake::v1::REASON_LOG_UNAVAILABLE, "the buyers' keys could not be read again",
            HintBefore(admitted.deadline_ms, kOtherLogRetryMs, now_ms)};
  }
  const LagForecast::Wait wait = lag_->Expect(admitted.scope, admitted.offer_id, now_ms);
  int64_t wait_ms = wait.longest_ms();
  // Without a backlog even the last second before the deadline is enough.
  if (wait_ms > 0 && wait_ms > admitted.deadline_ms - now_ms - kServeMs) {
    int64_t hint_ms = std::min(wait_ms, kRetryMsMax);
    return {intake::v1::REASON_MARKETPLACE_UNAVAILABLE, "could not be served before its deadline",
            HintBefore(admitted.deadline_ms, hint_ms, now_ms)};
  }
  if (in_flight_.size() >= options_.in_flight_max) {
    return Overloaded("too many unanswered at this gateway", 0, admitted, now_ms);
  }
  if (session.in_flight >= options_.in_flight_per_session) {
    return Overloaded("too many unanswered on a session", 0, admitted, now_ms);
  }
  int64_t over_ms = wait.behind_ms - options_.queue_max_ms;
  if (over_ms > 0) {
    return Overloaded("too many wait for the marketplace", over_ms, admitted, now_ms);
  }
  return {};
}

Refused Intake::Impl::HandToLog(SessionKey key, const Intent& intent, const Admitted& admitted,
                                uint32_t index, int64_t now_ms) {
  SessionTable::Entry& session = *sessions_.Find(key);
  Submission* submission = in_flight_.Take();
  JEMB_CHECK(submission != nullptr);
  submission->session = key;
  submission->id = admitted.id;
  submission->index = index;
  submission->partition = admitted.partition;
  submission->scope = admitted.scope;
  submission->submitted_ms = now_ms;
  submission->deadline_ms = admitted.deadline_ms;
  submission->offer_id = intent.offer_id();
  Cross(intent, admitted.id, admitted.fingerprint, session.session->principal(),
        crossings_[admitted.market], &crossing_);
  JEMB_CHECK(crossing_.SerializeToString(&submission->value));
  ++session.in_flight;
  absl::Status produced = log_->Produce(submission->partition, submission->offer_id,
                                        submission->value, in_flight_.NextOpaque(submission));
  if (produced.ok()) {
    ++handed_to_log_;
    return {};
  }
  if (RefusedForNow(produced)) {
    TellPending(submission, kRefusedForNow, now_ms);
    ScheduleRepublish(submission, now_ms);
    return {};
  }
  Settle(submission);
  if (absl::IsResourceExhausted(produced)) {
    return Overloaded("the log's queue is full", 0, admitted, now_ms);
  }
  return {intake::v1::REASON_LOG_UNAVAILABLE, "the log does not answer",
          HintBefore(admitted.deadline_ms, kLogRetryMs, now_ms)};
}

void Intake::Impl::Replay(SessionKey key, const Admitted& admitted, uint32_t index) {
  ++counts_.replayed;
  intake::v1::ServerFrame* frame = sessions_.Gather(key);
  if (frame == nullptr) return;
  Receipt* receipt = frame->add_receipts();
  receipt->set_intent_id(admitted.known->outcome.intent_id());
  receipt->set_status(Receipt::STATUS_ACCEPTED);
  receipt->set_partition(admitted.known->partition);
  receipt->set_offset(admitted.known->intent_offset);
  receipt->set_replayed(true);
  receipt->set_index(index);
  *frame->add_outcomes() = admitted.known->outcome;
}

void Intake::Impl::Refuse(SessionKey key, std::string_view id, uint32_t index,
                          const Refused& refused, int64_t now_ms) {
  ++counts_.refused;
  ++counts_.refused_by_reason[refused.reason];
  intake::v1::ServerFrame* frame = sessions_.Gather(key);
  if (frame == nullptr) return;
  if (refused.reason == intake::v1::REASON_CLOCK_SKEW) {
    base::SetMs(now_ms, frame->mutable_server_time());
  }
  std::string_view echoed = EchoedId(id);
  bool retryable = intent::Info(refused.reason).retryable;
  Receipt* receipt = frame->add_receipts();
  receipt->set_intent_id(echoed.data(), echoed.size());
  receipt->set_status(Receipt::STATUS_REFUSED);
  receipt->set_reason(refused.reason);
  receipt->set_retry_after_ms(retryable ? static_cast<uint32_t>(refused.retry_after_ms) : 0);
  receipt->set_message(refused.message.data(), refused.message.size());
  receipt->set_index(index);
}

// Outcomes yet to come need no mark: they are pushed to every session of their viewer.
void Intake::Impl::Watch(SessionKey key, const std::string& id_text, uint32_t index,
                         int64_t now_ms) {
  const Principal& principal = sessions_.Find(key)->session->principal();
  if (TokenExpired(principal, now_ms)) {
    Refuse(key, id_text, index,
           {intake::v1::REASON_UNAUTHENTICATED, "watch_intent_ids: the token has expired"}, now_ms);
    return;
  }
  std::optional<base::Uuid> id = base::Uuid::ParseV7(id_text);
  if (!id) {
    Refuse(key, id_text, index,
           {intake::v1::REASON_ID_INVALID, "watch_intent_ids: not a UUIDv7 in canonical text"},
           now_ms);
    return;
  }
  FinalPtr final;
  // No offer is named: it is looked for at every marketplace.
  for (size_t market = 0; !final && market < principal.markets(); ++market) {
    const identity::BuyerRef* buyer = principal.BuyersAt(market).At(id->unix_ms());
    if (buyer != nullptr) final = window_->Find(*buyer, *id);
  }
  if (!final) return;
  intake::v1::ServerFrame* frame = sessions_.Gather(key);
  if (frame == nullptr) return;
  *frame->add_outcomes() = final->outcome;
  ++counts_.outcomes_pushed;
}

// NONE speaks of the id together with the offer: the offer finds the partition whose progress makes
// it certain, and nothing else remembers for which offer an id was sent. Hence NOT_YET without an
// offer, and a client that names another offer than it sent asks about an intent that never was.
void Intake::Impl::Answer(const Principal& principal,
                          const intake::v1::GetOutcomesRequest::Query& query,
                          intake::v1::GetOutcomesResponse::Answer* answer) const {
  std::string_view echoed = EchoedId(query.intent_id());
  answer->set_intent_id(echoed.data(), echoed.size());
  answer->set_verdict(intake::v1::GetOutcomesResponse::VERDICT_NOT_YET);
  std::optional<base::Uuid> id = base::Uuid::ParseV7(query.intent_id());
  if (!id) {
    answer->set_reason(intake::v1::REASON_ID_INVALID);
    return;
  }
  const std::string& offer_id = query.offer_id();
  if (offer_id.empty() || offer_id.size() > intent::kOfferIdBytes) {
    return AnswerWithoutOffer(principal, *id, answer);
  }
  // What is nobody's now may have been somebody's by another registry.
  Admitted at;
  if (!FindPlace(offer_id, &at)) return;
  // Without a pseudonym nothing is known of the id, not even that there is nothing.
  const identity::BuyerRef* buyer = principal.BuyersAt(at.market).At(id->unix_ms());
  if (buyer == nullptr) {
    answer->set_verdict(intake::v1::GetOutcomesResponse::VERDICT_FORGOTTEN);
    return;
  }
  // Asked before and after: a final that is read, or forgotten, by another shard between the
  // look-ups must not become NONE.
  auto before = window_->VerdictWithout(at.partition, *buyer, *id, at.market);
  if (FinalPtr final = window_->Find(*buyer, *id)) {
    answer->set_verdict(intake::v1::GetOutcomesResponse::VERDICT_OUTCOME);
    *answer->mutable_outcome() = final->outcome;
    return;
  }
  bool none = before == intake::v1::GetOutcomesResponse::VERDICT_NONE;
  answer->set_verdict(none ? window_->VerdictWithout(at.partition, *buyer, *id, at.market)
                           : before);
}

// At every marketplace; the worst that any says.
void Intake::Impl::AnswerWithoutOffer(const Principal& principal, const base::Uuid& id,
                                      intake::v1::GetOutcomesResponse::Answer* answer) const {
  using Answers = intake::v1::GetOutcomesResponse;
  for (size_t market = 0; market < principal.markets(); ++market) {
    const identity::BuyerRef* buyer = principal.BuyersAt(market).At(id.unix_ms());
    FinalPtr final = buyer == nullptr ? nullptr : window_->Find(*buyer, id);
    if (final) {
      answer->set_verdict(Answers::VERDICT_OUTCOME);
      *answer->mutable_outcome() = final->outcome;
      return;
    }
    if (buyer == nullptr ||
        window_->VerdictWithout(-1, *buyer, id, market) == Answers::VERDICT_FORGOTTEN) {
      answer->set_verdict(Answers::VERDICT_FORGOTTEN);
    }
  }
}

void Intake::Impl::OnDelivery(const kafka::Delivery& delivery, int64_t now_ms) {
  Submission* submission = in_flight_.Find(delivery.opaque);
  if (submission == nullptr) return;
  if (delivery.status.ok()) {
    Delivered(submission, delivery, now_ms);
    return;
  }
  // Persisted without an offset is as good as nobody knows: no append time says whether in time.
  bool never = delivery.persistence == kafka::Persistence::kNotPersisted;
  if (!never) submission->possibly_persisted = true;
  bool possibly = submission->possibly_persisted;
  if (!possibly && !RefusedForNow(delivery.status)) return GiveUp(submission, now_ms);
  TellPending(submission, possibly ? kPossiblyPersisted : kRefusedForNow, now_ms);
  ScheduleRepublish(submission, now_ms);
}

void Intake::Impl::Delivered(Submission* submission, const kafka::Delivery& delivery,
                             int64_t now_ms) {
  if (delivery.append_time_ms > submission->deadline_ms) {
    // An earlier attempt may have come in time: then PENDING stands and GetOutcomes tells.
    if (!submission->possibly_persisted) {
      Refuse(submission->session, submission->id.ToString(), submission->index,
             {intake::v1::REASON_DEADLINE_PASSED, "reached the log after its deadline"}, now_ms);
    }
    Settle(submission);
    return;
  }
  ++counts_.accepted;
  ++counts_.by_market[static_cast<size_t>(submission->scope / options_.partitions)].accepted;
  lag_->OnAccepted(submission->scope, submission->offer_id, delivery.offset, now_ms);
  if (intake::v1::ServerFrame* frame = sessions_.Gather(submission->session)) {
    Receipt* receipt = frame->add_receipts();
    receipt->set_intent_id(submission->id.ToString());
    receipt->set_status(Receipt::STATUS_ACCEPTED);
    receipt->set_partition(submission->partition);
    receipt->set_offset(delivery.offset);
    receipt->set_index(submission->index);
  }
  Settle(submission);
}

void Intake::Impl::Settle(Submission* submission) {
  if (SessionTable::Entry* session = sessions_.Find(submission->session)) --session->in_flight;
  in_flight_.Release(submission);
}

void Intake::Impl::TellPending(Submission* submission, std::string_view message, int64_t now_ms) {
  if (!submission->unanswered()) return;
  in_flight_.MarkAnswered(submission);
  ++counts_.pending;
  intake::v1::ServerFrame* frame = sessions_.Gather(submission->session);
  if (frame == nullptr) return;
  int64_t hint_ms = HintBefore(submission->deadline_ms, kPendingRetryMs, now_ms);
  Receipt* receipt = frame->add_receipts();
  receipt->set_intent_id(submission->id.ToString());
  receipt->set_status(Receipt::STATUS_PENDING);
  receipt->set_reason(intake::v1::REASON_LOG_UNAVAILABLE);
  receipt->set_retry_after_ms(static_cast<uint32_t>(hint_ms));
  receipt->set_message(message.data(), message.size());
  receipt->set_index(submission->index);
}

void Intake::Impl::ScheduleRepublish(Submission* submission, int64_t now_ms) {
  int64_t wait_ms = kRepublishMs;
  for (int i = 0; i < submission->republished && wait_ms < kRepublishMsMax; ++i) wait_ms *= 2;
  int64_t due_ms = now_ms + std::min(wait_ms, kRepublishMsMax);
  if (due_ms > submission->deadline_ms) return GiveUp(submission, now_ms);
  ++submission->republished;
  republish_.push_back({due_ms, in_flight_.NextOpaque(submission)});
  std::push_heap(republish_.begin(), republish_.end());
}

// Its deadline ends it. What may be in the log stays PENDING: GetOutcomes tells what became of it.
void Intake::Impl::GiveUp(Submission* submission, int64_t now_ms) {
  if (!submission->possibly_persisted) {
    Refuse(submission->session, submission->id.ToString(), submission->index,
           {intake::v1::REASON_LOG_UNAVAILABLE, "the log did not take it",
            HintBefore(submission->deadline_ms, kLogRetryMs, now_ms)},
           now_ms);
  }
  Settle(submission);
}

void Intake::Impl::RepublishDue(int64_t now_ms) {
  while (!republish_.empty() && republish_.front().due_ms <= now_ms) {
    std::pop_heap(republish_.begin(), republish_.end());
    Submission* submission = in_flight_.Find(republish_.back().opaque);
    republish_.pop_back();
    JEMB_CHECK(submission != nullptr);
    if (now_ms > submission->deadline_ms) {
      GiveUp(submission, now_ms);
      continue;
    }
    absl::Status produced = log_->Produce(submission->partition, submission->offer_id,
                                          submission->value, in_flight_.NextOpaque(submission));
    if (!produced.ok()) {
      ScheduleRepublish(submission, now_ms);
      continue;
    }
    ++counts_.republished;
    ++handed_to_log_;
  }
}

size_t Intake::Impl::EndTick(int64_t now_ms) {
  while (Submission* oldest = in_flight_.OldestUnanswered()) {
    if (now_ms - oldest->submitted_ms < options_.pending_after_ms) break;
    TellPending(oldest, "no word from the log yet", now_ms);
  }
  RepublishDue(now_ms);
  size_t units = std::exchange(handed_to_log_, 0) + sessions_.HandOn(now_ms);
  // Behind what was said to somebody alone.
  if (hints_ != nullptr) units += hints_->HandOn(now_ms);
  return units;
}

int64_t Intake::Impl::NextDueMs() {
  int64_t due_ms = sessions_.NextDueMs();
  const auto no_later_than = [&due_ms](int64_t other_ms) {
    due_ms = due_ms < 0 ? other_ms : std::min(due_ms, other_ms);
  };
  if (const Submission* oldest = in_flight_.OldestUnanswered()) {
    no_later_than(oldest->submitted_ms + options_.pending_after_ms);
  }
  if (!republish_.empty()) no_later_than(republish_.front().due_ms);
  const int64_t hint_ms = hints_ == nullptr ? -1 : hints_->NextDueMs();
  if (hint_ms >= 0) no_later_than(hint_ms);
  return due_ms;
}

Intake::Intake(IntakeOptions options, IntentLog* log, const OutcomeWindow* window, LagForecast* lag)
    : impl_(std::make_unique<Impl>(std::move(options), log, window, lag)) {}
Intake::~Intake() = default;

Intake::SessionKey Intake::Open(Session* session, bool push_outcomes) {
  return impl_->Open(session, push_outcomes);
}

void Intake::Close(SessionKey key) { impl_->Close(key); }

absl::Status Intake::Submit(SessionKey key, const intake::v1::ClientFrame& frame, int64_t now_ms) {
  return impl_->Submit(key, frame, now_ms);
}

bool Intake::OverRate(SessionKey key) const { return impl_->OverRate(key); }

void Intake::Answer(const Principal& principal, const intake::v1::GetOutcomesRequest& request,
                    intake::v1::GetOutcomesResponse* response) const {
  response->Clear();
  // The token may have been verified just before the keys changed.
  const Keyring& keys = impl_->buyer_keys();
  std::shared_ptr<const Principal> renewed;
  if (keys.complete() && principal.keys != keys) renewed = MakePrincipal(principal.viewer, keys);
  for (const auto& query : request.queries()) {
    impl_->Answer(renewed ? *renewed : principal, query, response->add_answers());
  }
}

void Intake::OnDeliveries(std::span<const kafka::Delivery> deliveries, int64_t now_ms) {
  for (const kafka::Delivery& delivery : deliveries) impl_->OnDelivery(delivery, now_ms);
}

void Intake::OnFinal(const FinalPtr& final) { impl_->OnFinal(final); }
size_t Intake::EndTick(int64_t now_ms) { return impl_->EndTick(now_ms); }
int64_t Intake::NextDueMs() const { return impl_->NextDueMs(); }
void Intake::SetOtherLog(bool other) { impl_->SetOtherLog(other); }
void Intake::SetOffers(const Offers* offers) { impl_->SetOffers(offers); }
void Intake::SetControls(controls::Snapshot controls) { impl_->SetControls(std::move(controls)); }
void Intake::SetBuyerKeys(Keyring keys) { impl_->SetBuyerKeys(keys); }
void Intake::SetRooms(const Rooms* rooms, RoomHints* hints, bool refuse_unknown) {
  impl_->SetRooms(rooms, hints, refuse_unknown);
}
void Intake::StartDrain() { impl_->StartDrain(); }
size_t Intake::in_flight() const { return impl_->in_flight(); }
const IntakeCounts& Intake::counts() const { return impl_->counts(); }

}  // namespace jembatan::gateway
