#include "services/gateway/room_hints.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "services/gateway/limits.h"

namespace jembatan::gateway {
namespace {

using intake::v1::OfferHint;
using intake::v1::RoomHint;
using intake::v1::ServerFrame;

const Rooms::Pin* FindPin(const Rooms::Room* room, const std::string& offer_id) {
  if (room == nullptr) return nullptr;
  for (const Rooms::Pin& pin : room->pins) {
    if (pin.offer_id == offer_id) return &pin;
  }
  return nullptr;
}

}  // namespace

// One session's place in one room's audience.
struct RoomWatch {
  Session* session = nullptr;
  RoomAudience* audience = nullptr;
  // In the audience's list.
  size_t place = 0;
  // The version told last; 0: none.
  uint64_t told = 0;
};

struct RoomAudience {
  // What a version says, by encoding; made when first asked for.
  using Frames = std::array<RoomHints::Frame, 2>;

  std::string room_id;
  std::vector<std::unique_ptr<RoomWatch>> watches;
  // Counts rounds. Who was told the one before is told the changes, any other the whole room.
  uint64_t version = 1;
  Frames changes;
  Frames room;
  ServerFrame change_frame;
  // Offers that changed since the version began, and whether the room did.
  std::vector<std::string> changed;
  bool anew = false;
  // While a round is told: the place of the next session.
  size_t next = 0;
  bool telling = false;
  // No round begins before; the gap was this long.
  int64_t due_ms = 0;
  int64_t gap_ms = 0;
  // In waiting_.
  bool waits = false;
  // Under which it is in by_offer_.
  std::vector<std::string> offers;

  bool fresh() const { return anew || !changed.empty(); }
};

RoomHints::RoomHints(const Rooms* rooms, OfferSource offers)
    : rooms_(rooms), offers_(std::move(offers)) {}
RoomHints::~RoomHints() = default;

void RoomHints::Watch(Session& session,
                      const google::protobuf::RepeatedPtrField<std::string>& room_ids) {
  const Session::RoomWatches before = std::exchange(session.room_watches(), {});
  Session::RoomWatches& now = session.room_watches();
  for (const std::string& room_id : room_ids) {
    const auto same = [&room_id](const RoomWatch* watch) {
      return watch->audience->room_id == room_id;
    };
    if (std::any_of(now.begin(), now.end(), same)) continue;
    const auto kept = std::find_if(before.begin(), before.end(), same);
    if (kept != before.end()) {
      now.push_back(*kept);
      continue;
    }
    RoomAudience* audience = FindOrAdd(room_id);
    now.push_back(audience->watches.emplace_back(std::make_unique<RoomWatch>()).get());
    *now.back() = {&session, audience, audience->watches.size() - 1};
  }
  for (RoomWatch* watch : before) {
    if (std::find(now.begin(), now.end(), watch) == now.end()) Leave(watch);
  }
  session.OnHints();
}

void RoomHints::Close(Session& session) {
  for (RoomWatch* watch : std::exchange(session.room_watches(), {})) Leave(watch);
}

RoomAudience* RoomHints::FindOrAdd(const std::string& room_id) {
  std::unique_ptr<RoomAudience>& audience = audiences_[room_id];
  if (audience == nullptr) {
    audience = std::make_unique<RoomAudience>();
    audience->room_id = room_id;
    Index(audience.get());
  }
  return audience.get();
}

// The last one takes its place; while a round is told, without passing over the session it is at.
void RoomHints::Leave(RoomWatch* watch) {
  RoomAudience* audience = watch->audience;
  auto& watches = audience->watches;
  const auto swap = [&watches](size_t a, size_t b) {
    std::swap(watches[a], watches[b]);
    watches[a]->place = a;
    watches[b]->place = b;
  };
  if (audience->telling && watch->place < audience->next) swap(watch->place, --audience->next);
  swap(watch->place, watches.size() - 1);
  watches.pop_back();
  if (!watches.empty()) return;
  Unindex(audience);
  waiting_.erase(std::remove(waiting_.begin(), waiting_.end(), audience), waiting_.end());
  // Not by its own text, which goes with it.
  const std::string room_id = audience->room_id;
  audiences_.erase(room_id);
}

void RoomHints::Index(RoomAudience* audience) {
  Unindex(audience);
  const Rooms::Room* room = rooms_->Find(audience->room_id);
  if (room == nullptr) return;
  for (const Rooms::Pin& pin : room->pins) {
    audience->offers.push_back(pin.offer_id);
    by_offer_[pin.offer_id].push_back(audience);
  }
}

void RoomHints::Unindex(RoomAudience* audience) {
  for (const std::string& offer_id : audience->offers) {
    const auto at = by_offer_.find(offer_id);
    auto& audiences = at->second;
    audiences.erase(std::find(audiences.begin(), audiences.end(), audience));
    if (audiences.empty()) by_offer_.erase(at);
  }
  audience->offers.clear();
}

void RoomHints::Wait(RoomAudience* audience) {
  if (!std::exchange(audience->waits, true)) waiting_.push_back(audience);
}

void RoomHints::Change(RoomAudience* audience, std::string_view offer_id) {
  Wait(audience);
  auto& changed = audience->changed;
  if (std::find(changed.begin(), changed.end(), offer_id) == changed.end()) {
    changed.emplace_back(offer_id);
  }
}

void RoomHints::OnRoom(const Rooms::Change& change) {
  using Kind = Rooms::Change::Kind;
  if (change.kind == Kind::kNothing || change.kind == Kind::kUnreadable) return;
  const auto at = audiences_.find(base::Absl(change.room_id));
  if (at == audiences_.end()) return;
  RoomAudience* audience = at->second.get();
  Index(audience);
  if (change.kind == Kind::kPinned || change.kind == Kind::kUnpinned) {
    return Change(audience, change.offer_id);
  }
  audience->anew = true;
  Wait(audience);
}

void RoomHints::OnRoomsAnew() {
  for (const auto& [room_id, audience] : audiences_) {
    Index(audience.get());
    audience->anew = true;
    Wait(audience.get());
  }
}

void RoomHints::OnOffer(std::string_view offer_id) {
  const auto at = by_offer_.find(base::Absl(offer_id));
  if (at == by_offer_.end()) return;
  for (RoomAudience* audience : at->second) Change(audience, offer_id);
}

void RoomHints::BeginRound(RoomAudience* audience, int64_t now_ms) {
  ++counts_.rounds;
  ++audience->version;
  audience->changes = {};
  audience->room = {};
  audience->change_frame.Clear();
  if (audience->anew) {
    AddRoom(audience->room_id, &audience->change_frame);
  } else {
    for (const std::string& offer_id : audience->changed) {
      AddOffer(audience->room_id, offer_id, &audience->change_frame);
    }
  }
  audience->changed.clear();
  audience->anew = false;
  audience->telling = true;
  audience->next = 0;
  const auto size = static_cast<int64_t>(audience->watches.size());
  audience->gap_ms = std::max(kHintGapMs, size * kHintSendUs * kHintTimeShare / 1000);
  audience->due_ms = now_ms + audience->gap_ms;
}

// Sessions that were told meanwhile, because they had become free, are passed over.
size_t RoomHints::Tell(RoomAudience* audience, size_t most) {
  size_t told = 0;
  while (told < most && audience->next < audience->watches.size()) {
    const RoomWatch& watch = *audience->watches[audience->next++];
    if (watch.told == audience->version) continue;
    ++told;
    watch.session->OnHints();
  }
  audience->telling = audience->next < audience->watches.size();
  return told;
}

size_t RoomHints::HandOn(int64_t now_ms) {
  size_t told = 0;
  // Each at most once; one that is not done goes to the end, so that none waits for a large one.
  for (size_t turns = waiting_.size(); turns > 0 && told < kHintsPerTick; --turns) {
    RoomAudience* audience = waiting_.front();
    waiting_.pop_front();
    audience->waits = false;
    const int64_t left_ms = audience->due_ms - now_ms;
    // Longer than the gap: the clock has been set back since.
    const bool due = left_ms <= 0 || left_ms > audience->gap_ms;
    if (!audience->telling && audience->fresh() && due) BeginRound(audience, now_ms);
    if (audience->telling) told += Tell(audience, kHintsPerTick - told);
    if (audience->telling || audience->fresh()) Wait(audience);
  }
  return told;
}

int64_t RoomHints::NextDueMs() const {
  int64_t next_ms = -1;
  for (const RoomAudience* audience : waiting_) {
    if (audience->telling) return 0;
    if (next_ms < 0 || audience->due_ms < next_ms) next_ms = audience->due_ms;
  }
  return next_ms;
}

RoomHints::Frame RoomHints::Take(Session& session, intent::Encoding encoding) {
  for (RoomWatch* watch : session.room_watches()) {
    RoomAudience& audience = *watch->audience;
    if (watch->told == audience.version) continue;
    const bool changes = watch->told != 0 && watch->told + 1 == audience.version;
    watch->told = audience.version;
    ++counts_.told;
    Frame& made = (changes ? audience.changes : audience.room)[static_cast<size_t>(encoding)];
    if (made != nullptr) return made;
    ++counts_.encoded;
    ServerFrame room;
    if (!changes) AddRoom(audience.room_id, &room);
    std::string bytes;
    intent::EncodeFrame(encoding, changes ? audience.change_frame : room, &bytes);
    made = std::make_shared<const std::string>(std::move(bytes));
    return made;
  }
  return nullptr;
}

void RoomHints::AddOffer(const std::string& room_id, const std::string& offer_id,
                         ServerFrame* frame) const {
  OfferHint* hint = frame->add_offers();
  hint->set_offer_id(offer_id);
  const Rooms::Pin* pin = FindPin(rooms_->Find(room_id), offer_id);
  if (pin == nullptr) {
    hint->set_unpinned(true);
  } else {
    offers_(offer_id, hint);
    base::SetMs(pin->pinned_ms, hint->mutable_pinned_at());
  }
  hint->set_room_id(room_id);
}

void RoomHints::AddRoom(const std::string& room_id, ServerFrame* frame) const {
  RoomHint* hint = frame->add_rooms();
  hint->set_room_id(room_id);
  const Rooms::Room* room = rooms_->Find(room_id);
  if (room == nullptr) {
    hint->set_state(RoomHint::STATE_UNKNOWN);
    return;
  }
  hint->set_state(room->open ? RoomHint::STATE_LIVE : RoomHint::STATE_CLOSED);
  for (const Rooms::Pin& pin : room->pins) AddOffer(room_id, pin.offer_id, frame);
}

}  // namespace jembatan::gateway
