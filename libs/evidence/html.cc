#include "libs/evidence/html.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

namespace jembatan::evidence {
namespace {

using separation::Language;

constexpr int kWidth = 720;
constexpr int kHeight = 220;
constexpr int kLeft = 64;
constexpr int kBottom = 28;
constexpr int kTop = 12;
constexpr int kPlotWidth = kWidth - kLeft - 8;
constexpr int kPlotHeight = kHeight - kBottom - kTop;

int64_t Scaled(uint64_t value, uint64_t top) {
  return static_cast<int64_t>(value * static_cast<uint64_t>(kPlotHeight) * 10 / top);
}

// The next of 1, 2 and 5 times a power of ten.
uint64_t RoundUp(uint64_t value) {
  for (uint64_t step = 1;; step *= 10) {
    for (const uint64_t factor : {1, 2, 5}) {
      if (step * factor >= value) return step * factor;
    }
  }
}

// Axes, a grid of three lines, and the legend below.
std::string Frame(uint64_t top, const std::vector<std::string>& labels, Language language) {
  std::string svg;
  for (const int part : {0, 1, 2}) {
    const int64_t y = kTop * 10 + kPlotHeight * 5 * (2 - part);
    svg += "<line class=\"grid\" x1=\"" + std::to_string(kLeft) + "\" x2=\"" +
           std::to_string(kLeft + kPlotWidth) + "\" y1=\"" + Length(y) + "\" y2=\"" + Length(y) +
           "\"/><text class=\"y\" x=\"" + std::to_string(kLeft - 8) + "\" y=\"" + Length(y + 40) +
           "\">" + (top * part % 2 == 0 ? NumberText(top * part / 2, language) : "") + "</text>";
  }
  const std::string y = std::to_string(kHeight - 8);
  if (!labels.empty()) {
    svg += "<text x=\"" + std::to_string(kLeft) + "\" y=\"" + y + "\">" + Escaped(labels.front()) +
           "</text>";
  }
  if (labels.size() > 1) {
    svg += "<text class=\"y\" x=\"" + std::to_string(kLeft + kPlotWidth) + "\" y=\"" + y + "\">" +
           Escaped(labels.back()) + "</text>";
  }
  return svg;
}

std::string Figure(const std::string& svg, const std::vector<Series>& series) {
  std::string html = "<figure><svg viewBox=\"0 0 " + std::to_string(kWidth) + " " +
                     std::to_string(kHeight) + "\" role=\"img\">" + svg + "</svg><figcaption>";
  for (size_t i = 0; i < series.size(); ++i) {
    html +=
        "<span><i class=\"s" + std::to_string(i) + "\"></i>" + Escaped(series[i].name) + "</span>";
  }
  return html + "</figcaption></figure>\n";
}

size_t PlacesOf(const std::vector<Series>& series) {
  return series.empty() ? 0 : series.front().values.size();
}

}  // namespace

std::string Digits(absl::uint128 number) {
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(number % 10)));
    number /= 10;
  } while (number > 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string NumberText(absl::uint128 number, Language language) {
  std::string digits = Digits(number);
  const char separator = language == Language::kIndonesian ? '.' : ',';
  for (size_t place = 3; place < digits.size(); place += 4) {
    digits.insert(digits.size() - place, 1, separator);
  }
  return digits;
}

std::string ShareText(absl::uint128 part, absl::uint128 whole, Language language) {
  if (whole == 0) return "–";
  const absl::uint128 tenths = (part * 1'000 + whole / 2) / whole;
  return NumberText(tenths / 10, language) + (language == Language::kIndonesian ? "," : ".") +
         Digits(tenths % 10) + " %";
}

std::string TimeText(int64_t unix_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(unix_ms) + hours(7)};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<seconds>(time - day)};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::string Length(int64_t tenths) {
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

void Html::Element(std::string_view tag, std::string_view text) {
  html_.append("<").append(tag).append(">").append(Escaped(text));
  html_.append("</").append(tag).append(">\n");
}

void Html::BeginTable(const std::vector<Column>& columns) {
  columns_ = columns;
  html_ += "<div class=\"table\"><table><thead><tr>";
  for (const Column& column : columns_) {
    html_ += column.number ? "<th class=\"n\">" : "<th>";
    html_ += Escaped(column.name) + "</th>";
  }
  html_ += "</tr></thead><tbody>\n";
}

void Html::Row(const std::vector<std::string>& cells, std::string_view row_class) {
  html_ += row_class.empty() ? "<tr>" : "<tr class=\"" + std::string(row_class) + "\">";
  for (size_t i = 0; i < cells.size(); ++i) {
    html_ += columns_[i].number ? "<td class=\"n\">" : "<td>";
    html_ += Escaped(cells[i]) + "</td>";
  }
  html_ += "</tr>\n";
}

std::string StackedBars(const std::vector<Series>& series, const std::vector<std::string>& labels,
                        Language language) {
  const size_t places = PlacesOf(series);
  uint64_t most = 1;
  for (size_t i = 0; i < places; ++i) {
    uint64_t sum = 0;
    for (const Series& one : series) sum += one.values[i];
    most = std::max(most, sum);
  }
  const uint64_t top = RoundUp(most);
  std::string svg = Frame(top, labels, language);
  const int64_t step = kPlotWidth * 10 / static_cast<int64_t>(std::max<size_t>(places, 1));
  for (size_t i = 0; i < places; ++i) {
    const int64_t x = kLeft * 10 + step * static_cast<int64_t>(i) + step / 10;
    uint64_t below = 0;
    for (size_t s = 0; s < series.size(); ++s) {
      const uint64_t value = series[s].values[i];
      below += value;
      if (value == 0) continue;
      svg += "<rect class=\"s" + std::to_string(s) + "\" x=\"" + Length(x) + "\" width=\"" +
             Length(std::min<int64_t>(step * 8 / 10, 480)) + "\" y=\"" +
             Length((kTop + kPlotHeight) * 10 - Scaled(below, top)) + "\" height=\"" +
             Length(Scaled(value, top)) + "\"/>";
    }
  }
  return Figure(svg, series);
}

std::string Lines(const std::vector<Series>& series, const std::vector<std::string>& labels,
                  Language language) {
  const size_t places = PlacesOf(series);
  uint64_t most = 1;
  for (const Series& one : series) {
    for (const uint64_t value : one.values) most = std::max(most, value);
  }
  const uint64_t top = RoundUp(most);
  std::string svg = Frame(top, labels, language);
  const int64_t step = places > 1 ? kPlotWidth * 10 / static_cast<int64_t>(places - 1) : 0;
  for (size_t s = 0; s < series.size(); ++s) {
    std::string points;
    for (size_t i = 0; i < places; ++i) {
      const std::string x = Length(kLeft * 10 + step * static_cast<int64_t>(i));
      const std::string y = Length((kTop + kPlotHeight) * 10 - Scaled(series[s].values[i], top));
      points += x + "," + y + " ";
      svg += "<circle class=\"s" + std::to_string(s) + "\" cx=\"" + x + "\" cy=\"" + y +
             "\" r=\"3\"/>";
    }
    svg += "<polyline class=\"s" + std::to_string(s) + "\" points=\"" + points + "\"/>";
  }
  return Figure(svg, series);
}

}  // namespace jembatan::evidence
