#pragma once

// Uuid: a UUIDv7 (RFC 9562), the id of an intent. Its first 48 bits are the client's Unix time in
// milliseconds, from which the deadline follows. A value type; pure; any thread.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace jembatan::base {

struct Uuid {
  uint64_t high = 0;
  uint64_t low = 0;

  // Canonical text only: 36 characters, lower-case hexadecimal, dashes in place, version 7 and the
  // RFC variant. Anything else is nullopt.
  static std::optional<Uuid> ParseV7(std::string_view text);

  // From a time and 74 random bits of which the surplus is ignored. unix_ms must fit 48 bits.
  static Uuid MakeV7(int64_t unix_ms, uint64_t random_high, uint64_t random_low);

  int64_t unix_ms() const { return static_cast<int64_t>(high >> 16); }
  std::string ToString() const;

  friend bool operator==(const Uuid&, const Uuid&) = default;
  friend auto operator<=>(const Uuid&, const Uuid&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const Uuid& id) {
    return H::combine(std::move(h), id.high, id.low);
  }
};

}  // namespace jembatan::base
