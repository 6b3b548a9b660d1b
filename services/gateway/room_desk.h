#pragma once

// RoomDesk: the core of RoomService that gRPC and HTTP share. A call is decoded, authorised and
// checked; it waits until this gateway knows all that the log held when it came, so that it sees
// what any gateway answered before; then it is decided, written, and answered once its record has
// been read back.
//
// One per shard, owned by the composition; the shard's thread only. No I/O: the log is an
// interface, time an argument. Ends by Stop(), which answers what is under way.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "jembatan/intake/v1/room.pb.h"
#include "libs/intent/codec.h"
#include "services/gateway/rooms.h"
#include "services/gateway/session.h"

namespace jembatan::gateway {

enum class RoomMethod { kOpenRoom, kPinOffer, kUnpinOffer, kCloseRoom, kGetRoom, kListRooms };

// The topic of rooms. Answers come back through the desk's OnEnd and OnDelivery, by opaque.
class RoomLog {
 public:
  virtual ~RoomLog() = default;
  // Where the log ends now.
  virtual void AskEnd(uint64_t opaque) = 0;
  // As kafka::Producer::Produce; an empty value is none.
  virtual absl::Status Produce(std::string_view key, std::string_view value, uint64_t opaque) = 0;
};

class RoomDesk {
 public:
  // The encoded response, or the status of the call.
  using Done = std::function<void(absl::StatusOr<std::string>)>;

  // opaque_bits: set in every opaque of this desk, in the top 8 bits.
  RoomDesk(const Rooms* rooms, RoomLog* log, uint64_t opaque_bits)
      : rooms_(rooms), log_(log), opaque_bits_(opaque_bits) {}

  // Done is called once, perhaps within the call. The request's bytes are read within it.
  void Serve(RoomMethod method, const Principal& principal, intent::Encoding encoding,
             std::string_view request, int64_t now_ms, Done done);

  void OnEnd(uint64_t opaque, const absl::StatusOr<int64_t>& end);
  // Of one of this desk's records.
  void OnDelivery(uint64_t opaque, const absl::StatusOr<int64_t>& offset);
  // Everything below next_offset has been applied to the rooms.
  void OnApplied(int64_t next_offset);
  // Answers what has waited too long.
  void Sweep(int64_t now_ms);
  void Stop();

  size_t calls() const { return calls_.size(); }

 private:
  struct Call {
    RoomMethod method;
    intent::Encoding encoding;
    std::string room_id;
    std::string offer_id;
    // Of ListRooms.
    uint32_t page_size = 0;
    // The caller's name.
    std::string caller;
    int64_t due_ms = 0;
    // It goes on when everything below this offset was applied; -1: the log has not answered.
    int64_t until = -1;
    bool written = false;
    Done done;
  };
  using Calls = std::map<uint64_t, Call>;

  absl::Status Read(std::string_view request, Call* call) const;
  void GoOn(Calls::iterator at);
  absl::Status Decide(const Call& call, bool* answered) const;
  absl::Status Write(uint64_t opaque, const Call& call);
  absl::StatusOr<std::string> Answer(const Call& call) const;
  absl::StatusOr<std::string> AnswerList(const Call& call) const;
  intake::v1::Room RoomOf(const std::string& room_id) const;
  void Finish(Calls::iterator at, absl::StatusOr<std::string> result);

  const Rooms* const rooms_;
  RoomLog* const log_;
  const uint64_t opaque_bits_;
  Calls calls_;
  uint64_t next_ = 1;
  int64_t applied_ = 0;
  bool stopped_ = false;
};

}  // namespace jembatan::gateway
