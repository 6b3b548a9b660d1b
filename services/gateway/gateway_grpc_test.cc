// Black-box tests of the gRPC face: calls, streams, statuses with details, half close, drain.

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "jembatan/intake/v1/intake.grpc.pb.h"
#include "jembatan/intake/v1/room.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/intent/limits.h"
#include "libs/rpc/server.h"
#include "services/gateway/limits.h"
#include "services/gateway/testing/gateway_fixture.h"
#include "services/gateway/testing/malformed.h"

namespace jembatan::gateway::testing {
namespace {

using intake::v1::ClientFrame;
using intake::v1::GetOutcomesResponse;
using intake::v1::IntakeService;
using intake::v1::Receipt;
using intake::v1::ServerFrame;

constexpr char kDetailsKey[] = "grpc-status-details-bin";

std::shared_ptr<grpc::Channel> ChannelTo(const Service& gateway) {
  return rpc::Connect("127.0.0.1:" + std::to_string(gateway.grpc_port()),
                      grpc::InsecureChannelCredentials());
}

// rpc::ServerOptions' default.
constexpr size_t kStreamsOfAConnection = 100;

// A connection of its own.
std::shared_ptr<grpc::Channel> ConnectionTo(const Service& gateway) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(gateway.grpc_port()),
                                   grpc::InsecureChannelCredentials(), arguments);
}

std::unique_ptr<IntakeService::Stub> StubOf(const Service& gateway) {
  return IntakeService::NewStub(ChannelTo(gateway));
}

void Prepare(grpc::ClientContext& context, const std::string& token) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
}

using Stream = std::unique_ptr<grpc::ClientReaderWriter<ClientFrame, ServerFrame>>;

// Reads until as many receipts have come; false if the stream ends first.
bool ReadReceipts(Stream& stream, int count, ServerFrame* gathered) {
  while (gathered->receipts_size() < count) {
    ServerFrame frame;
    if (!stream->Read(&frame)) return false;
    gathered->MergeFrom(frame);
  }
  return true;
}

TEST(Grpc, UnaryIntentIsInTheLog) {
  World& world = World::Get();
  const auto stub = StubOf(world.gateway());
  const auto intent = world.NewIntent();
  grpc::ClientContext context;
  Prepare(context, world.Token("grpc-viewer"));
  intake::v1::SubmitIntentRequest request;
  *request.mutable_intent() = intent;
  intake::v1::SubmitIntentResponse response;
  const grpc::Status status = stub->SubmitIntent(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.receipt().status(), Receipt::STATUS_ACCEPTED);
  const auto crossing = world.ReadIntent(response.receipt());
  ASSERT_TRUE(crossing);
  EXPECT_EQ(crossing->intent_id(), intent.intent_id());
}

TEST(Grpc, BadIntentsAreResults) {
  World& world = World::Get();
  const auto stub = StubOf(world.gateway());
  for (const BadIntent& bad : BadIntents()) {
    intake::v1::SubmitIntentRequest request;
    *request.mutable_intent() = world.NewIntent();
    bad.spoil(*request.mutable_intent());
    intake::v1::SubmitIntentResponse response;
    grpc::ClientContext context;
    Prepare(context, world.Token("grpc-viewer"));
    ASSERT_TRUE(stub->SubmitIntent(&context, request, &response).ok()) << bad.name;
    EXPECT_EQ(response.receipt().status(), Receipt::STATUS_REFUSED) << bad.name;
    EXPECT_EQ(response.receipt().reason(), bad.reason) << bad.name;
  }
}

TEST(Grpc, TokensThatAreRefused) {
  World& world = World::Get();
  const auto stub = StubOf(world.gateway());
  const std::string expired =
      world.Token("viewer", [](identity::Viewer& v) { v.expires_ms = base::WallMs() - 60'000; });
  const std::vector<std::pair<const char*, std::string>> table = {
      {"none", ""},
      {"expired", expired},
      {"forged", world.ForgedToken()},
      {"other audience", world.TokenFor("shop")},
      {"tampered", world.Token("viewer") + "A"},
  };
  for (const auto& [name, token] : table) {
    grpc::ClientContext unary;
    Prepare(unary, token);
    intake::v1::SubmitIntentResponse response;
    const grpc::Status status = stub->SubmitIntent(&unary, {}, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << name;
    EXPECT_NE(status.error_details().find("google.rpc.ErrorInfo"), std::string::npos) << name;
    EXPECT_TRUE(unary.GetServerTrailingMetadata().contains(kDetailsKey)) << name;

    grpc::ClientContext streaming;
    Prepare(streaming, token);
    Stream stream = stub->StreamIntents(&streaming);
    ServerFrame frame;
    EXPECT_FALSE(stream->Read(&frame)) << name;
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED) << name;
  }
}

// Sends bytes that no generated stub would.
grpc::Status CallRaw(Service& gateway, const std::string& method, const std::string& bytes) {
  const auto channel = ChannelTo(gateway);
  grpc::ClientContext context;
  Prepare(context, World::Get().Token("viewer"));
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(channel);
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
  grpc::ByteBuffer response;
  grpc::Status status;
  call->StartCall();
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return status;
}

TEST(Grpc, MalformedBytesAreRefusedWithDetails) {
  World& world = World::Get();
  const std::string submit = "/jembatan.intake.v1.IntakeService/SubmitIntent";
  const std::string query = "/jembatan.intake.v1.IntakeService/GetOutcomes";
  intake::v1::GetOutcomesRequest many;
  for (int i = 0; i < 101; ++i) many.add_queries()->set_intent_id("x");
  const std::vector<std::pair<std::string, std::string>> table = {
      {submit, "\xff\xff"},
      {submit, std::string("\x0a\x04\x12\x02\xc3\x28", 6)},
      {query, "\x0a\x05x"},
      {query, many.SerializeAsString()},
  };
  for (const auto& [method, bytes] : table) {
    const grpc::Status status = CallRaw(world.gateway(), method, bytes);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
    EXPECT_NE(status.error_details().find("google.rpc.ErrorInfo"), std::string::npos);
  }
  const grpc::Status oversize =
      CallRaw(world.gateway(), submit, std::string(intent::kFrameBytes + 1, 'x'));
  EXPECT_EQ(oversize.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(Grpc, StreamAnswersEverythingBeforeItEnds) {
  World& world = World::Get();
  const auto stub = StubOf(world.gateway());
  grpc::ClientContext context;
  Prepare(context, world.Token("grpc-stream"));
  Stream stream = stub->StreamIntents(&context);
  constexpr int kFrames = 20;
  constexpr int kPerFrame = 10;
  for (int i = 0; i < kFrames; ++i) {
    ClientFrame frame;
    for (int j = 0; j < kPerFrame; ++j) *frame.add_intents() = world.NewIntent();
    ASSERT_TRUE(stream->Write(frame));
  }
  ASSERT_TRUE(stream->WritesDone());
  ServerFrame gathered;
  ASSERT_TRUE(ReadReceipts(stream, kFrames * kPerFrame, &gathered));
  EXPECT_TRUE(gathered.has_server_time());
  for (const Receipt& receipt : gathered.receipts()) {
    EXPECT_EQ(receipt.status(), Receipt::STATUS_ACCEPTED) << receipt.DebugString();
  }
  ServerFrame more;
  EXPECT_FALSE(stream->Read(&more));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(Grpc, OutcomesReachTheirViewerOnly) {
  World& world = World::Get();
  const auto stub = StubOf(world.gateway());
  grpc::ClientContext ours;
  Prepare(ours, world.Token("grpc-buyer"));
  Stream buyer = stub->StreamIntents(&ours);
  grpc::ClientContext theirs;
  Prepare(theirs, world.Token("grpc-other"));
  Stream other = stub->StreamIntents(&theirs);
  const auto intent = world.NewIntent();
  ClientFrame frame;
  *frame.add_intents() = intent;
  ASSERT_TRUE(buyer->Write(frame));
  ServerFrame gathered;
  ASSERT_TRUE(ReadReceipts(buyer, 1, &gathered));
  world.WriteOutcome(intent, "grpc-buyer", crossing::v1::Outcome::STATE_HANDED_OFF);
  while (gathered.outcomes_size() == 0) {
    ServerFrame next;
    ASSERT_TRUE(buyer->Read(&next));
    gathered.MergeFrom(next);
  }
  EXPECT_EQ(gathered.outcomes(0).intent_id(), intent.intent_id());

  ClientFrame watch;
  *watch.add_intents() = world.NewIntent();
  watch.add_watch_intent_ids(intent.intent_id());
  ASSERT_TRUE(other->Write(watch));
  other->WritesDone();
  ServerFrame seen;
  ASSERT_TRUE(ReadReceipts(other, 1, &seen));
  EXPECT_EQ(seen.outcomes_size(), 0);
  EXPECT_TRUE(other->Finish().ok());
  ours.TryCancel();
  EXPECT_EQ(buyer->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST(Grpc, BrokenFrameEndsTheStream) {
  World& world = World::Get();
  const auto stub = StubOf(world.gateway());
  grpc::ClientContext context;
  Prepare(context, world.Token("viewer"));
  Stream stream = stub->StreamIntents(&context);
  ClientFrame frame;
  for (size_t i = 0; i <= intent::kIntentsPerFrame; ++i) frame.add_intents();
  ASSERT_TRUE(stream->Write(frame));
  ServerFrame dropped;
  while (stream->Read(&dropped)) {
  }
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
}

TEST(Grpc, GetOutcomes) {
  World& world = World::Get();
  const auto stub = StubOf(world.gateway());
  grpc::ClientContext context;
  Prepare(context, world.Token("viewer"));
  intake::v1::GetOutcomesRequest request;
  const auto intent = world.NewIntent();
  request.add_queries()->set_intent_id(intent.intent_id());
  GetOutcomesResponse response;
  ASSERT_TRUE(stub->GetOutcomes(&context, request, &response).ok());
  ASSERT_EQ(response.answers_size(), 1);
  EXPECT_EQ(response.answers(0).verdict(), GetOutcomesResponse::VERDICT_NOT_YET);
}

TEST(Grpc, DrainEndsStreamsAndRefusesCalls) {
  World& world = World::Get();
  auto gateway = world.StartGateway(world.DefaultOptions());
  ASSERT_TRUE(gateway);
  const auto stub = StubOf(*gateway);
  grpc::ClientContext context;
  Prepare(context, world.Token("viewer"));
  Stream stream = stub->StreamIntents(&context);
  ServerFrame first;
  ASSERT_TRUE(stream->Read(&first));
  const auto began = std::chrono::steady_clock::now();
  std::thread stopper([&gateway] { gateway->Stop(); });
  ServerFrame gathered;
  ServerFrame next;
  while (stream->Read(&next)) gathered.MergeFrom(next);
  EXPECT_TRUE(gathered.has_drain());
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  stopper.join();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

TEST(Grpc, ABackEndOpensARoomAndItsViewersAreTold) {
  World& world = World::Get();
  const auto rooms = intake::v1::RoomService::NewStub(ChannelTo(world.gateway()));
  const auto stub = StubOf(world.gateway());
  grpc::ClientContext watching;
  Prepare(watching, world.Token("grpc-viewer"));
  Stream stream = stub->StreamIntents(&watching);
  ClientFrame watch;
  watch.add_watch_room_ids("grpc-room");
  ASSERT_TRUE(stream->Write(watch));

  intake::v1::OpenRoomRequest open;
  open.set_room_id("grpc-room");
  intake::v1::OpenRoomResponse opened;
  grpc::ClientContext as_viewer;
  Prepare(as_viewer, world.Token("grpc-viewer"));
  EXPECT_EQ(rooms->OpenRoom(&as_viewer, open, &opened).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  const std::string backend =
      world.Token("back end", [](identity::Viewer& v) { v.manages_rooms = true; });
  grpc::ClientContext as_backend;
  Prepare(as_backend, backend);
  const grpc::Status status = rooms->OpenRoom(&as_backend, open, &opened);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(opened.room().state(), intake::v1::Room::STATE_OPEN);
  intake::v1::PinOfferRequest pin;
  pin.set_room_id("grpc-room");
  pin.set_offer_id("batik");
  intake::v1::PinOfferResponse pinned;
  grpc::ClientContext pinning;
  Prepare(pinning, backend);
  ASSERT_TRUE(rooms->PinOffer(&pinning, pin, &pinned).ok());
  EXPECT_EQ(pinned.room().pinned_size(), 1);

  ServerFrame told;
  while (told.offers_size() == 0) {
    ServerFrame frame;
    ASSERT_TRUE(stream->Read(&frame));
    told.MergeFrom(frame);
  }
  EXPECT_EQ(told.offers(0).offer_id(), "batik");
  stream->WritesDone();
  while (stream->Read(&told)) continue;
  EXPECT_TRUE(stream->Finish().ok());
}

// Open streams once counted against the bound of unary calls.
TEST(Grpc, StreamsLeaveUnaryCallsTheirBound) {
  World& world = World::Get();
  const std::string token = world.Token("grpc-viewer");
  struct Open {
    std::unique_ptr<IntakeService::Stub> stub;
    grpc::ClientContext context;
    Stream stream;
  };
  std::vector<std::unique_ptr<Open>> streams(kUnaryCalls);
  std::shared_ptr<grpc::Channel> channel;
  for (size_t i = 0; i < streams.size(); ++i) {
    // A connection has no more streams at once.
    if (i % kStreamsOfAConnection == 0) channel = ConnectionTo(world.gateway());
    auto& open = streams[i] = std::make_unique<Open>();
    open->stub = IntakeService::NewStub(channel);
    Prepare(open->context, token);
    open->stream = open->stub->StreamIntents(&open->context);
    ServerFrame greeting;
    ASSERT_TRUE(open->stream->Read(&greeting));
  }
  grpc::ClientContext context;
  Prepare(context, token);
  GetOutcomesResponse answers;
  const auto stub = IntakeService::NewStub(ConnectionTo(world.gateway()));
  const grpc::Status status = stub->GetOutcomes(&context, {}, &answers);
  EXPECT_TRUE(status.ok()) << status.error_message();
  for (auto& open : streams) open->context.TryCancel();
  for (auto& open : streams) {
    EXPECT_EQ(open->stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
}

}  // namespace
}  // namespace jembatan::gateway::testing
