#include "libs/intent/timestamp_text.h"

#include <chrono>
#include <cstdint>
#include <cstdio>

namespace jembatan::intent {
namespace {

constexpr int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z
constexpr int64_t kSecondsPerDay = 86'400;

// Takes fixed pieces off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool Number(size_t digits, int low, int high, int* value) {
    if (rest_.size() < digits) return false;
    *value = 0;
    for (char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return false;
      *value = *value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return *value >= low && *value <= high;
  }
  bool Literal(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // After the point: one to nine digits, scaled to nanoseconds.
  bool Fraction(int* nanos) {
    *nanos = 0;
    size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      if (digits == 9) return false;
      *nanos = *nanos * 10 + (rest_[digits] - '0');
    }
    if (digits == 0) return false;
    for (size_t i = digits; i < 9; ++i) *nanos *= 10;
    rest_.remove_prefix(digits);
    return true;
  }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Offset from UTC in seconds: "Z" or "+hh:mm" or "-hh:mm".
bool ScanOffset(Scanner& scanner, int64_t* seconds) {
  *seconds = 0;
  if (scanner.Literal('Z')) return true;
  int sign = 1;
  if (scanner.Literal('-')) {
    sign = -1;
  } else if (!scanner.Literal('+')) {
    return false;
  }
  int hours = 0;
  int minutes = 0;
  if (!scanner.Number(2, 0, 23, &hours) || !scanner.Literal(':') ||
      !scanner.Number(2, 0, 59, &minutes)) {
    return false;
  }
  *seconds = sign * (hours * 3600 + minutes * 60);
  return true;
}

}  // namespace

bool IsValidTimestamp(const google::protobuf::Timestamp& time) {
  return time.seconds() >= kFirstSecond && time.seconds() <= kLastSecond && time.nanos() >= 0 &&
         time.nanos() <= 999'999'999;
}

bool ParseTimestamp(std::string_view text, google::protobuf::Timestamp* time) {
  Scanner scanner(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, nanos = 0;
  int64_t offset = 0;
  bool shaped = scanner.Number(4, 1, 9999, &year) && scanner.Literal('-') &&
                scanner.Number(2, 1, 12, &month) && scanner.Literal('-') &&
                scanner.Number(2, 1, 31, &day) && scanner.Literal('T') &&
                scanner.Number(2, 0, 23, &hour) && scanner.Literal(':') &&
                scanner.Number(2, 0, 59, &minute) && scanner.Literal(':') &&
                scanner.Number(2, 0, 59, &second);
  if (!shaped) return false;
  if (scanner.Literal('.') && !scanner.Fraction(&nanos)) return false;
  if (!ScanOffset(scanner, &offset) || !scanner.done()) return false;

  std::chrono::year_month_day date{std::chrono::year(year),
                                   std::chrono::month(static_cast<unsigned>(month)),
                                   std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  time->set_seconds(days * kSecondsPerDay + hour * 3600 + minute * 60 + second - offset);
  time->set_nanos(nanos);
  return IsValidTimestamp(*time);
}

void AppendTimestamp(const google::protobuf::Timestamp& time, std::string* out) {
  int64_t days = time.seconds() / kSecondsPerDay;
  int64_t second_of_day = time.seconds() % kSecondsPerDay;
  if (second_of_day < 0) {
    second_of_day += kSecondsPerDay;
    --days;
  }
  std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  int second = static_cast<int>(second_of_day);
  char text[48];
  int size = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d",
                           static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                           static_cast<unsigned>(date.day()), second / 3600, second / 60 % 60,
                           second % 60);
  out->append(text, static_cast<size_t>(size));
  int nanos = time.nanos();
  if (nanos != 0) {
    if (nanos % 1'000'000 == 0) {
      size = std::snprintf(text, sizeof text, ".%03d", nanos / 1'000'000);
    } else if (nanos % 1'000 == 0) {
      size = std::snprintf(text, sizeof text, ".%06d", nanos / 1'000);
    } else {
      size = std::snprintf(text, sizeof text, ".%09d", nanos);
    }
    out->append(text, static_cast<size_t>(size));
  }
  out->push_back('Z');
}

}  // namespace jembatan::intent
