#include "libs/base/log.h"

#include <cmath>
#include <fcntl.h>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>
#include <simdjson.h>

namespace jembatan::base {
namespace {

using std::string_literals::operator""s;

TEST(FormatLogLineTest, TheLineOfTheHeader) {
  EXPECT_EQ(FormatLogLine(1797033600123, Level::kInfo, "gateway", "ready", {{"port", 8080}}),
            R"({"ts":"2026-12-12T00:00:00.123Z","level":"info","service":"gateway",)"
            R"("event":"ready","port":8080})");
}

std::string LineWith(const Field& field) {
  std::string line = FormatLogLine(0, Level::kDebug, "s", "e", {field});
  std::string head =
      R"({"ts":"1970-01-01T00:00:00.000Z","level":"debug","service":"s","event":"e",)";
  EXPECT_EQ(line.substr(0, head.size()), head);
  return line.substr(head.size(), line.size() - head.size() - 1);
}

TEST(FormatLogLineTest, ValuesTable) {
  const struct {
    Field field;
    std::string expected;
  } kRows[] = {
      {{"a", true}, R"("a":true)"},
      {{"a", false}, R"("a":false)"},
      {{"a", -1}, R"("a":-1)"},
      {{"a", std::numeric_limits<int64_t>::min()}, R"("a":-9223372036854775808)"},
      {{"a", std::numeric_limits<uint64_t>::max()}, R"("a":18446744073709551615)"},
      {{"a", uint16_t{65535}}, R"("a":65535)"},
      {{"a", 0.1}, R"("a":0.1)"},
      {{"a", 1e300}, R"("a":1e+300)"},
      {{"a", std::nan("")}, R"("a":null)"},
      {{"a", std::numeric_limits<double>::infinity()}, R"("a":null)"},
      {{"a", "plain"}, R"("a":"plain")"},
      {{"a", ""}, R"("a":"")"},
      {{"a", "say \"hi\" \\ /"}, R"("a":"say \"hi\" \\ /")"},
      {{"a", "line\nline\ttab\rreturn"}, R"("a":"line\nline\ttab\u000dreturn")"},
      {{"a", "\0\x1f\x7f"s}, "\"a\":\"\\u0000\\u001f\x7f\""},
      {{"a", "caf\xc3\xa9 \xf0\x9f\x98\x80"}, "\"a\":\"caf\xc3\xa9 \xf0\x9f\x98\x80\""},
      {{"a", "\xff"}, "\"a\":\"\xef\xbf\xbd\""},
      {{"a", "x\xe2\x82"}, "\"a\":\"x\xef\xbf\xbd\xef\xbf\xbd\""},
      {{"k\"", 1}, R"("k\"":1)"},
  };
  for (const auto& row : kRows) EXPECT_EQ(LineWith(row.field), row.expected);
}

TEST(FormatLogLineTest, EveryLevelHasItsName) {
  const struct {
    Level level;
    const char* name;
  } kRows[] = {{Level::kDebug, R"("level":"debug")"},
               {Level::kInfo, R"("level":"info")"},
               {Level::kWarn, R"("level":"warn")"},
               {Level::kError, R"("level":"error")"}};
  for (const auto& row : kRows) {
    EXPECT_NE(FormatLogLine(0, row.level, "", "", {}).find(row.name), std::string::npos);
  }
}

TEST(FormatLogLineTest, TimesBeforeTheEpoch) {
  EXPECT_NE(FormatLogLine(-1, Level::kInfo, "", "", {}).find("1969-12-31T23:59:59.999Z"),
            std::string::npos);
}

TEST(FormatLogLineTest, LongValuesAreCutAtACharacter) {
  std::string text(kLogValueBytesMax - 1, 'x');
  EXPECT_EQ(LineWith({"a", text + "y"}), "\"a\":\"" + text + "y\"");
  EXPECT_EQ(LineWith({"a", text + "\xc3\xa9"}), "\"a\":\"" + text + "...\"");
  EXPECT_EQ(LineWith({"a", text + "yz"}), "\"a\":\"" + text + "y...\"");
}

TEST(FormatLogLineTest, EveryByteMakesJson) {
  simdjson::dom::parser parser;
  for (int first = 0; first < 256; ++first) {
    for (int second : {0, 0x22, 0x41, 0x80, 0xbf, 0xff}) {
      std::string bytes{static_cast<char>(first), static_cast<char>(second)};
      std::string line = FormatLogLine(0, Level::kInfo, bytes, bytes, {{bytes, bytes}});
      ASSERT_EQ(parser.parse(line).error(), simdjson::SUCCESS) << line;
    }
  }
}

// While it lives, stderr is a pipe that the test reads.
class StderrPipe {
 public:
  StderrPipe() {
    EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0);
    saved_ = ::dup(STDERR_FILENO);
    ::dup2(ends_[1], STDERR_FILENO);
    ::close(ends_[1]);
  }
  // Lines up to and with the one that holds the text; the pipe's writer must be writing it.
  std::vector<std::string> ReadUntil(std::string_view text) {
    std::vector<std::string> lines;
    char buffer[4096];
    for (;;) {
      size_t end = rest_.find('\n');
      if (end == std::string::npos) {
        ssize_t count = ::read(ends_[0], buffer, sizeof(buffer));
        if (count <= 0) return lines;
        rest_.append(buffer, static_cast<size_t>(count));
        continue;
      }
      lines.push_back(rest_.substr(0, end));
      rest_.erase(0, end + 1);
      if (lines.back().find(text) != std::string::npos) return lines;
    }
  }
  ~StderrPipe() {
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
    ::close(ends_[0]);
  }

 private:
  int ends_[2] = {-1, -1};
  int saved_ = -1;
  std::string rest_;
};

TEST(LogTest, WritesLinesOfTheLowestLevelAndAbove) {
  StderrPipe pipe;
  InitLog("auditor", Level::kInfo);
  Log(Level::kDebug, "unseen");
  Log(Level::kInfo, "sealed", {{"entries", 7}});
  Log(Level::kError, "last");
  FlushLog();
  auto lines = pipe.ReadUntil("\"last\"");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0].find(R"("service":"auditor","event":"sealed","entries":7})"),
            std::string::npos);
}

TEST(LogTest, SeveralThreadsNeverMixTheirLines) {
  StderrPipe pipe;
  InitLog("s", Level::kInfo);
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([i] {
      for (int n = 0; n < kEach; ++n) Log(Level::kInfo, "tick", {{"thread", i}, {"n", n}});
    });
  }
  std::vector<std::string> lines;
  std::thread reader([&] { lines = pipe.ReadUntil("\"last\""); });
  for (std::thread& thread : threads) thread.join();
  Log(Level::kInfo, "last");
  reader.join();
  ASSERT_EQ(lines.size(), size_t{kThreads * kEach + 1});
  simdjson::dom::parser parser;
  for (const std::string& line : lines) {
    ASSERT_EQ(parser.parse(line).error(), simdjson::SUCCESS) << line;
  }
}

// Nobody reads the pipe until all lines are logged: were a caller to wait, this would never end.
TEST(LogTest, ABlockedSinkDropsTheOldestLinesAndCountsThem) {
  StderrPipe pipe;
  InitLog("s", Level::kInfo);
  uint64_t dropped_before = DroppedLogLines();
  constexpr int kLines = 3 * kLogQueueLines;
  for (int n = 0; n < kLines; ++n) Log(Level::kInfo, "flood", {{"n", n}});
  Log(Level::kInfo, "last");
  uint64_t dropped = DroppedLogLines() - dropped_before;
  EXPECT_GT(dropped, kLogQueueLines);

  uint64_t written = 0;
  uint64_t reported = 0;
  simdjson::dom::parser parser;
  for (const std::string& line : pipe.ReadUntil("\"last\"")) {
    simdjson::dom::element json;
    ASSERT_EQ(parser.parse(line).get(json), simdjson::SUCCESS) << line;
    std::string_view event = json["event"];
    if (event == "flood") ++written;
    if (event == "log_lines_dropped") reported += uint64_t{json["count"]};
  }
  EXPECT_EQ(reported, dropped);
  EXPECT_EQ(written + dropped, uint64_t{kLines});
}

TEST(LogTest, FlushGivesUpOnABlockedSink) {
  StderrPipe pipe;
  InitLog("s", Level::kInfo);
  std::string filler(1500, 'x');
  for (int n = 0; n < 100; ++n) Log(Level::kInfo, "fill", {{"text", filler}});
  FlushLog();
  // The pipe holds 64 KiB, so the last of 150 KB cannot have been written: Flush returned without.
  Log(Level::kInfo, "last");
  EXPECT_EQ(pipe.ReadUntil("\"last\"").size(), 101u);
}

TEST(LogTest, ANonBlockingStderrIsWaitedFor) {
  StderrPipe pipe;
  InitLog("s", Level::kInfo);
  ::fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
  std::string filler(1500, 'x');
  uint64_t dropped_before = DroppedLogLines();
  for (int n = 0; n < 100; ++n) Log(Level::kInfo, "fill", {{"text", filler}});
  Log(Level::kInfo, "last");
  EXPECT_EQ(pipe.ReadUntil("\"last\"").size(), 101u);
  EXPECT_EQ(DroppedLogLines(), dropped_before);
}

TEST(LogTest, LinesThatCannotBeWrittenAreCounted) {
  uint64_t dropped_before = DroppedLogLines();
  {
    StderrPipe pipe;
    ::close(STDERR_FILENO);
    Log(Level::kInfo, "lost");
    FlushLog();
  }
  EXPECT_EQ(DroppedLogLines(), dropped_before + 1);
}

}  // namespace
}  // namespace jembatan::base
