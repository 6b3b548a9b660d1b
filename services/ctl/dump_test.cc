#include "services/ctl/dump.h"

#include <fstream>
#include <iterator>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <boost/asio/io_context.hpp>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/crossing/testing/newer_field.h"
#include "libs/history/reader.h"
#include "libs/kafka/producer.h"
#include "libs/kafka/testing/mock_cluster.h"
#include "libs/kafka/testing/run_until.h"

namespace jembatan::ctl {
namespace {

using crossing::v1::Outcome;

constexpr char kId[] = "01a20d62-9d1c-7781-b3fd-95f74c7c085d";

crossing::v1::PurchaseIntent Intent() {
  crossing::v1::PurchaseIntent intent;
  intent.set_intent_id(kId);
  intent.set_buyer_ref("\x01\xff");
  intent.set_offer_id("kopi");
  intent.set_fingerprint("\x02");
  return intent;
}

crossing::v1::OutcomeRecord Record(Outcome::State state) {
  crossing::v1::OutcomeRecord record;
  record.set_token(9);
  record.set_marketplace_id("toko");
  record.mutable_outcome()->set_intent_id(kId);
  record.mutable_outcome()->set_buyer_ref("\x01\xff");
  record.mutable_outcome()->set_state(state);
  record.mutable_outcome()->set_order_id("T-1");
  return record;
}

TEST(DumpLines, TellWhatARecordHolds) {
  EXPECT_EQ(IntentLine(3, 7, 42, Intent().SerializeAsString()),
            std::string(R"({"topic":"intents","partition":3,"offset":7,"append_ms":42,)") +
                R"("intent_id":")" + kId +
                R"(","buyer_ref":"01ff","offer_id":"kopi","fingerprint":"02"})" + "\n");
  EXPECT_EQ(IntentLine(3, 8, 42, "\xff"),
            "{\"topic\":\"intents\",\"partition\":3,\"offset\":8,\"append_ms\":42}\n");
  EXPECT_EQ(OutcomeLine(3, 7, Record(Outcome::STATE_EXPIRED).SerializeAsString()),
            std::string(R"({"topic":"outcomes","partition":3,"offset":7,"token":9,)") +
                R"("marketplace_id":"toko","kind":"final","intent_id":")" + kId +
                R"(","buyer_ref":"01ff","fingerprint":"","state":"EXPIRED","order_id":"T-1"})" +
                "\n");
  EXPECT_THAT(OutcomeLine(0, 0, Record(Outcome::STATE_UNCONFIRMED).SerializeAsString()),
              testing::HasSubstr(R"("kind":"unconfirmed"})"));
  EXPECT_THAT(OutcomeLine(0, 0, "\xff"), testing::HasSubstr(R"("kind":"claim"})"));
}

// A final of a newer bridge must not pass for none: the judge would miss it silently.
TEST(DumpLines, AStateOfALaterContractIsNamedAndTheJudgeRefusesIt) {
  for (int state : {0, 77}) {
    crossing::v1::OutcomeRecord record = Record(static_cast<Outcome::State>(state));
    crossing::testing::AddNewerField(record.mutable_outcome());
    const std::string line = OutcomeLine(3, 0, record.SerializeAsString());
    EXPECT_THAT(line, testing::HasSubstr(R"("kind":"final")")) << state;
    history::History history;
    const absl::Status judged = history::ReadOutcomes("outcomes", line, &history);
    EXPECT_TRUE(absl::IsInvalidArgument(judged)) << state;
    EXPECT_THAT(std::string(judged.message()),
                testing::HasSubstr("outcomes:1: state is not one of the known words"));
  }
  EXPECT_THAT(OutcomeLine(3, 0, Record(static_cast<Outcome::State>(77)).SerializeAsString()),
              testing::HasSubstr(R"("state":"STATE_77")"));
}

TEST(DumpLines, WhatALaterContractAddsIsPassedOver) {
  crossing::v1::PurchaseIntent intent = Intent();
  crossing::testing::AddNewerField(&intent);
  EXPECT_EQ(IntentLine(3, 7, 42, intent.SerializeAsString()),
            IntentLine(3, 7, 42, Intent().SerializeAsString()));
}

TEST(Dump, WritesEveryPartitionUpToItsEnd) {
  auto cluster = kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(3));
  ASSERT_TRUE(cluster.ok());
  DumpOptions options;
  options.cluster.brokers = (*cluster)->bootstrap();
  options.topic = "intents";
  options.partitions = 3;
  options.out = testing::TempDir() + "/dump_test";
  boost::asio::io_context context;
  size_t delivered = 0;
  auto producer = kafka::Producer::Create({.cluster = options.cluster}, context,
                                          [&](auto deliveries) { delivered += deliveries.size(); });
  ASSERT_TRUE(producer.ok());
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE((*producer)
                    ->Produce(kafka::kIntentsTopic, i % 2, "kopi", Intent().SerializeAsString(), 1)
                    .ok());
  }
  ASSERT_TRUE(kafka::testing::RunUntil(context, [&] { return delivered == 30; }));
  auto records = Dump(options);
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ(*records, 30u);
  std::ifstream file(options.out);
  history::History history;
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  EXPECT_TRUE(history::ReadIntents(options.out, bytes, &history).ok());
  EXPECT_EQ(history.intents.size(), 30u);
}

TEST(Dump, SaysWhenItCannotBeDone) {
  DumpOptions options;
  options.cluster.brokers = "127.0.0.1:1";
  options.topic = "intents";
  options.timeout_ms = 200;
  options.out = "/nowhere/dump";
  EXPECT_TRUE(absl::IsInvalidArgument(Dump(options).status()));
  options.out = testing::TempDir() + "/dump_test";
  EXPECT_FALSE(Dump(options).ok());
}

}  // namespace
}  // namespace jembatan::ctl
