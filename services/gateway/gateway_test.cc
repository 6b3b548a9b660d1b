// The service as a whole: what it refuses to start with, several shards, the bound on connections,
// running out of descriptors, and drains under load.

#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "libs/kafka/config.h"
#include "libs/kafka/producer.h"
#include "libs/kafka/testing/run_until.h"
#include "services/gateway/testing/gateway_fixture.h"

namespace jembatan::gateway::testing {
namespace {

using intake::v1::Receipt;
using std::chrono::milliseconds;

// Kafka's numbers of errors.
constexpr int kUnknownError = -1;
constexpr int kUnknownTopic = 3;
constexpr int kTopicDenied = 29;
constexpr int kSaslFailed = 58;

int StatusOf(HttpClient& client, std::string_view viewer) {
  World& world = World::Get();
  intake::v1::SubmitIntentRequest request;
  *request.mutable_intent() = world.NewIntent();
  return client
      .Call("POST", kSubmitPath, world.Bearer(viewer) + "Content-Type: application/proto\r\n",
            request.SerializeAsString())
      .status;
}

std::string FileOf(const std::string& text) {
  static int number = 0;
  const auto path = std::filesystem::temp_directory_path() /
                    ("gateway_test." + std::to_string(getpid()) + "." + std::to_string(number++));
  std::ofstream(path) << text;
  return path.string();
}

struct BadOptions {
  const char* name;
  std::function<void(Options&)> spoil;
  // What the one line must name.
  std::string named;
};

TEST(Gateway, BadConfigurationIsOneLineAtOnce) {
  World& world = World::Get();
  const std::string garbage = FileOf("garbage");
  const std::string busy = "127.0.0.1:" + std::to_string(world.gateway().port());
  const std::string grpc_busy = "127.0.0.1:" + std::to_string(world.gateway().grpc_port());
  const std::vector<BadOptions> table = {
      {"profile", [](Options& o) { o.profile = "test"; }, "--profile"},
      {"no keys", [](Options& o) { o.token_keys.clear(); }, "--token_keys"},
      {"keys missing", [](Options& o) { o.token_keys = "/nonexistent"; }, "--token_keys"},
      {"keys garbage", [&](Options& o) { o.token_keys = garbage; }, "--token_keys"},
      {"no buyer key", [](Options& o) { o.buyer_key.clear(); }, "--buyer_key"},
      {"buyer key garbage", [&](Options& o) { o.buyer_key = garbage; }, "--buyer_key"},
      {"buyer key directory", [](Options& o) { o.buyer_key = "/"; }, "--buyer_key"},
      {"region", [](Options& o) { o.regions = "ID,Indonesia"; }, "--regions"},
      {"origin", [](Options& o) { o.allow_origins = "app.example"; }, "--allow_origins"},
      {"kafka_config", [&](Options& o) { o.kafka_config = garbage; }, "--kafka_config"},
      {"listen", [](Options& o) { o.listen = "nowhere"; }, "--listen"},
      {"listen port", [](Options& o) { o.listen = "127.0.0.1:99999"; }, "--listen"},
      {"port busy", [&](Options& o) { o.listen = busy; }, "--listen"},
      {"port busy, shared",
       [&](Options& o) {
         o.listen = busy;
         o.shards = 2;
       },
       "--listen"},
      {"gRPC port busy", [&](Options& o) { o.grpc_listen = grpc_busy; }, "--grpc_listen"},
      {"TLS file", [](Options& o) { o.tls_certificate = o.tls_key = "/nonexistent"; },
       "--grpc_listen"},
      {"partitions", [](Options& o) { o.partitions = kPartitions + 1; }, "partition"},
      {"production rules", [](Options& o) { o.profile = "production"; }, "replica"},
  };
  for (const BadOptions& row : table) {
    Options options = world.DefaultOptions();
    row.spoil(options);
    Service service(options);
    const auto began = std::chrono::steady_clock::now();
    const absl::Status started = service.Start();
    EXPECT_FALSE(started.ok()) << row.name;
    EXPECT_NE(std::string(started.message()).find(row.named), std::string::npos)
        << row.name << ": " << started;
    EXPECT_EQ(std::string(started.message()).find('\n'), std::string::npos) << row.name;
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2)) << row.name;
  }
  std::filesystem::remove(garbage);
}

TEST(Gateway, ReadinessIsToldOnTheAdminPort) {
  World& world = World::Get();
  HttpClient admin(world.gateway().admin_port());
  EXPECT_EQ(admin.Call("GET", "/readyz", "", "").status, 200);
}

TEST(Gateway, ShardsShareThePortAndTheLog) {
  World& world = World::Get();
  Options options = world.DefaultOptions();
  options.shards = 3;
  const auto gateway = world.StartGateway(options);
  ASSERT_TRUE(gateway);
  for (int i = 0; i < 24; ++i) {
    HttpClient client(gateway->port());
    EXPECT_EQ(StatusOf(client, "sharded"), 200);
  }
  // Finals reach whichever shard the viewer is at.
  std::vector<std::unique_ptr<WsClient>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<WsClient>(
        gateway->port(), "/v1/stream",
        world.Bearer("sharded") + "Sec-WebSocket-Protocol: jembatan.v1.proto\r\n"));
    ASSERT_EQ(clients.back()->handshake().status, 101);
    intake::v1::ServerFrame first;
    ASSERT_TRUE(NextUntil(*clients.back(), Codec::kProto, &first,
                          [](const auto& frame) { return frame.has_server_time(); }));
  }
  const auto intent = world.NewIntent();
  world.WriteOutcome(intent, "sharded", crossing::v1::Outcome::STATE_REJECTED);
  for (const auto& client : clients) {
    intake::v1::ServerFrame told;
    EXPECT_TRUE(NextUntil(*client, Codec::kProto, &told,
                          [](const auto& frame) { return frame.outcomes_size() > 0; }));
  }
}

TEST(Gateway, ConnectionsAreBounded) {
  World& world = World::Get();
  Options options = world.DefaultOptions();
  options.connections_max = 4;
  const auto gateway = world.StartGateway(options);
  ASSERT_TRUE(gateway);
  std::vector<std::unique_ptr<HttpClient>> kept;
  for (int i = 0; i < 4; ++i) {
    kept.push_back(std::make_unique<HttpClient>(gateway->port()));
    ASSERT_EQ(StatusOf(*kept.back(), "bounded"), 200);
  }
  RawSocket turned(gateway->port());
  EXPECT_TRUE(turned.EndsWithin(kPatience));
  kept.pop_back();
  std::this_thread::sleep_for(milliseconds(100));
  HttpClient next(gateway->port());
  EXPECT_EQ(StatusOf(next, "bounded"), 200);
}

TEST(Gateway, ResumesAcceptingWhenDescriptorsComeBack) {
  World& world = World::Get();
  Service& gateway = world.gateway();
  HttpClient before(gateway.port());
  ASSERT_EQ(StatusOf(before, "fds"), 200);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  // The client's socket takes the last descriptor, so that the gateway's accept finds none.
  const int next = dup(0);
  close(next);
  rlimit tight = limit;
  tight.rlim_cur = static_cast<rlim_t>(next) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  RawSocket waiting(gateway.port());
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_FALSE(waiting.EndsWithin(milliseconds(10)));
  EXPECT_EQ(StatusOf(before, "fds"), 200);  // who is connected is served
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  waiting.Send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  std::string answer;
  EXPECT_TRUE(waiting.Receive(&answer, milliseconds(2'000)));
  EXPECT_EQ(answer.find("HTTP/1.1 404"), 0U) << answer;
}

TEST(Gateway, SlowLogIsToldAsPendingAndThenAccepted) {
  World& world = World::Get();
  WsClient client(world.gateway().port(), "/v1/stream",
                  world.Bearer("patient") + "Sec-WebSocket-Protocol: jembatan.v1.proto\r\n");
  ASSERT_EQ(client.handshake().status, 101);
  world.cluster().SetRtt(1, 1'800);
  intake::v1::ClientFrame frame;
  *frame.add_intents() = world.NewIntent();
  client.Send(2, frame.SerializeAsString());
  intake::v1::ServerFrame answers;
  EXPECT_TRUE(NextUntil(client, Codec::kProto, &answers,
                        [](const auto& gathered) { return gathered.receipts_size() >= 2; }));
  world.cluster().SetRtt(1, 0);
  ASSERT_EQ(answers.receipts_size(), 2);
  EXPECT_EQ(answers.receipts(0).status(), Receipt::STATUS_PENDING);
  EXPECT_EQ(answers.receipts(1).status(), Receipt::STATUS_ACCEPTED);
}

// A cluster of the test's own, since what is done to it would trouble other tests.
class OwnCluster : public ::testing::Test {
 protected:
  void SetUp() override {
    auto cluster = kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(kPartitions));
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    cluster_ = *std::move(cluster);
    Options options = World::Get().DefaultOptions();
    options.brokers = cluster_->bootstrap();
    options.topic_watch_ms = 50;
    gateway_ = World::Get().StartGateway(options);
    ASSERT_TRUE(gateway_);
    client_ = std::make_unique<WsClient>(
        gateway_->port(), "/v1/stream",
        World::Get().Bearer("own") + "Sec-WebSocket-Protocol: jembatan.v1.proto\r\n");
    ASSERT_EQ(client_->handshake().status, 101);
  }

  // The receipt that the intent is told next; empty if none comes.
  Receipt Submit(const intake::v1::Intent& intent) {
    intake::v1::ClientFrame frame;
    *frame.add_intents() = intent;
    client_->Send(2, frame.SerializeAsString());
    return NextReceipt();
  }
  Receipt NextReceipt() {
    intake::v1::ServerFrame told;
    NextUntil(*client_, Codec::kProto, &told,
              [](const auto& gathered) { return gathered.receipts_size() > 0; });
    return told.receipts_size() > 0 ? told.receipts(0) : Receipt();
  }
  std::string Ready() {
    HttpClient admin(gateway_->admin_port());
    return admin.Call("GET", "/readyz", "", "").body;
  }
  bool BecomesReady(bool ready) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (gateway_->ready() != ready && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(milliseconds(5));
    }
    return gateway_->ready() == ready;
  }

  std::unique_ptr<kafka::testing::MockCluster> cluster_;
  std::unique_ptr<Service> gateway_;
  std::unique_ptr<WsClient> client_;
};

TEST_F(OwnCluster, AnotherNumberOfPartitionsStopsAdmission) {
  World& world = World::Get();
  EXPECT_EQ(Submit(world.NewIntent()).status(), Receipt::STATUS_ACCEPTED);
  ASSERT_TRUE(cluster_->RemakeTopic(kafka::kIntentsTopic, kPartitions + 2).ok());
  ASSERT_TRUE(BecomesReady(false));
  EXPECT_EQ(Ready(), "nothing new is admitted: the intents' topic has 5 partitions instead of 3\n");
  const Receipt refused = Submit(world.NewIntent());
  EXPECT_EQ(refused.status(), Receipt::STATUS_REFUSED);
  EXPECT_EQ(refused.reason(), intake::v1::REASON_LOG_UNAVAILABLE);
  EXPECT_GT(refused.retry_after_ms(), 0u);
}

// With as many partitions as before it looks like the log that it is not.
TEST_F(OwnCluster, ATopicMadeAnewStopsAdmissionUntilARestart) {
  World& world = World::Get();
  EXPECT_EQ(Submit(world.NewIntent()).status(), Receipt::STATUS_ACCEPTED);
  ASSERT_TRUE(cluster_->RemakeTopic(kafka::kIntentsTopic, kPartitions).ok());
  ASSERT_TRUE(BecomesReady(false));
  const std::string why = "nothing new is admitted: the intents' topic was made anew: its id is ";
  EXPECT_TRUE(Ready().starts_with(why)) << Ready();
  const Receipt refused = Submit(world.NewIntent());
  EXPECT_EQ(refused.status(), Receipt::STATUS_REFUSED);
  EXPECT_EQ(refused.reason(), intake::v1::REASON_LOG_UNAVAILABLE);

  gateway_->Stop();
  Options options = world.DefaultOptions();
  options.brokers = cluster_->bootstrap();
  gateway_ = world.StartGateway(options);
  ASSERT_TRUE(gateway_);
  EXPECT_TRUE(BecomesReady(true)) << "whoever restarts it takes the topic as it is";
}

// The log of outcomes was made anew, and what a gateway would read next is behind its end.
TEST_F(OwnCluster, OutcomesThatAreGoneDoNotEndTheReading) {
  const auto append = [this](const crossing::v1::OutcomeRecord& record) {
    boost::asio::io_context context;
    bool delivered = false;
    kafka::ProducerOptions options;
    options.cluster.brokers = cluster_->bootstrap();
    auto producer = *kafka::Producer::Create(options, context,
                                             [&](std::span<const kafka::Delivery> deliveries) {
                                               delivered = deliveries[0].status.ok();
                                             });
    const int32_t partition = kafka::PartitionOf(record.outcome().offer_id(), kPartitions);
    ASSERT_TRUE(
        producer->Produce(kafka::kOutcomesTopic, partition, "", record.SerializeAsString(), 0)
            .ok());
    ASSERT_TRUE(kafka::testing::RunUntil(context, [&] { return delivered; }));
  };
  const auto outcome_of = [](const intake::v1::Intent& intent) {
    return World::Get().OutcomeRecordOf(intent, "own", crossing::v1::Outcome::STATE_REJECTED);
  };
  const auto told = [this](const std::string& intent_id) {
    intake::v1::ServerFrame frames;
    return NextUntil(*client_, Codec::kProto, &frames, [&](const auto& gathered) {
      return gathered.outcomes_size() > 0 &&
             gathered.outcomes(gathered.outcomes_size() - 1).intent_id() == intent_id;
    });
  };
  intake::v1::Intent intent;
  const auto next_intent = [&intent] {
    intent = World::Get().NewIntent();
    intent.set_offer_id("offer");  // all in one partition
  };
  for (int i = 0; i < 3; ++i) {
    next_intent();
    append(outcome_of(intent));
  }
  ASSERT_TRUE(told(intent.intent_id()));
  ASSERT_TRUE(cluster_->RemakeTopic(kafka::kOutcomesTopic, kPartitions).ok());
  next_intent();
  append(outcome_of(intent));
  EXPECT_TRUE(told(intent.intent_id()));
}

// Each question refused once more doubled the pause before the next, up to half a minute: a gateway
// that was started while Kafka was down came up long after it.
TEST_F(OwnCluster, ALogThatComesBackIsAskedSoon) {
  constexpr int kRefusals = 9;
  cluster_->FailListOffsets(kUnknownError, kRefusals * kPartitions);
  Options options = World::Get().DefaultOptions();
  options.brokers = cluster_->bootstrap();
  gateway_ = World::Get().StartGateway(options);
  EXPECT_TRUE(gateway_ && gateway_->ready());
}

// What the log refuses for a cause that somebody mends is PENDING, and ACCEPTED once it is mended,
// under the same id and without a restart.
struct RefusedForNow {
  const char* name;
  // What Produce requests are answered, and what metadata says of the topic.
  int produce;
  int topic;
};

class LogRefuses : public OwnCluster, public ::testing::WithParamInterface<RefusedForNow> {};

TEST_P(LogRefuses, PendingAndThenAcceptedByItself) {
  constexpr int kRequests = 10'000;
  World& world = World::Get();
  ASSERT_EQ(Submit(world.NewIntent()).status(), Receipt::STATUS_ACCEPTED);
  cluster_->SetTopicError(kafka::kIntentsTopic, GetParam().topic);
  cluster_->FailProduces(GetParam().produce, kRequests);
  const intake::v1::Intent first = world.NewIntent();
  const intake::v1::Intent second = world.NewIntent();
  std::set<std::string> pending = {first.intent_id(), second.intent_id()};
  for (const intake::v1::Intent& intent : {first, second}) {
    const Receipt receipt = Submit(intent);
    EXPECT_EQ(receipt.status(), Receipt::STATUS_PENDING) << receipt.ShortDebugString();
    EXPECT_EQ(receipt.intent_id(), intent.intent_id());
  }
  if (GetParam().topic != 0) EXPECT_TRUE(BecomesReady(false));

  cluster_->SetTopicError(kafka::kIntentsTopic, 0);
  cluster_->MendProduces();
  intake::v1::ServerFrame told;
  EXPECT_TRUE(NextUntil(*client_, Codec::kProto, &told,
                        [](const auto& gathered) { return gathered.receipts_size() >= 2; }));
  for (const Receipt& receipt : told.receipts()) {
    EXPECT_EQ(receipt.status(), Receipt::STATUS_ACCEPTED) << receipt.ShortDebugString();
    EXPECT_EQ(pending.erase(receipt.intent_id()), 1u);
  }
  EXPECT_TRUE(pending.empty());
  EXPECT_TRUE(BecomesReady(true));
}

INSTANTIATE_TEST_SUITE_P(
    Causes, LogRefuses,
    ::testing::Values(RefusedForNow{"TopicMissing", kUnknownTopic, kUnknownTopic},
                      RefusedForNow{"RightRevoked", kTopicDenied, kTopicDenied},
                      RefusedForNow{"RightRevokedOfProduceAlone", kTopicDenied, 0},
                      RefusedForNow{"CredentialsExpired", kSaslFailed, 0}),
    [](const auto& test) { return test.param.name; });

TEST(Gateway, StopUnderLoadAnswersWhatWasAccepted) {
  World& world = World::Get();
  auto gateway = world.StartGateway(world.DefaultOptions());
  ASSERT_TRUE(gateway);
  WsClient client(gateway->port(), "/v1/stream",
                  world.Bearer("loaded") + "Sec-WebSocket-Protocol: jembatan.v1.proto\r\n");
  ASSERT_EQ(client.handshake().status, 101);
  constexpr int kIntents = 200;
  for (int i = 0; i < kIntents; ++i) {
    intake::v1::ClientFrame frame;
    *frame.add_intents() = world.NewIntent();
    client.Send(2, frame.SerializeAsString());
  }
  const auto began = std::chrono::steady_clock::now();
  std::thread stopper([&gateway] { gateway->Stop(); });
  intake::v1::ServerFrame gathered;
  WsMessage message = client.Next();
  while (message.opcode == 2) {
    intake::v1::ServerFrame frame;
    ASSERT_TRUE(frame.ParseFromString(message.payload));
    gathered.MergeFrom(frame);
    message = client.Next();
  }
  EXPECT_EQ(message.close_code, 1001);
  EXPECT_TRUE(gathered.has_drain());
  stopper.join();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(6));
  // Every answer given is one or the other; what came after the drain is told to go elsewhere.
  for (const Receipt& receipt : gathered.receipts()) {
    if (receipt.status() == Receipt::STATUS_ACCEPTED) continue;
    EXPECT_EQ(receipt.status(), Receipt::STATUS_REFUSED);
    EXPECT_EQ(receipt.reason(), intake::v1::REASON_SHUTTING_DOWN);
  }
}

}  // namespace
}  // namespace jembatan::gateway::testing
