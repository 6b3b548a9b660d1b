#include "libs/goods/currency.h"

namespace jembatan::goods {

std::optional<int> MinorDigits(std::string_view currency) {
  static constexpr struct {
    std::string_view code;
    int digits;
  } kCurrencies[] = {
      {"AED", 2}, {"AUD", 2}, {"BND", 2}, {"CAD", 2}, {"CHF", 2}, {"CNY", 2}, {"DKK", 2},
      {"EUR", 2}, {"GBP", 2}, {"HKD", 2}, {"IDR", 2}, {"INR", 2}, {"JPY", 0}, {"KRW", 0},
      {"KWD", 3}, {"LKR", 2}, {"MMK", 2}, {"MYR", 2}, {"NOK", 2}, {"NZD", 2}, {"PGK", 2},
      {"PHP", 2}, {"PKR", 2}, {"SAR", 2}, {"SEK", 2}, {"SGD", 2}, {"THB", 2}, {"TRY", 2},
      {"TWD", 2}, {"USD", 2}, {"VND", 0},
  };
  for (const auto& known : kCurrencies) {
    if (known.code == currency) return known.digits;
  }
  return std::nullopt;
}

}  // namespace jembatan::goods
