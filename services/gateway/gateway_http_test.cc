// Black-box tests of HTTP: the Connect protocol's unary calls, CORS, and what is not HTTP.

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "libs/base/clock.h"
#include "libs/intent/limits.h"
#include "services/gateway/testing/gateway_fixture.h"
#include "services/gateway/testing/malformed.h"

namespace jembatan::gateway::testing {
namespace {

using intake::v1::GetOutcomesRequest;
using intake::v1::GetOutcomesResponse;
using intake::v1::Receipt;
using std::chrono::milliseconds;

std::string TypeOf(Codec codec) {
  return codec == Codec::kProto ? "Content-Type: application/proto\r\n"
                                : "Content-Type: application/json\r\n";
}

class HttpCodecs : public ::testing::TestWithParam<Codec> {
 protected:
  // The receipt; an empty one is a failure.
  Receipt Ask(HttpClient& client, const intake::v1::Intent& intent) {
    intake::v1::SubmitIntentRequest request;
    *request.mutable_intent() = intent;
    const HttpReply reply = client.Call("POST", kSubmitPath, headers_, Encode(GetParam(), request));
    EXPECT_EQ(reply.status, 200) << reply.body;
    intake::v1::SubmitIntentResponse response;
    EXPECT_TRUE(Decode(GetParam(), reply.body, &response));
    return response.receipt();
  }

  World& world_ = World::Get();
  std::string headers_ = world_.Bearer("http-viewer") + TypeOf(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Http, HttpCodecs, ::testing::Values(Codec::kProto, Codec::kJson),
                         [](const auto& info) {
                           return info.param == Codec::kProto ? "Proto" : "Json";
                         });

TEST_P(HttpCodecs, AcceptedIntentIsInTheLogAndTheConnectionIsKept) {
  HttpClient client(world_.gateway().port());
  for (int i = 0; i < 3; ++i) {
    const auto intent = world_.NewIntent();
    const Receipt receipt = Ask(client, intent);
    ASSERT_EQ(receipt.status(), Receipt::STATUS_ACCEPTED) << receipt.DebugString();
    const auto crossing = world_.ReadIntent(receipt);
    ASSERT_TRUE(crossing);
    EXPECT_EQ(crossing->intent_id(), intent.intent_id());
  }
}

TEST_P(HttpCodecs, BadIntentsAreResults) {
  HttpClient client(world_.gateway().port());
  for (const BadIntent& bad : BadIntents()) {
    auto intent = world_.NewIntent();
    bad.spoil(intent);
    const Receipt receipt = Ask(client, intent);
    EXPECT_EQ(receipt.status(), Receipt::STATUS_REFUSED) << bad.name;
    EXPECT_EQ(receipt.reason(), bad.reason) << bad.name << ": " << receipt.DebugString();
  }
}

TEST_P(HttpCodecs, GetOutcomesTellsTheViewersOwn) {
  HttpClient client(world_.gateway().port());
  const auto decided = world_.NewIntent();
  const auto open = world_.NewIntent();
  ASSERT_EQ(Ask(client, decided).status(), Receipt::STATUS_ACCEPTED);
  ASSERT_EQ(Ask(client, open).status(), Receipt::STATUS_ACCEPTED);
  world_.WriteOutcome(decided, "http-viewer", crossing::v1::Outcome::STATE_ORDERED, "order-9");
  GetOutcomesRequest query;
  for (const auto* intent : {&decided, &open}) {
    auto* each = query.add_queries();
    each->set_intent_id(intent->intent_id());
    each->set_offer_id(intent->offer_id());
  }
  query.add_queries()->set_intent_id("not an id");

  GetOutcomesResponse answers;
  const auto until = std::chrono::steady_clock::now() + kPatience;
  do {
    const HttpReply reply = client.Call("POST", kQueryPath, headers_, Encode(GetParam(), query));
    ASSERT_EQ(reply.status, 200) << reply.body;
    ASSERT_TRUE(Decode(GetParam(), reply.body, &answers));
    ASSERT_EQ(answers.answers_size(), 3);
  } while (answers.answers(0).verdict() != GetOutcomesResponse::VERDICT_OUTCOME &&
           std::chrono::steady_clock::now() < until);
  EXPECT_EQ(answers.answers(0).outcome().order_id(), "order-9");
  EXPECT_EQ(answers.answers(1).verdict(), GetOutcomesResponse::VERDICT_NOT_YET);
  EXPECT_EQ(answers.answers(2).reason(), intake::v1::REASON_ID_INVALID);

  const HttpReply others =
      client.Call("POST", kQueryPath, world_.Bearer("somebody-else") + TypeOf(GetParam()),
                  Encode(GetParam(), query));
  ASSERT_TRUE(Decode(GetParam(), others.body, &answers));
  EXPECT_NE(answers.answers(0).verdict(), GetOutcomesResponse::VERDICT_OUTCOME);
}

struct Refused {
  const char* name;
  std::string method;
  std::string path;
  std::string headers;
  std::string body;
  int status;
  std::string code;
};

TEST(Http, RequestsThatAreRefused) {
  World& world = World::Get();
  const std::string json = TypeOf(Codec::kJson);
  const std::string proto = TypeOf(Codec::kProto);
  const std::string good = world.Bearer("viewer");
  const auto bearer = [](const std::string& token) {
    return "Authorization: Bearer " + token + "\r\n";
  };
  const std::string expired =
      world.Token("viewer", [](identity::Viewer& v) { v.expires_ms = base::WallMs() - 60'000; });
  const std::string submit(kSubmitPath);
  GetOutcomesRequest many;
  for (int i = 0; i < 101; ++i) many.add_queries()->set_intent_id("x");
  std::vector<Refused> table = {
      {"no token", "POST", submit, json, "{}", 401, "unauthenticated"},
      {"expired", "POST", submit, bearer(expired) + json, "{}", 401, "unauthenticated"},
      {"forged", "POST", submit, bearer(world.ForgedToken()) + json, "{}", 401, "unauthenticated"},
      {"other audience", "POST", submit, bearer(world.TokenFor("shop")) + json, "{}", 401,
       "unauthenticated"},
      {"two tokens", "POST", submit, good + good + json, "{}", 401, "unauthenticated"},
      {"basic", "POST", submit, "Authorization: Basic eDp5\r\n" + json, "{}", 401,
       "unauthenticated"},
      {"get", "GET", submit, good, "", 405, "unimplemented"},
      {"content type", "POST", submit, good + "Content-Type: text/xml\r\n", "<x/>", 415,
       "unimplemented"},
      {"path", "POST", "/", good + json, "{}", 404, "not_found"},
      {"no upgrade", "GET", "/v1/stream", good, "", 426, "unimplemented"},
      {"protobuf garbage", "POST", submit, good + proto, "\xff\xff", 400, "invalid_argument"},
      {"protobuf UTF-8", "POST", submit, good + proto, "\x0a\x04\x12\x02\xc3\x28", 400,
       "invalid_argument"},
      {"JSON UTF-8", "POST", submit, good + json, "{\"intent\":{\"room_id\":\"\xff\"}}", 400,
       "invalid_argument"},
      {"101 queries", "POST", std::string(kQueryPath), good + proto, many.SerializeAsString(), 400,
       "invalid_argument"},
      {"no time left", "POST", submit, good + json + "Connect-Timeout-Ms: 0\r\n", "{}", 504,
       "deadline_exceeded"},
  };
  for (const BadJson& bad : BadSubmits()) {
    table.push_back({bad.name, "POST", submit, good + json, bad.text, 400, "invalid_argument"});
  }
  HttpClient client(world.gateway().port());
  for (const Refused& row : table) {
    const HttpReply reply = client.Call(row.method, row.path, row.headers, row.body);
    EXPECT_EQ(reply.status, row.status) << row.name << ": " << reply.body;
    EXPECT_EQ(reply.body.find("{\"code\":\"" + row.code + "\""), 0U)
        << row.name << ": " << reply.body;
  }
}

TEST(Http, OversizeAndGarbageEndTheConnectionWithAnAnswer) {
  World& world = World::Get();
  const int port = world.gateway().port();
  {
    HttpClient client(port);
    const HttpReply reply =
        client.Call("POST", kSubmitPath, world.Bearer("viewer") + TypeOf(Codec::kJson),
                    std::string(intent::kUnaryBytes + 1, ' '));
    EXPECT_EQ(reply.status, 413) << reply.body;
    EXPECT_TRUE(client.socket().EndsWithin(kPatience));
  }
  {
    HttpClient client(port);
    const HttpReply reply =
        client.Call("POST", kSubmitPath, "X-Long: " + std::string(9'000, 'x') + "\r\n", "{}");
    EXPECT_EQ(reply.status, 431) << reply.body;
    EXPECT_TRUE(client.socket().EndsWithin(kPatience));
  }
  for (const char* garbage :
       {"\x16\x03\x01\x02\x00\x01\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"}) {
    HttpClient client(port);
    client.socket().Send(garbage);
    EXPECT_EQ(client.ReadReply().status, 400) << garbage;
    EXPECT_TRUE(client.socket().EndsWithin(kPatience)) << garbage;
  }
}

TEST(Http, PipelinedRequestsAreAnsweredInOrder) {
  World& world = World::Get();
  HttpClient client(world.gateway().port());
  std::string both;
  for (const char* path : {"/first", "/jembatan.intake.v1.IntakeService/Second"}) {
    both.append("POST ").append(path).append(" HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\n{}");
  }
  client.socket().Send(both);
  EXPECT_NE(client.ReadReply().body.find("not_found"), std::string::npos);
  EXPECT_NE(client.ReadReply().body.find("unimplemented"), std::string::npos);
}

TEST(Http, ExpectedContinueIsSent) {
  World& world = World::Get();
  HttpClient client(world.gateway().port());
  client.socket().Send("POST " + std::string(kSubmitPath) +
                       " HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" +
                       world.Bearer("viewer") + TypeOf(Codec::kJson) + "\r\n");
  EXPECT_EQ(client.ReadReply().status, 100);
  client.socket().Send("{}");
  EXPECT_EQ(client.ReadReply().status, 200);
}

TEST(Http, Cors) {
  World& world = World::Get();
  Options options = world.DefaultOptions();
  options.allow_origins = "https://app.example";
  const auto gateway = world.StartGateway(options);
  ASSERT_TRUE(gateway);
  HttpClient client(gateway->port());
  const std::string ours = "Origin: https://app.example\r\n";
  const std::string theirs = "Origin: https://evil.example\r\n";
  HttpReply reply = client.Call("OPTIONS", kSubmitPath, ours, "");
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.headers["access-control-allow-origin"], "https://app.example");
  EXPECT_NE(reply.headers["access-control-allow-headers"].find("Authorization"), std::string::npos);
  reply = client.Call("OPTIONS", kSubmitPath, theirs, "");
  EXPECT_EQ(reply.status, 403);
  EXPECT_FALSE(reply.headers.contains("access-control-allow-origin"));
  // Errors too, else a page could not read why.
  reply = client.Call("POST", kSubmitPath, ours + TypeOf(Codec::kJson), "{}");
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.headers["access-control-allow-origin"], "https://app.example");
}

TEST(Http, SlowHeadersAndBodiesAreCutOff) {
  World& world = World::Get();
  Options options = world.DefaultOptions();
  options.timeouts.handshake_ms = 300;
  options.timeouts.body_ms = 300;
  const auto gateway = world.StartGateway(options);
  ASSERT_TRUE(gateway);
  RawSocket header(gateway->port());
  header.Send("POST / HTTP/1.1\r\nX: ");
  RawSocket body(gateway->port());
  body.Send("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{");
  EXPECT_TRUE(header.EndsWithin(milliseconds(3'000)));
  EXPECT_TRUE(body.EndsWithin(milliseconds(3'000)));
  // A kept connection may rest for longer than a header may take.
  HttpClient kept(gateway->port());
  EXPECT_EQ(kept.Call("POST", "/", "", "{}").status, 404);
  EXPECT_FALSE(kept.socket().EndsWithin(milliseconds(1'000)));
  EXPECT_EQ(kept.Call("POST", "/", "", "{}").status, 404);
}

}  // namespace
}  // namespace jembatan::gateway::testing
