#include "libs/runtime/options.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <stdlib.h>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace jembatan::runtime {
namespace {

struct Settings {
  std::string listen = "127.0.0.1:8080";
  int shards = 1;
  int64_t window = 1000;
  double ratio = 0.5;
  bool tls = false;
  std::string profile = "production";
  std::string key;
};

// A service's table, its environment, and a folder for the file that rows call F.
class OptionsTest : public testing::Test {
 protected:
  OptionsTest() {
    char name[] = "/tmp/options_test.XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~OptionsTest() override { std::filesystem::remove_all(folder_); }

  std::string file() const { return folder_ + "/f.toml"; }
  void WriteFile(const std::string& content) { std::ofstream(file()) << content; }

  static void Declare(OptionTable* table, Settings* settings) {
    table->Add("listen", &settings->listen, "Address to listen on");
    table->Add("shards", &settings->shards, "Event loops", 1, 64);
    table->Add("window", &settings->window, "Open intents", int64_t{0}, int64_t{1} << 40);
    table->Add("ratio", &settings->ratio, "Retry budget", 0.0, 1.0);
    table->Add("tls", &settings->tls, "Whether to speak TLS");
    table->AddChoice("profile", &settings->profile, "Checks", {"dev", "production"});
    table->AddSecret("key", &settings->key, "Signing key");
  }

  // What would be printed, "" when it simply went well. F in arguments and output is the file.
  std::string Try(std::vector<std::string> arguments,
                  std::map<std::string, std::string> environment = {}) {
    settings_ = Settings();
    OptionTable table("gateway", "Takes purchase intents.");
    Declare(&table, &settings_);
    for (std::string& argument : arguments) Replace("F", file(), &argument);
    for (auto& [name, value] : environment) Replace("F", file(), &value);
    auto getenv = [&](const char* name) -> const char* {
      auto found = environment.find(name);
      return found == environment.end() ? nullptr : found->second.c_str();
    };
    std::string output;
    status_ = table.TryParse(arguments, getenv, &output);
    Replace(file(), "F", &output);
    return output;
  }

  static void Replace(const std::string& from, const std::string& to, std::string* text) {
    size_t place = text->find(from);
    if (place != std::string::npos) text->replace(place, from.size(), to);
  }

  std::string folder_;
  Settings settings_;
  absl::Status status_;
};

TEST_F(OptionsTest, GoodConfigurations) {
  using Environment = std::map<std::string, std::string>;
  const struct {
    std::vector<std::string> arguments;
    Environment environment;
    std::string content;
    std::string expected;  // listen shards window ratio tls profile key
  } kRows[] = {
      {{}, {}, "", "127.0.0.1:8080 1 1000 0.5 0 production "},
      {{"--shards=4"}, {}, "", "127.0.0.1:8080 4 1000 0.5 0 production "},
      {{"--shards", "4"}, {}, "", "127.0.0.1:8080 4 1000 0.5 0 production "},
      {{"--listen=[::1]:80"}, {}, "", "[::1]:80 1 1000 0.5 0 production "},
      {{"--listen=a=b"}, {}, "", "a=b 1 1000 0.5 0 production "},
      {{"--listen=[a,b]"}, {}, "", "[a,b] 1 1000 0.5 0 production "},
      {{"--listen="}, {}, "", " 1 1000 0.5 0 production "},
      {{"--listen", ""}, {}, "", " 1 1000 0.5 0 production "},
      {{"--listen=", "--shards=2"}, {}, "", " 2 1000 0.5 0 production "},
      {{"--tls"}, {}, "", "127.0.0.1:8080 1 1000 0.5 1 production "},
      {{"--tls=true", "--shards=2"}, {}, "", "127.0.0.1:8080 2 1000 0.5 1 production "},
      {{"--tls=false"},
       {{"JEMBATAN_GATEWAY_TLS", "true"}},
       "",
       "127.0.0.1:8080 1 1000 0.5 0 production "},
      {{"--window=1099511627776"}, {}, "", "127.0.0.1:8080 1 1099511627776 0.5 0 production "},
      {{"--ratio=1"}, {}, "", "127.0.0.1:8080 1 1000 1 0 production "},
      {{"--ratio=1e-1"}, {}, "", "127.0.0.1:8080 1 1000 0.1 0 production "},
      {{"--profile=dev", "--key=k"}, {}, "", "127.0.0.1:8080 1 1000 0.5 0 dev k"},
      {{}, {{"JEMBATAN_GATEWAY_SHARDS", "3"}}, "", "127.0.0.1:8080 3 1000 0.5 0 production "},
      {{},
       {{"JEMBATAN_SHARDS", "3"}, {"JEMBATAN_BRIDGE_SHARDS", "3"}},
       "",
       "127.0.0.1:8080 1 1000 0.5 0 production "},
      {{}, {{"JEMBATAN_GATEWAY_LISTEN", ""}}, "", " 1 1000 0.5 0 production "},
      {{"--config=F"},
       {},
       "shards = 5\nratio = 1\ntls = true\nkey = 'k'\n",
       "127.0.0.1:8080 5 1000 1 1 production k"},
      {{"--config", "F"},
       {},
       "shards = 5\n[gateway]\nwindow = 7\n",
       "127.0.0.1:8080 5 7 0.5 0 production "},
      {{},
       {{"JEMBATAN_GATEWAY_CONFIG", "F"}},
       "shards = 5\n",
       "127.0.0.1:8080 5 1000 0.5 0 production "},
      // The precedence: flag, environment, file, default.
      {{"--config=F", "--shards=2"},
       {{"JEMBATAN_GATEWAY_SHARDS", "3"}, {"JEMBATAN_GATEWAY_WINDOW", "4"}},
       "shards = 5\nwindow = 6\nratio = 0.25\n",
       "127.0.0.1:8080 2 4 0.25 0 production "},
      {{"--config=F"},
       {{"JEMBATAN_GATEWAY_CONFIG", "/nowhere"}},
       "shards = 5\n",
       "127.0.0.1:8080 5 1000 0.5 0 production "},
  };
  for (const auto& row : kRows) {
    WriteFile(row.content);
    EXPECT_EQ(Try(row.arguments, row.environment), "");
    EXPECT_TRUE(status_.ok());
    std::ostringstream got;
    got << settings_.listen << ' ' << settings_.shards << ' ' << settings_.window << ' '
        << settings_.ratio << ' ' << settings_.tls << ' ' << settings_.profile << ' '
        << settings_.key;
    EXPECT_EQ(got.str(), row.expected);
  }
}

TEST_F(OptionsTest, BadFlags) {
  const struct {
    std::vector<std::string> arguments;
    std::string error;
  } kRows[] = {
      {{"--shard=4"}, "--shard: unknown flag; --help lists the known ones"},
      {{"--api_key=verysecret"}, "--api_key: unknown flag; --help lists the known ones"},
      {{"-shards=4"}, "-shards: unknown flag; --help lists the known ones"},
      {{"-x"}, "-x: unknown flag; --help lists the known ones"},
      {{"--"}, "--: unknown flag; --help lists the known ones"},
      {{"--help=me"}, "--help: unknown flag; --help lists the known ones"},
      {{"--SHARDS=4"}, "--SHARDS: unknown flag; --help lists the known ones"},
      {{"start"}, "unexpected argument: start"},
      {{"--tls", "false"}, "unexpected argument: false"},
      {{"--shards=4", "--shards=5"}, "--shards: given twice"},
      {{"--shards=4", "--shards", "4"}, "--shards: given twice"},
      {{"--tls", "--tls=false"}, "--tls: given twice"},
      {{"--config=F", "--config=F"}, "--config: given twice"},
      {{"--shards"}, "--shards: needs a value"},
      {{"--listen", "--shards=4"}, "--listen: needs a value"},
      {{"--listen", "--listen"}, "--listen: needs a value"},
      {{"--config"}, "--config: needs a value"},
      {{"--shards="}, "--shards=: must be an integer"},
      {{"--shards", ""}, "--shards=: must be an integer"},
      {{"--shards=", "4"}, "unexpected argument: 4"},
      {{"--tls="}, "--tls=: must be true or false"},
      {{"--tls=yes"}, "--tls=yes: must be true or false"},
      {{"--ratio="}, "--ratio=: must be a number"},
      {{"--shards=4x"}, "--shards=4x: must be an integer"},
      {{"--shards=4 "}, "--shards=4 : must be an integer"},
      {{"--shards= 4"}, "--shards= 4: must be an integer"},
      {{"--shards=4.0"}, "--shards=4.0: must be an integer"},
      {{"--shards=0x4"}, "--shards=0x4: must be an integer"},
      {{"--shards=four"}, "--shards=four: must be an integer"},
      {{"--shards=0"}, "--shards=0: must be from 1 to 64"},
      {{"--shards=65"}, "--shards=65: must be from 1 to 64"},
      {{"--shards=-1"}, "--shards=-1: must be from 1 to 64"},
      {{"--shards", "-1"}, "--shards=-1: must be from 1 to 64"},
      {{"--shards=4294967297"}, "--shards=4294967297: must be from 1 to 64"},
      {{"--window=1099511627777"}, "--window=1099511627777: must be from 0 to 1099511627776"},
      {{"--window=99999999999999999999"},
       "--window=99999999999999999999: must be from 0 to 1099511627776"},
      {{"--ratio=1.01"}, "--ratio=1.01: must be from 0 to 1"},
      {{"--ratio=nan"}, "--ratio=nan: must be from 0 to 1"},
      {{"--ratio=inf"}, "--ratio=inf: must be from 0 to 1"},
      {{"--ratio=1e999"}, "--ratio=1e999: must be from 0 to 1"},
      {{"--ratio=0.5s"}, "--ratio=0.5s: must be a number"},
      {{"--profile=prod"}, "--profile=prod: must be one of dev, production"},
      {{"--profile="}, "--profile=: must be one of dev, production"},
      {{"--shards=4\n5"}, "--shards=4 5: must be an integer"},
      {{"--config=/nowhere/f"}, "--config: cannot read /nowhere/f: No such file or directory"},
      {{"--config=/"}, "--config: cannot read /: Is a directory"},
      {{"--config="}, "--config: cannot read : No such file or directory"},
      {{"--config=/dev/zero"}, "--config: /dev/zero is longer than 1048576 bytes"},
      {{"--print_config", "--shards=0"}, "--shards=0: must be from 1 to 64"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(Try(row.arguments), "jembatan-gateway: " + row.error + "\n");
    EXPECT_TRUE(absl::IsInvalidArgument(status_));
  }
}

TEST_F(OptionsTest, BadVariables) {
  const struct {
    std::string name, value, error;
  } kRows[] = {
      {"SHARDS", "", "JEMBATAN_GATEWAY_SHARDS=: must be an integer"},
      {"SHARDS", "65", "JEMBATAN_GATEWAY_SHARDS=65: must be from 1 to 64"},
      {"RATIO", "half", "JEMBATAN_GATEWAY_RATIO=half: must be a number"},
      {"TLS", "1", "JEMBATAN_GATEWAY_TLS=1: must be true or false"},
      {"PROFILE", "test", "JEMBATAN_GATEWAY_PROFILE=test: must be one of dev, production"},
      {"CONFIG", "/nowhere/f",
       "JEMBATAN_GATEWAY_CONFIG: cannot read /nowhere/f: No such file or directory"},
  };
  for (const auto& row : kRows) {
    // A flag that goes before the variable does not hide that the variable is wrong.
    EXPECT_EQ(Try({"--shards=2"}, {{"JEMBATAN_GATEWAY_" + row.name, row.value}}),
              "jembatan-gateway: " + row.error + "\n");
  }
}

TEST_F(OptionsTest, BadFiles) {
  const struct {
    std::string content, error;
  } kRows[] = {
      {"shards = 2\n\nshard = 3\n", "F:3: shard: unknown key"},
      {"[gateway]\nshard = 3\n", "F:2: gateway.shard: unknown key"},
      {"[bridge]\nshards = 3\n", "F:1: bridge: unknown key"},
      {"[gateway.gateway]\nshards = 3\n", "F:1: gateway.gateway: unknown key"},
      {"config = 'x'\n", "F:1: config: unknown key"},
      {"gateway = 1\n", "F:1: gateway: unknown key"},
      {"\nshards = '2'\n", "F:2: shards: must be an integer, not of type string"},
      {"shards = 2.0\n", "F:1: shards: must be an integer, not of type floating-point"},
      {"shards = [2]\n", "F:1: shards: must be an integer, not of type array"},
      {"[shards]\n", "F:1: shards: must be an integer, not of type table"},
      {"listen = 8080\n", "F:1: listen: must be a string, not of type integer"},
      {"tls = 'true'\n", "F:1: tls: must be true or false, not of type string"},
      {"tls = 1\n", "F:1: tls: must be true or false, not of type integer"},
      {"ratio = true\n", "F:1: ratio: must be a number, not of type boolean"},
      {"ratio = '0.5'\n", "F:1: ratio: must be a number, not of type string"},
      {"ratio = nan\n", "F:1: ratio: must be from 0 to 1"},
      {"ratio = 2\n", "F:1: ratio: must be from 0 to 1"},
      {"shards = 65\n", "F:1: shards: must be from 1 to 64"},
      {"shards = 4294967297\n", "F:1: shards: must be from 1 to 64"},
      {"profile = 'x'\n", "F:1: profile: must be one of dev, production"},
      {"key = 3\n", "F:1: key: must be a string, not of type integer"},
      {"shards = 2\n[gateway]\nshards = 3\n",
       "F:3: gateway.shards: given both at top level and in [gateway]"},
  };
  for (const auto& row : kRows) {
    WriteFile(row.content);
    EXPECT_EQ(Try({"--config=F"}), "jembatan-gateway: " + row.error + "\n");
    EXPECT_TRUE(absl::IsInvalidArgument(status_));
  }
}

// The words are the library's; the place and the single line are ours.
TEST_F(OptionsTest, FilesThatAreNotToml) {
  const struct {
    std::string content, place;
  } kRows[] = {
      {"shards = 1\nlisten = \"open\nwindow = 1\n", "F:2: "},
      {"shards = 1\nshards = 2\n", "F:2: "},
      {"shards\n", "F:1: "},
      {"\n\n[gateway\n", "F:3: "},
      {"listen = \"\xff\"\n", "F:1: "},
      {"shards = 99999999999999999999\n", "F:1: "},
  };
  for (const auto& row : kRows) {
    WriteFile(row.content);
    std::string output = Try({"--config=F"});
    EXPECT_EQ(output.rfind("jembatan-gateway: " + row.place, 0), 0u) << output;
    EXPECT_EQ(output.find('\n'), output.size() - 1) << output;
  }
}

TEST_F(OptionsTest, HelpListsTheTableWithDefaultsAndVariables) {
  std::string help = Try({"--shards=nonsense", "--help"});
  EXPECT_TRUE(absl::IsCancelled(status_));
  for (const char* part : {
           "jembatan-gateway: Takes purchase intents.\n",
           "  --listen=TEXT\n      Address to listen on\n"
           "      default \"127.0.0.1:8080\", environment JEMBATAN_GATEWAY_LISTEN\n",
           "  --shards=INTEGER (1 to 64)\n      Event loops\n"
           "      default 1, environment JEMBATAN_GATEWAY_SHARDS\n",
           "  --ratio=NUMBER (0 to 1)\n",
           "      default 0.5, ",
           "  --tls[=true|false]\n",
           "      default false, ",
           "  --profile=dev|production\n",
           "  --config=FILE\n",
           "JEMBATAN_GATEWAY_CONFIG",
           "  --print_config\n",
           "  --version\n",
       }) {
    EXPECT_NE(help.find(part), std::string::npos) << part << "\nnot in\n" << help;
  }
}

TEST_F(OptionsTest, VersionNamesServiceVersionAndCommit) {
  std::string version = Try({"--version"});
  EXPECT_TRUE(absl::IsCancelled(status_));
  EXPECT_EQ(version.rfind("jembatan-gateway 0.1.0 (", 0), 0u) << version;
  EXPECT_EQ(version.substr(version.size() - 2), ")\n");
}

TEST_F(OptionsTest, PrintConfigShowsValuesAndOriginsButNoSecret) {
  WriteFile("[gateway]\nratio = 1\nlisten = 'C:\\\"x\"'\n");
  EXPECT_EQ(Try({"--print_config", "--config=F", "--shards=2", "--key=hush"},
                {{"JEMBATAN_GATEWAY_TLS", "true"}}),
            "listen = \"C:\\\\\\\"x\\\"\"  # F:3\n"
            "shards = 2  # --shards\n"
            "window = 1000  # default\n" +
                ("ratio = 1.0  # " + file() + ":2\n") +
                "tls = true  # JEMBATAN_GATEWAY_TLS\n"
                "profile = \"production\"  # default\n"
                "key = \"***\"  # --key\n");
  EXPECT_TRUE(absl::IsCancelled(status_));
  EXPECT_NE(Try({"--print_config"}).find("key = \"\"  # default\n"), std::string::npos);
}

TEST_F(OptionsTest, WhatPrintConfigPrintsIsAConfigurationFile) {
  std::string listen = "tab\t quote\" back\\slash caf\xc3\xa9 \x01 end";
  std::string printed = Try({"--print_config", "--listen=" + listen, "--ratio=0.1", "--tls"});
  WriteFile(printed);
  EXPECT_EQ(Try({"--config=F"}), "");
  EXPECT_EQ(settings_.listen, listen);
  EXPECT_EQ(settings_.ratio, 0.1);
  EXPECT_TRUE(settings_.tls);
}

using OptionsDeathTest = OptionsTest;

TEST_F(OptionsDeathTest, ParseExitsWithTwoOnErrorsAndZeroOnQuestions) {
  Settings settings;
  OptionTable table("gateway", "Takes purchase intents.");
  Declare(&table, &settings);
  const char* bad[] = {"program", "--shards=0"};
  EXPECT_EXIT(table.Parse(2, bad), testing::ExitedWithCode(2),
              "^jembatan-gateway: --shards=0: must be from 1 to 64\n$");
  const char* question[] = {"program", "--version"};
  EXPECT_EXIT(table.Parse(2, question), testing::ExitedWithCode(0), "^$");
  const char* good[] = {"program", "--shards=2"};
  table.Parse(2, good);
  EXPECT_EQ(settings.shards, 2);
}

TEST_F(OptionsDeathTest, TheSameNameTwiceIsAProgrammersError) {
  std::string value;
  OptionTable table("gateway", "");
  table.Add("listen", &value, "");
  EXPECT_DEATH(table.Add("listen", &value, ""), "check failed");
  EXPECT_DEATH(table.Add("config", &value, ""), "check failed");
  EXPECT_DEATH(table.Add("Listen", &value, ""), "check failed");
}

TEST(ParseHostPortTest, Table) {
  const struct {
    const char *text, *host;
    int port;
  } kGood[] = {
      {"127.0.0.1:8080", "127.0.0.1", 8080},
      {"localhost:0", "localhost", 0},
      {"[::1]:65535", "::1", 65535},
      {"kafka-1.example:9092", "kafka-1.example", 9092},
  };
  for (const auto& row : kGood) {
    HostPort result;
    EXPECT_TRUE(ParseHostPort(row.text, &result).ok()) << row.text;
    EXPECT_EQ(result.host, row.host);
    EXPECT_EQ(result.port, row.port);
  }
  for (const char* text : {"", ":", ":80", "localhost", "localhost:", "localhost:65536",
                           "localhost:-1", "localhost:80 ", "localhost: 80", "localhost:http",
                           "::1:80", "[::1]", "[]:80", "[::1:80", "::1]:80", "a:b:80"}) {
    HostPort result;
    EXPECT_TRUE(absl::IsInvalidArgument(ParseHostPort(text, &result))) << text;
  }
}

}  // namespace
}  // namespace jembatan::runtime
