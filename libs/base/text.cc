#include "libs/base/text.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"

namespace jembatan::base {
namespace {

// Bytes that may stand in a JSON string as they are.
constexpr std::array<bool, 256> kPlainInJson = [] {
  std::array<bool, 256> table{};
  for (size_t c = 0x20; c < 0x100; ++c) table[c] = true;
  table['"'] = false;
  table['\\'] = false;
  return table;
}();

uint8_t ByteAt(std::string_view bytes, size_t index) { return static_cast<uint8_t>(bytes[index]); }

}  // namespace

std::string Hex(std::string_view bytes) { return absl::BytesToHexString(Absl(bytes)); }

std::string Base64UrlEncode(std::string_view bytes) {
  return absl::WebSafeBase64Escape(Absl(bytes));
}

bool Base64UrlDecode(std::string_view text, std::string* bytes) {
  // Abseil's decoder also takes white space, padding and stray bits; encoding again refuses them.
  if (absl::WebSafeBase64Unescape(Absl(text), bytes) && Base64UrlEncode(*bytes) == text)
    return true;
  bytes->clear();
  return false;
}

std::string Base64Encode(std::string_view bytes) { return absl::Base64Escape(Absl(bytes)); }

bool Base64Decode(std::string_view text, std::string* bytes) {
  if (absl::Base64Unescape(Absl(text), bytes) && Base64Encode(*bytes) == text) return true;
  bytes->clear();
  return false;
}

size_t Utf8SequenceLength(std::string_view bytes) {
  if (bytes.empty()) return 0;
  uint8_t first = ByteAt(bytes, 0);
  if (first < 0x80) return 1;
  // Table 3-7 of the Unicode standard: the second byte's range depends on the first byte, which
  // keeps out overlong forms, surrogates and what lies beyond U+10FFFF.
  size_t length = 0;
  uint8_t lowest = 0x80;
  uint8_t highest = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) lowest = 0xa0;
    if (first == 0xed) highest = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) lowest = 0x90;
    if (first == 0xf4) highest = 0x8f;
  } else {
    return 0;
  }
  if (bytes.size() < length) return 0;
  if (ByteAt(bytes, 1) < lowest || ByteAt(bytes, 1) > highest) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((ByteAt(bytes, i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

void AppendJsonEscaped(std::string_view text, std::string* json) {
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (kPlainInJson[ByteAt(text, i)]) continue;
    json->append(text.substr(start, i - start));
    start = i + 1;
    if (text[i] == '\n') {
      json->append("\\n");
    } else if (text[i] == '\t') {
      json->append("\\t");
    } else if (ByteAt(text, i) >= 0x20) {
      json->push_back('\\');
      json->push_back(text[i]);
    } else {
      json->append("\\u00").append(Hex(text.substr(i, 1)));
    }
  }
  json->append(text.substr(start));
}

std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> parts;
  for (absl::string_view part : absl::StrSplit(Absl(text), ',', absl::SkipWhitespace())) {
    parts.emplace_back(absl::StripAsciiWhitespace(part));
  }
  return parts;
}

std::string MoneyText(std::string_view currency, int64_t amount_minor) {
  std::string whole = std::to_string(amount_minor / 100);
  std::string cents = std::to_string(100 + amount_minor % 100).substr(1);
  if (currency != "IDR") return std::string(currency) + " " + whole + "." + cents;
  for (size_t at = whole.size(); at > 3;) {
    at -= 3;
    whole.insert(at, 1, '.');
  }
  return "Rp " + whole + (cents == "00" ? "" : "," + cents);
}

bool IsUtf8(std::string_view bytes) {
  constexpr uint64_t kHighBits = 0x8080'8080'8080'8080;
  while (!bytes.empty()) {
    // Most text is ASCII: eight bytes a step.
    uint64_t word = kHighBits;
    if (bytes.size() >= sizeof(word)) std::memcpy(&word, bytes.data(), sizeof(word));
    size_t step = (word & kHighBits) == 0 ? sizeof(word) : Utf8SequenceLength(bytes);
    if (step == 0) return false;
    bytes.remove_prefix(step);
  }
  return true;
}

}  // namespace jembatan::base
