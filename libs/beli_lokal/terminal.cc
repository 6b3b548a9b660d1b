#include <algorithm>
#include <vector>

#include "libs/beli_lokal/numbers.h"
#include "libs/beli_lokal/render.h"
#include "libs/beli_lokal/tables.h"
#include "libs/evidence/html.h"

namespace jembatan::beli_lokal {
namespace {

using Kind = Table::Row::Kind;

// A token may be long; the page has it whole.
constexpr size_t kCellCharactersMax = 40;

std::string Fitted(const std::string& text) { return Shortened(text, kCellCharactersMax); }

std::string Padded(const std::string& text, size_t width, bool right) {
  const size_t length = Characters(text);
  const std::string space(width > length ? width - length : 0, ' ');
  return right ? space + text : text + space;
}

std::string Line(const std::vector<std::string>& cells, const Table& table,
                 const std::vector<size_t>& widths) {
  std::string line = "  ";
  for (size_t i = 0; i < cells.size(); ++i) {
    line += (i == 0 ? "" : "  ") + Padded(Fitted(cells[i]), widths[i], table.columns[i].number);
  }
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

std::string TableText(const Table& table) {
  std::vector<size_t> widths;
  std::vector<std::string> names;
  for (const Table::Column& column : table.columns) {
    widths.push_back(Characters(column.name));
    names.push_back(column.name);
  }
  for (const Table::Row& row : table.rows) {
    if (row.kind == Kind::kGroup) continue;
    for (size_t i = 0; i < row.cells.size(); ++i) {
      widths[i] = std::max(widths[i], Characters(Fitted(row.cells[i])));
    }
  }
  std::string text = Line(names, table, widths);
  for (const Table::Row& row : table.rows) {
    text +=
        row.kind == Kind::kGroup ? "  " + row.cells.front() + "\n" : Line(row.cells, table, widths);
  }
  return text;
}

}  // namespace

std::string TerminalText(const Figures& figures, Source source, Language language) {
  const ReportText& text = TheReportText();
  const auto in = [language](const Text& one) { return std::string(one.In(language)); };
  std::string out = in(text.title) + "\n";
  out += "  " + in(text.from) + " " + evidence::TimeText(figures.window.from_ms) + " WIB\n";
  out += "  " + in(text.to) + " " + evidence::TimeText(figures.window.to_ms) + " WIB\n";
  out += "  " + in(source == Source::kSealed ? text.sealed : text.not_sealed) + "\n";
  const auto section = [&](const Text& heading, const Table& table) {
    out += "\n" + in(heading) + "\n" + TableText(table);
  };
  if (figures.all.orders == 0) {
    out += "\n" + in(text.nothing_ordered) + "\n";
  } else {
    section(text.shares_heading, SharesTable(figures, language));
    if (figures.attested_later > 0) {
      out += "  " + in(text.attested_later) + ": " +
             evidence::NumberText(figures.attested_later, language) + "\n";
    }
    section(text.time_heading, TimeTable(figures, language));
    section(text.creators_heading, CreatorsTable(figures, language));
  }
  if (figures.fare.intents > 0) section(text.parity_heading, ParityTable(figures, language));
  return out;
}

}  // namespace jembatan::beli_lokal
