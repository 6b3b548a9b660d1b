#pragma once

// BuyerRef: the pseudonym under which a viewer is known at one marketplace: HMAC-SHA256(key of that
// marketplace, viewer id). Made in the gateway; the viewer id never reaches a topic, and two
// marketplaces' pseudonyms of one viewer cannot be linked without the keys. Destroying the key is
// erasure. Pure; any thread.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace jembatan::identity {

struct BuyerRef {
  std::array<uint8_t, 32> bytes{};

  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  friend bool operator==(const BuyerRef&, const BuyerRef&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const BuyerRef& ref) {
    return H::combine(std::move(h), ref.bytes);
  }
};

class BuyerKey {
 public:
  // 64 hexadecimal characters (32 bytes), as the key file holds them; surrounding white space is
  // ignored.
  static absl::StatusOr<BuyerKey> FromHex(std::string_view text);

  // A fresh one; INTERNAL if the system gives no random bytes.
  static absl::StatusOr<BuyerKey> Random();

  BuyerRef RefOf(std::string_view viewer_id) const;
  // The secret itself: for the key file and for its digest, nothing else.
  std::string_view bytes() const { return key_; }

 private:
  std::string key_;
};

}  // namespace jembatan::identity
