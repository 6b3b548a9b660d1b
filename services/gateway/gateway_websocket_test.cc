// Black-box tests of /v1/stream: real sockets, the whole service, the mock cluster.

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "libs/base/clock.h"
#include "libs/identity/buyer_keys.h"
#include "libs/intent/limits.h"
#include "services/gateway/testing/gateway_fixture.h"
#include "services/gateway/testing/malformed.h"

namespace jembatan::gateway::testing {
namespace {

using intake::v1::ClientFrame;
using intake::v1::Receipt;
using intake::v1::ServerFrame;
using std::chrono::milliseconds;

constexpr int kText = 1;
constexpr int kBinary = 2;
constexpr int kClose = 8;

int OpcodeOf(Codec codec) { return codec == Codec::kProto ? kBinary : kText; }

std::string Headers(Codec codec, std::string_view viewer) {
  return World::Get().Bearer(viewer) + "Sec-WebSocket-Protocol: " +
         (codec == Codec::kProto ? "jembatan.v1.proto\r\n" : "jembatan.v1.json\r\n");
}

WsClient Connected(Service& gateway, Codec codec, std::string_view viewer) {
  return WsClient(gateway.port(), "/v1/stream", Headers(codec, viewer));
}

ClientFrame FrameOf(const intake::v1::Intent& intent) {
  ClientFrame frame;
  *frame.add_intents() = intent;
  return frame;
}

auto Receipts(int count) {
  return [count](const ServerFrame& frame) { return frame.receipts_size() >= count; };
}

auto Outcomes(int count) {
  return [count](const ServerFrame& frame) { return frame.outcomes_size() >= count; };
}

Options Impatient() {
  Options options = World::Get().DefaultOptions();
  options.timeouts.handshake_ms = 300;
  options.timeouts.body_ms = 300;
  options.timeouts.message_ms = 600;
  options.timeouts.ping_after_ms = 300;
  options.timeouts.idle_ms = 1'200;
  options.timeouts.write_stall_ms = 1'000;
  options.timeouts.close_ms = 500;
  options.timeouts.drain_ms = 500;
  return options;
}

class BothCodecs : public ::testing::TestWithParam<Codec> {
 protected:
  // Sends one intent and returns its receipt; an empty one is a failure.
  static Receipt Ask(WsClient& client, const intake::v1::Intent& intent) {
    EXPECT_TRUE(client.Send(OpcodeOf(GetParam()), Encode(GetParam(), FrameOf(intent))));
    ServerFrame frame;
    if (!NextUntil(client, GetParam(), &frame, Receipts(1))) return {};
    return frame.receipts(0);
  }
};

INSTANTIATE_TEST_SUITE_P(Websocket, BothCodecs, ::testing::Values(Codec::kProto, Codec::kJson),
                         [](const auto& info) {
                           return info.param == Codec::kProto ? "Proto" : "Json";
                         });

TEST_P(BothCodecs, AcceptedIntentIsInTheLog) {
  World& world = World::Get();
  WsClient client = Connected(world.gateway(), GetParam(), "viewer-secret");
  ASSERT_EQ(client.handshake().status, 101);
  ServerFrame first;
  ASSERT_TRUE(NextUntil(client, GetParam(), &first,
                        [](const ServerFrame& frame) { return frame.has_server_time(); }));
  EXPECT_NEAR(static_cast<double>(first.server_time().seconds()),
              static_cast<double>(base::WallMs() / 1000), 5);

  const auto intent = world.NewIntent();
  const Receipt receipt = Ask(client, intent);
  ASSERT_EQ(receipt.status(), Receipt::STATUS_ACCEPTED) << receipt.DebugString();
  EXPECT_EQ(receipt.intent_id(), intent.intent_id());
  const auto crossing = world.ReadIntent(receipt);
  ASSERT_TRUE(crossing);
  EXPECT_EQ(crossing->intent_id(), intent.intent_id());
  EXPECT_EQ(crossing->buyer_ref(), world.BuyerOf("viewer-secret").view());
  EXPECT_EQ(crossing->accepted_by(), "gateway-under-test");
  EXPECT_EQ(crossing->SerializeAsString().find("secret"), std::string::npos);
}

TEST(GatewayWebsocket, ARotationReachesAnOpenConnectionAndTheIdsTimeChoosesTheKey) {
  World& world = World::Get();
  const auto key_of = [](char digit) {
    return *identity::BuyerKey::FromHex(std::string(64, digit));
  };
  const std::string path = ::testing::TempDir() + "/rotated-buyer.key";
  std::ofstream(path) << identity::BuyerKeys(key_of('1')).ToJson();
  Options options = world.DefaultOptions();
  options.buyer_key = path;
  options.read_buyer_keys_ms = 20;
  const auto gateway = world.StartGateway(options);
  ASSERT_TRUE(gateway);
  WsClient client = Connected(*gateway, Codec::kProto, "siti");
  const auto buyer_of = [&](const intake::v1::Intent& intent) {
    client.Send(kBinary, FrameOf(intent).SerializeAsString());
    ServerFrame answer;
    if (!NextUntil(client, Codec::kProto, &answer, Receipts(1))) return std::string();
    const auto crossing = world.ReadIntent(answer.receipts(0));
    return crossing ? crossing->buyer_ref() : std::string();
  };
  const std::string first(key_of('1').RefOf("siti").view());
  const std::string second(key_of('2').RefOf("siti").view());
  EXPECT_EQ(buyer_of(world.NewIntent()), first);

  const int64_t from_ms = base::WallMs() - 60'000;
  const auto rotated = identity::BuyerKeys(key_of('1'))
                           .Rotated(key_of('2'), from_ms, from_ms - identity::kAnnounceMs);
  ASSERT_TRUE(rotated.ok());
  std::ofstream(path + ".new") << rotated->ToJson();
  std::filesystem::rename(path + ".new", path);
  const int64_t end_ms = base::WallMs() + 20'000;
  while (buyer_of(world.NewIntent()) != second) ASSERT_LT(base::WallMs(), end_ms);
  EXPECT_EQ(buyer_of(world.NewIntent(/*age_ms=*/100'000)), first);
  std::filesystem::remove(path);
}

TEST_P(BothCodecs, BadIntentsGetReceiptsAndTheConnectionStays) {
  World& world = World::Get();
  WsClient client = Connected(world.gateway(), GetParam(), "viewer");
  for (const BadIntent& bad : BadIntents()) {
    auto intent = world.NewIntent();
    bad.spoil(intent);
    const Receipt receipt = Ask(client, intent);
    EXPECT_EQ(receipt.status(), Receipt::STATUS_REFUSED) << bad.name;
    EXPECT_EQ(receipt.reason(), bad.reason) << bad.name << ": " << receipt.DebugString();
  }
  EXPECT_EQ(Ask(client, world.NewIntent()).status(), Receipt::STATUS_ACCEPTED);
}

TEST_P(BothCodecs, ManyIntentsInOneFrameAreAllAnswered) {
  World& world = World::Get();
  // Nobody else's: a full frame is a viewer's whole burst.
  const std::string viewer = GetParam() == Codec::kProto ? "many-proto" : "many-json";
  WsClient client = Connected(world.gateway(), GetParam(), viewer);
  ClientFrame frame;
  for (size_t i = 0; i < intent::kIntentsPerFrame; ++i) *frame.add_intents() = world.NewIntent();
  ASSERT_TRUE(client.Send(OpcodeOf(GetParam()), Encode(GetParam(), frame)));
  ServerFrame answers;
  ASSERT_TRUE(NextUntil(client, GetParam(), &answers, Receipts(intent::kIntentsPerFrame)));
  for (const Receipt& receipt : answers.receipts()) {
    EXPECT_EQ(receipt.status(), Receipt::STATUS_ACCEPTED) << receipt.DebugString();
  }
}

TEST_P(BothCodecs, OutcomesReachTheirViewerOnly) {
  World& world = World::Get();
  WsClient buyer = Connected(world.gateway(), GetParam(), "buyer");
  WsClient other = Connected(world.gateway(), GetParam(), "other");
  const auto intent = world.NewIntent();
  ASSERT_EQ(Ask(buyer, intent).status(), Receipt::STATUS_ACCEPTED);
  world.WriteOutcome(intent, "buyer", crossing::v1::Outcome::STATE_ORDERED, "order-7");
  ServerFrame told;
  ASSERT_TRUE(NextUntil(buyer, GetParam(), &told, Outcomes(1)));
  EXPECT_EQ(told.outcomes(0).intent_id(), intent.intent_id());
  EXPECT_EQ(told.outcomes(0).state(), intake::v1::Outcome::STATE_ORDERED);
  EXPECT_EQ(told.outcomes(0).order_id(), "order-7");

  // The other viewer may ask by name and still learns nothing: the next receipt comes alone.
  ClientFrame watch = FrameOf(world.NewIntent());
  watch.add_watch_intent_ids(intent.intent_id());
  ASSERT_TRUE(other.Send(OpcodeOf(GetParam()), Encode(GetParam(), watch)));
  ServerFrame seen;
  ASSERT_TRUE(NextUntil(other, GetParam(), &seen, Receipts(1)));
  EXPECT_EQ(seen.outcomes_size(), 0) << seen.DebugString();
}

TEST_P(BothCodecs, AnotherGatewayTellsWatchedOutcomes) {
  World& world = World::Get();
  WsClient first = Connected(world.gateway(), GetParam(), "roamer");
  const auto intent = world.NewIntent();
  ASSERT_EQ(Ask(first, intent).status(), Receipt::STATUS_ACCEPTED);
  world.WriteOutcome(intent, "roamer", crossing::v1::Outcome::STATE_REJECTED);
  const auto second = world.StartGateway(world.DefaultOptions());
  ASSERT_TRUE(second);
  WsClient client = Connected(*second, GetParam(), "roamer");
  ClientFrame watch;
  watch.add_watch_intent_ids(intent.intent_id());
  ASSERT_TRUE(client.Send(OpcodeOf(GetParam()), Encode(GetParam(), watch)));
  ServerFrame told;
  ASSERT_TRUE(NextUntil(client, GetParam(), &told, Outcomes(1)));
  EXPECT_EQ(told.outcomes(0).state(), intake::v1::Outcome::STATE_REJECTED);
  // A resend is answered as accepted before, with the outcome.
  const Receipt again = Ask(client, intent);
  EXPECT_EQ(again.status(), Receipt::STATUS_ACCEPTED);
  EXPECT_TRUE(again.replayed());
}

struct Handshake {
  const char* name;
  std::string path;
  std::string headers;
  int status;
};

TEST(Websocket, HandshakesThatAreRefused) {
  World& world = World::Get();
  const std::string protocol = "Sec-WebSocket-Protocol: jembatan.v1.json\r\n";
  const auto bearer = [](const std::string& token) {
    return "Authorization: Bearer " + token + "\r\n";
  };
  const std::string good = world.Bearer("viewer");
  const std::string expired =
      world.Token("viewer", [](identity::Viewer& v) { v.expires_ms = base::WallMs() - 60'000; });
  const std::vector<Handshake> table = {
      {"wrong path", "/v2/stream", good + protocol, 404},
      {"no subprotocol", "/v1/stream", good, 400},
      {"unknown subprotocol", "/v1/stream", good + "Sec-WebSocket-Protocol: chat\r\n", 400},
      {"two subprotocol headers", "/v1/stream", good + protocol + protocol, 400},
      {"no token", "/v1/stream", protocol, 401},
      {"expired", "/v1/stream", bearer(expired) + protocol, 401},
      {"forged", "/v1/stream", bearer(world.ForgedToken()) + protocol, 401},
      {"other audience", "/v1/stream", bearer(world.TokenFor("shop")) + protocol, 401},
      {"tampered", "/v1/stream", bearer(world.Token("viewer") + "A") + protocol, 401},
      {"two tokens", "/v1/stream", good + good + protocol, 401},
      {"garbage in the list", "/v1/stream",
       "Sec-WebSocket-Protocol: jembatan.v1.json, jembatan.bearer.x\r\n", 401},
  };
  for (const Handshake& row : table) {
    WsClient client(world.gateway().port(), row.path, row.headers);
    EXPECT_EQ(client.handshake().status, row.status) << row.name;
    EXPECT_EQ(client.handshake().headers.at("content-type"), "application/json") << row.name;
    EXPECT_NE(client.handshake().body.find("\"code\":\""), std::string::npos) << row.name;
  }
}

TEST(Websocket, BrowsersBringTheirTokenInTheProtocolList) {
  World& world = World::Get();
  WsClient client(world.gateway().port(), "/v1/stream?room=1",
                  "Origin: https://app.example\r\nSec-WebSocket-Protocol: jembatan.bearer." +
                      world.Token("browser") + ", jembatan.v1.json\r\n");
  ASSERT_EQ(client.handshake().status, 101);
  EXPECT_EQ(client.handshake().headers.at("sec-websocket-protocol"), "jembatan.v1.json");
}

TEST(Websocket, OriginsAreChecked) {
  World& world = World::Get();
  Options options = world.DefaultOptions();
  options.allow_origins = "https://app.example";
  const auto gateway = world.StartGateway(options);
  ASSERT_TRUE(gateway);
  const std::string headers = Headers(Codec::kJson, "viewer");
  const std::vector<std::pair<std::string, int>> table = {
      {"", 101},
      {"Origin: https://app.example\r\n", 101},
      {"Origin: https://evil.example\r\n", 403},
      {"Origin: null\r\n", 403},
  };
  for (const auto& [origin, status] : table) {
    WsClient client(gateway->port(), "/v1/stream", headers + origin);
    EXPECT_EQ(client.handshake().status, status) << origin;
  }
}

struct Breach {
  const char* name;
  Codec codec;
  int opcode;
  std::string payload;
  // REASON_UNSPECIFIED: the codec closes without a last frame.
  intake::v1::Reason error;
  int close_code;
  bool masked = true;
};

std::vector<Breach> Breaches() {
  using enum intake::v1::Reason;
  std::string many_proto;
  std::string many_json = R"({"intents":[)";
  for (int i = 0; i < 10'000; ++i) {
    many_proto.append("\x0a\x00", 2);
    many_json.append(i == 0 ? "{}" : ",{}");
  }
  many_json.append("]}");
  const std::string oversize(intent::kFrameBytes + 1, ' ');
  std::vector<Breach> table = {
      {"text where binary", Codec::kProto, kText, "{}", REASON_MALFORMED, 1003},
      {"binary where text", Codec::kJson, kBinary, "", REASON_MALFORMED, 1003},
      {"no protobuf", Codec::kProto, kBinary, "\xff\xff\xff\xff", REASON_MALFORMED, 1007},
      {"bad UTF-8 in protobuf", Codec::kProto, kBinary, std::string("\x12\x02\xc3\x28"),
       REASON_MALFORMED, 1007},
      {"bad UTF-8 in text", Codec::kJson, kText, "{\"\xc3\x28\":1}", REASON_UNSPECIFIED, 1007},
      {"10,000 intents", Codec::kProto, kBinary, many_proto, REASON_TOO_LARGE, 1008},
      {"10,000 intents in JSON", Codec::kJson, kText, many_json, REASON_TOO_LARGE, 1008},
      {"oversize", Codec::kJson, kText, oversize, REASON_UNSPECIFIED, 1009},
      {"oversize in binary", Codec::kProto, kBinary, oversize, REASON_UNSPECIFIED, 1009},
      {"unmasked", Codec::kJson, kText, "{}", REASON_UNSPECIFIED, 1002, false},
      {"reserved opcode", Codec::kJson, 3, "{}", REASON_UNSPECIFIED, 1002},
  };
  for (const BadJson& bad : BadFrames()) {
    table.push_back({bad.name, Codec::kJson, kText, bad.text, REASON_MALFORMED, 1007});
  }
  return table;
}

TEST(Websocket, BreachesEndTheConnectionAsTheTableSays) {
  World& world = World::Get();
  for (const Breach& breach : Breaches()) {
    WsClient client = Connected(world.gateway(), breach.codec, "viewer");
    ServerFrame last;
    ASSERT_TRUE(NextUntil(client, breach.codec, &last, [](const ServerFrame& frame) {
      return frame.has_server_time();
    })) << breach.name;
    client.Send(breach.opcode, breach.payload, breach.masked);
    if (breach.error != intake::v1::REASON_UNSPECIFIED) {
      EXPECT_TRUE(NextUntil(client, breach.codec, &last, [](const ServerFrame& frame) {
        return frame.error() != 0;
      })) << breach.name;
      EXPECT_EQ(last.error(), breach.error) << breach.name << ": " << last.DebugString();
      EXPECT_FALSE(last.error_message().empty()) << breach.name;
    }
    const WsMessage close = client.Next();
    EXPECT_EQ(close.opcode, kClose) << breach.name;
    EXPECT_EQ(close.close_code, breach.close_code) << breach.name;
    EXPECT_TRUE(client.socket().EndsWithin(kPatience)) << breach.name;
  }
}

TEST(Websocket, UnknownBinaryFieldsAreDroppedAndCounted) {
  World& world = World::Get();
  WsClient client = Connected(world.gateway(), Codec::kProto, "viewer");
  const auto intent = world.NewIntent();
  std::string bytes = intent.SerializeAsString();
  bytes.append("\xa2\x06\x06secret", 9);  // field 100
  std::string frame("\x0a");
  frame.push_back(static_cast<char>(bytes.size()));
  ASSERT_LT(bytes.size(), 128U);
  client.Send(kBinary, frame + bytes);
  ServerFrame answer;
  ASSERT_TRUE(NextUntil(client, Codec::kProto, &answer, Receipts(1)));
  ASSERT_EQ(answer.receipts(0).status(), Receipt::STATUS_ACCEPTED);
  const auto crossing = world.ReadIntent(answer.receipts(0));
  ASSERT_TRUE(crossing);
  EXPECT_EQ(crossing->SerializeAsString().find("secret"), std::string::npos);
  std::this_thread::sleep_for(milliseconds(3 * kSweepMs));
  HttpClient admin(world.gateway().admin_port());
  const HttpReply metrics = admin.Call("GET", "/metrics", "", "");
  const std::string name = "\njembatan_gateway_unknown_fields_total{from=\"clients\"} ";
  const size_t at = metrics.body.find(name);
  ASSERT_NE(at, std::string::npos) << metrics.body;
  EXPECT_GE(std::stod(metrics.body.substr(at + name.size())), 1);
}

TEST(Websocket, FragmentsAndPipelinedMessagesAreServed) {
  World& world = World::Get();
  WsClient client = Connected(world.gateway(), Codec::kProto, "viewer");
  const std::string one = FrameOf(world.NewIntent()).SerializeAsString();
  const std::string two = FrameOf(world.NewIntent()).SerializeAsString();
  const size_t half = one.size() / 2;
  client.Send(kBinary, one.substr(0, half), true, /*final=*/false);
  client.Send(9, "ping");
  client.Send(0, one.substr(half), true, /*final=*/true);
  for (int i = 0; i < 50; ++i) client.Send(kBinary, two);
  ServerFrame answers;
  while (answers.receipts_size() < 51) {
    const WsMessage message = client.Next();
    if (message.opcode == 10) continue;
    ASSERT_EQ(message.opcode, kBinary);
    ServerFrame frame;
    ASSERT_TRUE(frame.ParseFromString(message.payload));
    answers.MergeFrom(frame);
  }
  EXPECT_EQ(answers.receipts(0).status(), Receipt::STATUS_ACCEPTED);
}

TEST(Websocket, ExpiredTokenEndsALiveSession) {
  World& world = World::Get();
  const std::string token = world.Token(
      "viewer", [](identity::Viewer& viewer) { viewer.expires_ms = base::WallMs() + 2'000; });
  WsClient client(
      world.gateway().port(), "/v1/stream",
      "Authorization: Bearer " + token + "\r\nSec-WebSocket-Protocol: jembatan.v1.proto\r\n");
  ASSERT_EQ(client.handshake().status, 101);
  ServerFrame last;
  ASSERT_TRUE(NextUntil(client, Codec::kProto, &last,
                        [](const ServerFrame& frame) { return frame.error() != 0; }));
  EXPECT_EQ(last.error(), intake::v1::REASON_UNAUTHENTICATED);
  EXPECT_EQ(client.Next().close_code, 4401);
}

TEST(Websocket, ClientThatNeverReadsIsClosedAndOthersAreServed) {
  World& world = World::Get();
  Options options = Impatient();
  options.timeouts.write_stall_ms = 60'000;  // the outbox's bound shall do it
  options.timeouts.idle_ms = 60'000;         // nor shall who waits meanwhile be taken for gone
  options.viewer_rate = 0;                   // else it would be read too slowly for that
  const auto gateway = world.StartGateway(options);
  ASSERT_TRUE(gateway);
  WsClient slow(gateway->port(), "/v1/stream", Headers(Codec::kProto, "slow"), 4096);
  WsClient good = Connected(*gateway, Codec::kProto, "good");
  ClientFrame flood;
  for (size_t i = 0; i < intent::kIntentsPerFrame; ++i) flood.add_intents();
  const std::string bytes = flood.SerializeAsString();
  bool closed = false;
  for (int i = 0; i < 4'000 && !closed; ++i) closed = !slow.Send(kBinary, bytes);
  EXPECT_TRUE(closed || slow.socket().EndsWithin(kPatience));

  good.Send(kBinary, FrameOf(world.NewIntent()).SerializeAsString());
  ServerFrame answer;
  ASSERT_TRUE(NextUntil(good, Codec::kProto, &answer, Receipts(1)));
  EXPECT_EQ(answer.receipts(0).status(), Receipt::STATUS_ACCEPTED);
}

// Every frame is answered, each after the first two only once the connection has rested.
TEST(Websocket, WhoHammersIsReadSlowlyAndOthersAreServed) {
  constexpr int kFrames = 7;
  Service& gateway = World::Get().gateway();
  WsClient hammer = Connected(gateway, Codec::kProto, "hammer");
  const int64_t begin_ns = base::MonotonicNs();
  for (int i = 0; i < kFrames; ++i) {
    ClientFrame frame;
    for (size_t k = 0; k < intent::kIntentsPerFrame; ++k) {
      *frame.add_intents() = World::Get().NewIntent();
    }
    ASSERT_TRUE(hammer.Send(kBinary, Encode(Codec::kProto, frame)));
  }
  WsClient other = Connected(gateway, Codec::kProto, "patient");
  ASSERT_TRUE(other.Send(kBinary, Encode(Codec::kProto, FrameOf(World::Get().NewIntent()))));
  ServerFrame answer;
  ASSERT_TRUE(NextUntil(other, Codec::kProto, &answer, Receipts(1)));
  EXPECT_EQ(answer.receipts(0).status(), Receipt::STATUS_ACCEPTED);

  constexpr int kSent = kFrames * static_cast<int>(intent::kIntentsPerFrame);
  ServerFrame answers;
  ASSERT_TRUE(NextUntil(hammer, Codec::kProto, &answers, Receipts(kSent)));
  int refused = 0;
  for (const Receipt& receipt : answers.receipts()) {
    refused += receipt.reason() == intake::v1::REASON_RATE_LIMITED ? 1 : 0;
  }
  EXPECT_GT(refused, kSent / 2);
  EXPECT_LT(refused, kSent);
  // A rest ends with the next sweep, so the first may be short.
  EXPECT_GE(base::MonotonicNs() - begin_ns, (kFrames - 3) * kSweepMs * 1'000'000);
}

TEST(Websocket, SilentConnectionsEnd) {
  World& world = World::Get();
  const auto gateway = world.StartGateway(Impatient());
  ASSERT_TRUE(gateway);
  RawSocket mute(gateway->port());
  RawSocket half(gateway->port());
  half.Send("GET /v1/stream HTTP/1.1\r\nHost: te");
  WsClient dead = Connected(*gateway, Codec::kProto, "dead");
  WsClient alive = Connected(*gateway, Codec::kProto, "alive");
  // Told to close, it neither answers nor goes.
  WsClient stubborn = Connected(*gateway, Codec::kProto, "stubborn");
  stubborn.Send(kText, "{}");
  EXPECT_TRUE(mute.EndsWithin(milliseconds(3'000)));
  EXPECT_TRUE(half.EndsWithin(milliseconds(3'000)));
  EXPECT_TRUE(stubborn.socket().EndsWithin(milliseconds(3'000)));
  // Answers pings while it waits for longer than the idle time.
  const WsMessage none = alive.Next(milliseconds(1'000));
  EXPECT_EQ(none.opcode, kBinary);  // the first frame
  EXPECT_EQ(alive.Next(milliseconds(2'500)).opcode, 0);
  // Two more rounds of which nothing but pings came: still served.
  alive.Send(kBinary, FrameOf(world.NewIntent()).SerializeAsString());
  ServerFrame answer;
  EXPECT_TRUE(NextUntil(alive, Codec::kProto, &answer, Receipts(1)));
  EXPECT_TRUE(dead.socket().EndsWithin(milliseconds(3'000)));
}

TEST(Websocket, MessageThatTricklesIsCutOff) {
  World& world = World::Get();
  const auto gateway = world.StartGateway(Impatient());
  ASSERT_TRUE(gateway);
  WsClient client = Connected(*gateway, Codec::kProto, "trickler");
  bool open = client.Send(kBinary, "", true, /*final=*/false);
  int fragments = 0;
  while (open && fragments < 40) {
    open = client.Send(0, "x", true, /*final=*/false);
    ++fragments;
    open = open && !client.socket().EndsWithin(milliseconds(100));
  }
  EXPECT_LT(fragments, 40);
}

TEST(Websocket, DrainTellsWhereToGoAndLosesNothing) {
  World& world = World::Get();
  auto gateway = world.StartGateway(world.DefaultOptions());
  ASSERT_TRUE(gateway);
  WsClient client = Connected(*gateway, Codec::kProto, "viewer");
  ServerFrame gathered;
  ASSERT_TRUE(NextUntil(client, Codec::kProto, &gathered,
                        [](const ServerFrame& frame) { return frame.has_server_time(); }));
  std::thread stopper([&gateway] { gateway->Stop(); });
  ASSERT_TRUE(NextUntil(client, Codec::kProto, &gathered,
                        [](const ServerFrame& frame) { return frame.has_drain(); }));
  EXPECT_LE(gathered.drain().reconnect_after_ms(), kReconnectSpreadMs);
  const WsMessage close = client.Next();
  EXPECT_EQ(close.close_code, 1001);
  stopper.join();
  EXPECT_FALSE(gateway->ready());
}

}  // namespace
}  // namespace jembatan::gateway::testing
