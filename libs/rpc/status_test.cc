#include "libs/rpc/status.h"

#include <string>

#include "gtest/gtest.h"

#include "libs/base/text.h"

namespace jembatan::rpc {
namespace {

TEST(StatusTest, EveryCodeSurvivesTheRoundTripWithItsMessage) {
  for (int code = 1; code <= 16; ++code) {
    const grpc::Status sent(static_cast<grpc::StatusCode>(code), "why");
    const absl::Status received = FromGrpc(sent);
    EXPECT_EQ(static_cast<int>(received.code()), code);
    EXPECT_EQ(base::Std(received.message()), "why");
    EXPECT_EQ(ToGrpc(received).error_code(), sent.error_code());
    EXPECT_EQ(ToGrpc(received).error_message(), "why");
  }
}

TEST(StatusTest, OkIsOkBothWays) {
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
}

TEST(StatusTest, ANumberOutsideTheVocabularyIsUnknown) {
  const grpc::Status odd(static_cast<grpc::StatusCode>(17), "odd");
  EXPECT_EQ(FromGrpc(odd).code(), absl::StatusCode::kUnknown);
}

}  // namespace
}  // namespace jembatan::rpc
