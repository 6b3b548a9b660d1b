#pragma once

// Registry: the marketplaces that a house serves, out of one TOML file that gateways and bridges
// share: who sells which offers, where orders go, which hosts links may name, and by which keys
// each side knows the other. All or nothing: a text with any fault is refused whole with
// "NAME:LINE: reason". Pure; any thread. It holds paths, not keys: each program reads the files
// that are its own, and needs no right to the others'.
//
//   schema = 1
//   [[marketplace]]
//   id = "tokopedia"                 # 1 to 64 of letters, digits and ._:-, once in the file
//   offers = ["tkp-", "kopi-"]       # offers whose ids begin so; the longest beginning counts.
//                                    # Without it: all others'. One may go without.
//   orders = "orders.example:443"    # its OrderService, host:port
//   hosts = ["pay.example"]          # which links to buyers may name, host[:port]; at least one
//   buyer_keys = "tokopedia.keys"    # buyers' pseudonyms there (the gateway's)
//   goods_keys = "tokopedia.jwks"    # optional: who attests goods and sellers for it
//   tls_certificate = "bridge.pem"   # the bridge's on that link, with tls_key and tls_ca: all or
//   tls_key = "bridge.key"           # none
//   tls_ca = "tokopedia-ca.pem"
//   tls_revoked = "tokopedia.crl"    # optional, with tls_ca
//   link_page = "https://pay.example/beli"   # optional, with link_key: its page for LINK_OUT
//   link_key = "links.pem"
//   link_kid = "links-1"
//   link_ttl_s = 900
//
// An offer must not move to another marketplace while intents for it live: the same id sent to two
// marketplaces is two intents.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace jembatan::registry {

struct Marketplace {
  std::string id;
  std::vector<std::string> offers;
  std::string orders;
  std::vector<std::string> hosts;
  std::string buyer_keys;
  std::string goods_keys;
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_ca;
  std::string tls_revoked;
  std::string link_page;
  std::string link_key;
  std::string link_kid;
  int link_ttl_s = 900;
};

class Registry {
 public:
  // At least one; each goes by its place.
  explicit Registry(std::vector<Marketplace> marketplaces)
      : marketplaces_(std::move(marketplaces)) {}

  // name stands for the text in errors. INVALID_ARGUMENT with the first fault.
  static absl::StatusOr<Registry> Parse(const std::string& name, std::string_view toml);

  const std::vector<Marketplace>& marketplaces() const { return marketplaces_; }
  size_t size() const { return marketplaces_.size(); }

  static constexpr size_t kNone = static_cast<size_t>(-1);
  // Whose offer it is; kNone: nobody's.
  size_t OfOffer(std::string_view offer_id) const;

 private:
  std::vector<Marketplace> marketplaces_;
};

}  // namespace jembatan::registry
