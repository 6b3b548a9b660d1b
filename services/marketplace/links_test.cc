#include "services/marketplace/links.h"

#include "gtest/gtest.h"

namespace jembatan::marketplace {
namespace {

std::string KeyIn(const std::string& link) { return link.substr(link.find("?k=") + 3); }

TEST(LinksTest, AKeyOpensItsOwnPageOfItsOwnOrderOnly) {
  const Links links("https://belanja.example/", "secret");
  const std::string link = links.Checkout("T-0000000001");
  EXPECT_TRUE(link.starts_with("https://belanja.example/checkout/T-0000000001?k=")) << link;
  const std::string key = KeyIn(link);
  EXPECT_EQ(key.size(), 22u);
  EXPECT_TRUE(links.IsCheckoutKey("T-0000000001", key));
  EXPECT_FALSE(links.IsCheckoutKey("T-0000000002", key));
  EXPECT_FALSE(links.IsInvoiceKey("T-0000000001", key));
  EXPECT_FALSE(links.IsCheckoutKey("T-0000000001", ""));
  EXPECT_FALSE(links.IsCheckoutKey("T-0000000001", key.substr(1)));
  EXPECT_TRUE(links.IsInvoiceKey("T-0000000001", KeyIn(links.Invoice("T-0000000001"))));
  EXPECT_FALSE(Links("https://belanja.example", "other").IsCheckoutKey("T-0000000001", key));
}

TEST(LinksTest, PlainHttpIsForLoopbackOnly) {
  for (const char* good : {"https://belanja.example", "https://belanja.example:8443/",
                           "http://127.0.0.1:9580", "http://localhost", "http://[::1]:80"}) {
    EXPECT_TRUE(CheckPublicUrl(good).ok()) << good;
  }
  for (const char* bad :
       {"", "https://", "belanja.example", "http://belanja.example",
        "http://127.0.0.1.evil.example", "http://localhost.evil", "ftp://a", "https://a/b",
        "https://a?b", "https://a b", "https://user@a", "javascript:alert(1)"}) {
    EXPECT_FALSE(CheckPublicUrl(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace jembatan::marketplace
