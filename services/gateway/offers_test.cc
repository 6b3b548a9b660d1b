#include "services/gateway/offers.h"

#include <vector>

#include "gtest/gtest.h"

namespace jembatan::gateway {
namespace {

offers::OfferPtr Kopi(const char* title, const char* seller_id = nullptr) {
  auto offer = std::make_shared<offers::Offer>();
  offer->told.set_title(title);
  offer->told.set_seller_id("said-but-not-attested");
  if (seller_id != nullptr) {
    offer->goods = std::make_shared<const goods::Goods>(goods::Goods{.seller_id = seller_id});
  }
  return offer;
}

TEST(Offers, TellsEachChangeOnceItIsKnown) {
  Offers offers;
  std::vector<std::string> told;
  offers.SetOnChange([&](std::string_view offer_id, const offers::OfferPtr& offer) {
    EXPECT_EQ(offers.Find(offer_id) == nullptr, offer == nullptr);
    told.push_back(std::string(offer_id) + "=" + (offer ? offer->told.title() : "none"));
  });
  EXPECT_EQ(offers.Find("kopi"), nullptr);
  offers.Put("kopi", Kopi("a"));
  offers.Put("kopi", Kopi("b"));
  EXPECT_EQ((*offers.Find("kopi"))->told.title(), "b");
  EXPECT_EQ(offers.size(), 1u);
  offers.Put("kopi", nullptr);
  offers.Put("teh", nullptr);
  EXPECT_EQ(told, (std::vector<std::string>{"kopi=a", "kopi=b", "kopi=none", "teh=none"}));
  EXPECT_EQ(offers.size(), 0u);
  EXPECT_FALSE(offers.complete());
  offers.SetComplete();
  EXPECT_TRUE(offers.complete());
}

TEST(Offers, ASellerIsKnownByAttestationAlone) {
  Offers offers;
  EXPECT_EQ(offers.SellerOf("kopi"), "");
  offers.Put("kopi", Kopi("a"));
  EXPECT_EQ(offers.SellerOf("kopi"), "");
  offers.Put("kopi", Kopi("a", "toko"));
  EXPECT_EQ(offers.SellerOf("kopi"), "toko");
}

}  // namespace
}  // namespace jembatan::gateway
