#include "libs/intent/timestamp_text.h"

#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"

#include "libs/intent/testing/random_messages.h"

namespace jembatan::intent {
namespace {

using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

TEST(TimestampText, WritesAndReadsLikeTimeUtil) {
  testing::RandomMessages random(7);
  for (int i = 0; i < 20'000; ++i) {
    Timestamp time;
    random.Fill(&time);
    std::string text;
    AppendTimestamp(time, &text);
    ASSERT_EQ(text, TimeUtil::ToString(time));
    Timestamp back;
    ASSERT_TRUE(ParseTimestamp(text, &back)) << text;
    ASSERT_EQ(back.seconds(), time.seconds()) << text;
    ASSERT_EQ(back.nanos(), time.nanos()) << text;
  }
}

TEST(TimestampText, Good) {
  struct Row {
    std::string_view text;
    int64_t seconds;
    int nanos;
  };
  for (const Row& row : {
           Row{"1970-01-01T00:00:00Z", 0, 0},
           Row{"1969-12-31T23:59:59.5Z", -1, 500'000'000},
           Row{"2023-12-12T00:00:00Z", 1'702'339'200, 0},
           Row{"2023-12-12T07:00:00+07:00", 1'702'339'200, 0},
           Row{"2023-12-11T14:30:00-09:30", 1'702'339'200, 0},
           Row{"2023-12-12T00:00:00-00:00", 1'702'339'200, 0},
           Row{"2024-02-29T00:00:00Z", 1'709'164'800, 0},
           Row{"2000-02-29T00:00:00Z", 951'782'400, 0},
           Row{"2023-12-12T00:00:00.000000001Z", 1'702'339'200, 1},
           Row{"0001-01-01T00:00:00Z", -62'135'596'800, 0},
           Row{"9999-12-31T23:59:59.999999999Z", 253'402'300'799, 999'999'999},
       }) {
    Timestamp time;
    ASSERT_TRUE(ParseTimestamp(row.text, &time)) << row.text;
    EXPECT_EQ(time.seconds(), row.seconds) << row.text;
    EXPECT_EQ(time.nanos(), row.nanos) << row.text;
  }
}

TEST(TimestampText, Bad) {
  for (std::string_view text : {
           "",
           "2023",
           "2023-12-12",
           "2023-12-12T00:00:00",
           "2023-12-12 00:00:00Z",
           "2023-12-12t00:00:00Z",
           "2023-12-12T00:00:00z",
           "2023-12-12T00:00Z",
           "2023-13-01T00:00:00Z",
           "2023-00-01T00:00:00Z",
           "2023-12-00T00:00:00Z",
           "2023-12-32T00:00:00Z",
           "2023-02-29T00:00:00Z",
           "1900-02-29T00:00:00Z",
           "2023-04-31T00:00:00Z",
           "2023-12-12T24:00:00Z",
           "2023-12-12T00:60:00Z",
           "2023-12-12T00:00:60Z",
           "2023-12-12T00:00:00.Z",
           "2023-12-12T00:00:00.1234567890Z",
           "2023-12-12T00:00:00,5Z",
           "2023-12-12T00:00:00+24:00",
           "2023-12-12T00:00:00+07:60",
           "2023-12-12T00:00:00+0700",
           "2023-12-12T00:00:00+07",
           "2023-12-12T00:00:00ZZ",
           "2023-12-12T00:00:00Z ",
           " 2023-12-12T00:00:00Z",
           "+2023-12-12T00:00:00Z",
           "-001-12-12T00:00:00Z",
           "0000-12-12T00:00:00Z",
           "10000-01-01T00:00:00Z",
           "0001-01-01T00:00:00+00:01",
           "9999-12-31T23:59:59-00:01",
           "2023-1-01T00:00:00Z",
       }) {
    Timestamp time;
    EXPECT_FALSE(ParseTimestamp(text, &time)) << text;
  }
}

TEST(TimestampText, ValidRange) {
  Timestamp time;
  EXPECT_TRUE(IsValidTimestamp(time));
  time.set_nanos(-1);
  EXPECT_FALSE(IsValidTimestamp(time));
  time.set_nanos(1'000'000'000);
  EXPECT_FALSE(IsValidTimestamp(time));
  time.set_nanos(0);
  time.set_seconds(253'402'300'800);
  EXPECT_FALSE(IsValidTimestamp(time));
  time.set_seconds(-62'135'596'801);
  EXPECT_FALSE(IsValidTimestamp(time));
}

}  // namespace
}  // namespace jembatan::intent
