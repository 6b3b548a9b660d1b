#include "libs/base/ids.h"

#include <array>

#include "libs/base/check.h"

namespace jembatan::base {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

// Value of a lower-case hexadecimal digit, 0xff for anything else.
constexpr std::array<uint8_t, 256> kDigitValue = [] {
  std::array<uint8_t, 256> table{};
  table.fill(0xff);
  for (uint8_t i = 0; i < 16; ++i) table[static_cast<uint8_t>(kDigits[i])] = i;
  return table;
}();

constexpr bool IsDashPlace(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

std::optional<Uuid> Uuid::ParseV7(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  uint64_t words[2] = {0, 0};
  uint8_t bad = 0;
  size_t nibble = 0;
  for (size_t i = 0; i < 36; ++i) {
    if (IsDashPlace(i)) {
      bad |= static_cast<uint8_t>(text[i] != '-');
      continue;
    }
    uint8_t value = kDigitValue[static_cast<uint8_t>(text[i])];
    bad |= value & 0xf0;
    words[nibble / 16] = words[nibble / 16] << 4 | (value & 0x0f);
    ++nibble;
  }
  bool version7 = (words[0] >> 12 & 0xf) == 7;
  bool rfc_variant = words[1] >> 62 == 2;
  if (bad != 0 || !version7 || !rfc_variant) return std::nullopt;
  return Uuid{words[0], words[1]};
}

Uuid Uuid::MakeV7(int64_t unix_ms, uint64_t random_high, uint64_t random_low) {
  JEMB_CHECK(unix_ms >= 0 && unix_ms < int64_t{1} << 48);
  Uuid id;
  id.high = static_cast<uint64_t>(unix_ms) << 16 | 0x7000 | (random_high & 0x0fff);
  id.low = (random_low & 0x3fff'ffff'ffff'ffff) | 0x8000'0000'0000'0000;
  return id;
}

std::string Uuid::ToString() const {
  std::string text(36, '-');
  size_t nibble = 0;
  for (size_t i = 0; i < 36; ++i) {
    if (IsDashPlace(i)) continue;
    uint64_t word = nibble < 16 ? high : low;
    text[i] = kDigits[word >> (60 - 4 * (nibble % 16)) & 0xf];
    ++nibble;
  }
  return text;
}

}  // namespace jembatan::base
