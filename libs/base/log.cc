#include "libs/base/log.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>
#include <poll.h>
#include <signal.h>
#include <type_traits>
#include <unistd.h>

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/sink.h>

#include "libs/base/clock.h"
#include "libs/base/text.h"

namespace jembatan::base {
namespace {

constexpr auto kFlushWait = std::chrono::seconds(1);

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "error";
}

void AppendString(std::string_view text, std::string* line) {
  line->push_back('"');
  size_t room = kLogValueBytesMax;
  while (!text.empty()) {
    size_t length = Utf8SequenceLength(text);
    size_t taken = length == 0 ? 1 : length;
    if (taken > room) {
      *line += "...";
      break;
    }
    if (length == 0) {
      *line += "\xef\xbf\xbd";
    } else {
      AppendJsonEscaped(text.substr(0, length), line);
    }
    text.remove_prefix(taken);
    room -= taken;
  }
  line->push_back('"');
}

template <typename Number>
void AppendNumber(Number number, std::string* line) {
  std::array<char, 32> digits;
  auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  line->append(digits.data(), result.ptr);
}

void AppendValue(const Field& field, std::string* line) {
  std::visit(
      [line](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::string>) {
          AppendString(value, line);
        } else if constexpr (std::is_same_v<Value, bool>) {
          *line += value ? "true" : "false";
        } else if constexpr (std::is_same_v<Value, double>) {
          // JSON has no word for the others.
          if (std::isfinite(value)) {
            AppendNumber(value, line);
          } else {
            *line += "null";
          }
        } else {
          AppendNumber(value, line);
        }
      },
      field.value);
}

void AppendTimestamp(int64_t wall_ms, std::string* line) {
  int64_t millis = ((wall_ms % 1000) + 1000) % 1000;
  time_t seconds = (wall_ms - millis) / 1000;
  tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 80> text;
  int length = std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                             utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                             utc.tm_min, utc.tm_sec, static_cast<int>(millis));
  line->append(text.data(), static_cast<size_t>(length));
}

// Writes whole lines to stderr, on the writer thread only but for Flushes.
class StderrSink final : public spdlog::sinks::sink {
 public:
  explicit StderrSink(const std::string* service) : service_(service) {}

  void ReportDropsOf(spdlog::details::thread_pool* queue) { queue_ = queue; }
  uint64_t dropped() const { return queue_->overrun_counter() + unwritten_.load(); }

  void log(const spdlog::details::log_msg& message) override {
    uint64_t dropped_now = dropped();
    if (dropped_now != reported_) {
      Write(FormatLogLine(WallMs(), Level::kWarn, *service_, "log_lines_dropped",
                          {{"count", dropped_now - reported_}}));
      reported_ = dropped_now;
    }
    Write(std::string(message.payload.data(), message.payload.size()));
  }

  void flush() override {
    std::lock_guard lock(mutex_);
    ++flushes_;
    flushed_.notify_all();
  }

  uint64_t flushes() {
    std::lock_guard lock(mutex_);
    return flushes_;
  }

  void WaitForFlushAfter(uint64_t flushes) {
    std::unique_lock lock(mutex_);
    flushed_.wait_for(lock, kFlushWait, [&] { return flushes_ > flushes; });
  }

  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  void Write(std::string line) {
    line.push_back('\n');
    std::string_view rest = line;
    while (!rest.empty()) {
      ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
      if (written > 0) {
        rest.remove_prefix(static_cast<size_t>(written));
      } else if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        // Whoever shares this pipe made it non-blocking; waiting is this thread's right.
        pollfd writable{STDERR_FILENO, POLLOUT, 0};
        ::poll(&writable, 1, 100);
      } else if (written == 0 || errno != EINTR) {
        unwritten_.fetch_add(1);
        return;
      }
    }
  }

  const std::string* service_;
  spdlog::details::thread_pool* queue_ = nullptr;
  std::atomic<uint64_t> unwritten_{0};
  uint64_t reported_ = 0;
  std::mutex mutex_;
  std::condition_variable flushed_;
  uint64_t flushes_ = 0;
};

// Signals are the main thread's business.
void BlockAllSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

struct Writer {
  explicit Writer(const std::string* service)
      : sink(std::make_shared<StderrSink>(service)),
        queue(std::make_shared<spdlog::details::thread_pool>(kLogQueueLines, 1, BlockAllSignals)),
        logger(std::make_shared<spdlog::async_logger>(
            "jembatan", sink, queue, spdlog::async_overflow_policy::overrun_oldest)) {
    sink->ReportDropsOf(queue.get());
    logger->set_level(spdlog::level::trace);
  }

  std::shared_ptr<StderrSink> sink;
  std::shared_ptr<spdlog::details::thread_pool> queue;
  std::shared_ptr<spdlog::async_logger> logger;
};

struct Settings {
  std::string service;
  Level lowest = Level::kInfo;
};

// Neither is ever destroyed: threads may log while the process exits, and joining the writer would
// hang on a blocked sink.
Settings& TheSettings() {
  static auto* settings = new Settings;
  return *settings;
}

Writer& TheWriter() {
  static auto* writer = new Writer(&TheSettings().service);
  return *writer;
}

}  // namespace

void InitLog(std::string_view service, Level lowest) {
  TheSettings().service = std::string(service);
  TheSettings().lowest = lowest;
}

void Log(Level level, std::string_view event, std::initializer_list<Field> fields) {
  const Settings& settings = TheSettings();
  if (level < settings.lowest) return;
  std::string line = FormatLogLine(WallMs(), level, settings.service, event, fields);
  TheWriter().logger->log(spdlog::source_loc{}, spdlog::level::info,
                          spdlog::string_view_t(line.data(), line.size()));
}

std::string FormatLogLine(int64_t wall_ms, Level level, std::string_view service,
                          std::string_view event, std::initializer_list<Field> fields) {
  std::string line;
  line.reserve(256);
  line += "{\"ts\":\"";
  AppendTimestamp(wall_ms, &line);
  line += "\",\"level\":\"";
  line += LevelName(level);
  line += "\",\"service\":";
  AppendString(service, &line);
  line += ",\"event\":";
  AppendString(event, &line);
  for (const Field& field : fields) {
    line.push_back(',');
    AppendString(field.key, &line);
    line.push_back(':');
    AppendValue(field, &line);
  }
  line.push_back('}');
  return line;
}

void FlushLog() {
  Writer& writer = TheWriter();
  uint64_t flushes = writer.sink->flushes();
  writer.logger->flush();
  writer.sink->WaitForFlushAfter(flushes);
}

uint64_t DroppedLogLines() { return TheWriter().sink->dropped(); }

}  // namespace jembatan::base
