// Black-box tests of live rooms: RoomService over HTTP, what it makes of taps, and what viewers are
// told, at whichever gateway they are.

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jembatan/intake/v1/room.pb.h"
#include "services/gateway/testing/gateway_fixture.h"

namespace jembatan::gateway::testing {
namespace {

using intake::v1::ClientFrame;
using intake::v1::Receipt;
using intake::v1::Room;
using intake::v1::RoomHint;
using intake::v1::ServerFrame;
using ::testing::HasSubstr;

constexpr int kText = 1;
constexpr int kBinary = 2;

std::string BackendToken() {
  return World::Get().Token("back end", [](identity::Viewer& v) { v.manages_rooms = true; });
}

HttpReply Call(const Service& gateway, const std::string& method, const std::string& json,
               const std::string& token = BackendToken()) {
  HttpClient client(gateway.port());
  return client.Call("POST", "/jembatan.intake.v1.RoomService/" + method,
                     "Authorization: Bearer " + token + "\r\nContent-Type: application/json\r\n",
                     json);
}

// Done, or a test failure.
void Expect200(const HttpReply& reply) { EXPECT_EQ(reply.status, 200) << reply.body; }

Receipt Tap(const Service& gateway, const std::string& room_id, const std::string& offer_id) {
  World& world = World::Get();
  intake::v1::SubmitIntentRequest request;
  *request.mutable_intent() = world.NewIntent();
  request.mutable_intent()->set_room_id(room_id);
  request.mutable_intent()->set_offer_id(offer_id);
  HttpClient client(gateway.port());
  const HttpReply reply = client.Call(
      "POST", kSubmitPath, world.Bearer("rooms-viewer") + "Content-Type: application/proto\r\n",
      request.SerializeAsString());
  intake::v1::SubmitIntentResponse response;
  EXPECT_TRUE(response.ParseFromString(reply.body)) << reply.status;
  return response.receipt();
}

// Another gateway knows within a second; a slow machine is given more.
bool BecomesSo(const std::function<bool()>& so) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!so()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

std::unique_ptr<WsClient> WatcherOf(const Service& gateway, Codec codec,
                                    const std::string& room_id) {
  const std::string headers = World::Get().Bearer("rooms-viewer") +
                              "Sec-WebSocket-Protocol: jembatan.v1." +
                              (codec == Codec::kProto ? "proto" : "json") + "\r\n";
  auto client = std::make_unique<WsClient>(gateway.port(), "/v1/stream", headers);
  EXPECT_EQ(client->handshake().status, 101);
  ClientFrame frame;
  frame.add_watch_room_ids(room_id);
  client->Send(codec == Codec::kProto ? kBinary : kText, Encode(codec, frame));
  return client;
}

auto RoomIs(RoomHint::State state) {
  return [state](const ServerFrame& frame) {
    return frame.rooms_size() > 0 && frame.rooms(frame.rooms_size() - 1).state() == state;
  };
}

TEST(GatewayRooms, TapsFollowTheRoomAtEveryGatewayAndShard) {
  World& world = World::Get();
  Options options = world.DefaultOptions();
  options.shards = 2;
  const auto two = world.StartGateway(options);
  ASSERT_TRUE(two);
  const std::vector<const Service*> gateways = {&world.gateway(), two.get()};
  const auto everywhere = [&](const std::string& offer, intake::v1::Reason reason) {
    for (const Service* gateway : gateways) {
      for (int i = 0; i < 8; ++i) {
        EXPECT_TRUE(BecomesSo([&] { return Tap(*gateway, "room-1", offer).reason() == reason; }))
            << offer << " " << intake::v1::Reason_Name(reason);
      }
    }
  };
  everywhere("batik", intake::v1::REASON_UNSPECIFIED);  // nobody has opened it
  Expect200(Call(*two, "OpenRoom", R"({"roomId":"room-1"})"));
  everywhere("batik", intake::v1::REASON_OFFER_NOT_IN_SESSION);
  // Right after the answer, at the other one.
  Expect200(Call(world.gateway(), "PinOffer", R"({"roomId":"room-1","offerId":"batik"})"));
  everywhere("batik", intake::v1::REASON_UNSPECIFIED);
  everywhere("kopi", intake::v1::REASON_OFFER_NOT_IN_SESSION);
  const HttpReply room = Call(*two, "GetRoom", R"({"roomId":"room-1"})");
  EXPECT_THAT(room.body, HasSubstr("batik"));
  EXPECT_THAT(Call(*two, "ListRooms", "{}").body, HasSubstr("room-1"));
  Expect200(Call(*two, "CloseRoom", R"({"roomId":"room-1"})"));
  everywhere("batik", intake::v1::REASON_SESSION_NOT_LIVE);
}

TEST(GatewayRooms, UnknownRoomsCanBeRefused) {
  World& world = World::Get();
  Options options = world.DefaultOptions();
  options.unknown_rooms = "refuse";
  const auto gateway = world.StartGateway(options);
  ASSERT_TRUE(gateway);
  EXPECT_EQ(Tap(*gateway, "nobody's", "batik").reason(), intake::v1::REASON_SESSION_NOT_LIVE);
  EXPECT_EQ(Tap(*gateway, "", "batik").status(), Receipt::STATUS_ACCEPTED) << "outside a room";
}

TEST(GatewayRooms, OnlyABackEndManagesThem) {
  World& world = World::Get();
  struct Row {
    std::string token;
    std::string json;
    int status;
    std::string code;
  };
  for (const Row& row : std::vector<Row>{
           {"", R"({"roomId":"r"})", 401, "unauthenticated"},
           {world.ForgedToken(), R"({"roomId":"r"})", 401, "unauthenticated"},
           {world.Token("a viewer"), R"({"roomId":"r"})", 403, "permission_denied"},
           {BackendToken(), R"({"roomId":""})", 400, "invalid_argument"},
           {BackendToken(), R"({"room":"r"})", 400, "invalid_argument"},
       }) {
    const HttpReply reply = Call(world.gateway(), "OpenRoom", row.json, row.token);
    EXPECT_EQ(reply.status, row.status) << reply.body;
    EXPECT_THAT(reply.body, HasSubstr("\"code\":\"" + row.code + "\""));
  }
  EXPECT_EQ(Call(world.gateway(), "PinOffer", R"({"roomId":"shut","offerId":"a"})").status, 400);
  EXPECT_EQ(Call(world.gateway(), "GetRoom", R"({"roomId":"shut"})").status, 404);
  EXPECT_EQ(Call(world.gateway(), "NoSuchMethod", "{}").status, 404);
}

TEST(GatewayRooms, ViewersAreToldWhatIsPinned) {
  World& world = World::Get();
  const auto two = world.StartGateway(world.DefaultOptions());
  ASSERT_TRUE(two);
  for (const Codec codec : {Codec::kProto, Codec::kJson}) {
    const std::string room = codec == Codec::kProto ? "show-p" : "show-j";
    const std::string named = "\"roomId\":\"" + room + "\"";
    const auto watcher = WatcherOf(*two, codec, room);
    ServerFrame told;
    ASSERT_TRUE(NextUntil(*watcher, codec, &told, RoomIs(RoomHint::STATE_UNKNOWN)));
    Expect200(Call(world.gateway(), "OpenRoom", "{" + named + "}"));
    ASSERT_TRUE(NextUntil(*watcher, codec, &told, RoomIs(RoomHint::STATE_LIVE)));
    Expect200(Call(world.gateway(), "PinOffer", "{" + named + R"(,"offerId":"batik"})"));
    told.Clear();
    ASSERT_TRUE(NextUntil(*watcher, codec, &told,
                          [](const ServerFrame& frame) { return frame.offers_size() > 0; }));
    EXPECT_EQ(told.offers(0).offer_id(), "batik");
    EXPECT_EQ(told.offers(0).room_id(), room);
    EXPECT_TRUE(told.offers(0).has_pinned_at());
    // Who comes later is told it all at once.
    const auto late = WatcherOf(*two, codec, room);
    ServerFrame all;
    ASSERT_TRUE(NextUntil(*late, codec, &all, RoomIs(RoomHint::STATE_LIVE)));
    EXPECT_EQ(all.offers_size(), 1);
    Expect200(Call(*two, "UnpinOffer", "{" + named + R"(,"offerId":"batik"})"));
    told.Clear();
    ASSERT_TRUE(NextUntil(*watcher, codec, &told,
                          [](const ServerFrame& frame) { return frame.offers_size() > 0; }));
    EXPECT_TRUE(told.offers(0).unpinned());
    Expect200(Call(*two, "CloseRoom", "{" + named + "}"));
    EXPECT_TRUE(NextUntil(*watcher, codec, &told, RoomIs(RoomHint::STATE_CLOSED)));
  }
}

// Receipts go their way while a room's news come.
TEST(GatewayRooms, AWatcherBuysAsEver) {
  World& world = World::Get();
  Expect200(Call(world.gateway(), "OpenRoom", R"({"roomId":"busy"})"));
  const auto watcher = WatcherOf(world.gateway(), Codec::kProto, "busy");
  ServerFrame told;
  for (int i = 0; i < 10; ++i) {
    const std::string offer = "offer-" + std::to_string(i);
    Expect200(Call(world.gateway(), "PinOffer", R"({"roomId":"busy","offerId":")" + offer + "\"}"));
    ClientFrame frame;
    *frame.add_intents() = world.NewIntent();
    frame.mutable_intents(0)->set_room_id("busy");
    frame.mutable_intents(0)->set_offer_id(offer);
    watcher->Send(kBinary, frame.SerializeAsString());
  }
  ASSERT_TRUE(NextUntil(*watcher, Codec::kProto, &told,
                        [](const ServerFrame& frame) { return frame.receipts_size() >= 10; }));
  for (const Receipt& receipt : told.receipts()) {
    EXPECT_EQ(receipt.status(), Receipt::STATUS_ACCEPTED) << receipt.DebugString();
  }
  EXPECT_TRUE(NextUntil(*watcher, Codec::kProto, &told, [](const ServerFrame& frame) {
    std::set<std::string> offers;
    for (const auto& offer : frame.offers()) offers.insert(offer.offer_id());
    return offers.size() == 10;
  }));
}

TEST(GatewayRooms, AFrameThatWatchesTooMuchIsRefused) {
  World& world = World::Get();
  for (const bool many : {true, false}) {
    ClientFrame frame;
    for (int i = 0; i < (many ? 9 : 1); ++i) {
      frame.add_watch_room_ids(many ? "r" : std::string(65, 'r'));
    }
    const auto client = WatcherOf(world.gateway(), Codec::kProto, "r");
    client->Send(kBinary, frame.SerializeAsString());
    ServerFrame told;
    EXPECT_TRUE(NextUntil(*client, Codec::kProto, &told, [](const ServerFrame& last) {
      return last.error() == intake::v1::REASON_TOO_LARGE;
    })) << many;
  }
}

}  // namespace
}  // namespace jembatan::gateway::testing
