#include "libs/history/reader.h"

#include <string>

#include "gtest/gtest.h"

namespace jembatan::history {
namespace {

const std::string kId = "01a20d62-9d1c-7781-b3fd-95f74c7c085d";

std::string WithId(std::string text) {
  for (size_t at; (at = text.find("ID")) != std::string::npos;) text.replace(at, 2, kId);
  return text;
}

TEST(Reader, TakesEveryKindOfLine) {
  History history;
  EXPECT_TRUE(ReadClients("c", WithId(R"({"t":1,"e":"invoke","id":"ID","offer":"o"}
{"t":2,"e":"accepted","id":"ID","partition":3,"offset":4}
{"t":3,"e":"pending","id":"ID"}
{"t":4,"e":"outcome","id":"ID","state":"ORDERED","order_id":"T"}
{"t":5,"e":"none","id":"ID","unknown":[1]}
{"t":6,"e":"sample","what":"rss","value":1,"bound":2}
)"),
                          &history)
                  .ok());
  ASSERT_EQ(history.clients.size(), 5u);
  EXPECT_EQ(history.clients[0].offer_id, "o");
  EXPECT_EQ(history.clients[1].offset, 4);
  EXPECT_EQ(history.clients[3].order_id, "T");
  EXPECT_EQ(history.samples.size(), 1u);
}

TEST(Reader, TakesTheLogAndTheLedger) {
  History history;
  const std::string body = R"("intent_id":"ID","buyer_ref":"b","fingerprint":"f")";
  const std::string at = R"("partition":0,"offset":)";
  EXPECT_TRUE(
      ReadIntents("i",
                  WithId(R"({"topic":"intents","append_ms":1,"offer_id":"o",)" + at + "7," + body +
                         "}\n" + R"({"topic":"intents","append_ms":1,)" + at + "8}\n"),
                  &history)
          .ok());
  EXPECT_TRUE(history.intents[0].decoded);
  EXPECT_FALSE(history.intents[1].decoded);
  const std::string outcome = R"({"topic":"outcomes","token":0,"marketplace_id":"m",)" + at;
  EXPECT_TRUE(
      ReadOutcomes("o",
                   WithId(outcome + R"(0,"kind":"claim"})" + "\n" + outcome +
                          R"(1,"kind":"final","state":"EXPIRED","order_id":"",)" + body + "}\n"),
                   &history)
          .ok());
  EXPECT_EQ(history.outcomes[1].state, State::kExpired);
  EXPECT_TRUE(ReadLedger("l",
                         WithId(R"({"seq":1,"offer_id":"o","quantity":1,"state":"REJECTED",)"
                                R"("reason":"OUT_OF_STOCK","order_id":"","decided_ms":9,)" +
                                body + "}\n"),
                         &history)
                  .ok());
  EXPECT_EQ(history.ledger[0].decided_ms, 9);
}

struct Bad {
  const char* name;
  absl::Status (*read)(const std::string&, std::string_view, History*);
  const char* bytes;
  const char* message;
};

TEST(Reader, NamesFileLineAndFault) {
  const Bad cases[] = {
      {"cut off", ReadClients, R"({"t":1,"e":"pending","id":"ID"})", "f:1: the line is cut off"},
      {"no JSON", ReadClients, "{\"t\":1,\n", "f:1: not a JSON object"},
      {"empty line", ReadClients, "\n", "f:1: not a JSON object"},
      {"unknown event", ReadClients, "{\"t\":1,\"e\":\"dreams\",\"id\":\"ID\"}\n",
       "f:1: e is not one of the known words"},
      {"no id", ReadClients, "{\"t\":1,\"e\":\"pending\",\"id\":\"7\"}\n",
       "f:1: id is not a UUIDv7"},
      {"no time", ReadClients, "{\"e\":\"pending\",\"id\":\"ID\"}\n",
       "f:1: t is not a whole number"},
      {"foreign topic", ReadIntents,
       "{\"topic\":\"payments\",\"partition\":0,\"offset\":0,\"append_ms\":1}\n",
       "f:1: topic is not one of the known words"},
      {"outcomes for intents", ReadIntents,
       "{\"topic\":\"outcomes\",\"partition\":0,\"offset\":0,\"append_ms\":1}\n",
       "f:1: topic is not one of the known words"},
      {"hole in the dump", ReadIntents,
       "{\"topic\":\"intents\",\"partition\":0,\"offset\":3,\"append_ms\":1}\n"
       "{\"topic\":\"intents\",\"partition\":0,\"offset\":5,\"append_ms\":1}\n",
       "f:2: offset is not the next of its partition"},
      {"hole in the ledger", ReadLedger,
       "{\"seq\":2,\"intent_id\":\"ID\",\"buyer_ref\":\"b\",\"offer_id\":\"o\",\"state\":"
       "\"EXPIRED\","
       "\"order_id\":\"\",\"decided_ms\":9,\"fingerprint\":\"f\"}\n",
       "f:1: seq is not the next of the ledger"},
      {"a final without a state", ReadOutcomes,
       "{\"topic\":\"outcomes\",\"partition\":0,\"offset\":0,\"token\":0,\"marketplace_id\":\"m\","
       "\"kind\":\"final\",\"intent_id\":\"ID\",\"buyer_ref\":\"b\",\"fingerprint\":\"f\"}\n",
       "f:1: state is not a text"},
  };
  for (const Bad& bad : cases) {
    History history;
    absl::Status status = bad.read("f", WithId(bad.bytes), &history);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << bad.name;
    EXPECT_EQ(status.message(), bad.message) << bad.name;
  }
}

}  // namespace
}  // namespace jembatan::history
