#include "libs/goods/words.h"

#include <algorithm>

#include "libs/base/id_text.h"
#include "libs/goods/limits.h"

namespace jembatan::goods {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }

bool All(std::string_view text, bool (*good)(char)) {
  return std::all_of(text.begin(), text.end(), good);
}

bool IsOfProse(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; }

}  // namespace

bool IsId(std::string_view text) { return base::IsIdText(text, kIdBytes); }

bool IsRegion(std::string_view text) { return text.size() == 2 && All(text, IsCapital); }

bool IsHsCode(std::string_view text) { return text.size() == kHsCodeDigits && All(text, IsDigit); }

bool IsProse(std::string_view text) {
  return !text.empty() && text.size() <= kProseBytes && All(text, IsOfProse);
}

}  // namespace jembatan::goods
