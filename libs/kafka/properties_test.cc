#include "libs/kafka/properties.h"

#include <cstdio>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jembatan::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

class PropertiesTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::map<std::string, std::string>> Read(const std::string& text) {
    std::ofstream(path_, std::ios::trunc) << text;
    return ReadProperties(path_);
  }
  void TearDown() override { std::remove(path_.c_str()); }

  const std::string path_ = ::testing::TempDir() + "/properties_test";
};

TEST_F(PropertiesTest, ReadsKeysAndValues) {
  const auto read = Read(
      "# the deck's own account\r\n"
      "\n"
      "security.protocol = SASL_SSL\n"
      "  sasl.mechanisms=SCRAM-SHA-512\n"
      "sasl.password=a=b #c\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(*read,
              ElementsAre(Pair("sasl.mechanisms", "SCRAM-SHA-512"), Pair("sasl.password", "a=b #c"),
                          Pair("security.protocol", "SASL_SSL")));
  EXPECT_TRUE(ReadProperties("")->empty());
}

TEST_F(PropertiesTest, IsRefusedWholeWithLineAndReasonAndNoValue) {
  struct Case {
    std::string text;
    const char* told;
  };
  const Case cases[] = {
      {"hunter2\n", ":1: key=value expected"},
      {"client.rack=a\n=hunter2\n", ":2: key=value expected"},
      {"\n\nsasl.pasword=hunter2\n", ":3: there is no property of that name"},
      {"security.protocol=hunter2", ":1: security.protocol does not take that value"},
      {"socket.timeout.ms=hunter2", ":1: socket.timeout.ms does not take that value"},
      {"socket.timeout.ms=999999999", ":1: socket.timeout.ms does not take that value"},
      {"sasl.password=x\nsasl.password=hunter2", ":2: sasl.password is named twice"},
      {"acks=1", ":1: acks is set by Jembatan itself"},
      {"request.required.acks=0", ":1: request.required.acks is set by Jembatan itself"},
      {"enable.idempotence=false", ":1: enable.idempotence is set by Jembatan itself"},
      {"enable.auto.commit=true", ":1: enable.auto.commit is set by Jembatan itself"},
      {"auto.offset.reset=latest", ":1: auto.offset.reset is set by Jembatan itself"},
      {"partitioner=random", ":1: partitioner is set by Jembatan itself"},
      {"bootstrap.servers=a:1", ":1: bootstrap.servers is set by Jembatan itself"},
      {"message.timeout.ms=1", ":1: message.timeout.ms is set by Jembatan itself"},
  };
  for (const Case& c : cases) {
    const auto read = Read(c.text);
    ASSERT_TRUE(absl::IsInvalidArgument(read.status())) << c.text;
    const std::string told(read.status().message());
    EXPECT_EQ(told, path_ + c.told);
    EXPECT_THAT(told, Not(HasSubstr("hunter2")));
  }
}

TEST_F(PropertiesTest, ABoundlessOrMissingFileIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(Read(std::string(70'000, '#')).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadProperties("/nonexistent").status()));
}

}  // namespace
}  // namespace jembatan::kafka
