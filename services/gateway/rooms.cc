#include "services/gateway/rooms.h"

#include <algorithm>

#include "libs/base/text.h"
#include "libs/intent/intent.h"
#include "services/gateway/limits.h"

namespace jembatan::gateway {
namespace {

using Kind = Rooms::Change::Kind;

// Neither id can hold one.
constexpr char kBetween = '\n';

bool Erase(std::vector<Rooms::Pin>& pins, std::string_view offer_id) {
  const auto same = [offer_id](const Rooms::Pin& pin) { return pin.offer_id == offer_id; };
  const auto at = std::find_if(pins.begin(), pins.end(), same);
  if (at == pins.end()) return false;
  pins.erase(at);
  return true;
}

}  // namespace

std::string RoomKey(std::string_view room_id, std::string_view offer_id) {
  std::string key(room_id);
  if (offer_id.empty()) return key;
  key.push_back(kBetween);
  key.append(offer_id);
  return key;
}

Rooms::Change Rooms::Apply(std::string_view key, std::string_view value, int64_t append_ms) {
  const size_t between = key.find(kBetween);
  const bool pin = between != std::string_view::npos;
  const std::string_view room_id = key.substr(0, between);
  const std::string_view offer_id = pin ? key.substr(between + 1) : std::string_view();
  if (intent::CheckRoomId(room_id).refused() || (pin && intent::CheckOfferId(offer_id).refused())) {
    return {Kind::kUnreadable, room_id, offer_id};
  }
  if (value.empty()) return pin ? UnpinOffer(room_id, offer_id) : Close(room_id, append_ms);
  // What the value says must be what the key says, else a compaction would keep something else.
  if (!record_.ParseFromArray(value.data(), static_cast<int>(value.size())) ||
      record_.room_id() != room_id || record_.offer_id() != offer_id) {
    return {Kind::kUnreadable, room_id, offer_id};
  }
  return pin ? PinOffer(room_id, offer_id, append_ms) : Open(room_id, append_ms);
}

Rooms::Change Rooms::Open(std::string_view room_id, int64_t append_ms) {
  if (FindOpen(room_id) == nullptr) {
    if (open_ >= 2 * kRoomsOpenMax) return {Kind::kNothing, room_id, {}};
    ++open_;
  }
  rooms_[std::string(room_id)] = Room{.open = true, .since_ms = append_ms};
  return {Kind::kOpened, room_id, {}};
}

Rooms::Change Rooms::Close(std::string_view room_id, int64_t append_ms) {
  if (FindOpen(room_id) != nullptr) --open_;
  rooms_[std::string(room_id)] = Room{.open = false, .since_ms = append_ms};
  closed_.push_back({std::string(room_id), append_ms});
  ForgetClosed(append_ms);
  return {Kind::kClosed, room_id, {}};
}

Rooms::Change Rooms::PinOffer(std::string_view room_id, std::string_view offer_id,
                              int64_t append_ms) {
  Room* room = FindOpen(room_id);
  if (room == nullptr) return {Kind::kNothing, room_id, offer_id};
  // At the end also if it is pinned already: a compacted topic would tell it there.
  Erase(room->pins, offer_id);
  if (room->pins.size() >= 2 * kPinsPerRoom) return {Kind::kNothing, room_id, offer_id};
  room->pins.push_back({std::string(offer_id), append_ms});
  return {Kind::kPinned, room_id, offer_id};
}

Rooms::Change Rooms::UnpinOffer(std::string_view room_id, std::string_view offer_id) {
  Room* room = FindOpen(room_id);
  const bool unpinned = room != nullptr && Erase(room->pins, offer_id);
  return {unpinned ? Kind::kUnpinned : Kind::kNothing, room_id, offer_id};
}

const Rooms::Room* Rooms::Find(std::string_view room_id) const {
  const auto at = rooms_.find(base::Absl(room_id));
  return at == rooms_.end() ? nullptr : &at->second;
}

Rooms::Room* Rooms::FindOpen(std::string_view room_id) {
  const auto at = rooms_.find(base::Absl(room_id));
  return at == rooms_.end() || !at->second.open ? nullptr : &at->second;
}

Rooms::Standing Rooms::Of(std::string_view room_id, std::string_view offer_id) const {
  const Room* room = Find(room_id);
  if (room == nullptr) return Standing::kUnknown;
  if (!room->open) return Standing::kClosed;
  for (const Pin& pin : room->pins) {
    if (pin.offer_id == offer_id) return Standing::kPinned;
  }
  return Standing::kNotPinned;
}

std::vector<std::string> Rooms::ListAfter(std::string_view room_id, size_t max) const {
  std::vector<std::string> ids;
  for (const auto& [id, room] : rooms_) {
    if (room.open && id > room_id) ids.push_back(id);
  }
  const size_t kept = std::min(max, ids.size());
  std::partial_sort(ids.begin(), ids.begin() + static_cast<ptrdiff_t>(kept), ids.end());
  ids.resize(kept);
  return ids;
}

void Rooms::ForgetClosed(int64_t now_ms) {
  while (!closed_.empty() && (closed_.size() > kClosedRoomsKept ||
                              closed_.front().closed_ms < now_ms - kClosedRoomKeptMs)) {
    const auto at = rooms_.find(closed_.front().room_id);
    const bool same =
        at != rooms_.end() && !at->second.open && at->second.since_ms == closed_.front().closed_ms;
    if (same) rooms_.erase(at);
    closed_.pop_front();
  }
}

}  // namespace jembatan::gateway
