#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "services/ctl/command.h"

namespace jembatan::ctl {
namespace {

using testing::HasSubstr;

class CheckHistory : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/check-history";
    std::filesystem::create_directories(folder_);
    const std::string id = "01a20d62-9d1c-7781-b3fd-95f74c7c085d";
    Write("clients", R"({"t":1,"e":"invoke","id":")" + id + R"(","offer":"kopi"})" + "\n" +
                         R"({"t":2,"e":"accepted","id":")" + id + R"(","partition":0,"offset":0})" +
                         "\n");
    Write("intents", R"({"topic":"intents","partition":0,"offset":0,"append_ms":1,"intent_id":")" +
                         id + R"(","buyer_ref":"aa","offer_id":"kopi","fingerprint":"bb"})" + "\n");
    Write("outcomes",
          R"({"topic":"outcomes","partition":0,"offset":0,"token":0,"marketplace_id":"m",)"
          R"("kind":"final","intent_id":")" +
              id + R"(","buyer_ref":"aa","fingerprint":"bb","state":"ORDERED","order_id":"T-1"})" +
              "\n");
    Write("ledger", R"({"seq":1,"intent_id":")" + id +
                        R"(","buyer_ref":"aa","offer_id":"kopi","state":"ORDERED",)"
                        R"("order_id":"T-1","decided_ms":1,"fingerprint":"bb"})" +
                        "\n");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }
  int Run() {
    std::ostringstream out;
    std::ostringstream err;
    auto file = [&](const char* name) { return folder_ + "/" + name; };
    int status =
        RunCommand({"check-history", "--clients", file("clients"), "--intents", file("intents"),
                    "--outcomes", file("outcomes"), "--ledger", file("ledger")},
                   out, err);
    out_ = out.str();
    err_ = err.str();
    return status;
  }

  std::string folder_;
  std::string out_;
  std::string err_;
};

TEST_F(CheckHistory, OneThatHoldsIsStatusZero) {
  EXPECT_EQ(Run(), 0) << err_ << out_;
  EXPECT_THAT(out_, HasSubstr("history: invoked=1 accepted=1 logged=1 ordered=1 violations=0\n"));
}

TEST_F(CheckHistory, ABrokenOneIsStatusOneWithATimeline) {
  Write("outcomes", "");
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(out_, HasSubstr("O1 01a20d62-9d1c-7781-b3fd-95f74c7c085d: in the log without a"));
  EXPECT_THAT(out_, HasSubstr("marketplace decides ORDERED T-1, seq 1\n"));
  EXPECT_THAT(out_, HasSubstr("O1=1 O2=0 O3=1 "));
  EXPECT_EQ(err_, "jembatan-ctl: the promise was broken\n");
}

TEST_F(CheckHistory, BadFilesAreStatusTwoAndOneLine) {
  Write("ledger", "{\"seq\":1");
  EXPECT_EQ(Run(), 2);
  EXPECT_EQ(err_, "jembatan-ctl: " + folder_ + "/ledger:1: the line is cut off\n");
  Write("ledger", "");
  std::filesystem::remove(folder_ + "/intents");
  EXPECT_EQ(Run(), 2);
  EXPECT_THAT(err_, HasSubstr("cannot read"));
}

}  // namespace
}  // namespace jembatan::ctl
