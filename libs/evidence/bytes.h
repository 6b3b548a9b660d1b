#pragma once

// Big-endian numbers in a bundle's files. Internal to this folder. Pure; any thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace jembatan::evidence {

template <size_t kBytes>
void AppendNumber(uint64_t value, std::string* bytes) {
  for (size_t i = kBytes; i-- > 0;) *bytes += static_cast<char>(value >> (8 * i) & 0xff);
}

// Cuts it off. False: there are too few bytes.
template <size_t kBytes>
bool TakeNumber(std::string_view* bytes, uint64_t* value) {
  if (bytes->size() < kBytes) return false;
  *value = 0;
  for (size_t i = 0; i < kBytes; ++i) {
    *value = *value << 8 | static_cast<uint8_t>((*bytes)[i]);
  }
  bytes->remove_prefix(kBytes);
  return true;
}

inline bool TakeBytes(std::string_view* bytes, size_t count, std::string_view* taken) {
  if (bytes->size() < count) return false;
  *taken = bytes->substr(0, count);
  bytes->remove_prefix(count);
  return true;
}

}  // namespace jembatan::evidence
