#pragma once

// The same figures for a terminal, for other programs and for people: a text, CSV, and one HTML
// page that needs no other file, runs nothing and prints well, in Indonesian and then in English.
// Pure; any thread.

#include <string>

#include "libs/beli_lokal/figures.h"
#include "libs/beli_lokal/wording.h"

namespace jembatan::beli_lokal {

// Where the records come from.
enum class Source { kTopics, kSealed };

std::string TerminalText(const Figures& figures, Source source, Language language);

// A line a figure: section,row,figure,unit,value; RFC 4180. Money is in minor units, a share is not
// in it. A text that a spreadsheet would take for a formula begins with an apostrophe.
std::string Csv(const Figures& figures);

std::string Page(const Figures& figures, Source source);

}  // namespace jembatan::beli_lokal
