#include "libs/beli_lokal/numbers.h"

#include <algorithm>
#include <optional>

#include "libs/base/text.h"
#include "libs/evidence/html.h"
#include "libs/goods/currency.h"

namespace jembatan::beli_lokal {
namespace {

using evidence::Digits;
using evidence::NumberText;

constexpr char kNothing[] = "–";
constexpr char kMinus[] = "−";

char DecimalMark(Language language) { return language == Language::kIndonesian ? ',' : '.'; }

std::string TenthsText(uint64_t tenths, Language language) {
  return NumberText(tenths / 10, language) + DecimalMark(language) + std::to_string(tenths % 10);
}

std::string WithSign(int64_t number, std::string absolute) {
  if (number == 0) return absolute;
  return (number < 0 ? kMinus : "+") + absolute;
}

uint64_t Absolute(int64_t number) {
  return number < 0 ? uint64_t{0} - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
}

Minor ValueIn(const Sales& sales, const std::string& currency) {
  const auto at = sales.value.find(currency);
  return at == sales.value.end() ? Minor(0) : at->second;
}

}  // namespace

int64_t Permille(Minor part, Minor whole) {
  if (whole == 0) return 0;
  return static_cast<int64_t>((part * 1'000 + whole / 2) / whole);
}

std::string PointsText(int64_t permille, Language language) {
  return WithSign(permille, TenthsText(Absolute(permille), language)) + " " +
         std::string(TheReportText().points.In(language));
}

std::string SignedText(int64_t number, Language language) {
  return WithSign(number, NumberText(Absolute(number), language));
}

std::string MoneyText(std::string_view currency, Minor minor, Language language) {
  const std::optional<int> digits = goods::MinorDigits(currency);
  if (!digits) {
    return std::string(currency) + " " + NumberText(minor, language) + " (" +
           std::string(TheReportText().minor_units.In(language)) + ")";
  }
  Minor unit = 1;
  for (int i = 0; i < *digits; ++i) unit *= 10;
  const bool rupiah = currency == goods::kRupiah;
  std::string text =
      (rupiah ? "Rp" : std::string(currency)) + " " + NumberText(minor / unit, language);
  const Minor rest = minor % unit;
  // Nobody pays in sen any more.
  if (*digits == 0 || (rupiah && rest == 0)) return text;
  std::string decimals = Digits(rest);
  decimals.insert(0, static_cast<size_t>(*digits) - decimals.size(), '0');
  return text + DecimalMark(language) + decimals;
}

std::string ValueText(const Sales& sales, Language language) {
  std::string text;
  for (const auto& [currency, minor] : sales.value) {
    text += (text.empty() ? "" : "; ") + MoneyText(currency, minor, language);
  }
  return text.empty() ? kNothing : text;
}

std::string ValueShareText(const Sales& part, const Sales& whole, Language language) {
  std::string text;
  for (const auto& [currency, minor] : whole.value) {
    text +=
        (text.empty() ? "" : "; ") + evidence::ShareText(ValueIn(part, currency), minor, language);
  }
  return text.empty() ? kNothing : text;
}

std::string TokenText(const std::string& token) {
  if (!base::IsUtf8(token)) return base::Hex(token);
  std::string text;
  for (size_t i = 0; i < token.size(); ++i) {
    const auto c = static_cast<unsigned char>(token[i]);
    const auto next = i + 1 < token.size() ? static_cast<unsigned char>(token[i + 1]) : 0;
    // Those of Latin-1 are two bytes in UTF-8.
    const bool high_control = c == 0xc2 && next < 0xa0;
    if (high_control) ++i;
    text.push_back(c < 0x20 || c == 0x7f || high_control ? '?' : token[i]);
  }
  return text;
}

size_t Characters(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string Shortened(const std::string& text, size_t most) {
  if (Characters(text) <= most) return text;
  size_t end = 0;
  for (size_t seen = 0; end < text.size(); ++end) {
    if ((text[end] & 0xc0) != 0x80 && ++seen == most) break;
  }
  return text.substr(0, end) + "…";
}

}  // namespace jembatan::beli_lokal
