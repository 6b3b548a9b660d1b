#pragma once

// RoomHints: tells the viewers of live rooms what is pinned there and how it sells. Changes of a
// room gather until its next round; a round is encoded once, whatever the size of its audience, and
// told to a bounded number of sessions each tick. A session is told when its connection has nothing
// else to send. One that was busy meanwhile is told the whole room at once afterwards, so nothing
// waits for a slow reader, and no hint is ever in the way of a receipt or an outcome.
//
// Owned by the composition, one per shard; the shard's thread only. Pure: what is known of an offer
// comes from a function, time is an argument. Sessions are closed at it before they end.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "google/protobuf/repeated_ptr_field.h"

#include "jembatan/intake/v1/intake.pb.h"
#include "libs/intent/codec.h"
#include "services/gateway/rooms.h"
#include "services/gateway/session.h"

namespace jembatan::gateway {

// Those who watch one room, and one of them.
struct RoomAudience;
struct RoomWatch;

struct HintCounts {
  // Rounds begun, frames encoded in all, frames given to sessions.
  uint64_t rounds = 0;
  uint64_t encoded = 0;
  uint64_t told = 0;
};

class RoomHints {
 public:
  // Adds what is known of the offer to a hint that holds its id; leaves it as it is if nothing is.
  using OfferSource = std::function<void(const std::string& offer_id, intake::v1::OfferHint* hint)>;
  using Frame = std::shared_ptr<const std::string>;

  RoomHints(const Rooms* rooms, OfferSource offers);
  ~RoomHints();

  // From now on the session is told of these rooms, at most kRoomsPerFrame, instead of those of
  // before. One that it watches already is not told anew.
  void Watch(Session& session, const google::protobuf::RepeatedPtrField<std::string>& room_ids);
  void Close(Session& session);

  // A record was applied to the rooms.
  void OnRoom(const Rooms::Change& change);
  // Everything that was known of the rooms is void, or was read anew.
  void OnRoomsAnew();
  // Something about an offer changed.
  void OnOffer(std::string_view offer_id);

  // Begins the rounds that are due and calls OnHints of some sessions with something to be told;
  // these may take it within the call, or when they can. Returns how many.
  size_t HandOn(int64_t now_ms);
  // When HandOn is to be called again: 0 at once, -1 for nothing that waits.
  int64_t NextDueMs() const;

  // The next frame for the session, which is told with that; null: nothing is due. Any time, not
  // only after OnHints.
  Frame Take(Session& session, intent::Encoding encoding);

  const HintCounts& counts() const { return counts_; }
  // Rooms that somebody watches.
  size_t audiences() const { return audiences_.size(); }

 private:
  RoomAudience* FindOrAdd(const std::string& room_id);
  void Leave(RoomWatch* watch);
  void Index(RoomAudience* audience);
  void Unindex(RoomAudience* audience);
  void Change(RoomAudience* audience, std::string_view offer_id);
  void Wait(RoomAudience* audience);
  void BeginRound(RoomAudience* audience, int64_t now_ms);
  size_t Tell(RoomAudience* audience, size_t most);
  void AddOffer(const std::string& room_id, const std::string& offer_id,
                intake::v1::ServerFrame* frame) const;
  void AddRoom(const std::string& room_id, intake::v1::ServerFrame* frame) const;

  const Rooms* const rooms_;
  const OfferSource offers_;
  absl::flat_hash_map<std::string, std::unique_ptr<RoomAudience>> audiences_;
  absl::flat_hash_map<std::string, absl::InlinedVector<RoomAudience*, 1>> by_offer_;
  // With something to tell, in turn.
  std::deque<RoomAudience*> waiting_;
  HintCounts counts_;
};

}  // namespace jembatan::gateway
