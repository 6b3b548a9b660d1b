#include "services/gateway/testing/gateway_fixture.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <thread>

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "libs/base/check.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/base/random.h"
#include "libs/base/timestamp.h"
#include "libs/intent/intent.h"
#include "libs/kafka/config.h"
#include "libs/kafka/consumer.h"
#include "libs/kafka/testing/run_until.h"

namespace jembatan::gateway::testing {
namespace {

constexpr std::string_view kIssuer = "https://app.example";
constexpr std::string_view kAudience = "jembatan";
constexpr std::string_view kBuyerKeyHex =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr int64_t kTokenLifeMs = 600'000;

identity::Viewer NewViewer(std::string_view id) {
  identity::Viewer viewer;
  viewer.id = id;
  viewer.region = "ID";
  viewer.shop_consent = true;
  viewer.consent_version = "2026-01";
  viewer.expires_ms = base::WallMs() + kTokenLifeMs;
  return viewer;
}

// Takes the one record at an offset.
class OneRecord final : public kafka::ReaderHandler {
 public:
  explicit OneRecord(int64_t offset) : offset_(offset) {}
  void OnRecords(std::span<const kafka::Record> records) override {
    for (const kafka::Record& record : records) {
      if (record.offset == offset_) value_ = std::string(record.value);
    }
  }
  void OnPartitionEnd(int32_t /*partition*/, int64_t /*next_offset*/) override {}
  void OnError(int32_t /*partition*/, const absl::Status& /*status*/) override {}
  const std::optional<std::string>& value() const { return value_; }

 private:
  const int64_t offset_;
  std::optional<std::string> value_;
};

}  // namespace

World& World::Get() {
  static World* const world = new World;
  static const bool registered = [] {
    // Not a destructor of a static: the order against the libraries' own is unknown.
    std::atexit([] {
      world->gateway_.reset();
      std::filesystem::remove_all(world->directory_);
    });
    return true;
  }();
  (void)registered;
  return *world;
}

World::World() {
  std::string pattern = (std::filesystem::temp_directory_path() / "gateway_test.XXXXXX").string();
  JEMB_CHECK(mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
  auto cluster = kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(kPartitions));
  JEMB_CHECK(cluster.ok());
  cluster_ = *std::move(cluster);
  auto signer = identity::Signer::Generate(identity::Algorithm::kEdDsa, "key1");
  auto stranger = identity::Signer::Generate(identity::Algorithm::kEdDsa, "key1");
  JEMB_CHECK(signer.ok() && stranger.ok());
  signer_ = *std::move(signer);
  stranger_ = *std::move(stranger);
  auto key = identity::BuyerKey::FromHex(kBuyerKeyHex);
  JEMB_CHECK(key.ok());
  buyer_key_ = *std::move(key);
  std::ofstream(directory_ + "/keys.json") << signer_->jwks();
  std::ofstream(directory_ + "/buyer.key") << kBuyerKeyHex << "\n";

  kafka::ProducerOptions options;
  options.cluster.brokers = cluster_->bootstrap();
  auto producer = kafka::Producer::Create(options, context_,
                                          [this](std::span<const kafka::Delivery> deliveries) {
                                            for (const kafka::Delivery& delivery : deliveries) {
                                              JEMB_CHECK(delivery.status.ok());
                                              delivered_offset_ = delivery.offset;
                                            }
                                          });
  JEMB_CHECK(producer.ok());
  producer_ = *std::move(producer);
}

World::~World() = default;

Options World::DefaultOptions() const {
  Options options;
  options.brokers = cluster_->bootstrap();
  options.listen = "127.0.0.1:0";
  options.grpc_listen = "127.0.0.1:0";
  options.admin_listen = "127.0.0.1:0";
  options.token_keys = directory_ + "/keys.json";
  options.buyer_key = directory_ + "/buyer.key";
  options.token_issuer = kIssuer;
  options.token_audience = kAudience;
  options.partitions = kPartitions;
  options.instance = "gateway-under-test";
  return options;
}

std::unique_ptr<Service> World::StartGateway(const Options& options) {
  auto service = std::make_unique<Service>(options);
  const absl::Status started = service->Start();
  EXPECT_TRUE(started.ok()) << started;
  if (!started.ok()) return nullptr;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!service->ready() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(service->ready());
  return service;
}

Service& World::gateway() {
  if (!gateway_) gateway_ = StartGateway(DefaultOptions());
  JEMB_CHECK(gateway_ != nullptr);
  return *gateway_;
}

std::string World::Token(std::string_view viewer,
                         const std::function<void(identity::Viewer&)>& change) const {
  identity::Viewer claims = NewViewer(viewer);
  if (change) change(claims);
  auto token = signer_->Sign(claims, kIssuer, kAudience, base::WallMs());
  JEMB_CHECK(token.ok());
  return *std::move(token);
}

std::string World::TokenFor(std::string_view audience) const {
  auto token = signer_->Sign(NewViewer("viewer"), kIssuer, audience, base::WallMs());
  JEMB_CHECK(token.ok());
  return *std::move(token);
}

std::string World::ForgedToken() const {
  auto token = stranger_->Sign(NewViewer("viewer"), kIssuer, kAudience, base::WallMs());
  JEMB_CHECK(token.ok());
  return *std::move(token);
}

std::string World::Bearer(std::string_view viewer) const {
  return "Authorization: Bearer " + Token(viewer) + "\r\n";
}

intake::v1::Intent World::NewIntent(int64_t age_ms) {
  intake::v1::Intent intent;
  const uint64_t random = base::Random(next_id_++).Next();
  intent.set_intent_id(base::Uuid::MakeV7(base::WallMs() - age_ms, random, ~random).ToString());
  intent.set_offer_id("offer-" + std::to_string(next_id_ % 7));
  intent.set_quantity(1);
  intent.mutable_price_seen()->set_currency("IDR");
  intent.mutable_price_seen()->set_amount_minor(2'500'000);
  intent.set_room_id("room-secret");
  return intent;
}

std::optional<crossing::v1::PurchaseIntent> World::ReadIntent(const intake::v1::Receipt& receipt) {
  kafka::ReaderOptions options;
  options.cluster.brokers = cluster_->bootstrap();
  options.topic = kafka::kIntentsTopic;
  OneRecord record(receipt.offset());
  auto reader = kafka::PartitionReader::Create(options, context_, &record);
  if (!reader.ok()) return std::nullopt;
  (*reader)->Start(receipt.partition(), receipt.offset());
  kafka::testing::RunUntil(context_, [&] { return record.value().has_value(); });
  crossing::v1::PurchaseIntent crossing;
  if (!record.value() || !crossing.ParseFromString(*record.value())) return std::nullopt;
  return crossing;
}

int64_t World::Append(int32_t partition, const crossing::v1::OutcomeRecord& record) {
  delivered_offset_ = -1;
  JEMB_CHECK(
      producer_->Produce(kafka::kOutcomesTopic, partition, "key", record.SerializeAsString(), 0)
          .ok());
  JEMB_CHECK(kafka::testing::RunUntil(context_, [this] { return delivered_offset_ >= 0; }));
  return delivered_offset_;
}

int64_t World::OpenPartition(int32_t partition) {
  auto [entry, fresh] = tokens_.try_emplace(partition, -1);
  if (!fresh) return entry->second;
  crossing::v1::OutcomeRecord record;
  record.set_marketplace_id(DefaultOptions().marketplace_id);
  record.set_written_by("bridge-of-the-test");
  record.mutable_claim();
  entry->second = Append(partition, record);
  record.set_token(static_cast<uint64_t>(entry->second));
  record.mutable_open();
  Append(partition, record);
  return entry->second;
}

crossing::v1::OutcomeRecord World::OutcomeRecordOf(const intake::v1::Intent& intent,
                                                   std::string_view viewer,
                                                   crossing::v1::Outcome::State state,
                                                   std::string_view order_id) const {
  crossing::v1::OutcomeRecord record;
  record.set_marketplace_id(DefaultOptions().marketplace_id);
  record.set_written_by("bridge-of-the-test");
  crossing::v1::Outcome& outcome = *record.mutable_outcome();
  outcome.set_intent_id(intent.intent_id());
  outcome.set_buyer_ref(std::string(BuyerOf(viewer).view()));
  outcome.set_offer_id(intent.offer_id());
  outcome.set_state(state);
  outcome.set_order_id(std::string(order_id));
  outcome.set_fingerprint(intent::Fingerprint(intent));
  base::SetMs(base::WallMs(), outcome.mutable_intent_append_time());
  base::SetMs(base::WallMs(), outcome.mutable_decided_at());
  return record;
}

void World::WriteOutcome(const intake::v1::Intent& intent, std::string_view viewer,
                         crossing::v1::Outcome::State state, std::string_view order_id) {
  const int32_t partition = kafka::PartitionOf(intent.offer_id(), kPartitions);
  crossing::v1::OutcomeRecord record = OutcomeRecordOf(intent, viewer, state, order_id);
  record.set_token(static_cast<uint64_t>(OpenPartition(partition)));
  Append(partition, record);
}

std::string Encode(Codec codec, const google::protobuf::Message& message) {
  if (codec == Codec::kProto) return message.SerializeAsString();
  std::string json;
  JEMB_CHECK(google::protobuf::util::MessageToJsonString(message, &json).ok());
  return json;
}

bool Decode(Codec codec, std::string_view bytes, google::protobuf::Message* message) {
  if (codec == Codec::kProto) {
    return message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  }
  return google::protobuf::util::JsonStringToMessage(std::string(bytes), message).ok();
}

bool NextUntil(WsClient& client, Codec codec, intake::v1::ServerFrame* gathered,
               const std::function<bool(const intake::v1::ServerFrame&)>& condition) {
  while (!condition(*gathered)) {
    const WsMessage message = client.Next();
    const int due = codec == Codec::kProto ? 2 : 1;
    if (message.opcode != due) return false;
    intake::v1::ServerFrame frame;
    if (!Decode(codec, message.payload, &frame)) return false;
    gathered->MergeFrom(frame);
  }
  return true;
}

}  // namespace jembatan::gateway::testing
