#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/base/timestamp.h"
#include "libs/beli_lokal/attestations.h"
#include "libs/beli_lokal/figures.h"
#include "libs/beli_lokal/limits.h"
#include "libs/evidence/bundle.h"
#include "libs/evidence/testing/house.h"
#include "libs/goods/attestation.h"
#include "libs/intent/limits.h"
#include "libs/ledger/note.h"

namespace jembatan::beli_lokal {
namespace {

using crossing::v1::Outcome;
using evidence::testing::House;
using evidence::testing::kFromMs;
using evidence::testing::kMarketplace;
using evidence::testing::kToMs;
using evidence::testing::Tap;
using Tier = goods::Goods::SellerTier;

constexpr Window kWindow{kFromMs, kToMs};

class Reckoning : public testing::Test {
 protected:
  // A record of the offers' topic with what is attested.
  void Attest(const std::string& offer, goods::Goods goods, int64_t issued_ms = kFromMs - 1,
              const ledger::NoteSigner* signer = nullptr) {
    crossing::v1::Offer told;
    told.set_offer_id(offer);
    told.set_marketplace_id(kMarketplace);
    told.mutable_price()->set_currency("IDR");
    told.mutable_price()->set_amount_minor(1);
    told.set_attestation((signer == nullptr ? marketplace_ : *signer)
                             .Sign(*goods::WriteAttestation({.marketplace_id = kMarketplace,
                                                             .offer_id = offer,
                                                             .issued_ms = issued_ms,
                                                             .goods = std::move(goods)})));
    house_.Put({std::string(evidence::kOffers), 0}, offer, told.SerializeAsString(), kToMs);
  }

  // A tap with its final, of which the test may make another.
  struct Bought {
    std::string offer = "kopi";
    std::string creator{};
    uint32_t quantity = 1;
    uint64_t buyer = 1;
    int64_t at_ms = kFromMs + 1'000;
    int64_t took_ms = 40;
    Outcome::State state = Outcome::STATE_ORDERED;
    crossing::v1::Reason reason{};
    bool by_rule = false;
  };
  void Buy(const Bought& bought) {
    const Tap tap{.number = ++number_,
                  .at_ms = bought.at_ms,
                  .offer = bought.offer,
                  .campaign = {},
                  .buyer = bought.buyer};
    auto intent = tap.Intent();
    intent.set_quantity(bought.quantity);
    intent.set_attribution(bought.creator);
    auto outcome = tap.Ordered(house_.Put(intent, bought.at_ms));
    outcome.set_state(bought.state);
    outcome.set_reason(bought.reason);
    outcome.set_refused_by_policy(bought.by_rule);
    house_.Put(outcome, bought.at_ms + bought.took_ms);
  }
  // Of so many buyers, one order each.
  void BuyOf(const std::string& creator, uint64_t buyers) {
    for (uint64_t i = 0; i < buyers; ++i) Buy({.creator = creator, .buyer = i});
  }

  Figures Reckoned(const Window& window = kWindow) {
    segments_.clear();
    for (const auto& [log, records] : house_.logs()) {
      evidence::Segment& segment = segments_[log];
      segment.log = log;
      for (const House::Stored& stored : records) {
        segment.records.push_back({.offset = stored.offset,
                                   .append_ms = stored.append_ms,
                                   .key = stored.key,
                                   .value = stored.value});
      }
    }
    return Reckon(segments_, keys_, window);
  }

  const ledger::NoteSigner marketplace_ = *ledger::NoteSigner::Generate(kMarketplace);
  const goods::NoteKeys keys_ = *goods::NoteKeys::Parse(marketplace_.verifier().text());
  House house_;
  uint64_t number_ = 0;
  std::map<ledger::LogId, evidence::Segment> segments_;
};

TEST_F(Reckoning, NothingIsAnHonestNothing) {
  const Figures figures = Reckoned();
  EXPECT_EQ(figures.all.orders, 0u);
  EXPECT_EQ(figures.fare.intents, 0u);
  EXPECT_TRUE(figures.creators.empty());
  EXPECT_FALSE(figures.gathered || figures.without_creator);
  EXPECT_EQ(figures.slots.size(), 20u) << "ten minutes";
}

TEST_F(Reckoning, OrdersAreSplitByWhatTheirMarketplaceAttests) {
  Attest("kopi", {.origin_country = "ID", .seller_tier = Tier::kUmkm, .local = true});
  Attest("ponsel", {.origin_country = "CN", .seller_tier = Tier::kOther});
  Attest("kaos", {.seller_tier = Tier::kOther});
  Buy({.offer = "kopi", .quantity = 2});
  Buy({.offer = "ponsel", .quantity = 3});
  Buy({.offer = "kaos"});
  Buy({.offer = "asing"});
  const Figures figures = Reckoned();
  EXPECT_EQ(figures.all.orders, 4u);
  EXPECT_EQ(figures.all.units, 7u);
  // 2,500,000 minor units each.
  EXPECT_EQ(figures.all.value.at("IDR"), Minor(17'500'000));
  const auto orders = [](const Split& split) {
    return std::vector<uint64_t>{split[Answer::kYes].orders, split[Answer::kNo].orders,
                                 split[Answer::kNotAttested].orders};
  };
  EXPECT_EQ(orders(figures.umkm), (std::vector<uint64_t>{1, 2, 1}));
  EXPECT_EQ(orders(figures.local), (std::vector<uint64_t>{1, 2, 1}));
  EXPECT_EQ(orders(figures.made_here), (std::vector<uint64_t>{1, 1, 2}));
  EXPECT_EQ(figures.umkm[Answer::kYes].value.at("IDR"), Minor(5'000'000));
}

TEST_F(Reckoning, AForgedAttestationCountsForNothing) {
  const auto forger = *ledger::NoteSigner::Generate(kMarketplace);
  Attest("kopi", {.origin_country = "ID", .local = true}, kFromMs - 1, &forger);
  Buy({});
  EXPECT_EQ(Reckoned().local[Answer::kNotAttested].orders, 1u);
}

TEST_F(Reckoning, WhatWasIssuedLastBeforeTheIntentHolds) {
  // As compaction leaves them: in no order, appended long after.
  Attest("kopi", {.local = false}, kFromMs + 5'000);
  Attest("kopi", {.local = true}, kFromMs + 2'000);
  Buy({.at_ms = kFromMs + 1'000});
  Buy({.at_ms = kFromMs + 4'999});
  Buy({.at_ms = kFromMs + 5'000});
  const Figures figures = Reckoned();
  EXPECT_EQ(figures.local[Answer::kYes].orders, 2u);
  EXPECT_EQ(figures.local[Answer::kNo].orders, 1u);
  EXPECT_EQ(figures.attested_later, 1u);
}

TEST_F(Reckoning, TheAuthoritativePriceIsTheValueElseTheOneSeen) {
  const Tap tap{.number = 90};
  auto outcome = tap.Ordered(house_.Put(tap.Intent(), tap.at_ms));
  outcome.mutable_price()->set_currency("USD");
  outcome.mutable_price()->set_amount_minor(700);
  house_.Put(outcome, tap.at_ms + 1);
  const Tap seen{.number = 91};
  outcome = seen.Ordered(house_.Put(seen.Intent(), seen.at_ms));
  outcome.clear_price();
  house_.Put(outcome, seen.at_ms + 1);
  const Tap strange{.number = 92};
  outcome = strange.Ordered(house_.Put(strange.Intent(), strange.at_ms));
  outcome.mutable_price()->set_currency("<b>");
  outcome.mutable_price()->set_amount_minor(-5);
  house_.Put(outcome, strange.at_ms + 1);
  const Figures figures = Reckoned();
  EXPECT_EQ(figures.all.value.at("USD"), Minor(700));
  EXPECT_EQ(figures.all.value.at("IDR"), Minor(2'500'000));
  EXPECT_EQ(figures.all.value.at("?"), Minor(0));
}

TEST_F(Reckoning, TheWindowTakesIntentsByTheirFirstAppend) {
  Buy({.at_ms = kFromMs - 1});
  Buy({.at_ms = kFromMs});
  Buy({.at_ms = kToMs - 1, .took_ms = 5'000});
  Buy({.at_ms = kToMs});
  // A copy of what was first appended before the window.
  const Tap tap{.number = 1, .at_ms = kFromMs - 1};
  house_.Put(tap.Intent(), kFromMs + 10);
  const Figures figures = Reckoned();
  EXPECT_EQ(figures.fare.intents, 2u);
  EXPECT_EQ(figures.slots.front().other, 1u);
  EXPECT_EQ(figures.slots.back().other, 1u);
}

TEST_F(Reckoning, TiersAreToldHowTheyFared) {
  Attest("kopi", {.seller_tier = Tier::kUmkm});
  Attest("ponsel", {.seller_tier = Tier::kOther});
  for (int i = 1; i <= 100; ++i) Buy({.took_ms = i});
  Buy({.state = Outcome::STATE_REJECTED, .reason = crossing::v1::REASON_OUT_OF_STOCK});
  Buy({.state = Outcome::STATE_REJECTED, .reason = crossing::v1::REASON_FLASH_NOT_STARTED});
  Buy({.state = Outcome::STATE_HANDED_OFF});
  Buy({.state = Outcome::STATE_EXPIRED});
  Buy({.offer = "ponsel",
       .took_ms = 7,
       .state = Outcome::STATE_REJECTED,
       .reason = crossing::v1::REASON_ORIGIN_MISSING,
       .by_rule = true});
  const Tap open{.number = 400, .offer = "ponsel"};
  house_.Put(open.Intent(), open.at_ms);
  const Figures figures = Reckoned();
  const Fare& umkm = figures.Tier(Answer::kYes);
  EXPECT_EQ(umkm.intents, 104u);
  EXPECT_EQ(umkm.ordered, 100u);
  EXPECT_EQ(umkm.sold_out, 1u);
  EXPECT_EQ(umkm.rejected, 1u);
  EXPECT_EQ(umkm.handed_off, 1u);
  EXPECT_EQ(umkm.expired, 1u);
  EXPECT_EQ(umkm.latency.count, 104u);
  EXPECT_EQ(umkm.latency.p50_ms, 48);
  EXPECT_EQ(umkm.latency.p99_ms, 99);
  const Fare& other = figures.Tier(Answer::kNo);
  EXPECT_EQ(other.intents, 2u);
  EXPECT_EQ(other.by_rule, 1u);
  EXPECT_EQ(other.open, 1u);
  EXPECT_EQ(other.latency.count, 1u);
  EXPECT_EQ(figures.fare.intents, 106u);
}

// --- Creators -----------------------------------------------------------------------------------

TEST_F(Reckoning, CreatorsOfFewBuyersAreGathered) {
  BuyOf("sari", 12);
  BuyOf("budi", kBuyersMin);
  BuyOf("rina", kBuyersMin - 1);
  BuyOf("joko", 2);
  BuyOf("", 11);
  // Many orders of one buyer are still one buyer's.
  for (int i = 0; i < 30; ++i) Buy({.creator = "0812-3456-7890", .buyer = 20});
  const Figures figures = Reckoned();
  ASSERT_EQ(figures.creators.size(), 2u);
  EXPECT_EQ(figures.creators[0].token, "sari");
  EXPECT_EQ(figures.creators[0].sales.orders, 12u);
  EXPECT_EQ(figures.creators[1].token, "budi");
  ASSERT_TRUE(figures.gathered);
  EXPECT_EQ(figures.gathered->orders, 41u);
  EXPECT_EQ(figures.gathered_tokens, 3u);
  ASSERT_TRUE(figures.without_creator);
  EXPECT_EQ(figures.without_creator->orders, 11u);
}

TEST_F(Reckoning, WhatIsGatheredMustBeOfManyBuyersItself) {
  BuyOf("sari", 15);
  BuyOf("budi", 11);
  BuyOf("rina", 1);
  const Figures figures = Reckoned();
  ASSERT_EQ(figures.creators.size(), 1u) << "else all less the named ones would be rina's buyer";
  EXPECT_EQ(figures.creators[0].token, "sari");
  EXPECT_EQ(figures.gathered->orders, 12u);
}

TEST_F(Reckoning, OrdersOfNoCreatorAreGatheredAtLast) {
  BuyOf("rina", 1);
  BuyOf("", 15);
  const Figures figures = Reckoned();
  EXPECT_TRUE(figures.creators.empty());
  EXPECT_EQ(figures.gathered->orders, 16u);
  EXPECT_FALSE(figures.without_creator);
}

TEST_F(Reckoning, NoMoreCreatorsAreNamedThanThereIsRoomFor) {
  for (size_t i = 0; i < kTokensMax + 3; ++i) {
    BuyOf("kreator-" + std::to_string(i), kBuyersMin + i % 2);
  }
  const Figures figures = Reckoned();
  EXPECT_EQ(figures.creators.size(), kTokensMax);
  EXPECT_EQ(figures.gathered_tokens, 3u);
}

// --- Time ---------------------------------------------------------------------------------------

TEST_F(Reckoning, SlotsAreFewWhateverTheTime) {
  constexpr int64_t kSecond = 1'000;
  constexpr int64_t kDay = 24 * 3'600 * kSecond;
  for (const int64_t length :
       {int64_t{1}, 90 * kSecond, kDay, 7 * kDay, 365 * kDay, 36'500 * kDay}) {
    const Figures figures = Reckoned({kFromMs, kFromMs + length});
    ASSERT_FALSE(figures.slots.empty());
    EXPECT_LE(figures.slots.size(), static_cast<size_t>(kSlotsMax)) << length;
    EXPECT_GE(figures.slot_ms * static_cast<int64_t>(figures.slots.size()), length);
  }
  EXPECT_EQ(Reckoned({kFromMs, kFromMs + kDay}).slot_ms, 3'600 * kSecond);
}

}  // namespace
}  // namespace jembatan::beli_lokal
