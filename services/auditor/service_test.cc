// The service on the in-process Kafka: what it seals is what the topics hold, whoever looks.

#include "services/auditor/service.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "gtest/gtest.h"

#include "libs/kafka/producer.h"
#include "libs/kafka/testing/mock_cluster.h"
#include "libs/kafka/testing/run_until.h"
#include "libs/ledger/checkpoint.h"
#include "libs/ledger/note.h"
#include "libs/ledger_store/reader.h"
#include "libs/runtime/admin_client.h"

namespace jembatan::auditor {
namespace {

constexpr int kPartitions = 2;
constexpr auto kPatience = std::chrono::seconds(30);

bool Eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

class AuditorService : public testing::Test {
 protected:
  AuditorService() : root_(testing::TempDir() + "/auditor_service_test") {
    std::filesystem::remove_all(root_);
    auto cluster = kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(kPartitions));
    EXPECT_TRUE(cluster.ok()) << cluster.status();
    cluster_ = *std::move(cluster);
  }
  ~AuditorService() override { std::filesystem::remove_all(root_); }

  // Records that differ by topic, partition and offset.
  void Append(const char* topic, int32_t partition, int first, int count) {
    boost::asio::io_context context(1);
    int delivered = 0;
    auto producer = *kafka::Producer::Create({.cluster = {.brokers = cluster_->bootstrap()}},
                                             context, [&](std::span<const kafka::Delivery> all) {
                                               for (const kafka::Delivery& delivery : all) {
                                                 EXPECT_TRUE(delivery.status.ok());
                                               }
                                               delivered += static_cast<int>(all.size());
                                             });
    for (int i = first; i < first + count; ++i) {
      ASSERT_TRUE(producer->Produce(topic, partition, "key", ValueOf(topic, partition, i), 0).ok());
    }
    ASSERT_TRUE(kafka::testing::RunUntil(context, [&] { return delivered == count; }));
  }
  static std::string ValueOf(const char* topic, int32_t partition, int number) {
    return std::string(topic) + "/" + std::to_string(partition) + "/" + std::to_string(number);
  }

  std::unique_ptr<Service> Start(const std::string& name) {
    auto service = std::make_unique<Service>(Options{.brokers = cluster_->bootstrap(),
                                                     .admin_listen = "127.0.0.1:0",
                                                     .partitions = kPartitions,
                                                     .ledger = root_ + "/" + name,
                                                     .name = name,
                                                     .checkpoint_interval_s = 1});
    const absl::Status started = service->Start();
    EXPECT_TRUE(started.ok()) << started;
    return service;
  }
  // The head of a log in the auditor's last seal; of size 0 if there is none yet.
  ledger::Head HeadOf(const std::string& name, const ledger::LogId& log) {
    auto reader = ledger_store::Reader::Open(root_ + "/" + name);
    if (!reader.ok()) return {};
    const auto seal = (*reader)->LastSeal();
    if (!seal.ok()) return {};
    const auto heads = ledger::ParseSeal(seal->text);
    const ledger::Head* head = ledger::HeadOf(*heads, log);
    return head == nullptr ? ledger::Head{} : *head;
  }
  bool AwaitSize(const std::string& name, const ledger::LogId& log, uint64_t size) {
    return Eventually([&] { return HeadOf(name, log).size == size; });
  }
  std::string Get(const Service& service, const std::string& target, int status = 200) {
    const auto reply =
        runtime::HttpGet("http://127.0.0.1:" + std::to_string(service.admin_port()) + target);
    EXPECT_TRUE(reply.ok()) << reply.status();
    if (!reply.ok()) return "";
    EXPECT_EQ(reply->status, status) << reply->body;
    return reply->body;
  }

  const std::string root_;
  std::unique_ptr<kafka::testing::MockCluster> cluster_;
};

TEST_F(AuditorService, SealsEveryRecordOfEveryTopic) {
  const std::vector<kafka::TopicSpec> topics = kafka::CrossingTopics(kPartitions);
  for (const kafka::TopicSpec& topic : topics) {
    Append(topic.name.c_str(), topic.partitions - 1, 0, 3);
  }
  auto service = Start("a");
  for (const kafka::TopicSpec& topic : topics) {
    EXPECT_TRUE(AwaitSize("a", {topic.name, topic.partitions - 1}, 3)) << topic.name;
  }
  EXPECT_EQ(HeadOf("a", {kafka::kIntentsTopic, 0}).size, 0u);
  EXPECT_TRUE(Eventually([&] { return service->ready(); }));
  // Each entry is that of the record.
  auto reader = *ledger_store::Reader::Open(root_ + "/a");
  const auto entries = reader->Entries({kafka::kIntentsTopic, 1}, 0, 3);
  ASSERT_TRUE(entries.ok()) << entries.status();
  ledger::Hasher hasher;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ((*entries)[i].offset, i);
    EXPECT_EQ((*entries)[i].digest,
              ledger::DigestOf(hasher, "key", ValueOf(kafka::kIntentsTopic, 1, i)));
  }
  const auto verifier = ledger::NoteVerifier::Parse([&] {
    std::string text = Get(*service, "/verifier");
    text.pop_back();
    return text;
  }());
  ASSERT_TRUE(verifier.ok()) << verifier.status();
  const std::string note = Get(*service, "/checkpoint");
  const auto text = verifier->Open(note);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_TRUE(ledger::ParseCheckpoint(*text).ok());
  EXPECT_NE(Get(*service, "/metrics").find("jembatan_auditor_ledger_records 18"),
            std::string::npos);
}

TEST_F(AuditorService, GoesOnWhereItStoppedAndAgreesWithOneThatNeverDid) {
  const ledger::LogId log{kafka::kOutcomesTopic, 0};
  auto steady = Start("steady");
  for (int round = 0; round < 3; ++round) {
    Append(kafka::kOutcomesTopic, 0, round * 400, 300);
    auto service = Start("restarted");
    ASSERT_TRUE(AwaitSize("restarted", log, static_cast<uint64_t>(round * 400 + 300)));
    service->Stop();
    Append(kafka::kOutcomesTopic, 0, round * 400 + 300, 100);
  }
  auto service = Start("restarted");
  ASSERT_TRUE(AwaitSize("restarted", log, 1'200));
  ASSERT_TRUE(AwaitSize("steady", log, 1'200));
  EXPECT_EQ(HeadOf("restarted", log), HeadOf("steady", log));
}

TEST_F(AuditorService, AGapIsToldAndReadingGoesOnBehindIt) {
  const ledger::LogId log{kafka::kIntentsTopic, 0};
  Append(kafka::kIntentsTopic, 0, 0, 10);
  {
    auto service = Start("a");
    ASSERT_TRUE(AwaitSize("a", log, 10));
  }
  Append(kafka::kIntentsTopic, 0, 10, 10);
  cluster_->DeleteRecords(kafka::kIntentsTopic, 0, 15);
  auto service = Start("a");
  ASSERT_TRUE(AwaitSize("a", log, 15));
  EXPECT_EQ(HeadOf("a", log).next_offset, 20);
  EXPECT_NE(Get(*service, "/metrics").find("jembatan_auditor_gaps_total 1"), std::string::npos);
}

TEST_F(AuditorService, RefusesToStart) {
  auto first = Start("a");
  Service second({.brokers = cluster_->bootstrap(),
                  .admin_listen = "127.0.0.1:0",
                  .partitions = kPartitions,
                  .ledger = root_ + "/a",
                  .name = "a"});
  EXPECT_TRUE(absl::IsFailedPrecondition(second.Start()));
  Service nowhere({.partitions = kPartitions, .ledger = "/proc/none"});
  EXPECT_FALSE(nowhere.Start().ok());
}

}  // namespace
}  // namespace jembatan::auditor
