#include "libs/kafka/status.h"

#include <gtest/gtest.h>

#include "libs/base/status.h"

namespace jembatan::kafka {
namespace {

TEST(StatusOf, MapsByWhatACallerCanDo) {
  struct Row {
    rd_kafka_resp_err_t error;
    absl::StatusCode code;
    bool retriable;
  };
  const Row rows[] = {
      {RD_KAFKA_RESP_ERR_NO_ERROR, absl::StatusCode::kOk, false},
      {RD_KAFKA_RESP_ERR__TRANSPORT, absl::StatusCode::kUnavailable, true},
      {RD_KAFKA_RESP_ERR__FATAL, absl::StatusCode::kUnavailable, true},
      {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, absl::StatusCode::kUnavailable, true},
      {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, absl::StatusCode::kUnavailable, true},
      {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, absl::StatusCode::kDeadlineExceeded, true},
      {RD_KAFKA_RESP_ERR__QUEUE_FULL, absl::StatusCode::kResourceExhausted, true},
      {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, absl::StatusCode::kAborted, true},
      {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, absl::StatusCode::kNotFound, false},
      {RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, absl::StatusCode::kOutOfRange, false},
      {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, absl::StatusCode::kOutOfRange, false},
      {RD_KAFKA_RESP_ERR__BAD_MSG, absl::StatusCode::kDataLoss, false},
      {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, absl::StatusCode::kInvalidArgument, false},
      {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, absl::StatusCode::kPermissionDenied, false},
      {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, absl::StatusCode::kUnimplemented, false},
      {static_cast<rd_kafka_resp_err_t>(200), absl::StatusCode::kUnknown, false},
  };
  for (const Row& row : rows) {
    const absl::Status status = StatusOf(row.error, "detail");
    EXPECT_EQ(status.code(), row.code) << rd_kafka_err2name(row.error);
    EXPECT_EQ(base::IsRetriable(status), row.retriable) << rd_kafka_err2name(row.error);
  }
}

TEST(StatusOf, SaysWhatHappened) {
  const std::string text =
      base::ToString(StatusOf(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "jembatan.intents.v1"));
  EXPECT_NE(text.find("Unknown topic"), std::string::npos) << text;
  EXPECT_NE(text.find(": jembatan.intents.v1"), std::string::npos) << text;
}

// A bridge began to read its window of finals from such an answer, and stopped that partition.
TEST(OffsetTold, ALeaderThatTellsNoOffsetIsAskedAgain) {
  rd_kafka_topic_partition_t place{};
  for (const int64_t told : {int64_t{RD_KAFKA_OFFSET_END}, int64_t{RD_KAFKA_OFFSET_BEGINNING},
                             int64_t{RD_KAFKA_OFFSET_STORED}, int64_t{RD_KAFKA_OFFSET_INVALID}}) {
    place.offset = told;
    EXPECT_TRUE(base::IsRetriable(OffsetTold(place).status())) << told;
  }
  place.offset = 0;
  EXPECT_EQ(OffsetTold(place).value_or(-1), 0);
  place.err = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
  EXPECT_TRUE(absl::IsUnavailable(OffsetTold(place).status()));
}

}  // namespace
}  // namespace jembatan::kafka
