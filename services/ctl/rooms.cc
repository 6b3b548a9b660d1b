// rooms open, pin, unpin, close, list: live rooms, as an app's back end manages them.

#include "services/ctl/rooms.h"

#include <memory>
#include <utility>

#include <CLI/CLI.hpp>

#include "libs/base/status.h"
#include "libs/intent/timestamp_text.h"
#include "services/ctl/command.h"
#include "services/ctl/gateway_call.h"

namespace jembatan::ctl {
namespace {

struct RoomFlags {
  GatewayFlags gateway;
  std::string room;
  std::string offer;

  RoomFlags() {
    gateway.signing.manages_rooms = true;
    gateway.signing.viewer = "jembatan-ctl";
  }
};

// Calls the method; Response has the room.
template <typename Response, typename Request>
absl::Status Change(const RoomFlags& flags, const std::string& method, const Request& request,
                    std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(const std::string body, ToJson(request));
  JEMB_ASSIGN_OR_RETURN(const std::string answer,
                        CallGateway(flags.gateway, "RoomService/" + method, body));
  Response response;
  JEMB_RETURN_IF_ERROR(FromJson(answer, &response));
  out << RoomText(response.room()) << "\n";
  return absl::OkStatus();
}

template <typename Request, typename Response>
void AddChange(CLI::App& rooms, Chosen* chosen, const char* name, const char* method,
               const char* help) {
  auto flags = std::make_shared<RoomFlags>();
  CLI::App* command = rooms.add_subcommand(name, help);
  flags->gateway.AddTo(*command);
  command->add_option("--room", flags->room, "The room")->required();
  constexpr bool kOfOffer = requires(Request request) { request.set_offer_id(std::string()); };
  if constexpr (kOfOffer) command->add_option("--offer", flags->offer, "The offer")->required();
  command->callback([flags, chosen, method] {
    chosen->run = [flags, method](std::ostream& out) {
      Request request;
      request.set_room_id(flags->room);
      if constexpr (kOfOffer) request.set_offer_id(flags->offer);
      return Change<Response>(*flags, method, request, out);
    };
  });
}

absl::Status List(const GatewayFlags& gateway, std::ostream& out) {
  intake::v1::ListRoomsRequest request;
  intake::v1::ListRoomsResponse page;
  size_t rooms = 0;
  do {
    JEMB_ASSIGN_OR_RETURN(const std::string body, ToJson(request));
    JEMB_ASSIGN_OR_RETURN(const std::string answer,
                          CallGateway(gateway, "RoomService/ListRooms", body));
    page.Clear();
    JEMB_RETURN_IF_ERROR(FromJson(answer, &page));
    for (const intake::v1::Room& room : page.rooms()) {
      out << RoomText(room) << "\n";
      request.set_after_room_id(room.room_id());
      ++rooms;
    }
  } while (page.more() && page.rooms_size() > 0);
  out << rooms << " rooms are open\n";
  return absl::OkStatus();
}

void AddList(CLI::App& rooms, Chosen* chosen) {
  auto flags = std::make_shared<RoomFlags>();
  CLI::App* command = rooms.add_subcommand("list", "List the rooms that are open");
  flags->gateway.AddTo(*command);
  command->callback([flags, chosen] {
    chosen->run = [flags](std::ostream& out) { return List(flags->gateway, out); };
  });
}

}  // namespace

std::string RoomText(const intake::v1::Room& room) {
  const bool open = room.state() == intake::v1::Room::STATE_OPEN;
  std::string text = room.room_id() + (open ? " is open" : " is closed");
  if (room.has_opened_at() || room.has_closed_at()) {
    text += " since ";
    intent::AppendTimestamp(open ? room.opened_at() : room.closed_at(), &text);
  }
  for (int i = 0; i < room.pinned_size(); ++i) {
    text += (i == 0 ? ", pinned: " : ", ") + room.pinned(i).offer_id();
  }
  return text;
}

void AddRoomsCommands(CLI::App& app, Chosen* chosen) {
  using namespace intake::v1;
  CLI::App* rooms = app.add_subcommand("rooms", "Live rooms and what is pinned in them");
  rooms->require_subcommand(1);
  AddChange<OpenRoomRequest, OpenRoomResponse>(*rooms, chosen, "open", "OpenRoom", "Open a room");
  AddChange<PinOfferRequest, PinOfferResponse>(*rooms, chosen, "pin", "PinOffer",
                                               "Pin an offer in an open room");
  AddChange<UnpinOfferRequest, UnpinOfferResponse>(*rooms, chosen, "unpin", "UnpinOffer",
                                                   "Take an offer out of a room");
  AddChange<CloseRoomRequest, CloseRoomResponse>(*rooms, chosen, "close", "CloseRoom",
                                                 "Close a room: its taps are refused");
  AddList(*rooms, chosen);
}

}  // namespace jembatan::ctl
