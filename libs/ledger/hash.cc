#include "libs/ledger/hash.h"

#include <algorithm>

#include "libs/base/check.h"
#include "libs/base/text.h"

namespace jembatan::ledger {
namespace {

constexpr std::string_view kLeafPrefix{"\0", 1};
constexpr char kNodePrefix = '\1';

}  // namespace

std::string_view BytesOf(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::optional<Hash> HashOf(std::string_view bytes) {
  if (bytes.size() != kHashBytes) return std::nullopt;
  Hash hash;
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

std::string HashText(const Hash& hash) { return base::Base64Encode(BytesOf(hash)); }

std::optional<Hash> ParseHash(std::string_view text) {
  std::string bytes;
  if (!base::Base64Decode(text, &bytes)) return std::nullopt;
  return HashOf(bytes);
}

Hasher::Hasher() : sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
  JEMB_CHECK(sha256_ != nullptr && context_ != nullptr);
}

Hash Hasher::Sha256(std::initializer_list<std::string_view> parts) {
  Hash hash;
  unsigned size = 0;
  bool good = EVP_DigestInit_ex2(context_.get(), sha256_.get(), nullptr) == 1;
  for (std::string_view part : parts) {
    good = good && EVP_DigestUpdate(context_.get(), part.data(), part.size()) == 1;
  }
  good = good && EVP_DigestFinal_ex(context_.get(), hash.data(), &size) == 1;
  JEMB_CHECK(good && size == kHashBytes);
  return hash;
}

Hash Hasher::Leaf(std::string_view leaf) { return Sha256({kLeafPrefix, leaf}); }

Hash Hasher::Node(const Hash& left, const Hash& right) {
  // In one piece: a call of OpenSSL costs more than copying 64 bytes.
  std::array<char, 1 + 2 * kHashBytes> bytes;
  bytes[0] = kNodePrefix;
  std::copy(left.begin(), left.end(), bytes.begin() + 1);
  std::copy(right.begin(), right.end(), bytes.begin() + 1 + kHashBytes);
  return Sha256({{bytes.data(), bytes.size()}});
}

}  // namespace jembatan::ledger
