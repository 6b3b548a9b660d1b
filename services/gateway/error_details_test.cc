#include "services/gateway/error_details.h"

#include <memory>
#include <string>

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace jembatan::gateway {
namespace {

// The definitions as googleapis publishes them, cut to the fields used; the wire format is checked
// against them by protobuf itself.
constexpr char kDefinitions[] = R"(
  name: "rpc.proto" package: "google.rpc" syntax: "proto3"
  message_type { name: "Any"
    field { name: "type_url" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "value" number: 2 type: TYPE_BYTES label: LABEL_OPTIONAL } }
  message_type { name: "Status"
    field { name: "code" number: 1 type: TYPE_INT32 label: LABEL_OPTIONAL }
    field { name: "message" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "details" number: 3 type: TYPE_MESSAGE type_name: ".google.rpc.Any"
            label: LABEL_REPEATED } }
  message_type { name: "ErrorInfo"
    field { name: "reason" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "domain" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL } }
  message_type { name: "LocalizedMessage"
    field { name: "locale" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "message" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL } }
  message_type { name: "Duration"
    field { name: "seconds" number: 1 type: TYPE_INT64 label: LABEL_OPTIONAL } }
  message_type { name: "RetryInfo"
    field { name: "retry_delay" number: 1 type: TYPE_MESSAGE type_name: ".google.rpc.Duration"
            label: LABEL_OPTIONAL } }
)";

class ErrorDetailsTest : public ::testing::Test {
 protected:
  ErrorDetailsTest() : factory_(&pool_) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kDefinitions, &file));
    EXPECT_NE(pool_.BuildFile(file), nullptr);
  }

  // The message as text; "bad" if the bytes are no such message or leave anything over.
  std::string Text(const std::string& type, const std::string& bytes) {
    const auto* descriptor = pool_.FindMessageTypeByName(type);
    if (descriptor == nullptr) return "bad";
    std::unique_ptr<google::protobuf::Message> message(factory_.GetPrototype(descriptor)->New());
    if (!message->ParseFromString(bytes)) return "bad";
    if (message->GetReflection()->GetUnknownFields(*message).field_count() > 0) return "bad";
    return message->ShortDebugString();
  }

  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
};

TEST_F(ErrorDetailsTest, DetailsAreTheStandardMessages) {
  const auto details = DetailsOf(intake::v1::REASON_OVERLOADED);
  ASSERT_EQ(details.size(), 4U);
  EXPECT_EQ(details[0].type, "google.rpc.ErrorInfo");
  EXPECT_EQ(Text(details[0].type, details[0].value),
            R"(reason: "OVERLOADED" domain: "jembatan.intake.v1")");
  EXPECT_EQ(Text(details[1].type, details[1].value).find(R"(locale: "id-ID" message: ")"), 0U);
  EXPECT_EQ(Text(details[2].type, details[2].value).find(R"(locale: "en" message: ")"), 0U);
  EXPECT_EQ(Text(details[3].type, details[3].value), "retry_delay { seconds: 1 }");
}

TEST_F(ErrorDetailsTest, NoRetryWhereNoneHelps) {
  EXPECT_EQ(DetailsOf(intake::v1::REASON_MALFORMED).size(), 3U);
}

TEST_F(ErrorDetailsTest, StatusHoldsThem) {
  const std::string bytes =
      RpcStatusBytes(absl::StatusCode::kInvalidArgument, "quantity", intake::v1::REASON_MALFORMED);
  const std::string text = Text("google.rpc.Status", bytes);
  EXPECT_EQ(text.find(R"(code: 3 message: "quantity" details { type_url: )"
                      R"("type.googleapis.com/google.rpc.ErrorInfo")"),
            0U)
      << text;
}

}  // namespace
}  // namespace jembatan::gateway
