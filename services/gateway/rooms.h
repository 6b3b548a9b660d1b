#pragma once

// Rooms: the live rooms as the topic jembatan.rooms.v1 tells them: which are open, which offers are
// pinned in them. Records are applied in the topic's order, and what comes of them is the same when
// the topic was compacted meanwhile: a pin counts if its room was opened before it and neither
// opened anew nor closed since, and the last record of a key holds.
//
// One per shard, owned by the composition; its shard's thread only. Pure: no I/O, no clock.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "jembatan/intake/v1/room.pb.h"

namespace jembatan::gateway {

class Rooms {
 public:
  struct Pin {
    std::string offer_id;
    int64_t pinned_ms = 0;
  };
  struct Room {
    bool open = false;
    // When it was opened, or closed.
    int64_t since_ms = 0;
    // The one pinned last at the end.
    std::vector<Pin> pins;
  };
  // What a record changed. The texts live as long as the record.
  struct Change {
    enum class Kind { kNothing, kUnreadable, kOpened, kClosed, kPinned, kUnpinned };
    Kind kind = Kind::kNothing;
    std::string_view room_id;
    std::string_view offer_id;
  };
  // What an offer is to a room.
  enum class Standing { kUnknown, kClosed, kNotPinned, kPinned };

  // The topic's next record, by when the broker appended it. An empty value is none.
  Change Apply(std::string_view key, std::string_view value, int64_t append_ms);
  // The topic has been read up to an end it had: a room that is not here was never opened, or was
  // closed long ago.
  void SetKnown() { known_ = true; }
  bool known() const { return known_; }

  // Null: never heard of, or closed long ago. Valid until the next record.
  const Room* Find(std::string_view room_id) const;
  // One look-up and the room's pins: asked of each intent.
  Standing Of(std::string_view room_id, std::string_view offer_id) const;
  size_t open() const { return open_; }
  // Ids of open rooms after the one given, in their order, at most `max`.
  std::vector<std::string> ListAfter(std::string_view room_id, size_t max) const;

 private:
  struct Closed {
    std::string room_id;
    int64_t closed_ms;
  };

  Change Open(std::string_view room_id, int64_t append_ms);
  Change Close(std::string_view room_id, int64_t append_ms);
  Change PinOffer(std::string_view room_id, std::string_view offer_id, int64_t append_ms);
  Change UnpinOffer(std::string_view room_id, std::string_view offer_id);
  Room* FindOpen(std::string_view room_id);
  void ForgetClosed(int64_t now_ms);

  absl::flat_hash_map<std::string, Room> rooms_;
  // In the order of closing; a room may have been opened again since.
  std::deque<Closed> closed_;
  intake::v1::RoomRecord record_;  // scratch
  size_t open_ = 0;
  bool known_ = false;
};

// The key of a room's record, and of a pin's when there is an offer.
std::string RoomKey(std::string_view room_id, std::string_view offer_id = {});

}  // namespace jembatan::gateway
