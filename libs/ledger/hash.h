#pragma once

// Hash and Hasher: SHA-256 as RFC 6962 uses it: leaves and inner nodes are hashed under different
// prefixes, so that neither can pass for the other. Pure. A Hasher keeps one digest context for all
// its hashes (making one costs more than a hash): one thread at a time.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/evp.h>

namespace jembatan::ledger {

inline constexpr size_t kHashBytes = 32;
using Hash = std::array<uint8_t, kHashBytes>;

std::string_view BytesOf(const Hash& hash);
// nullopt unless there are exactly 32 bytes.
std::optional<Hash> HashOf(std::string_view bytes);
// As standard base64, and back; nullopt for anything that the first does not make.
std::string HashText(const Hash& hash);
std::optional<Hash> ParseHash(std::string_view text);

class Hasher {
 public:
  Hasher();

  // Of the parts one after the other.
  Hash Sha256(std::initializer_list<std::string_view> parts);
  // RFC 6962: SHA-256(0x00 || leaf).
  Hash Leaf(std::string_view leaf);
  // RFC 6962: SHA-256(0x01 || left || right).
  Hash Node(const Hash& left, const Hash& right);
  // The root of the tree without leaves.
  Hash Empty() { return Sha256({}); }

 private:
  struct FreeDigest {
    void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
  };
  struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  std::unique_ptr<EVP_MD, FreeDigest> sha256_;
  std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
};

}  // namespace jembatan::ledger
