#include "libs/identity/buyer_ref.h"

#include <optional>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "libs/base/check.h"
#include "libs/base/status.h"

namespace jembatan::identity {
namespace {

constexpr size_t kKeyBytes = 32;

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n";
  size_t first = text.find_first_not_of(kWhite);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhite) - first + 1);
}

std::optional<uint8_t> Nibble(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

}  // namespace

absl::StatusOr<BuyerKey> BuyerKey::FromHex(std::string_view text) {
  std::string_view digits = Trimmed(text);
  // The text is a secret: no message repeats any of it.
  if (digits.size() != 2 * kKeyBytes) {
    return base::InvalidArgument("a buyer key is 64 hexadecimal characters");
  }
  BuyerKey key;
  for (size_t i = 0; i < digits.size(); i += 2) {
    std::optional<uint8_t> high = Nibble(digits[i]);
    std::optional<uint8_t> low = Nibble(digits[i + 1]);
    if (!high || !low) return base::InvalidArgument("a buyer key is 64 hexadecimal characters");
    key.key_.push_back(static_cast<char>(*high << 4 | *low));
  }
  return key;
}

absl::StatusOr<BuyerKey> BuyerKey::Random() {
  BuyerKey key;
  key.key_.resize(kKeyBytes);
  if (RAND_bytes(reinterpret_cast<uint8_t*>(key.key_.data()), kKeyBytes) != 1) {
    return base::Internal("the system gives no random bytes");
  }
  return key;
}

BuyerRef BuyerKey::RefOf(std::string_view viewer_id) const {
  JEMB_CHECK(key_.size() == kKeyBytes);
  BuyerRef ref;
  unsigned size = 0;
  const uint8_t* made = HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
                             reinterpret_cast<const uint8_t*>(viewer_id.data()), viewer_id.size(),
                             ref.bytes.data(), &size);
  JEMB_CHECK(made != nullptr && size == ref.bytes.size());
  return ref;
}

}  // namespace jembatan::identity
