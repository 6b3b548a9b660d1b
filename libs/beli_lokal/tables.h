#pragma once

// Tables: the figures in rows and cells of one language, as terminal and page both show them. Pure;
// any thread.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "libs/beli_lokal/figures.h"
#include "libs/beli_lokal/wording.h"

namespace jembatan::beli_lokal {

struct Table {
  struct Column {
    std::string name;
    // Numbers stand at the right.
    bool number = false;
  };
  struct Row {
    // kGroup: one cell, the heading of the rows below it.
    enum class Kind { kPlain, kGroup, kSum };
    std::vector<std::string> cells;
    Kind kind = Kind::kPlain;
  };
  std::vector<Column> columns;
  std::vector<Row> rows;
};

Table SharesTable(const Figures& figures, Language language);
// Only times with orders.
Table TimeTable(const Figures& figures, Language language);
Table CreatorsTable(const Figures& figures, Language language);
Table ParityTable(const Figures& figures, Language language);

// The beginning of a slot, as exact as the slots are long.
std::string SlotText(const Figures& figures, int64_t from_ms);

// The three questions about goods, in the order of the report.
struct Question {
  const SplitText& text;
  const Split& split;
};
std::array<Question, 3> QuestionsOf(const Figures& figures);

}  // namespace jembatan::beli_lokal
