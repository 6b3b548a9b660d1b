#include "libs/registry/registry.h"

#include <string>

#include "gtest/gtest.h"

#include "libs/base/text.h"
#include "libs/registry/limits.h"

namespace jembatan::registry {
namespace {

constexpr char kFirst[] = R"(schema = 1
[[marketplace]]
id = "tokopedia"
orders = "orders.example:443"
hosts = ["pay.example", "pay.example:8443"]
buyer_keys = "tokopedia.keys"
)";
constexpr char kSecond[] = R"([[marketplace]]
id = "shop"
offers = ["shop-", "shop-old-"]
orders = "127.0.0.1:9501"
hosts = ["shop.example"]
buyer_keys = "shop.keys"
)";

std::string ErrorOf(const std::string& text) {
  const absl::StatusOr<Registry> registry = Registry::Parse("r.toml", text);
  if (registry.ok()) return "taken";
  EXPECT_TRUE(absl::IsInvalidArgument(registry.status()));
  return std::string(base::Std(registry.status().message()));
}

// kFirst with one line in another's place, or as well.
std::string With(const std::string& line) {
  std::string text = kFirst;
  const std::string key = line.substr(0, line.find(' ')) + " ";
  const size_t at = text.find("\n" + key);
  if (at == std::string::npos) return text + line + "\n";
  return text.replace(at + 1, text.find('\n', at + 1) - at - 1, line);
}

TEST(Registry, TellsEachMarketplaceAsItStands) {
  const std::string more = R"(goods_keys = "goods.jwks"
tls_certificate = "a.pem"
tls_key = "a.key"
tls_ca = "b.pem"
tls_revoked = "b.crl"
link_page = "https://shop.example/beli"
link_key = "links.pem"
link_kid = "links-2"
link_ttl_s = 60
)";
  const absl::StatusOr<Registry> registry =
      Registry::Parse("r.toml", std::string(kFirst) + kSecond + more);
  ASSERT_TRUE(registry.ok()) << registry.status();
  ASSERT_EQ(registry->size(), 2u);
  const Marketplace& first = registry->marketplaces()[0];
  EXPECT_EQ(first.id, "tokopedia");
  EXPECT_EQ(first.orders, "orders.example:443");
  EXPECT_EQ(first.hosts.size(), 2u);
  EXPECT_TRUE(first.tls_ca.empty());
  EXPECT_EQ(first.link_ttl_s, 900);
  const Marketplace& second = registry->marketplaces()[1];
  EXPECT_EQ(second.goods_keys, "goods.jwks");
  EXPECT_EQ(second.tls_revoked, "b.crl");
  EXPECT_EQ(second.link_page, "https://shop.example/beli");
  EXPECT_EQ(second.link_kid, "links-2");
  EXPECT_EQ(second.link_ttl_s, 60);
}

TEST(Registry, TheLongestBeginningSaysWhoseAnOfferIs) {
  const std::string third = R"([[marketplace]]
id = "old"
offers = ["shop-old-x"]
orders = "127.0.0.1:9502"
hosts = ["old.example"]
buyer_keys = "old.keys"
)";
  const absl::StatusOr<Registry> registry =
      Registry::Parse("r.toml", std::string(kFirst) + kSecond + third);
  ASSERT_TRUE(registry.ok()) << registry.status();
  for (const auto& [offer, market] :
       {std::pair{"kopi", 0u}, std::pair{"shop", 0u}, std::pair{"shop-1", 1u},
        std::pair{"shop-old-1", 1u}, std::pair{"shop-old-x1", 2u}}) {
    EXPECT_EQ(registry->OfOffer(offer), market) << offer;
  }
}

TEST(Registry, AnOfferMayBeNobodys) {
  const absl::StatusOr<Registry> registry =
      Registry::Parse("r.toml", std::string("schema = 1\n") + kSecond);
  ASSERT_TRUE(registry.ok()) << registry.status();
  EXPECT_EQ(registry->OfOffer("kopi"), Registry::kNone);
}

TEST(Registry, RefusesABadFileWholeWithLineAndReason) {
  const struct {
    const char* what;
    std::string text;
    const char* error;
  } table[] = {
      {"empty", "", "r.toml:1: schema is missing"},
      {"not TOML", "schema = [", "r.toml:1: "},
      {"none", "schema = 1\n", "r.toml:1: marketplace is missing: there is none"},
      {"a misspelt key", With("order = \"a:1\""), "r.toml:7: unknown key \"order\""},
      {"no id", With("id = \"\""), "r.toml:3: id: must be 1 to 64"},
      {"no port", With("orders = \"orders.example\""), "r.toml:4: orders: must be host:port"},
      {"a host that is a link", With("hosts = [\"https://pay.example\"]"),
       "r.toml:5: hosts: must be"},
      {"a disguised host", With("hosts = [\"pay.example@evil\"]"), "r.toml:5: hosts: must be"},
      {"no host", With("hosts = []"), "r.toml:5: hosts: is empty"},
      {"half of TLS", With("tls_ca = \"a.pem\""), "r.toml:2: tls_certificate: goes together"},
      {"half of links", With("link_key = \"a.pem\""), "r.toml:2: link_page: goes together"},
      {"no offer", With("offers = []"), "r.toml:7: offers: is empty"},
      {"two with one id", std::string(kFirst) + With("id = \"tokopedia\"").substr(11),
       "r.toml:8: id: \"tokopedia\" is given twice"},
      {"an offer of two",
       std::string(kFirst) + kSecond +
           "[[marketplace]]\nid = \"c\"\noffers = [\"shop-\"]\norders = \"c:1\"\n"
           "hosts = [\"c\"]\nbuyer_keys = \"c.keys\"\n",
       "r.toml:15: offers: \"shop-\" is \"shop\"'s"},
      {"two for all the others",
       std::string(kFirst) + "[[marketplace]]\nid = \"b\"\norders = \"b:1\"\nhosts = [\"b\"]\n"
                             "buyer_keys = \"b.keys\"\n",
       "r.toml:8: id: \"tokopedia\" has all offers"},
      {"one pseudonym at two marketplaces",
       std::string(kFirst) + "[[marketplace]]\nid = \"b\"\noffers = [\"b-\"]\norders = \"b:1\"\n"
                             "hosts = [\"b\"]\nbuyer_keys = \"tokopedia.keys\"\n",
       "r.toml:12: buyer_keys: \"tokopedia\" has the same"},
      {"too long", std::string(kFileBytes + 1, '#'), "r.toml:1: longer than"},
  };
  for (const auto& bad : table) {
    const std::string error = ErrorOf(bad.text);
    EXPECT_TRUE(error.starts_with(bad.error)) << bad.what << ": " << error;
  }
}

}  // namespace
}  // namespace jembatan::registry
