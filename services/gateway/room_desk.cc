#include "services/gateway/room_desk.h"

#include <utility>
#include <vector>

#include <google/protobuf/util/json_util.h>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "libs/intent/intent.h"
#include "services/gateway/limits.h"

namespace jembatan::gateway {
namespace {

using intake::v1::Room;

// Calls come a few a second: Protobuf's own JSON is fast enough for them.
absl::Status Parse(intent::Encoding encoding, std::string_view bytes,
                   google::protobuf::Message* message) {
  const bool good =
      encoding == intent::Encoding::kProto
          ? message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))
          : google::protobuf::util::JsonStringToMessage({bytes.data(), bytes.size()}, message).ok();
  if (good) return absl::OkStatus();
  return base::InvalidArgument("not a " + message->GetDescriptor()->name());
}

absl::StatusOr<std::string> Print(intent::Encoding encoding,
                                  const google::protobuf::Message& message) {
  if (encoding == intent::Encoding::kProto) return message.SerializeAsString();
  std::string json;
  if (google::protobuf::util::MessageToJsonString(message, &json).ok()) return json;
  return base::Internal("the answer cannot be written");
}

template <typename Response>
absl::StatusOr<std::string> PrintRoom(intent::Encoding encoding, Room room) {
  Response response;
  *response.mutable_room() = std::move(room);
  return Print(encoding, response);
}

absl::Status StatusOf(const intent::Refusal& refusal) {
  return refusal.refused() ? base::InvalidArgument(std::string(refusal.message)) : absl::OkStatus();
}

template <typename Request>
absl::Status ReadRoom(intent::Encoding encoding, std::string_view bytes, std::string* room_id) {
  Request request;
  JEMB_RETURN_IF_ERROR(Parse(encoding, bytes, &request));
  *room_id = request.room_id();
  return StatusOf(intent::CheckRoomId(*room_id));
}

template <typename Request>
absl::Status ReadOffer(intent::Encoding encoding, std::string_view bytes, std::string* room_id,
                       std::string* offer_id) {
  Request request;
  JEMB_RETURN_IF_ERROR(Parse(encoding, bytes, &request));
  *room_id = request.room_id();
  *offer_id = request.offer_id();
  JEMB_RETURN_IF_ERROR(StatusOf(intent::CheckRoomId(*room_id)));
  return StatusOf(intent::CheckOfferId(*offer_id));
}

bool IsPinned(const Rooms::Room& room, const std::string& offer_id) {
  for (const Rooms::Pin& pin : room.pins) {
    if (pin.offer_id == offer_id) return true;
  }
  return false;
}

}  // namespace

void RoomDesk::Serve(RoomMethod method, const Principal& principal, intent::Encoding encoding,
                     std::string_view request, int64_t now_ms, Done done) {
  Call call{.method = method, .encoding = encoding, .due_ms = now_ms + kRoomCallMs};
  if (!principal.viewer.manages_rooms) {
    return done(absl::PermissionDeniedError("the token does not name the role \"rooms\""));
  }
  if (stopped_) return done(base::Unavailable("this gateway is draining"));
  const absl::Status read = Read(request, &call);
  if (!read.ok()) return done(read);
  if (calls_.size() >= kRoomCallsMax) return done(base::ResourceExhausted("too many calls"));
  call.caller = principal.viewer.id;
  call.done = std::move(done);
  const uint64_t opaque = opaque_bits_ | next_++;
  calls_.emplace(opaque, std::move(call));
  log_->AskEnd(opaque);
}

absl::Status RoomDesk::Read(std::string_view request, Call* call) const {
  switch (call->method) {
    case RoomMethod::kOpenRoom:
      return ReadRoom<intake::v1::OpenRoomRequest>(call->encoding, request, &call->room_id);
    case RoomMethod::kPinOffer:
      return ReadOffer<intake::v1::PinOfferRequest>(call->encoding, request, &call->room_id,
                                                    &call->offer_id);
    case RoomMethod::kUnpinOffer:
      return ReadOffer<intake::v1::UnpinOfferRequest>(call->encoding, request, &call->room_id,
                                                      &call->offer_id);
    case RoomMethod::kCloseRoom:
      return ReadRoom<intake::v1::CloseRoomRequest>(call->encoding, request, &call->room_id);
    case RoomMethod::kGetRoom:
      return ReadRoom<intake::v1::GetRoomRequest>(call->encoding, request, &call->room_id);
    case RoomMethod::kListRooms:
      break;
  }
  intake::v1::ListRoomsRequest list;
  JEMB_RETURN_IF_ERROR(Parse(call->encoding, request, &list));
  if (list.page_size() > kRoomsPerPage) return base::InvalidArgument("page_size: more than 100");
  call->page_size = list.page_size() == 0 ? kRoomsPerPage : list.page_size();
  call->room_id = list.after_room_id();
  return call->room_id.empty() ? absl::OkStatus() : StatusOf(intent::CheckRoomId(call->room_id));
}

void RoomDesk::OnEnd(uint64_t opaque, const absl::StatusOr<int64_t>& end) {
  const auto at = calls_.find(opaque);
  if (at == calls_.end() || at->second.written) return;
  if (!end.ok()) return Finish(at, base::Unavailable("the log does not answer"));
  at->second.until = *end;
  GoOn(at);
}

void RoomDesk::OnDelivery(uint64_t opaque, const absl::StatusOr<int64_t>& offset) {
  const auto at = calls_.find(opaque);
  if (at == calls_.end()) return;
  if (!offset.ok()) return Finish(at, base::Unavailable("the log did not say that it took it"));
  at->second.until = *offset + 1;
  GoOn(at);
}

void RoomDesk::OnApplied(int64_t next_offset) {
  applied_ = next_offset;
  for (auto at = calls_.begin(); at != calls_.end();) GoOn(at++);
}

void RoomDesk::GoOn(Calls::iterator at) {
  Call& call = at->second;
  if (call.until < 0 || applied_ < call.until || !rooms_->known()) return;
  bool answered = call.written;
  if (!answered) {
    const absl::Status decided = Decide(call, &answered);
    if (!decided.ok()) return Finish(at, decided);
  }
  if (answered) return Finish(at, Answer(call));
  call.written = true;
  call.until = -1;
  const absl::Status written = Write(at->first, call);
  if (!written.ok()) Finish(at, base::Unavailable("the log does not take it"));
}

// Whether the call may be done, and whether nothing has to be written for it.
absl::Status RoomDesk::Decide(const Call& call, bool* answered) const {
  const Rooms::Room* room = rooms_->Find(call.room_id);
  const bool open = room != nullptr && room->open;
  const bool pinned = open && IsPinned(*room, call.offer_id);
  switch (call.method) {
    case RoomMethod::kOpenRoom:
      *answered = open;
      if (!open && rooms_->open() >= kRoomsOpenMax) {
        return base::ResourceExhausted("too many rooms are open");
      }
      return absl::OkStatus();
    case RoomMethod::kPinOffer:
      if (!open) return base::FailedPrecondition("the room is not open");
      *answered = pinned && room->pins.back().offer_id == call.offer_id;
      if (!pinned && room->pins.size() >= kPinsPerRoom) {
        return base::ResourceExhausted("too many offers are pinned in this room");
      }
      return absl::OkStatus();
    case RoomMethod::kUnpinOffer:
      if (!open) return base::FailedPrecondition("the room is not open");
      *answered = !pinned;
      return absl::OkStatus();
    case RoomMethod::kCloseRoom:
      *answered = !open;
      return absl::OkStatus();
    case RoomMethod::kGetRoom:
      *answered = true;
      return room != nullptr ? absl::OkStatus() : base::NotFound("no such room");
    case RoomMethod::kListRooms:
      break;
  }
  *answered = true;
  return absl::OkStatus();
}

absl::Status RoomDesk::Write(uint64_t opaque, const Call& call) {
  if (call.method == RoomMethod::kUnpinOffer) {
    return log_->Produce(RoomKey(call.room_id, call.offer_id), {}, opaque);
  }
  if (call.method == RoomMethod::kCloseRoom) {
    JEMB_RETURN_IF_ERROR(log_->Produce(RoomKey(call.room_id), {}, opaque));
    // They count no more; this only lets the topic forget them. Nobody waits for these.
    for (const Rooms::Pin& pin : rooms_->Find(call.room_id)->pins) {
      const absl::Status ignored =
          log_->Produce(RoomKey(call.room_id, pin.offer_id), {}, opaque_bits_);
      if (!ignored.ok()) break;
    }
    return absl::OkStatus();
  }
  intake::v1::RoomRecord record;
  record.set_room_id(call.room_id);
  record.set_offer_id(call.offer_id);
  record.set_written_by(call.caller);
  return log_->Produce(RoomKey(call.room_id, call.offer_id), record.SerializeAsString(), opaque);
}

// What was written may have been undone by another call that came between.
absl::StatusOr<std::string> RoomDesk::Answer(const Call& call) const {
  const Rooms::Room* room = rooms_->Find(call.room_id);
  const bool open = room != nullptr && room->open;
  const bool pinned = open && IsPinned(*room, call.offer_id);
  const absl::Status undone = absl::AbortedError("another call has changed the room meanwhile");
  switch (call.method) {
    case RoomMethod::kOpenRoom:
      if (!open) return undone;
      return PrintRoom<intake::v1::OpenRoomResponse>(call.encoding, RoomOf(call.room_id));
    case RoomMethod::kPinOffer:
      if (!pinned) return undone;
      return PrintRoom<intake::v1::PinOfferResponse>(call.encoding, RoomOf(call.room_id));
    case RoomMethod::kUnpinOffer:
      if (pinned) return undone;
      return PrintRoom<intake::v1::UnpinOfferResponse>(call.encoding, RoomOf(call.room_id));
    case RoomMethod::kCloseRoom:
      if (open) return undone;
      return PrintRoom<intake::v1::CloseRoomResponse>(call.encoding, RoomOf(call.room_id));
    case RoomMethod::kGetRoom:
      return PrintRoom<intake::v1::GetRoomResponse>(call.encoding, RoomOf(call.room_id));
    case RoomMethod::kListRooms:
      break;
  }
  return AnswerList(call);
}

absl::StatusOr<std::string> RoomDesk::AnswerList(const Call& call) const {
  intake::v1::ListRoomsResponse response;
  const std::vector<std::string> ids = rooms_->ListAfter(call.room_id, call.page_size + size_t{1});
  for (size_t i = 0; i < ids.size() && i < call.page_size; ++i) {
    *response.add_rooms() = RoomOf(ids[i]);
  }
  response.set_more(ids.size() > call.page_size);
  return Print(call.encoding, response);
}

Room RoomDesk::RoomOf(const std::string& room_id) const {
  Room message;
  message.set_room_id(room_id);
  const Rooms::Room* room = rooms_->Find(room_id);
  const bool open = room != nullptr && room->open;
  message.set_state(open ? Room::STATE_OPEN : Room::STATE_CLOSED);
  if (room == nullptr) return message;
  base::SetMs(room->since_ms, open ? message.mutable_opened_at() : message.mutable_closed_at());
  for (const Rooms::Pin& pin : room->pins) {
    intake::v1::PinnedOffer* pinned = message.add_pinned();
    pinned->set_offer_id(pin.offer_id);
    base::SetMs(pin.pinned_ms, pinned->mutable_pinned_at());
  }
  return message;
}

void RoomDesk::Sweep(int64_t now_ms) {
  for (auto at = calls_.begin(); at != calls_.end();) {
    const auto here = at++;
    // Later than the longest wait: the clock has been set back since.
    const int64_t left_ms = here->second.due_ms - now_ms;
    if (left_ms > 0 && left_ms <= kRoomCallMs) continue;
    Finish(here, base::Unavailable("the log does not answer in time"));
  }
}

void RoomDesk::Stop() {
  stopped_ = true;
  while (!calls_.empty()) Finish(calls_.begin(), base::Unavailable("this gateway is draining"));
}

void RoomDesk::Finish(Calls::iterator at, absl::StatusOr<std::string> result) {
  const Done done = std::move(at->second.done);
  calls_.erase(at);
  done(std::move(result));
}

}  // namespace jembatan::gateway
