#pragma once

// How ids, regions, tariff codes and prose may look, in policies and in attestations alike. Pure;
// any thread.

#include <string_view>

namespace jembatan::goods {

// 1 to kIdBytes of letters, digits and ._:-
bool IsId(std::string_view text);
// Two capitals, as ISO 3166-1 has them.
bool IsRegion(std::string_view text);
// kHsCodeDigits digits.
bool IsHsCode(std::string_view text);
// One line of 1 to kProseBytes bytes without control characters.
bool IsProse(std::string_view text);

}  // namespace jembatan::goods
