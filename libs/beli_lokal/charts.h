#pragma once

// Charts as inline SVG of a phone's width, so that their letters can be read there; each says what
// it shows to those who do not see it. Lengths are whole tenths, so that the same figures are the
// same bytes on every processor. Internal to this folder. Pure; any thread.

#include <cstddef>
#include <string>
#include <vector>

#include "libs/beli_lokal/figures.h"

namespace jembatan::beli_lokal {

struct ChartText {
  // Unique in the page.
  std::string id;
  std::string title;
  std::string description;
};

// A bar across the chart, with its name and its value above it.
struct Bar {
  // Colours by the place in the list.
  struct Part {
    size_t colour = 0;
    Minor amount = 0;
  };
  std::string name;
  std::string value;
  std::vector<Part> parts;
  // What the chart's width stands for.
  Minor whole = 0;
};
std::string BarChart(const ChartText& text, const std::vector<Bar>& bars);

// A place on the axis of time: Beli Lokal below, the others upon it.
struct TimeLabels {
  std::string first;
  std::string last;
  // Of the highest column.
  std::string most;
};
std::string TimeChart(const ChartText& text, const std::vector<Slot>& slots,
                      const TimeLabels& labels);

// What the colours stand for.
std::string Legend(const std::vector<std::string>& names);

}  // namespace jembatan::beli_lokal
