#include "tests/conformance/goods.h"

#include <set>

#include "gtest/gtest.h"

#include "libs/base/status.h"

namespace jembatan::conformance {
namespace {

constexpr int64_t kNowMs = 1'780'000'000'000;

TEST(Goods, TheTemplateIsReadAsItWasWritten) {
  const auto goods = Goods::Parse("offers.json", Goods::Template("a1b2", kNowMs));
  ASSERT_TRUE(goods.ok()) << base::ToString(goods.status());
  std::set<std::string> ids;
  for (const orders::v1::Offer& offer : goods->all()) ids.insert(offer.offer_id());
  EXPECT_EQ(ids.size(), goods->all().size());
  EXPECT_TRUE(ids.contains("jc-a1b2-last-one-1"));
  EXPECT_EQ(goods->Any("last-one")->stock(), 1u);
  EXPECT_EQ(goods->Any("buyer-limit")->buyer_limit(), 2u);
  EXPECT_GT(goods->Any("not-started")->sale_starts_at().seconds(), kNowMs / 1'000);
  EXPECT_LT(goods->Any("ended")->sale_ends_at().seconds(), kNowMs / 1'000);
  EXPECT_EQ(goods->Any("priced"), nullptr);
}

TEST(Goods, WhatWasTakenIsNotHandedOutAgain) {
  auto goods = Goods::Parse("offers.json", Goods::Template("a1b2", kNowMs));
  ASSERT_TRUE(goods.ok());
  std::set<const orders::v1::Offer*> taken;
  while (const orders::v1::Offer* offer = goods->Take("last-one")) taken.insert(offer);
  EXPECT_GT(taken.size(), 1u);
  EXPECT_NE(goods->Any("last-one"), nullptr);
}

std::string OneOffer(const std::string& role, const std::string& more) {
  return R"([{"offer_id": "a", "currency": "IDR", "amount_minor": 1, "role": ")" + role + "\"" +
         more + "}]";
}

TEST(Goods, ABadFileIsRefusedWithItsPlace) {
  ASSERT_TRUE(Goods::Parse("f", OneOffer("plenty", R"(, "stock": 1)")).ok());
  for (const std::string& bad :
       {std::string("{}"), std::string("[1]"), std::string("[]"), OneOffer("plenty", ""),
        OneOffer("few", R"(, "stock": 1)"), OneOffer("plenty", R"(, "stock": -1)"),
        OneOffer("plenty", R"(, "stock": "1")"), OneOffer("plenty", R"(, "stok": 1)")}) {
    const auto goods = Goods::Parse("f", bad);
    EXPECT_EQ(goods.status().code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_TRUE(base::ToString(goods.status()).find("f: ") != std::string::npos) << bad;
  }
}

}  // namespace
}  // namespace jembatan::conformance
