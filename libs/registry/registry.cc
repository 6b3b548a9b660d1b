#include "libs/registry/registry.h"

#include <algorithm>
#include <utility>

#include "libs/base/id_text.h"
#include "libs/base/status.h"
#include "libs/registry/limits.h"
#include "libs/toml/section.h"

namespace jembatan::registry {
namespace {

using toml_file::Section;

bool IsId(std::string_view text) { return base::IsIdText(text, kIdBytes); }
constexpr char kIdMust[] = "must be 1 to 64 of letters, digits and ._:-";

bool IsPath(std::string_view text) {
  return !text.empty() && text.size() <= kPathBytes &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}
constexpr char kPathMust[] = "must name a file";

bool IsPort(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A name or an address, without scheme, path or user.
bool IsHost(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && !IsPort(text.substr(colon + 1))) return false;
  const std::string_view name = text.substr(0, colon);
  return !name.empty() && text.size() <= kHostBytes && std::ranges::none_of(name, [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == '/' || c == '@' || c == '?';
  });
}
constexpr char kHostMust[] = "must be host or host:port";

bool IsTarget(std::string_view text) {
  return IsHost(text) && text.find(':') != std::string_view::npos;
}

bool IsPage(std::string_view text) {
  return (text.starts_with("https://") || text.starts_with("http://")) && !text.ends_with('/') &&
         text.size() <= kPathBytes;
}

std::string Optional(Section& section, std::string_view key) {
  return section.Has(key) ? section.Text(key, IsPath, kPathMust) : std::string();
}

void ReadTls(Section& section, Marketplace* into) {
  into->tls_certificate = Optional(section, "tls_certificate");
  into->tls_key = Optional(section, "tls_key");
  into->tls_ca = Optional(section, "tls_ca");
  into->tls_revoked = Optional(section, "tls_revoked");
  const bool any = !into->tls_certificate.empty() || !into->tls_key.empty() ||
                   !into->tls_ca.empty() || !into->tls_revoked.empty();
  const bool all =
      !into->tls_certificate.empty() && !into->tls_key.empty() && !into->tls_ca.empty();
  if (any && !all) {
    section.Fault("tls_certificate", "goes together with tls_key and tls_ca");
  }
}

void ReadLinks(Section& section, Marketplace* into) {
  if (section.Has("link_page") != section.Has("link_key")) {
    section.Fault("link_page", "goes together with link_key");
  }
  if (!section.Has("link_page")) return;
  into->link_page =
      section.Text("link_page", IsPage, "must be http(s)://host/..., without a slash at its end");
  into->link_key = section.Text("link_key", IsPath, kPathMust);
  into->link_kid = section.Text("link_kid", IsId, kIdMust);
  if (section.Has("link_ttl_s")) {
    into->link_ttl_s =
        static_cast<int>(section.Number("link_ttl_s", kLinkTtlLeastS, kLinkTtlMostS));
  }
}

Marketplace ReadMarketplace(Section& section) {
  Marketplace read;
  read.id = section.Text("id", IsId, kIdMust);
  if (section.Has("offers")) {
    read.offers = section.List("offers", IsId, kIdMust);
    if (read.offers.empty()) section.Fault("offers", "is empty");
  }
  read.orders = section.Text("orders", IsTarget, "must be host:port");
  read.hosts = section.List("hosts", IsHost, kHostMust);
  if (read.hosts.empty()) section.Fault("hosts", "is empty");
  read.buyer_keys = section.Text("buyer_keys", IsPath, kPathMust);
  read.goods_keys = Optional(section, "goods_keys");
  ReadTls(section, &read);
  ReadLinks(section, &read);
  section.Done();
  return read;
}

void CheckAgainst(const std::vector<Marketplace>& others, const Marketplace& one,
                  Section& section) {
  for (const Marketplace& other : others) {
    if (other.id == one.id) section.Fault("id", "\"" + one.id + "\" is given twice");
    if (other.buyer_keys == one.buyer_keys) {
      section.Fault("buyer_keys", "\"" + other.id + "\" has the same: its buyers could be told");
    }
    if (other.offers.empty() && one.offers.empty()) {
      section.Fault("id", "\"" + other.id + "\" has all offers without a beginning already");
    }
    for (const std::string& begin : one.offers) {
      if (std::ranges::find(other.offers, begin) == other.offers.end()) continue;
      section.Fault("offers", "\"" + begin + "\" is \"" + other.id + "\"'s");
    }
  }
}

}  // namespace

absl::StatusOr<Registry> Registry::Parse(const std::string& name, std::string_view toml) {
  JEMB_ASSIGN_OR_RETURN(toml_file::Document document,
                        toml_file::Document::Parse(name, toml, kFileBytes));
  Section file = document.root();
  file.Number("schema", 1, 1);
  std::vector<Marketplace> marketplaces;
  file.Each("marketplace", kMarketplacesMax, [&](Section& section) {
    Marketplace read = ReadMarketplace(section);
    CheckAgainst(marketplaces, read, section);
    marketplaces.push_back(std::move(read));
  });
  if (marketplaces.empty()) {
    file.faults().Add(file.line(), "marketplace is missing: there is none");
  }
  file.Done();
  if (file.faulty()) return document.faults().status();
  return Registry(std::move(marketplaces));
}

size_t Registry::OfOffer(std::string_view offer_id) const {
  size_t found = kNone;
  size_t longest = 0;
  for (size_t i = 0; i < marketplaces_.size(); ++i) {
    if (marketplaces_[i].offers.empty() && found == kNone) found = i;
    for (const std::string& begin : marketplaces_[i].offers) {
      if (!offer_id.starts_with(begin) || begin.size() <= longest) continue;
      found = i;
      longest = begin.size();
    }
  }
  return found;
}

}  // namespace jembatan::registry
