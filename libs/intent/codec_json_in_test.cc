// JSON in, through the Decoder, against json_util as the oracle.

#include "libs/intent/codec_json_in.h"

#include <string>
#include <vector>

#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

#include "libs/intent/codec.h"
#include "libs/intent/limits.h"
#include "libs/intent/testing/random_messages.h"

namespace jembatan::intent {
namespace {

using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageDifferencer;
using google::protobuf::util::MessageToJsonString;
using intake::v1::ClientFrame;
using intake::v1::GetOutcomesRequest;
using intake::v1::SubmitIntentRequest;

constexpr uint64_t kSeed = 20'231'212;

Refusal Decode(Decoder& decoder, const std::string& json, ClientFrame* message) {
  return decoder.DecodeFrame(Encoding::kJson, json, message);
}
Refusal Decode(Decoder& decoder, const std::string& json, SubmitIntentRequest* message) {
  return decoder.DecodeSubmit(Encoding::kJson, json, message);
}
Refusal Decode(Decoder& decoder, const std::string& json, GetOutcomesRequest* message) {
  return decoder.DecodeQuery(Encoding::kJson, json, message);
}

// json_util's JSON of random messages reads back as the same message, in both spellings of the
// names.
template <typename Message>
void ExpectReadsWhatJsonUtilWrites() {
  testing::RandomMessages random(kSeed);
  Decoder decoder;
  Message read;
  for (int i = 0; i < 2'000; ++i) {
    Message message;
    random.Fill(&message);
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = i % 2 == 0;
    options.always_print_primitive_fields = i % 3 == 0;
    options.add_whitespace = i % 5 == 0;
    std::string json;
    ASSERT_TRUE(MessageToJsonString(message, &json, options).ok());
    Refusal refusal = Decode(decoder, json, &read);
    ASSERT_FALSE(refusal.refused()) << refusal.message << "\n" << json;
    ASSERT_TRUE(MessageDifferencer::Equals(message, read)) << json << "\n" << read.DebugString();
  }
}

TEST(JsonIn, ReadsWhatJsonUtilWrites) {
  ExpectReadsWhatJsonUtilWrites<ClientFrame>();
  ExpectReadsWhatJsonUtilWrites<SubmitIntentRequest>();
  ExpectReadsWhatJsonUtilWrites<GetOutcomesRequest>();
}

// A document with a few bytes changed: what we accept is JSON by simdjson's full parser too, and
// means the same to json_util.
TEST(JsonIn, AcceptsNoBrokenDocument) {
  testing::RandomMessages random(kSeed);
  const std::string pieces = "{}[]\",:\\u0123456789eE+-.ntrue \t\n\x01\x7f\x80\xed\xff";
  Decoder decoder;
  simdjson::dom::parser strict;
  int accepted = 0;
  for (int i = 0; i < 60'000; ++i) {
    ClientFrame message;
    random.Fill(&message);
    std::string json;
    ASSERT_TRUE(MessageToJsonString(message, &json).ok());
    for (uint64_t change = random.Below(3) + 1; change > 0 && !json.empty(); --change) {
      size_t place = random.Below(json.size());
      char piece = pieces[random.Below(pieces.size())];
      switch (random.Below(4)) {
        case 0:
          json[place] = piece;
          break;
        case 1:
          json.insert(place, 1, piece);
          break;
        case 2:
          json.erase(place, random.Below(4) + 1);
          break;
        default:
          json.resize(place);
          break;
      }
    }
    ClientFrame read;
    if (Decode(decoder, json, &read).refused()) continue;
    ++accepted;
    ASSERT_EQ(strict.parse(json).error(), simdjson::SUCCESS) << json;
    ClientFrame oracle;
    ASSERT_TRUE(JsonStringToMessage(json, &oracle).ok()) << json;
    ASSERT_TRUE(MessageDifferencer::Equals(oracle, read)) << json;
  }
  EXPECT_GT(accepted, 1'000);
}

TEST(JsonIn, GoodDocuments) {
  const std::vector<std::string> documents = {
      R"({})",
      " \t\r\n{ } \n",
      R"({"intents":[]})",
      R"({"intents":null,"watchIntentIds":null,"watchRoomIds":null})",
      R"({"intents":[{}]})",
      R"({"intents":[{"intentId":"a","offerId":"b","quantity":1}]})",
      R"({"intents":[{"intent_id":"a","offer_id":"b","price_seen":{"amount_minor":"5"}}]})",
      R"({"intents":[{"quantity":99,"intentId":"a"},{"offerId":"last first","intentId":"b"}]})",
      R"({"intents":[{"quantity":"99"}]})",
      R"({"intents":[{"quantity":4294967295}]})",
      R"({"intents":[{"quantity":1.0}]})",
      R"({"intents":[{"quantity":5e1}]})",
      R"({"intents":[{"quantity":-0}]})",
      R"({"intents":[{"quantity":null,"intentId":null,"priceSeen":null,"clientTime":null}]})",
      R"({"intents":[{"priceSeen":{}}]})",
      R"({"intents":[{"priceSeen":{"amountMinor":9223372036854775807}}]})",
      R"({"intents":[{"priceSeen":{"amountMinor":"-9223372036854775808"}}]})",
      R"({"intents":[{"priceSeen":{"amountMinor":1e15,"currency":"IDR"}}]})",
      R"({"intents":[{"streamPositionMs":"123"}]})",
      R"({"intents":[{"\u0069ntentId":"key with an escape"}]})",
      R"({"intents":[{"intentId":"\u0000\n\"\\\/\b\f\r\t\u00e9\ud83d\uded2"}]})",
      R"({"intents":[{"clientTime":"2023-12-12T00:00:00Z"}]})",
      R"({"intents":[{"clientTime":"2023-12-12T07:00:00.123456789+07:00"}]})",
      R"({"intents":[{"clientTime":"0001-01-01T00:00:00Z"}]})",
      R"({"intents":[{"clientTime":"9999-12-31T23:59:59.999999999Z"}]})",
      R"({"watchIntentIds":["a","b",""],"watchRoomIds":["r"]})",
      "{\"watchRoomIds\":[\"\xf0\x9f\x9b\x92\"]}",
  };
  Decoder decoder;
  ClientFrame read;
  for (const std::string& json : documents) {
    ClientFrame oracle;
    auto status = JsonStringToMessage(json, &oracle);
    ASSERT_TRUE(status.ok()) << json << status.ToString();
    Refusal refusal = Decode(decoder, json, &read);
    EXPECT_FALSE(refusal.refused()) << json << refusal.message;
    EXPECT_TRUE(MessageDifferencer::Equals(oracle, read)) << json << read.DebugString();
  }
}

// One intent's members in a frame.
std::string InIntent(const std::string& members) { return "{\"intents\":[{" + members + "}]}"; }

struct BadDocument {
  std::string json;
  std::string message;
};

// Each is refused with that text, and a good document is read after it.
void ExpectBad(const std::vector<BadDocument>& documents) {
  Decoder decoder;
  ClientFrame read;
  for (const BadDocument& bad : documents) {
    Refusal refusal = Decode(decoder, bad.json, &read);
    EXPECT_EQ(refusal.reason, intake::v1::REASON_MALFORMED) << bad.json;
    EXPECT_NE(refusal.message.find(bad.message), std::string_view::npos)
        << bad.json << "\nsays: " << refusal.message << "\nnot:  " << bad.message;
    EXPECT_LT(refusal.message.size(), 160u) << refusal.message;
    ASSERT_FALSE(Decode(decoder, R"({"watchRoomIds":["r"]})", &read).refused()) << bad.json;
    ASSERT_EQ(read.watch_room_ids_size(), 1);
    ASSERT_EQ(read.intents_size(), 0);
  }
}

TEST(JsonIn, NotOneObject) {
  ExpectBad({
      {"", "not JSON"},
      {" \n", "not JSON"},
      {"null", "not one JSON object"},
      {"true", "not one JSON object"},
      {"1", "not one JSON object"},
      {"\"text\"", "not one JSON object"},
      {"[]", "not one JSON object"},
      {"[{}]", "not one JSON object"},
      {"{", "not one JSON object"},
      {"}", "not one JSON object"},
      {"{}}", "something follows the JSON object"},
      {"{}{}", "something follows the JSON object"},
      {"{},", "not one JSON object"},
      {"{} x", "not one JSON object"},
      {"{}null", "not one JSON object"},
      {std::string("{}\0", 3), "not one JSON object"},
      {"\xef\xbb\xbf{}", "not one JSON object"},
      {"/* c */{}", "not one JSON object"},
  });
}

TEST(JsonIn, BrokenStructure) {
  ExpectBad({
      {R"({"intents":[]]})", "a broken object"},
      {R"({"intents":[})", "intents"},
      {R"({"intents":[{})", "intents: a broken list"},
      {R"({"intents":[{]})", "intents[0]: a broken object"},
      {R"({"intents":[,]})", "intents[0]: not an object"},
      {R"({"intents":[{},]})", "intents[1]: not an object"},
      {R"({"intents":[{}{}]})", "intents"},
      {R"({"intents":[],})", "a broken object"},
      {R"({,})", "a broken object"},
      {R"({"intents"})", "a broken object"},
      {R"({"intents":})", "intents: not a list"},
      {R"({"intents" []})", "a broken object"},
      {R"({intents:[]})", "a broken object"},
      {R"({'intents':[]})", "a broken object"},
      {R"({"intents":[] "watchRoomIds":[]})", "a broken object"},
      {R"({"intents":[]}})", "something follows the JSON object"},
  });
}

TEST(JsonIn, UnknownAndDuplicateNames) {
  ExpectBad({
      {R"({"intent":[]})", "unknown field \"intent\""},
      {R"({"":[]})", "an unknown field"},
      {R"({"Intents":[]})", "unknown field \"Intents\""},
      {R"({"\u0001":[]})", "an unknown field"},
      {"{\"" + std::string(5'000, 'x') + "\":1}", "an unknown field"},
      {InIntent(R"("phone":"+62")"), "intents[0]: unknown field \"phone\""},
      {InIntent(R"("priceSeen":{"cur":"IDR"})"), "intents[0].priceSeen: unknown field \"cur\""},
      {R"({"intents":[],"intents":[]})", "intents: given twice"},
      {InIntent(R"("offerId":"a","offer_id":"a")"), "intents[0].offerId: given twice"},
      {InIntent(R"("offerId":null,"offerId":null)"), "intents[0].offerId: given twice"},
  });
}

TEST(JsonIn, WrongTypes) {
  ExpectBad({
      {R"({"intents":{}})", "intents: not a list"},
      {R"({"intents":"x"})", "intents: not a list"},
      {R"({"intents":[null]})", "intents[0]: not an object"},
      {R"({"intents":[1]})", "intents[0]: not an object"},
      {R"({"intents":[[]]})", "intents[0]: not an object"},
      {R"({"watchIntentIds":[null]})", "watchIntentIds[0]: not a string"},
      {R"({"watchIntentIds":["a",1]})", "watchIntentIds[1]: not a string"},
      {InIntent(R"("intentId":1)"), "intents[0].intentId: not a string"},
      {InIntent(R"("intentId":true)"), "intents[0].intentId: not a string"},
      {InIntent(R"("intentId":["a"])"), "intents[0].intentId: not a string"},
      {InIntent(R"("intentId":nul)"), "intents[0]: a broken object"},
      {InIntent(R"("intentId":nullx)"), "intents[0]: a broken object"},
      {InIntent(R"("priceSeen":"IDR 1")"), "intents[0].priceSeen: not an object"},
      {InIntent(R"("priceSeen":[])"), "intents[0].priceSeen: not an object"},
  });
}

TEST(JsonIn, BadNumbers) {
  ExpectBad({
      {InIntent(R"("quantity":1.5)"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":-1)"), "intents[0].quantity: out of range"},
      {InIntent(R"("quantity":4294967296)"), "intents[0].quantity: out of range"},
      {InIntent(R"("quantity":"4294967296")"), "intents[0].quantity: out of range"},
      {InIntent(R"("quantity":1e400)"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":01)"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":+1)"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":.5)"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":1.)"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":1e)"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":0x10)"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":NaN)"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":Infinity)"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":-Infinity)"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":"NaN")"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":"")"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":" 1")"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":"1 ")"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":"+1")"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":"01")"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":"1.0")"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":"-")"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":true)"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":{})"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("quantity":1 2)"), "a broken object"},
      {InIntent(R"("quantity":1x)"), "intents[0].quantity: not a whole number"},
      {InIntent(R"("priceSeen":{"amountMinor":9223372036854775808})"),
       "intents[0].priceSeen.amountMinor: not a whole number"},
      {InIntent(R"("priceSeen":{"amountMinor":"9223372036854775808"})"),
       "intents[0].priceSeen.amountMinor: not a whole number"},
      {InIntent(R"("priceSeen":{"amountMinor":-9223372036854775809})"),
       "intents[0].priceSeen.amountMinor: not a whole number"},
      {InIntent(R"("priceSeen":{"amountMinor":1e18})"),
       "intents[0].priceSeen.amountMinor: not a whole number"},
      {InIntent(R"("streamPositionMs":0.1)"), "intents[0].streamPositionMs: not a whole number"},
  });
}

TEST(JsonIn, BadStrings) {
  ExpectBad({
      {InIntent("\"intentId\":\"\x01\""), "not JSON"},
      {InIntent("\"intentId\":\"a\nb\""), "not JSON"},
      {InIntent("\"intentId\":\"\xff\""), "not UTF-8"},
      {InIntent("\"intentId\":\"\xc0\x80\""), "not UTF-8"},
      {InIntent("\"intentId\":\"\xed\xa0\x80\""), "not UTF-8"},
      {InIntent("\"intentId\":\"\xf4\x90\x80\x80\""), "not UTF-8"},
      {InIntent("\"intentId\":\"\xe2\x82\""), "not UTF-8"},
      {InIntent(R"("intentId":"\ud800")"), "intents[0].intentId"},
      {InIntent(R"("intentId":"\udc00")"), "intents[0].intentId"},
      {InIntent(R"("intentId":"\ud800\ud800")"), "intents[0].intentId"},
      {InIntent(R"("intentId":"\ud83dx")"), "intents[0].intentId"},
      {InIntent(R"("intentId":"\x41")"), "intents[0].intentId"},
      {InIntent(R"("intentId":"\u12g4")"), "intents[0].intentId"},
      {InIntent(R"("intentId":"\u12")"), "intents[0].intentId"},
      {R"({"intents":[{"intentId":"open}]})", "not JSON"},
      {R"({"intents":[{"intentId":"a\"}]})", "not JSON"},
      {R"({"\ud800":[]})", "a broken object"},
  });
}

TEST(JsonIn, BadTimestamps) {
  ExpectBad({
      {InIntent(R"("clientTime":1702339200)"), "intents[0].clientTime: not an RFC 3339 timestamp"},
      {InIntent(R"("clientTime":"")"), "intents[0].clientTime: not an RFC 3339 timestamp"},
      {InIntent(R"("clientTime":"2023-02-29T00:00:00Z")"), "intents[0].clientTime"},
      {InIntent(R"("clientTime":"0000-01-01T00:00:00Z")"), "intents[0].clientTime"},
      {InIntent(R"("clientTime":"2023-12-12T00:00:00.1234567890Z")"), "intents[0].clientTime"},
      {InIntent(R"("clientTime":{"seconds":1})"), "intents[0].clientTime"},
  });
}

TEST(JsonIn, TooDeep) {
  ExpectBad({
      {std::string(9, '['), "not one JSON object"},
      {"{\"intents\":" + std::string(9, '[') + std::string(9, ']') + "}", "intents[0]"},
      {InIntent("\"priceSeen\":{\"amountMinor\":" + std::string(20'000, '[')), ""},
  });
}

TEST(JsonIn, EveryTruncationIsRefused) {
  std::string json =
      R"({"intents":[{"intentId":"\u0041b","quantity":12,"priceSeen":{"amountMinor":"34"},)"
      R"("clientTime":"2023-12-12T00:00:00Z","roomId":null}],"watchRoomIds":["r"]})";
  Decoder decoder;
  ClientFrame read;
  ASSERT_FALSE(Decode(decoder, json, &read).refused());
  for (size_t size = 0; size < json.size(); ++size) {
    EXPECT_TRUE(Decode(decoder, json.substr(0, size), &read).refused()) << json.substr(0, size);
  }
}

std::string Repeated(const std::string& element, size_t count) {
  std::string list = "[";
  for (size_t i = 0; i < count; ++i) list += (i == 0 ? "" : ",") + element;
  return list + "]";
}

TEST(JsonIn, ListsHaveBounds) {
  struct Row {
    std::string name;
    std::string element;
    size_t bound;
  };
  Decoder decoder;
  ClientFrame frame;
  for (const Row& row :
       {Row{"intents", "{}", kIntentsPerFrame}, Row{"watchIntentIds", "\"a\"", kWatchesPerFrame},
        Row{"watchRoomIds", "\"a\"", kRoomsPerFrame}}) {
    std::string start = "{\"" + row.name + "\":";
    EXPECT_FALSE(Decode(decoder, start + Repeated(row.element, row.bound) + "}", &frame).refused());
    Refusal refusal = Decode(decoder, start + Repeated(row.element, row.bound + 1) + "}", &frame);
    EXPECT_EQ(refusal.reason, intake::v1::REASON_TOO_LARGE);
    EXPECT_EQ(refusal.message, row.name + ": more than " + std::to_string(row.bound) + " elements");
  }
  GetOutcomesRequest query;
  EXPECT_FALSE(Decode(decoder, "{\"queries\":" + Repeated("{}", kQueriesPerRequest) + "}", &query)
                   .refused());
  EXPECT_EQ(Decode(decoder, "{\"queries\":" + Repeated("{}", kQueriesPerRequest + 1) + "}", &query)
                .reason,
            intake::v1::REASON_TOO_LARGE);
}

TEST(JsonIn, DeepestDocumentOfTheContractFits) {
  // frame, list, intent, price: what lies deeper is of a wrong type already.
  static_assert(kJsonDepth >= 4);
  Decoder decoder;
  ClientFrame frame;
  EXPECT_FALSE(Decode(decoder, InIntent(R"("priceSeen":{"amountMinor":1})"), &frame).refused());
}

}  // namespace
}  // namespace jembatan::intent
