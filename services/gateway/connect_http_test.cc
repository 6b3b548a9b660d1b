#include "services/gateway/connect_http.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace jembatan::gateway {
namespace {

constexpr std::string_view kSubmit = "/jembatan.intake.v1.IntakeService/SubmitIntent";

RequestHead Head(std::string_view method, std::string_view target, std::string_view type) {
  RequestHead head;
  head.method = method;
  head.target = target;
  head.content_type = type;
  return head;
}

TEST(ConnectHttp, AdmitsWhatIsServed) {
  const auto json = Admit(Head("POST", kSubmit, "application/json; charset=utf-8"));
  ASSERT_TRUE(std::holds_alternative<Admission>(json));
  EXPECT_EQ(std::get<Admission>(json).call, Call::kSubmitIntent);
  EXPECT_EQ(std::get<Admission>(json).encoding, intent::Encoding::kJson);
  EXPECT_EQ(std::get<Admission>(json).timeout_ms, 10'000);

  RequestHead head =
      Head("POST", "/jembatan.intake.v1.IntakeService/GetOutcomes?x=1", "Application/Proto");
  head.connect_version = "1";
  head.connect_timeout = "250";
  head.content_encoding = "identity";
  const auto proto = Admit(head);
  ASSERT_TRUE(std::holds_alternative<Admission>(proto));
  EXPECT_EQ(std::get<Admission>(proto).call, Call::kGetOutcomes);
  EXPECT_EQ(std::get<Admission>(proto).encoding, intent::Encoding::kProto);
  EXPECT_EQ(std::get<Admission>(proto).timeout_ms, 250);
}

TEST(ConnectHttp, TimeoutsAreBounded) {
  RequestHead head = Head("POST", kSubmit, "application/json");
  const std::vector<std::pair<std::string, int64_t>> good = {
      {"0", 0}, {"1", 1}, {"9999999999", 10'000}};
  for (const auto& [text, timeout_ms] : good) {
    head.connect_timeout = text;
    const auto admitted = Admit(head);
    ASSERT_TRUE(std::holds_alternative<Admission>(admitted)) << text;
    EXPECT_EQ(std::get<Admission>(admitted).timeout_ms, timeout_ms) << text;
  }
  for (const char* text : {"-1", "1.5", "soon", "12345678901", "1 "}) {
    head.connect_timeout = text;
    const auto admitted = Admit(head);
    ASSERT_TRUE(std::holds_alternative<Response>(admitted)) << text;
    EXPECT_EQ(std::get<Response>(admitted).status, 400) << text;
  }
}

TEST(ConnectHttp, RefusesTheRest) {
  struct Row {
    RequestHead head;
    int status;
    std::string code;
    std::string header;
  };
  RequestHead gzip = Head("POST", kSubmit, "application/json");
  gzip.content_encoding = "gzip";
  RequestHead version = Head("POST", kSubmit, "application/json");
  version.connect_version = "2";
  const std::vector<Row> table = {
      {Head("POST", "/", "application/json"), 404, "not_found", ""},
      {Head("POST", "/jembatan.intake.v1.IntakeService/Other", "application/json"), 404,
       "unimplemented", ""},
      {Head("POST", "/jembatan.intake.v1.IntakeService/StreamIntents", "application/json"), 404,
       "unimplemented", ""},
      {Head("POST", "/jembatan.intake.v1.IntakeService/submitintent", "application/json"), 404,
       "unimplemented", ""},
      {Head("GET", kSubmit, ""), 405, "unimplemented", "Allow: POST, OPTIONS"},
      {Head("PUT", kSubmit, "application/json"), 405, "unimplemented", "Allow: POST, OPTIONS"},
      {Head("POST", kSubmit, ""), 415, "unimplemented", "Accept-Post: application/json"},
      {Head("POST", kSubmit, "text/plain"), 415, "unimplemented", "Accept-Post:"},
      {Head("POST", kSubmit, "application/json2"), 415, "unimplemented", "Accept-Post:"},
      {Head("POST", kSubmit, "application/grpc-web"), 415, "unimplemented", "Accept-Post:"},
      {gzip, 501, "unimplemented", "Accept-Encoding: identity"},
      {version, 400, "invalid_argument", ""},
  };
  for (const Row& row : table) {
    const auto admitted = Admit(row.head);
    ASSERT_TRUE(std::holds_alternative<Response>(admitted)) << row.head.target;
    const auto& response = std::get<Response>(admitted);
    EXPECT_EQ(response.status, row.status) << row.head.target << row.head.content_type;
    EXPECT_EQ(response.content_type, "application/json");
    EXPECT_EQ(response.body.find("{\"code\":\"" + row.code + "\""), 0U) << response.body;
    EXPECT_NE(response.headers.find(row.header), std::string::npos) << response.headers;
  }
}

TEST(ConnectHttp, ErrorJson) {
  const Response error = Error(intake::v1::REASON_MALFORMED, "offer_id: \"x\"\n\x01");
  EXPECT_EQ(error.status, 400);
  EXPECT_EQ(error.body.find(R"({"code":"invalid_argument","message":"offer_id: \"x\"\u000a\u0001")"
                            R"(,"details":[{"type":"google.rpc.ErrorInfo","value":")"),
            0U)
      << error.body;
  EXPECT_NE(error.body.find(R"("debug":{"reason":"MALFORMED","domain":"jembatan.intake.v1"}})"),
            std::string::npos);
  // Standard base64, unpadded: ErrorInfo{"MALFORMED","jembatan.intake.v1"}.
  EXPECT_NE(error.body.find("\"value\":\"CglNQUxGT1JNRUQSEmplbWJhdGFuLmludGFrZS52MQ\""),
            std::string::npos)
      << error.body;
  EXPECT_EQ(Error(intake::v1::REASON_MALFORMED, "\xff").body.find("\xff"), std::string::npos);
  EXPECT_EQ(Error(intake::v1::REASON_UNAUTHENTICATED, "x").headers, "WWW-Authenticate: Bearer\r\n");
}

TEST(ConnectHttp, Origins) {
  EXPECT_TRUE(OriginList::Parse("*")->Allows("https://any.example"));
  EXPECT_FALSE(OriginList::Parse("")->Allows("https://any.example"));
  EXPECT_TRUE(OriginList::Parse("")->Allows(""));
  const auto list = OriginList::Parse("https://a.example, http://b.example:8080");
  ASSERT_TRUE(list.ok());
  EXPECT_TRUE(list->Allows("http://b.example:8080"));
  for (const char* origin : {"https://b.example", "http://b.example", "https://a.example.evil",
                             "null", "https://A.example"}) {
    EXPECT_FALSE(list->Allows(origin)) << origin;
  }
  for (const char* bad : {"a.example", "https://", "https://a.example/", "://a", ",x"}) {
    EXPECT_FALSE(OriginList::Parse(bad).ok()) << bad;
  }
}

TEST(ConnectHttp, Serialize) {
  const std::string text =
      Serialize(Answer(intent::Encoding::kJson, "{}"), true, "https://a.example", 0);
  EXPECT_EQ(text,
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
            "Content-Type: application/json\r\nContent-Length: 2\r\nCache-Control: no-store\r\n"
            "Vary: Origin\r\nAccess-Control-Allow-Origin: https://a.example\r\n"
            "Access-Control-Expose-Headers: Date\r\n\r\n{}");
  const std::string closing = Serialize(Preflight(true), false, "", 0);
  EXPECT_EQ(closing.find("HTTP/1.1 204 No Content\r\n"), 0U);
  EXPECT_EQ(closing.find("Content-Length"), std::string::npos);
  EXPECT_NE(closing.find("Connection: close\r\n\r\n"), std::string::npos);
  EXPECT_EQ(closing.find("Allow-Origin"), std::string::npos);
}

}  // namespace
}  // namespace jembatan::gateway
