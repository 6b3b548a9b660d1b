#include "libs/catalog/catalog_file.h"

#include "gtest/gtest.h"

#include "libs/base/status.h"

namespace jembatan::catalog {
namespace {

constexpr const char* kWhole = R"({
  "offers": [
    {"offer_id": "batik", "title": "Batik", "seller_id": "umkm", "currency": "IDR",
     "amount_minor": 18500000, "price_version": "2", "stock": 500, "buyer_limit": 1,
     "total_limit": 9, "order_limit": 2, "campaign_id": "1212", "price_grace_ms": 5000,
     "origin_country": "ID", "ships_from": "home", "hs_code": "61091010", "fob_currency": "USD",
     "fob_minor": 1250, "seller_licence": "NIB 9120001", "licence_expires_ms": 1798761600000,
     "seller_tier": "umkm", "local": true},
    {"offer_id": "kopi", "currency": "IDR", "amount_minor": 2500000, "stock": 0,
     "sale_starts_ms": 1797008400250, "sale_ends_ms": 0}],
  "campaigns": [{"campaign_id": "1212", "total_limit": 1000, "buyer_limit": 3,
                 "starts_ms": 1797008400000, "ends_ms": 1797012000000}],
  "vouchers": [{"voucher_ref": "hemat", "currency": "IDR", "amount_minor": 500000,
                "offer_id": "batik", "campaign_id": "1212", "uses": 100, "buyer_uses": 1,
                "starts_ms": 0, "ends_ms": 1797012000000}]})";

TEST(ParseCatalogFile, ReadsEveryKey) {
  const auto read = ParseCatalogFile(kWhole);
  ASSERT_TRUE(read.ok()) << base::ToString(read.status());
  ASSERT_EQ(read->offers_size(), 2);
  const orders::v1::Offer& batik = read->offers(0);
  EXPECT_EQ(batik.offer_id(), "batik");
  EXPECT_EQ(batik.title(), "Batik");
  EXPECT_EQ(batik.seller_id(), "umkm");
  EXPECT_EQ(batik.price().currency(), "IDR");
  EXPECT_EQ(batik.price().amount_minor(), 18'500'000);
  EXPECT_EQ(batik.price_version(), "2");
  EXPECT_EQ(batik.stock(), 500u);
  EXPECT_EQ(batik.buyer_limit(), 1u);
  EXPECT_EQ(batik.total_limit(), 9u);
  EXPECT_FALSE(batik.has_sale_starts_at());
  const orders::v1::Offer& kopi = read->offers(1);
  EXPECT_EQ(kopi.sale_starts_at().seconds(), 1'797'008'400);
  EXPECT_EQ(kopi.sale_starts_at().nanos(), 250'000'000);
  EXPECT_FALSE(kopi.has_sale_ends_at());
}

TEST(ParseCatalogFile, TellsGoodsAndTermsOnlyOfOffersThatHaveThem) {
  const auto read = ParseCatalogFile(kWhole);
  ASSERT_TRUE(read.ok()) << base::ToString(read.status());
  ASSERT_EQ(read->goods_size(), 1);
  const orders::v1::Goods& goods = read->goods(0);
  EXPECT_EQ(goods.offer_id(), "batik");
  EXPECT_EQ(goods.origin_country(), "ID");
  EXPECT_EQ(goods.ships_from(), orders::v1::Goods::SHIPS_FROM_HOME);
  EXPECT_EQ(goods.hs_code(), "61091010");
  EXPECT_EQ(goods.fob().currency(), "USD");
  EXPECT_EQ(goods.fob().amount_minor(), 1'250);
  EXPECT_EQ(goods.seller_licence(), "NIB 9120001");
  EXPECT_EQ(goods.licence_expires_at().seconds(), 1'798'761'600);
  EXPECT_EQ(goods.seller_tier(), orders::v1::Goods::SELLER_TIER_UMKM);
  EXPECT_TRUE(goods.local());
  ASSERT_EQ(read->sale_terms_size(), 1);
  EXPECT_EQ(read->sale_terms(0).offer_id(), "batik");
  EXPECT_EQ(read->sale_terms(0).order_limit(), 2u);
  EXPECT_EQ(read->sale_terms(0).campaign_id(), "1212");
  EXPECT_EQ(read->sale_terms(0).price_grace_ms(), 5'000u);
}

TEST(ParseCatalogFile, ReadsCampaignsAndVouchers) {
  const auto read = ParseCatalogFile(kWhole);
  ASSERT_TRUE(read.ok()) << base::ToString(read.status());
  ASSERT_EQ(read->campaigns_size(), 1);
  const orders::v1::Campaign& campaign = read->campaigns(0);
  EXPECT_EQ(campaign.campaign_id(), "1212");
  EXPECT_EQ(campaign.total_limit(), 1'000u);
  EXPECT_EQ(campaign.buyer_limit(), 3u);
  EXPECT_EQ(campaign.starts_at().seconds(), 1'797'008'400);
  EXPECT_EQ(campaign.ends_at().seconds(), 1'797'012'000);
  ASSERT_EQ(read->vouchers_size(), 1);
  const orders::v1::Voucher& voucher = read->vouchers(0);
  EXPECT_EQ(voucher.voucher_ref(), "hemat");
  EXPECT_EQ(voucher.amount().currency(), "IDR");
  EXPECT_EQ(voucher.amount().amount_minor(), 500'000);
  EXPECT_EQ(voucher.offer_id(), "batik");
  EXPECT_EQ(voucher.campaign_id(), "1212");
  EXPECT_EQ(voucher.uses(), 100u);
  EXPECT_EQ(voucher.buyer_uses(), 1u);
  EXPECT_FALSE(voucher.has_starts_at());
  EXPECT_EQ(voucher.ends_at().seconds(), 1'797'012'000);
}

TEST(ParseCatalogFile, AnArrayIsOneOfOffers) {
  const auto read =
      ParseCatalogFile(R"([{"offer_id":"a","currency":"IDR","amount_minor":1,"stock":1}])");
  ASSERT_TRUE(read.ok()) << base::ToString(read.status());
  EXPECT_EQ(read->offers_size(), 1);
  for (const char* nothing : {"[]", "{}", R"({"offers":[]})"}) {
    const auto empty = ParseCatalogFile(nothing);
    ASSERT_TRUE(empty.ok()) << nothing;
    EXPECT_EQ(empty->ByteSizeLong(), 0u) << nothing;
  }
}

TEST(ParseCatalogFile, ErrorsNameThePlaceAndTheKey) {
  const std::string good = R"("offer_id":"a","currency":"IDR","amount_minor":1,"stock":1)";
  const struct {
    std::string json;
    const char* error;
  } cases[] = {
      {"", "not JSON: "},
      {"[", "not JSON: "},
      {"1", "neither an array of offers nor an object"},
      {R"({"offer":[]})", "bad or unknown key \"offer\""},
      {R"({"offers":1})", "bad or unknown key \"offers\""},
      {"[1]", "offer 1: not an object"},
      {"[{}]", "offer 1: offer_id, currency, amount_minor and stock are required"},
      {R"([{"offer_id":"a","currency":"IDR","amount_minor":1}])", "offer 1: offer_id, currency,"},
      {"[{" + good + "},{" + good + R"(,"colour":"red"}])",
       "offer 2: bad or unknown key \"colour\""},
      {"[{" + good + R"(,"title":1}])", "offer 1: bad or unknown key \"title\""},
      {"[{" + good + R"(,"total_limit":"1"}])", "offer 1: bad or unknown key \"total_limit\""},
      {"[{" + good + R"(,"total_limit":1.5}])", "offer 1: bad or unknown key \"total_limit\""},
      {"[{" + good + R"(,"total_limit":-1}])", "offer 1: bad or unknown key \"total_limit\""},
      {"[{" + good + R"(,"buyer_limit":4294967296}])",
       "offer 1: bad or unknown key \"buyer_limit\""},
      {"[{" + good + R"(,"ships_from":"moon"}])", "offer 1: bad or unknown key \"ships_from\""},
      {"[{" + good + R"(,"seller_tier":"micro"}])", "offer 1: bad or unknown key \"seller_tier\""},
      {"[{" + good + R"(,"local":"yes"}])", "offer 1: bad or unknown key \"local\""},
      {"[{" + good + R"(,"fob_minor":-1}])", "offer 1: bad or unknown key \"fob_minor\""},
      {R"({"campaigns":[{"buyer_limit":1}]})", "campaign 1: campaign_id is required"},
      {R"({"campaigns":[{"offer_id":"a"}]})", "campaign 1: bad or unknown key \"offer_id\""},
      {R"({"vouchers":[{"voucher_ref":"a"}]})",
       "voucher 1: voucher_ref, currency and amount_minor are required"},
      {R"({"vouchers":[{"uses":-1}]})", "voucher 1: bad or unknown key \"uses\""},
  };
  for (const auto& c : cases) {
    const std::string error = base::ToString(ParseCatalogFile(c.json).status());
    EXPECT_TRUE(error.starts_with(std::string("INVALID_ARGUMENT: ") + c.error)) << c.json << "\n"
                                                                                << error;
  }
}

}  // namespace
}  // namespace jembatan::catalog
