#pragma once

// What the rooms commands make of a gateway's answers. Pure.

#include <string>

#include "jembatan/intake/v1/room.pb.h"

namespace jembatan::ctl {

// One line: "room-1 is open since 2026-12-12T13:00:00Z, pinned: batik, kopi".
std::string RoomText(const intake::v1::Room& room);

}  // namespace jembatan::ctl
