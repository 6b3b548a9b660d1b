#include "libs/beli_lokal/charts.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "libs/evidence/html.h"

namespace jembatan::beli_lokal {
namespace {

using evidence::Escaped;
using evidence::Length;

constexpr int64_t kWidth = 360;
constexpr int64_t kBarPitch = 46;
constexpr int64_t kBarHeight = 18;
constexpr int64_t kNameHeight = 14;
constexpr int64_t kPlotHeight = 150;
constexpr int64_t kPlotTop = 18;
constexpr int64_t kAxisHeight = 20;

// At most as long as the whole.
int64_t Scaled(Minor amount, Minor whole, int64_t length) {
  if (whole == 0) return 0;
  return static_cast<int64_t>(std::min(amount, whole) * static_cast<uint64_t>(length) * 10 / whole);
}

std::string Begin(const ChartText& text, int64_t height) {
  const std::string title = text.id + "-t";
  const std::string description = text.id + "-d";
  return "<svg viewBox=\"0 0 " + std::to_string(kWidth) + " " + std::to_string(height) +
         "\" role=\"img\" aria-labelledby=\"" + title + " " + description + "\"><title id=\"" +
         title + "\">" + Escaped(text.title) + "</title><desc id=\"" + description + "\">" +
         Escaped(text.description) + "</desc>";
}

std::string Rectangle(size_t colour, int64_t x, int64_t y, int64_t width, int64_t height) {
  return "<rect class=\"c" + std::to_string(colour) + "\" x=\"" + Length(x) + "\" y=\"" +
         Length(y) + "\" width=\"" + Length(width) + "\" height=\"" + Length(height) + "\"/>";
}

std::string Words(std::string_view place, int64_t x, int64_t y, const std::string& words) {
  return "<text class=\"" + std::string(place) + "\" x=\"" + std::to_string(x) + "\" y=\"" +
         std::to_string(y) + "\">" + Escaped(words) + "</text>";
}

}  // namespace

std::string BarChart(const ChartText& text, const std::vector<Bar>& bars) {
  std::string svg = Begin(text, static_cast<int64_t>(bars.size()) * kBarPitch);
  for (size_t i = 0; i < bars.size(); ++i) {
    const int64_t top = static_cast<int64_t>(i) * kBarPitch;
    const int64_t bar_y = (top + kNameHeight + 5) * 10;
    svg += Words("l", 0, top + kNameHeight, bars[i].name);
    svg += Words("r", kWidth, top + kNameHeight, bars[i].value);
    svg += "<rect class=\"rail\" x=\"0.0\" y=\"" + Length(bar_y) + "\" width=\"" +
           Length(kWidth * 10) + "\" height=\"" + Length(kBarHeight * 10) + "\"/>";
    int64_t x = 0;
    for (const Bar::Part& part : bars[i].parts) {
      const int64_t width = Scaled(part.amount, bars[i].whole, kWidth);
      if (width > 0) svg += Rectangle(part.colour, x, bar_y, width, kBarHeight * 10);
      x += width;
    }
  }
  return svg + "</svg>";
}

std::string TimeChart(const ChartText& text, const std::vector<Slot>& slots,
                      const TimeLabels& labels) {
  uint64_t most = 1;
  for (const Slot& slot : slots) most = std::max(most, slot.local + slot.other);
  constexpr int64_t kFloor = (kPlotTop + kPlotHeight) * 10;
  std::string svg = Begin(text, kPlotTop + kPlotHeight + kAxisHeight);
  for (const int64_t part : {0, 1, 2}) {
    const std::string y = Length(kFloor - kPlotHeight * 5 * part);
    svg += "<line class=\"grid\" x1=\"0\" x2=\"" + std::to_string(kWidth) + "\" y1=\"" + y +
           "\" y2=\"" + y + "\"/>";
  }
  svg += Words("l", 0, kPlotTop - 6, labels.most);
  const int64_t pitch = kWidth * 10 / std::max<int64_t>(1, static_cast<int64_t>(slots.size()));
  for (size_t i = 0; i < slots.size(); ++i) {
    const int64_t x = pitch * static_cast<int64_t>(i) + pitch / 10;
    const int64_t local = Scaled(slots[i].local, most, kPlotHeight);
    const int64_t other = Scaled(slots[i].other, most, kPlotHeight);
    const int64_t width = std::min<int64_t>(pitch * 8 / 10, 400);
    if (local > 0) svg += Rectangle(0, x, kFloor - local, width, local);
    if (other > 0) svg += Rectangle(1, x, kFloor - local - other, width, other);
  }
  constexpr int64_t kLabelY = kPlotTop + kPlotHeight + 15;
  svg += Words("l", 0, kLabelY, labels.first) + Words("r", kWidth, kLabelY, labels.last);
  return svg + "</svg>";
}

std::string Legend(const std::vector<std::string>& names) {
  std::string html = "<figcaption>";
  for (size_t i = 0; i < names.size(); ++i) {
    html += "<span><i class=\"c" + std::to_string(i) + "\"></i>" + Escaped(names[i]) + "</span>";
  }
  return html + "</figcaption>";
}

}  // namespace jembatan::beli_lokal
