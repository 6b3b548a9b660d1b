// JSON out, through the encoders, against json_util as the oracle; compared as parsed JSON.

#include "libs/intent/codec_json_out.h"

#include <string>

#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include <boost/json/src.hpp>

#include "libs/intent/codec.h"
#include "libs/intent/testing/random_messages.h"

namespace jembatan::intent {
namespace {

using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageDifferencer;
using google::protobuf::util::MessageToJsonString;
using intake::v1::GetOutcomesResponse;
using intake::v1::ServerFrame;
using intake::v1::SubmitIntentResponse;

constexpr uint64_t kSeed = 20'231'212;

void Encode(Encoding encoding, const ServerFrame& message, std::string* out) {
  EncodeFrame(encoding, message, out);
}
void Encode(Encoding encoding, const SubmitIntentResponse& message, std::string* out) {
  EncodeSubmit(encoding, message, out);
}
void Encode(Encoding encoding, const GetOutcomesResponse& message, std::string* out) {
  EncodeAnswers(encoding, message, out);
}

template <typename Message>
void ExpectWritesWhatJsonUtilWrites() {
  testing::RandomMessages random(kSeed);
  for (int i = 0; i < 2'000; ++i) {
    Message message;
    random.Fill(&message);
    std::string expected;
    ASSERT_TRUE(MessageToJsonString(message, &expected).ok());
    std::string json;
    Encode(Encoding::kJson, message, &json);
    ASSERT_EQ(boost::json::parse(json), boost::json::parse(expected)) << json << "\n" << expected;
    Message back;
    ASSERT_TRUE(JsonStringToMessage(json, &back).ok()) << json;
    ASSERT_TRUE(MessageDifferencer::Equals(message, back)) << json;
  }
}

TEST(JsonOut, WritesWhatJsonUtilWrites) {
  ExpectWritesWhatJsonUtilWrites<ServerFrame>();
  ExpectWritesWhatJsonUtilWrites<SubmitIntentResponse>();
  ExpectWritesWhatJsonUtilWrites<GetOutcomesResponse>();
}

TEST(JsonOut, BinaryReadsBack) {
  testing::RandomMessages random(kSeed);
  ServerFrame message;
  random.Fill(&message);
  std::string bytes;
  EncodeFrame(Encoding::kProto, message, &bytes);
  ServerFrame back;
  ASSERT_TRUE(back.ParseFromString(bytes));
  EXPECT_TRUE(MessageDifferencer::Equals(message, back));
}

TEST(JsonOut, Appends) {
  SubmitIntentResponse message;
  message.mutable_receipt()->set_intent_id("a\"b");
  message.mutable_receipt()->set_status(intake::v1::Receipt::STATUS_ACCEPTED);
  message.mutable_receipt()->set_partition(3);
  message.mutable_receipt()->set_offset(1'234'567'890'123);
  std::string out = "before ";
  EncodeSubmit(Encoding::kJson, message, &out);
  EXPECT_EQ(out,
            "before {\"receipt\":{\"intentId\":\"a\\\"b\",\"status\":\"STATUS_ACCEPTED\","
            "\"partition\":3,\"offset\":\"1234567890123\"}}");
}

TEST(JsonOut, WhatJsonCannotHoldIsMended) {
  ServerFrame message;
  message.set_error_message("a\xff\"b");
  message.mutable_server_time()->set_seconds(253'402'300'800);
  std::string json;
  EncodeFrame(Encoding::kJson, message, &json);
  EXPECT_EQ(json, "{\"errorMessage\":\"a\xef\xbf\xbd\\\"b\"}");
}

}  // namespace
}  // namespace jembatan::intent
