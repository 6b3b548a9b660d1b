// Binary in: bounds, unknown fields, reuse. JSON has tests of its own.

#include "libs/intent/codec.h"

#include <string>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/unknown_field_set.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

#include "libs/intent/limits.h"
#include "libs/intent/testing/random_messages.h"

namespace jembatan::intent {
namespace {

using google::protobuf::util::MessageDifferencer;
using intake::v1::ClientFrame;
using intake::v1::GetOutcomesRequest;
using intake::v1::SubmitIntentRequest;

google::protobuf::UnknownFieldSet* Unknown(google::protobuf::Message* message) {
  return message->GetReflection()->MutableUnknownFields(message);
}

TEST(ProtoIn, ReadsWhatWasWritten) {
  testing::RandomMessages random(3);
  Decoder decoder;
  ClientFrame read;
  for (int i = 0; i < 1'000; ++i) {
    ClientFrame message;
    random.Fill(&message);
    Refusal refusal = decoder.DecodeFrame(Encoding::kProto, message.SerializeAsString(), &read);
    ASSERT_FALSE(refusal.refused()) << refusal.message;
    ASSERT_TRUE(MessageDifferencer::Equals(message, read));
  }
  EXPECT_EQ(decoder.unknown_fields(), 0u);
}

TEST(ProtoIn, UnknownFieldsAreCountedAndDropped) {
  ClientFrame message;
  auto* intent = message.add_intents();
  intent->set_intent_id("a");
  std::string clean = message.SerializeAsString();
  Unknown(&message)->AddVarint(100, 1);
  Unknown(&message)->AddLengthDelimited(101, "phone");
  Unknown(intent)->AddFixed64(100, 1);
  Unknown(intent->mutable_price_seen())->AddGroup(100)->AddVarint(1, 1);
  Unknown(intent->mutable_client_time())->AddFixed32(100, 1);
  Decoder decoder;
  ClientFrame read;
  ASSERT_FALSE(decoder.DecodeFrame(Encoding::kProto, message.SerializeAsString(), &read).refused());
  EXPECT_EQ(decoder.unknown_fields(), 5u);
  read.mutable_intents(0)->clear_price_seen();
  read.mutable_intents(0)->clear_client_time();
  EXPECT_EQ(read.SerializeAsString(), clean);

  SubmitIntentRequest submit;
  Unknown(&submit)->AddVarint(100, 1);
  Unknown(submit.mutable_intent())->AddVarint(100, 1);
  SubmitIntentRequest read_submit;
  ASSERT_FALSE(
      decoder.DecodeSubmit(Encoding::kProto, submit.SerializeAsString(), &read_submit).refused());
  GetOutcomesRequest query;
  Unknown(query.add_queries())->AddVarint(100, 1);
  GetOutcomesRequest read_query;
  ASSERT_FALSE(
      decoder.DecodeQuery(Encoding::kProto, query.SerializeAsString(), &read_query).refused());
  EXPECT_EQ(decoder.unknown_fields(), 8u);
  EXPECT_EQ(read_query.SerializeAsString(), std::string("\x0a\x00", 2));
}

TEST(ProtoIn, BadBytesAreMalformed) {
  // Field 1, length-delimited; a text that is not UTF-8; a wrong wire type is an unknown field.
  Decoder decoder;
  ClientFrame read;
  for (const std::string& bytes :
       {std::string("\x0a"),
        std::string("\x0a\x05"
                    "abc"),
        std::string("\xff\xff\xff"), std::string("\x07"), std::string("\x00", 1),
        std::string("\x0b"), std::string("\x0c"), std::string("\x0a\x02\x0a\x01"),
        std::string("\x12\x01\xff"), std::string("\x0a\x03\x0a\x01\xff"),
        std::string("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01")}) {
    Refusal refusal = decoder.DecodeFrame(Encoding::kProto, bytes, &read);
    EXPECT_EQ(refusal.reason, intake::v1::REASON_MALFORMED) << ::testing::PrintToString(bytes);
    EXPECT_EQ(refusal.message, "not a ClientFrame: bad encoding or text that is not UTF-8");
  }
  ASSERT_FALSE(decoder.DecodeFrame(Encoding::kProto, "", &read).refused());
  EXPECT_EQ(read.ByteSizeLong(), 0u);
}

TEST(ProtoIn, ListsHaveBounds) {
  Decoder decoder;
  ClientFrame read;
  ClientFrame frame;
  for (size_t i = 0; i < kIntentsPerFrame; ++i) frame.add_intents();
  for (size_t i = 0; i < kWatchesPerFrame; ++i) frame.add_watch_intent_ids("a");
  for (size_t i = 0; i < kRoomsPerFrame; ++i) frame.add_watch_room_ids("a");
  EXPECT_FALSE(decoder.DecodeFrame(Encoding::kProto, frame.SerializeAsString(), &read).refused());

  auto refuses = [&](const ClientFrame& bad, std::string_view message) {
    Refusal refusal = decoder.DecodeFrame(Encoding::kProto, bad.SerializeAsString(), &read);
    EXPECT_EQ(refusal.reason, intake::v1::REASON_TOO_LARGE);
    EXPECT_EQ(refusal.message, message);
    EXPECT_EQ(read.ByteSizeLong(), 0u);
  };
  ClientFrame intents = frame;
  intents.add_intents();
  refuses(intents, "intents: more than 256 elements");
  ClientFrame watches = frame;
  watches.add_watch_intent_ids("a");
  refuses(watches, "watch_intent_ids: more than 256 elements");
  ClientFrame rooms = frame;
  rooms.add_watch_room_ids("a");
  refuses(rooms, "watch_room_ids: more than 8 elements");

  GetOutcomesRequest query;
  GetOutcomesRequest read_query;
  for (size_t i = 0; i < kQueriesPerRequest; ++i) query.add_queries();
  EXPECT_FALSE(
      decoder.DecodeQuery(Encoding::kProto, query.SerializeAsString(), &read_query).refused());
  query.add_queries();
  EXPECT_EQ(decoder.DecodeQuery(Encoding::kProto, query.SerializeAsString(), &read_query).reason,
            intake::v1::REASON_TOO_LARGE);
}

TEST(Decoder, MessagesHaveBounds) {
  Decoder decoder;
  ClientFrame frame;
  SubmitIntentRequest submit;
  GetOutcomesRequest query;
  for (Encoding encoding : {Encoding::kProto, Encoding::kJson}) {
    std::string spaces(kFrameBytes + 1, ' ');
    EXPECT_EQ(decoder.DecodeFrame(encoding, spaces, &frame).reason, intake::v1::REASON_TOO_LARGE);
    spaces.resize(kFrameBytes);
    EXPECT_NE(decoder.DecodeFrame(encoding, spaces, &frame).reason, intake::v1::REASON_TOO_LARGE);
    spaces.resize(kUnaryBytes + 1);
    EXPECT_EQ(decoder.DecodeSubmit(encoding, spaces, &submit).reason, intake::v1::REASON_TOO_LARGE);
    EXPECT_EQ(decoder.DecodeQuery(encoding, spaces, &query).reason, intake::v1::REASON_TOO_LARGE);
  }
}

// A frame is refused whole when one of its intents cannot be read, in both encodings.
TEST(Decoder, OneUnreadableIntentRefusesTheFrame) {
  Decoder decoder;
  ClientFrame read;
  EXPECT_TRUE(decoder.DecodeFrame(Encoding::kJson, R"({"intents":[{},{"quantity":"x"}]})", &read)
                  .refused());
  EXPECT_TRUE(
      decoder.DecodeFrame(Encoding::kProto, std::string("\x0a\x00\x0a\x03\x0a\x01\xff", 7), &read)
          .refused());
}

TEST(Decoder, OddMessagesLeaveNoMemoryBehind) {
  Decoder decoder;
  ClientFrame read;
  std::string long_text(200'000, 'x');
  ClientFrame frame;
  frame.add_intents()->set_offer_id(long_text);
  // The second value of a field given twice is short; the buffer of the first one would stay.
  std::string twice = frame.SerializeAsString();
  twice += std::string(
      "\x12\x01"
      "a",
      3);
  std::string json = "{\"watchRoomIds\":[\"" + long_text + "\"]}";
  ClientFrame unknown;
  for (int i = 0; i < 20'000; ++i) Unknown(&unknown)->AddVarint(100, 1);
  for (const auto& [encoding, bytes] :
       {std::pair{Encoding::kProto, frame.SerializeAsString()}, std::pair{Encoding::kProto, twice},
        std::pair{Encoding::kJson, json},
        std::pair{Encoding::kJson, json.substr(0, json.size() - 1)},
        std::pair{Encoding::kProto, unknown.SerializeAsString()}}) {
    (void)decoder.DecodeFrame(encoding, bytes, &read);
    ASSERT_FALSE(decoder.DecodeFrame(Encoding::kJson, "{}", &read).refused());
    EXPECT_LT(read.SpaceUsedLong(), 4'096u);
  }
}

}  // namespace
}  // namespace jembatan::intent
