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

// Gives every field a value, lists one element.
void FillAll(google::protobuf::Message* message) {
  using Field = google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& to = *message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const Field* field = message->GetDescriptor()->field(i);
    const bool listed = field->is_repeated();
    switch (field->cpp_type()) {
      case Field::CPPTYPE_MESSAGE:
        FillAll(listed ? to.AddMessage(message, field) : to.MutableMessage(message, field));
        break;
      case Field::CPPTYPE_STRING:
        listed ? to.AddString(message, field, "a") : to.SetString(message, field, "a");
        break;
      case Field::CPPTYPE_ENUM:
        to.SetEnumValue(message, field, 1);
        break;
      case Field::CPPTYPE_BOOL:
        to.SetBool(message, field, true);
        break;
      case Field::CPPTYPE_INT32:
        to.SetInt32(message, field, 1);
        break;
      case Field::CPPTYPE_INT64:
        to.SetInt64(message, field, 1);
        break;
      case Field::CPPTYPE_UINT32:
        to.SetUInt32(message, field, 1);
        break;
      case Field::CPPTYPE_UINT64:
        to.SetUInt64(message, field, 1);
        break;
      case Field::CPPTYPE_FLOAT:
      case Field::CPPTYPE_DOUBLE:
        FAIL() << field->full_name() << " is of a type that nobody writes";
    }
  }
}

template <typename Message>
void ExpectNoFieldIsForgotten() {
  Message message;
  ASSERT_NO_FATAL_FAILURE(FillAll(&message));
  std::string json;
  Encode(Encoding::kJson, message, &json);
  Message back;
  ASSERT_TRUE(JsonStringToMessage(json, &back).ok()) << json;
  EXPECT_TRUE(MessageDifferencer::Equals(message, back)) << message.DebugString() << json;
}

// How an order fares was told in one encoding only.
TEST(JsonOut, ForgetsNoField) {
  ExpectNoFieldIsForgotten<ServerFrame>();
  ExpectNoFieldIsForgotten<SubmitIntentResponse>();
  ExpectNoFieldIsForgotten<GetOutcomesResponse>();
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
