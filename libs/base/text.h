#pragma once

// Conversions between std::string_view and absl::string_view, and small text helpers. Debian 12's
// abseil has its own string_view type without implicit conversion; elsewhere they are one type and
// these functions cost nothing. Pure; any thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/string_view.h"

namespace jembatan::base {

inline absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view Std(absl::string_view text) { return {text.data(), text.size()}; }

// Lower-case hexadecimal text of the bytes.
std::string Hex(std::string_view bytes);

// base64url without padding (RFC 4648 section 5).
std::string Base64UrlEncode(std::string_view bytes);
// False if the text is not exactly what Base64UrlEncode makes of some bytes: anything outside the
// alphabet, padding included, a length that no encoder makes, or stray bits at the end. So each
// value has one text. On false *bytes is empty.
bool Base64UrlDecode(std::string_view text, std::string* bytes);

// Standard base64 with padding (RFC 4648 section 4), as proto3 JSON writes bytes.
std::string Base64Encode(std::string_view bytes);
// False if the text is not exactly what Base64Encode makes of some bytes. On false *bytes is empty.
bool Base64Decode(std::string_view text, std::string* bytes);

// Length of the well-formed UTF-8 sequence that the bytes begin with, 1 to 4; 0 if they do not.
size_t Utf8SequenceLength(std::string_view bytes);

// Appends well-formed UTF-8 as it stands within the quotes of a JSON string.
void AppendJsonEscaped(std::string_view text, std::string* json);

// The parts of "a, b,c" without surrounding white space; empty parts are left out.
std::vector<std::string> SplitList(std::string_view text);

// A price for people, from minor units of two digits: "Rp 149.000", "Rp 1,50", "USD 5.00".
std::string MoneyText(std::string_view currency, int64_t amount_minor);

// Whether the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool IsUtf8(std::string_view bytes);

}  // namespace jembatan::base
