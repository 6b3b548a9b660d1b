#include "libs/ledger/numbers.h"

#include <charconv>

namespace jembatan::ledger {

std::optional<int64_t> ParseDecimal(std::string_view text) {
  if (text.empty() || (text.front() == '0' && text.size() > 1)) return std::nullopt;
  int64_t value = -1;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  // "-0" is the one negative text whose value is none.
  if (text.front() == '-' || value < 0) return std::nullopt;
  return value;
}

std::optional<std::string_view> TakeUntil(std::string_view* text, char separator) {
  const size_t end = text->find(separator);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text->substr(0, end);
  text->remove_prefix(end + 1);
  return taken;
}

}  // namespace jembatan::ledger
