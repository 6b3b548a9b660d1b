#pragma once

// Html: the report's page on its way: elements with escaped text, tables, and charts as inline SVG.
// Of other reports' pages only the texts. Pure; one thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/numeric/int128.h"

#include "libs/separation/wording.h"

namespace jembatan::evidence {

// "1234567".
std::string Digits(absl::uint128 number);
// "1.234" in Indonesian, "1,234" in English.
std::string NumberText(absl::uint128 number, separation::Language language);
// Part of whole in percent with one digit, rounded: "12,5 %", "12.5 %"; "–" of nothing.
std::string ShareText(absl::uint128 part, absl::uint128 whole, separation::Language language);
// "2026-11-27 10:00:00", seven hours ahead of UTC, where most of Indonesia lives.
std::string TimeText(int64_t unix_ms);
std::string Escaped(std::string_view text);
// Of a drawing, in tenths: fractions come out differently on different processors, and the same
// figures must be the same bytes everywhere.
std::string Length(int64_t tenths);

struct Column {
  std::string name;
  // Numbers stand at the right.
  bool number = false;
};

class Html {
 public:
  // text is escaped.
  void Element(std::string_view tag, std::string_view text);
  void Raw(std::string_view html) { html_ += html; }
  // Cells are escaped.
  void BeginTable(const std::vector<Column>& columns);
  void Row(const std::vector<std::string>& cells, std::string_view row_class = {});
  void EndTable() { html_ += "</tbody></table></div>\n"; }

  std::string Finish() && { return std::move(html_); }

 private:
  std::string html_;
  std::vector<Column> columns_;
};

// One series of a chart: its name and a value for each place on the axis.
struct Series {
  std::string name;
  std::vector<uint64_t> values;
};
// Bars on each other, and lines; labels are those of the axis' first and last place.
std::string StackedBars(const std::vector<Series>& series, const std::vector<std::string>& labels,
                        separation::Language language);
std::string Lines(const std::vector<Series>& series, const std::vector<std::string>& labels,
                  separation::Language language);

}  // namespace jembatan::evidence
