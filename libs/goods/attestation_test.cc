#include "libs/goods/attestation.h"

#include "gtest/gtest.h"

#include "libs/base/text.h"

namespace jembatan::goods {
namespace {

Attestation Whole() {
  return {.marketplace_id = "tokopedia",
          .offer_id = "kaos-polos",
          .issued_ms = 1'795'564'800'000,
          .goods = {.seller_id = "toko-kita",
                    .origin_country = "CN",
                    .ships_from = Goods::ShipsFrom::kAbroad,
                    .hs_code = "61091010",
                    .fob_currency = "USD",
                    .fob_minor = 1'250,
                    .seller_licence = "NIB 9120001",
                    .licence_expires_ms = 1'798'761'600'000,
                    .seller_tier = Goods::SellerTier::kUmkm,
                    .local = true}};
}

constexpr char kWhole[] =
    "jembatan goods 1\n"
    "marketplace tokopedia\n"
    "offer kaos-polos\n"
    "issued 1795564800000\n"
    "seller toko-kita\n"
    "origin CN\n"
    "ships-from abroad\n"
    "hs 61091010\n"
    "fob USD 1250\n"
    "seller-licence NIB 9120001\n"
    "licence-until 1798761600000\n"
    "seller-tier umkm\n"
    "local yes\n";

// Signatures are over this text: it does not change.
TEST(Attestation, HasOneWriting) {
  EXPECT_EQ(*WriteAttestation(Whole()), kWhole);
  EXPECT_EQ(*ParseAttestation(kWhole), Whole());
  const Attestation bare{.marketplace_id = "m", .offer_id = "o", .issued_ms = 1};
  EXPECT_EQ(*WriteAttestation(bare), "jembatan goods 1\nmarketplace m\noffer o\nissued 1\n");
  EXPECT_EQ(*ParseAttestation(*WriteAttestation(bare)), bare);
}

TEST(Attestation, WhatIsWrongIsRefused) {
  const std::pair<std::string, const char*> kBad[] = {
      {"", "line 1: must be \"jembatan goods 1\""},
      {"jembatan goods 2\n", "line 1: must be \"jembatan goods 1\""},
      {"jembatan goods 1", "line 1: must be \"jembatan goods 1\""},
      {"jembatan goods 1\n", "line 1: marketplace, offer and issued are required"},
      {"jembatan goods 1\nmarketplace m\n", "line 2: marketplace, offer and issued are required"},
      {"jembatan goods 1\noffer o\n", "line 2: unknown, given twice or out of order"},
      {"jembatan goods 1\nmarketplace m\norigin CN\n",
       "line 3: unknown, given twice or out of order"},
      {"jembatan goods 1\nmarketplace m\noffer o", "line 3: does not end"},
      {"jembatan goods 1\nmarketplace m\noffer o\n",
       "line 3: marketplace, offer and issued are required"},
      {"jembatan goods 1\nmarketplace m\noffer o\nissued 0\n", "line 4: not a issued"},
      {"jembatan goods 1\nmarketplace m m\n", "line 2: not a marketplace"},
      {"jembatan goods 1\nmarketplace \n", "line 2: not a marketplace"},
      {"jembatan goods 1\nmarketplace\n", "line 2: not a marketplace"},
  };
  for (const auto& [text, error] : kBad) {
    EXPECT_EQ(base::Std(ParseAttestation(text).status().message()), error) << text;
  }
  const std::string begin = "jembatan goods 1\nmarketplace m\noffer o\nissued 1\n";
  for (const char* line : {"origin Cn",
                           "origin",
                           "ships-from moon",
                           "hs 610910",
                           "hs 6109101x",
                           "fob USD",
                           "fob 12",
                           "fob USD 01",
                           "fob USD -1",
                           "fob USD 1.5",
                           "fob BTC 1",
                           "fob USD 1000000000000001",
                           "fob USD 1 ",
                           "seller-licence ",
                           "licence-until 9223372036854775807",
                           "licence-until now",
                           "seller a b",
                           "seller-tier micro",
                           "local no",
                           "local",
                           "local yes\nseller-tier umkm",
                           "phone 0812",
                           "",
                           " origin CN",
                           "origin CN\norigin CN",
                           "hs 61091010\norigin CN"}) {
    EXPECT_FALSE(ParseAttestation(begin + line + "\n").ok()) << line;
  }
}

TEST(Attestation, WhatCannotBeReadIsNotWritten) {
  Attestation attestation = Whole();
  attestation.goods.seller_licence = "NIB\noffer another";
  EXPECT_FALSE(WriteAttestation(attestation).ok());
  attestation = Whole();
  attestation.goods.fob_minor = -1;
  EXPECT_FALSE(WriteAttestation(attestation).ok());
  attestation = Whole();
  attestation.goods.fob_currency = "";
  EXPECT_FALSE(WriteAttestation(attestation).ok()) << "an amount of no currency would be lost";
  attestation = Whole();
  attestation.offer_id = "";
  EXPECT_FALSE(WriteAttestation(attestation).ok());
}

}  // namespace
}  // namespace jembatan::goods
