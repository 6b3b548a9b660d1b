#include "services/ctl/dead_letters.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <boost/asio/io_context.hpp>

#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/intent/limits.h"
#include "libs/kafka/producer.h"
#include "libs/kafka/testing/mock_cluster.h"
#include "libs/kafka/testing/run_until.h"

namespace jembatan::ctl {
namespace {

using crossing::v1::DeadLetter;
using testing::HasSubstr;

constexpr int64_t kTapMs = 1'800'000'000'000;

std::string Id(int64_t tap_ms) { return base::Uuid::MakeV7(tap_ms, 1, 2).ToString(); }

DeadLetter Letter(int64_t tap_ms = kTapMs) {
  crossing::v1::PurchaseIntent intent;
  intent.set_intent_id(Id(tap_ms));
  intent.set_offer_id("kopi");
  DeadLetter letter;
  letter.set_cause(DeadLetter::CAUSE_MALFORMED);
  letter.set_detail("quantity");
  letter.set_partition(2);
  letter.set_offset(41);
  letter.set_key("kopi");
  letter.set_value(intent.SerializeAsString());
  letter.set_attempts(1);
  letter.set_traceparent("00-abc-def-01");
  return letter;
}

FoundLetter Found(const DeadLetter& letter) {
  std::string bytes = letter.SerializeAsString();
  return ReadLetter({.partition = 1, .offset = 7, .value = bytes});
}

TEST(DeadLetters, ALineTellsCauseCoordinatesAttemptsAndTrace) {
  std::string line = LetterLine(Found(Letter()));
  for (const char* part :
       {R"("letter":"1/7")", R"("cause":"MALFORMED")", R"("source":"2/41")", R"("attempts":1)",
        R"("traceparent":"00-abc-def-01")", R"("offer_id":"kopi")"}) {
    EXPECT_THAT(line, HasSubstr(part));
  }
  EXPECT_THAT(line, HasSubstr(Id(kTapMs)));
}

TEST(DeadLetters, AFilterIsTheConjunctionOfItsConditions) {
  FoundLetter found = Found(Letter());
  struct {
    std::vector<std::string> conditions;
    bool matches;
  } table[] = {
      {{}, true},
      {{"cause=MALFORMED"}, true},
      {{"cause=UNDECODABLE"}, false},
      {{"intent=" + Id(kTapMs)}, true},
      {{"intent=" + Id(kTapMs + 1)}, false},
      {{"offer=kopi", "source=2/41", "letter=1/7"}, true},
      {{"offer=kopi", "source=2/42"}, false},
      {{"letter=2/41"}, false},
  };
  for (const auto& row : table) {
    auto filter = LetterFilter::Parse(row.conditions);
    ASSERT_TRUE(filter.ok()) << filter.status();
    EXPECT_EQ(filter->Matches(found), row.matches) << testing::PrintToString(row.conditions);
  }
  for (const char* bad : {"cause=", "cause=OTHER", "intent=1", "offer=", "source=1", "letter=a/1",
                          "colour=red", "kopi", "letter=1/"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(LetterFilter::Parse({bad}).status())) << bad;
  }
}

TEST(DeadLetters, WhatWouldBeVoidOrUnreadableIsNotSentAgain) {
  EXPECT_EQ(HindranceOf(Found(Letter()), kTapMs + intent::kTtlMs), Hindrance::kNone);
  EXPECT_EQ(HindranceOf(Found(Letter()), kTapMs + intent::kTtlMs + 1), Hindrance::kPastDeadline);
  DeadLetter undecodable = Letter();
  undecodable.set_cause(DeadLetter::CAUSE_UNDECODABLE);
  EXPECT_EQ(HindranceOf(Found(undecodable), kTapMs), Hindrance::kUnreadable);
  DeadLetter cut = Letter();
  cut.set_value(std::string(65'536, 'x'));
  EXPECT_EQ(HindranceOf(Found(cut), kTapMs), Hindrance::kCut);
  FoundLetter garbage = ReadLetter({.partition = 0, .offset = 0, .value = "\xff"});
  EXPECT_EQ(HindranceOf(garbage, kTapMs), Hindrance::kUnreadable);
  EXPECT_THAT(LetterLine(garbage), HasSubstr(R"("cause":"UNSPECIFIED")"));
}

TEST(DeadLetters, ReplayAppendsTheSameBytesToTheSamePartition) {
  auto cluster = kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(3));
  ASSERT_TRUE(cluster.ok());
  TopicScan scan{.topic = kafka::kDeadLettersTopic, .partitions = 3};
  scan.cluster.brokers = (*cluster)->bootstrap();
  const int64_t now_ms = base::WallMs();
  boost::asio::io_context context;
  size_t delivered = 0;
  auto producer = kafka::Producer::Create({.cluster = scan.cluster}, context,
                                          [&](auto deliveries) { delivered += deliveries.size(); });
  ASSERT_TRUE(producer.ok());
  for (const DeadLetter& letter : {Letter(now_ms), Letter(now_ms - 2 * intent::kTtlMs)}) {
    ASSERT_TRUE((*producer)
                    ->Produce(kafka::kDeadLettersTopic, 1, "kopi", letter.SerializeAsString(), 1)
                    .ok());
  }
  ASSERT_TRUE(kafka::testing::RunUntil(context, [&] { return delivered == 2; }));

  auto filter = LetterFilter::Parse({"offer=kopi"});
  ASSERT_TRUE(filter.ok());
  std::vector<std::string> values;
  auto read = [&] {
    TopicScan intents = scan;
    intents.topic = kafka::kIntentsTopic;
    values.clear();
    EXPECT_TRUE(ScanTopic(intents, [&](const kafka::Record& record) {
                  EXPECT_EQ(record.partition, 2);
                  EXPECT_EQ(record.key, "kopi");
                  values.emplace_back(record.value);
                }).ok());
  };
  auto counted = Replay(scan, *filter, now_ms, /*dry_run=*/true);
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_EQ(counted->sent, 1u);
  read();
  EXPECT_TRUE(values.empty());

  auto replayed = Replay(scan, *filter, now_ms, /*dry_run=*/false);
  ASSERT_TRUE(replayed.ok()) << replayed.status();
  EXPECT_EQ(replayed->sent, 1u);
  EXPECT_EQ(replayed->past_deadline, 1u);
  read();
  ASSERT_EQ(values.size(), 1u);
  EXPECT_EQ(values[0], Letter(now_ms).value());
}

}  // namespace
}  // namespace jembatan::ctl
