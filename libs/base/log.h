#pragma once

// Structured log: one JSON object per line on stderr, per state change, never per intent above
// debug.
// {"ts":"2026-12-12T00:00:00.123Z","level":"info","service":"gateway","event":"ready","port":8080}
// A bounded queue and one writer thread (spdlog async); when the sink is blocked the oldest lines
// are dropped and counted, the caller never waits. Where lines were dropped the log says so by
// itself: event "log_lines_dropped" with their count. The thread lives until the process ends. Any
// thread.
//
//   base::Log(base::Level::kInfo, "listening", {{"port", port}, {"address", address}});

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace jembatan::base {

enum class Level { kDebug, kInfo, kWarn, kError };

struct Field {
  Field(std::string_view k, std::string_view v) : key(k), value(std::string(v)) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string(v)) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  Field(std::string_view k, double v) : key(k), value(v) {}
  Field(std::string_view k, std::signed_integral auto v) : key(k), value(static_cast<int64_t>(v)) {}
  Field(std::string_view k, std::unsigned_integral auto v)
      : key(k), value(static_cast<uint64_t>(v)) {}

  std::string_view key;
  std::variant<std::string, bool, double, int64_t, uint64_t> value;
};

// Sets the service name and the lowest level written; once, at start-up, before threads exist.
// Without it lines carry "service":"" and levels from info on.
void InitLog(std::string_view service, Level lowest);

void Log(Level level, std::string_view event, std::initializer_list<Field> fields = {});

// The line that Log would write, without its newline: the formatter as a pure function. Text that
// is not UTF-8 is replaced by U+FFFD, values longer than kLogValueBytesMax are cut and end in
// "...".
std::string FormatLogLine(int64_t wall_ms, Level level, std::string_view service,
                          std::string_view event, std::initializer_list<Field> fields);

// Writes what is queued; called at exit by the service's main. Waits for at most a second, so that
// a blocked sink cannot hold up the exit.
void FlushLog();

// Lines dropped so far, for a metric.
uint64_t DroppedLogLines();

// Lines that wait for the writer, and bytes of one text value.
inline constexpr size_t kLogQueueLines = 4096;
inline constexpr size_t kLogValueBytesMax = 2048;

}  // namespace jembatan::base
