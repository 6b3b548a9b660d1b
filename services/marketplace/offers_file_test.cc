#include "services/marketplace/offers_file.h"

#include "gtest/gtest.h"

#include "libs/base/status.h"

namespace jembatan::marketplace {
namespace {

constexpr const char* kGood = R"([{"offer_id": "kopi", "title": "Kopi Gayo", "seller_id": "s",
  "currency": "IDR", "amount_minor": 2500000, "price_version": "1", "stock": 500,
  "buyer_limit": 1, "total_limit": 2, "sale_starts_ms": 3, "sale_ends_ms": 4,
  "origin_country": "ID", "local": true, "seller_tier": "umkm"},
  {"offer_id": "teh", "title": "Teh", "currency": "IDR", "amount_minor": 1, "stock": 0}])";

TEST(OffersFileTest, ReadsAllKeysAndDefaults) {
  const auto offers = ParseOffers("f", kGood);
  ASSERT_TRUE(offers.ok()) << base::ToString(offers.status());
  ASSERT_EQ(offers->size(), 2u);
  const Offer& kopi = (*offers)[0];
  EXPECT_EQ(kopi.title, "Kopi Gayo");
  EXPECT_EQ(kopi.price, (Money{"IDR", 2'500'000}));
  EXPECT_EQ(kopi.stock, 500);
  EXPECT_EQ(kopi.buyer_limit, 1);
  EXPECT_EQ(kopi.total_limit, 2);
  EXPECT_EQ(kopi.sale_starts_ms, 3);
  EXPECT_EQ(kopi.sale_ends_ms, 4);
  EXPECT_EQ(kopi.attested->goods, (goods::Goods{.origin_country = "ID",
                                                .seller_tier = goods::Goods::SellerTier::kUmkm,
                                                .local = true}));
  EXPECT_EQ((*offers)[1].buyer_limit, 0);
  EXPECT_EQ((*offers)[1].attested->goods, goods::Goods());
  EXPECT_TRUE(ParseOffers("f", "[]").ok());
}

TEST(OffersFileTest, ErrorsNameTheFileTheOfferAndTheKey) {
  const struct {
    const char* json;
    const char* error;
  } cases[] = {
      {"{}", "f: not a JSON array: "},
      {"[", "f: not a JSON array: "},
      {"[1]", "f: offer 1: not an object"},
      {R"([{"offer":1}])", "f: offer 1: bad or unknown key \"offer\""},
      {R"([{"title":1}])", "f: offer 1: bad or unknown key \"title\""},
      {R"([{"stock":"1"}])", "f: offer 1: bad or unknown key \"stock\""},
      {R"([{"stock":1.5}])", "f: offer 1: bad or unknown key \"stock\""},
      {R"([{"ships_from":"moon"}])", "f: offer 1: bad or unknown key \"ships_from\""},
      {R"([{"offer_id":"a","title":"A","currency":"IDR","amount_minor":1}])",
       "f: offer 1: offer a: bad stock"},
  };
  for (const auto& c : cases) {
    const std::string error = base::ToString(ParseOffers("f", c.json).status());
    EXPECT_TRUE(error.starts_with(std::string("INVALID_ARGUMENT: ") + c.error)) << error;
  }
  EXPECT_FALSE(ReadOffersFile("/nonexistent.json").ok());
}

}  // namespace
}  // namespace jembatan::marketplace
