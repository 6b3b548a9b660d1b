#include "services/marketplace/links.h"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/base/text.h"

namespace jembatan::marketplace {
namespace {

// 128 bits of the HMAC: beyond guessing, and a link that fits a line.
constexpr size_t kKeyBytes = 16;
constexpr std::string_view kCheckoutPage = "checkout";
constexpr std::string_view kInvoicePage = "invoice";

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == ':' || c == '[' || c == ']';
}

bool IsLoopback(std::string_view authority) {
  for (const std::string_view host : {"127.0.0.1", "localhost", "[::1]"}) {
    if (authority == host) return true;
    if (authority.starts_with(host) && authority[host.size()] == ':') return true;
  }
  return false;
}

}  // namespace

Links::Links(std::string public_url, std::string secret)
    : public_url_(std::move(public_url)), secret_(std::move(secret)) {
  while (public_url_.ends_with('/')) public_url_.pop_back();
}

std::string Links::Checkout(std::string_view order_id) const {
  return public_url_ + "/checkout/" + std::string(order_id) +
         "?k=" + KeyFor(kCheckoutPage, order_id);
}

std::string Links::Invoice(std::string_view order_id) const {
  return public_url_ + "/invoice/" + std::string(order_id) + "?k=" + KeyFor(kInvoicePage, order_id);
}

bool Links::IsCheckoutKey(std::string_view order_id, std::string_view key) const {
  return IsKey(kCheckoutPage, order_id, key);
}

bool Links::IsInvoiceKey(std::string_view order_id, std::string_view key) const {
  return IsKey(kInvoicePage, order_id, key);
}

std::string Links::KeyFor(std::string_view page, std::string_view order_id) const {
  std::string message(page);
  message += '/';
  message += order_id;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  const void* made = HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
                          reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                          digest.data(), &size);
  JEMB_CHECK(made != nullptr && size >= kKeyBytes);
  return base::Base64UrlEncode({reinterpret_cast<const char*>(digest.data()), kKeyBytes});
}

bool Links::IsKey(std::string_view page, std::string_view order_id, std::string_view key) const {
  const std::string right = KeyFor(page, order_id);
  return key.size() == right.size() && CRYPTO_memcmp(key.data(), right.data(), right.size()) == 0;
}

absl::Status CheckPublicUrl(std::string_view url) {
  constexpr std::string_view kHttps = "https://";
  constexpr std::string_view kHttp = "http://";
  const bool secure = url.starts_with(kHttps);
  std::string_view authority;
  if (secure) authority = url.substr(kHttps.size());
  if (url.starts_with(kHttp)) authority = url.substr(kHttp.size());
  if (authority.ends_with('/')) authority.remove_suffix(1);
  const bool host =
      !authority.empty() && std::all_of(authority.begin(), authority.end(), IsHostCharacter);
  if (host && (secure || IsLoopback(authority))) return absl::OkStatus();
  return base::InvalidArgument("public_url \"" + std::string(url) +
                               "\" is not https://HOST (http:// only on a loopback address)");
}

}  // namespace jembatan::marketplace
