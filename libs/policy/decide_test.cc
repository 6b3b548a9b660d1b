#include "libs/policy/decide.h"

#include <functional>
#include <random>

#include "gtest/gtest.h"

#include "libs/goods/limits.h"
#include "libs/policy/limits.h"
#include "libs/policy/testing.h"

namespace jembatan::policy {
namespace {

using crossing::v1::Reason;
using testing::PolicyOf;
using testing::RateText;
using testing::RuleText;
using Verdict = Decision::Verdict;
using ShipsFrom = Goods::ShipsFrom;

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t k2024 = 1'704'067'200'000;  // 2024-01-01T00:00:00Z
constexpr int64_t k2027 = 1'798'761'600'000;  // 2027-01-01T00:00:00Z, when the rates below hold

// Facts that every rule of these tests lets pass, unless a test spoils them.
struct Case {
  Goods goods{.origin_country = "CN",
              .ships_from = ShipsFrom::kAbroad,
              .hs_code = "61091010",
              .fob_currency = "USD",
              .fob_minor = 10'000,
              .seller_licence = "NIB-1"};
  Facts facts{.consent_given = true,
              .buyer_ref = "0123456789abcdef0123456789abcdef",
              .marketplace_id = "toko",
              .offer_id = "offer-1",
              .campaign_id = "campaign-1",
              .region = "ID"};
  Case() { facts.goods = &goods; }
  Case(const Case&) = delete;
};

struct Expected {
  const char* what;
  std::function<void(Case&)> spoil;
  Verdict verdict;
  Reason reason = crossing::v1::REASON_UNSPECIFIED;
};

void ExpectEach(const Policy& policy, int64_t at_ms, const std::vector<Expected>& table) {
  for (const Expected& row : table) {
    Case one;
    row.spoil(one);
    Decision decision = Decide(policy, one.facts, at_ms);
    EXPECT_EQ(decision.verdict, row.verdict) << row.what;
    EXPECT_EQ(decision.reason, row.reason) << row.what;
  }
}

TEST(Consent, HoldsBeforeItsOwnBegin) {
  Case one;
  EXPECT_EQ(Decide(*ConsentOnly(), one.facts, k2024).verdict, Verdict::kAllowed);
  EXPECT_EQ(Decide(*ConsentOnly(), one.facts, k2024).rule->id, "consent");
  one.facts.consent_given = false;
  auto policy = PolicyOf("");
  for (int64_t at_ms : {int64_t{0}, k2024, k2027}) {
    Decision decision = Decide(*policy, one.facts, at_ms);
    EXPECT_EQ(decision.verdict, Verdict::kRefused);
    EXPECT_EQ(decision.reason, crossing::v1::REASON_CONSENT_NOT_GIVEN);
    ASSERT_NE(decision.rule, nullptr);
    EXPECT_EQ(decision.rule->id, "consent");
  }
}

TEST(Dates, ARuleHoldsFromItsBeginUntilBeforeItsEnd) {
  auto policy = PolicyOf(
      RuleText("shops", "marketplaces", "ids = [\"pasar\"]\neffective_to = 2024-01-02T00:00:00Z"));
  Case one;
  EXPECT_EQ(Decide(*policy, one.facts, k2024 - 1).verdict, Verdict::kAllowed);
  EXPECT_EQ(Decide(*policy, one.facts, k2024).verdict, Verdict::kRefused);
  EXPECT_EQ(Decide(*policy, one.facts, k2024 + kDayMs - 1).verdict, Verdict::kRefused);
  EXPECT_EQ(Decide(*policy, one.facts, k2024 + kDayMs).verdict, Verdict::kAllowed);
}

TEST(Marketplaces, OnlyThoseRegisteredSell) {
  auto policy = PolicyOf(RuleText("shops", "marketplaces", "ids = [\"toko\", \"pasar\"]"));
  ExpectEach(
      *policy, k2024,
      {{"registered", [](Case&) {}, Verdict::kAllowed},
       {"another registered", [](Case& c) { c.facts.marketplace_id = "pasar"; }, Verdict::kAllowed},
       {"a prefix", [](Case& c) { c.facts.marketplace_id = "tok"; }, Verdict::kRefused,
        crossing::v1::REASON_MARKETPLACE_NOT_REGISTERED},
       {"none", [](Case& c) { c.facts.marketplace_id = ""; }, Verdict::kRefused,
        crossing::v1::REASON_MARKETPLACE_NOT_REGISTERED}});
}

TEST(Regions, AreJudgedOnlyWhereTheyAreKnown) {
  auto policy = PolicyOf(RuleText("regions", "regions", "codes = [\"ID\"]"));
  ExpectEach(*policy, k2024,
             {{"served", [](Case&) {}, Verdict::kAllowed},
              {"not served", [](Case& c) { c.facts.region = "SG"; }, Verdict::kRefused,
               crossing::v1::REASON_REGION_NOT_ENABLED},
              {"not known", [](Case& c) { c.facts.region = ""; }, Verdict::kAllowed}});
}

TEST(CrossBorder, TheMinimumIsOfOneUnitAndExact) {
  auto policy = PolicyOf(
      RuleText("fob", "cross_border",
               "minimum_fob_usd_minor = 10000\npositive_list = [\"49011000\", \"49019910\"]") +
      RateText("USD", "16000") + RateText("CNY", "2200.5") + RateText("JPY", "105.123456") +
      RateText("EUR", "17000", "2028-01-01T00:00:00Z"));
  const auto fob = [](const char* currency, int64_t minor) {
    return [=](Case& c) {
      c.goods.fob_currency = currency;
      c.goods.fob_minor = minor;
    };
  };
  const Reason kBelow = crossing::v1::REASON_CROSS_BORDER_BELOW_MINIMUM;
  const Reason kMissing = crossing::v1::REASON_ORIGIN_MISSING;
  ExpectEach(
      *policy, k2027,
      {{"the minimum", fob("USD", 10'000), Verdict::kAllowed},
       {"a cent less", fob("USD", 9'999), Verdict::kRefused, kBelow},
       // 100 x 16000 / 2200.5 = 727.107...
       {"yuan above", fob("CNY", 72'711), Verdict::kAllowed},
       {"yuan below", fob("CNY", 72'710), Verdict::kRefused, kBelow},
       // 100 x 16000 / 105.123456 = 15220.199...; the yen has no minor unit.
       {"yen above", fob("JPY", 15'221), Verdict::kAllowed},
       {"yen below", fob("JPY", 15'220), Verdict::kRefused, kBelow},
       {"rupiah, exactly", fob("IDR", 160'000'000), Verdict::kAllowed},
       {"rupiah, a sen less", fob("IDR", 159'999'999), Verdict::kRefused, kBelow},
       {"the largest amount", fob("JPY", goods::kAmountMinorMax), Verdict::kAllowed},
       {"no rate in force", fob("EUR", 1'000'000), Verdict::kRefused, kMissing},
       {"no rate at all", fob("GBP", 1'000'000), Verdict::kRefused, kMissing},
       {"no currency that is known", fob("ZZZ", 1'000'000), Verdict::kRefused, kMissing},
       {"no price", fob("", 0), Verdict::kRefused, kMissing},
       {"on the list",
        [](Case& c) {
          c.goods = {.origin_country = "GB",
                     .ships_from = ShipsFrom::kAbroad,
                     .hs_code = "49019910",
                     .fob_currency = "USD",
                     .fob_minor = 1};
        },
        Verdict::kAllowed},
       {"beside the list", [](Case& c) { c.goods.fob_minor = 1, c.goods.hs_code = "49019911"; },
        Verdict::kRefused, kBelow},
       {"from home", [](Case& c) { c.goods.fob_minor = 1, c.goods.ships_from = ShipsFrom::kHome; },
        Verdict::kAllowed},
       {"from nobody knows where", [](Case& c) { c.goods.ships_from = ShipsFrom::kNotAttested; },
        Verdict::kRefused, kMissing},
       {"without an origin", [](Case& c) { c.goods.origin_country = ""; }, Verdict::kRefused,
        kMissing},
       {"nothing attested", [](Case& c) { c.facts.goods = nullptr; }, Verdict::kRefused, kMissing},
       {"not known yet", [](Case& c) { c.facts.goods = nullptr, c.facts.goods_pending = true; },
        Verdict::kPending}});
}

// Property: exact comparison agrees with a wide decimal one, rates and prices at random.
TEST(CrossBorder, TheMinimumAgreesWithLongDivision) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 2'000; ++round) {
    const auto usd = static_cast<int64_t>(10'000'000'000 + random() % 10'000'000'000);
    const auto other = static_cast<int64_t>(1 + random() % 30'000'000'000);
    Policy policy = Seal({{.id = "fob", .terms = CrossBorder{10'000, {}}}},
                         {{.currency = "USD", .rupiah_per_unit = usd},
                          {.currency = "EUR", .rupiah_per_unit = other}});
    // The least price that reaches: the quotient rounded up.
    __extension__ using Wide = __int128;
    const Wide needed = Wide{10'000} * usd;
    const auto least = static_cast<int64_t>(needed / other + (needed % other != 0 ? 1 : 0));
    Case one;
    one.goods.fob_currency = "EUR";
    one.goods.fob_minor = least;
    EXPECT_EQ(Decide(policy, one.facts, k2027).verdict, Verdict::kAllowed) << usd << " " << other;
    one.goods.fob_minor = least - 1;
    EXPECT_EQ(Decide(policy, one.facts, k2027).verdict, Verdict::kRefused) << usd << " " << other;
  }
}

TEST(CrossBorder, TheRateIsThatOfTheWeek) {
  std::string rates = RateText("USD", "16000");
  rates += RateText("SGD", "12000", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
  rates += RateText("SGD", "8000", "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
  auto policy = PolicyOf(
      RuleText("fob", "cross_border", "minimum_fob_usd_minor = 10000\npositive_list = []") + rates);
  Case one;
  one.goods.fob_currency = "SGD";
  one.goods.fob_minor = 15'000;
  EXPECT_EQ(Decide(*policy, one.facts, k2027 - 1).verdict, Verdict::kAllowed);
  EXPECT_EQ(Decide(*policy, one.facts, k2027).reason,
            crossing::v1::REASON_CROSS_BORDER_BELOW_MINIMUM);
  EXPECT_EQ(Decide(*policy, one.facts, k2027 + 365 * kDayMs).reason,
            crossing::v1::REASON_ORIGIN_MISSING);
}

TEST(SellerLicence, MustBeAttestedAndValid) {
  const Reason kNone = crossing::v1::REASON_SELLER_NOT_LICENSED;
  const auto at_home = [](Case& c) {
    c.goods.ships_from = ShipsFrom::kHome;
    c.goods.seller_licence = "";
  };
  ExpectEach(
      *PolicyOf(RuleText("licence", "seller_licence", "sellers = \"all\"")), k2024,
      {{"attested", [](Case&) {}, Verdict::kAllowed},
       {"none", [](Case& c) { c.goods.seller_licence = ""; }, Verdict::kRefused, kNone},
       {"none, at home", at_home, Verdict::kRefused, kNone},
       {"valid until then", [](Case& c) { c.goods.licence_expires_ms = k2024 + 1; },
        Verdict::kAllowed},
       {"run out", [](Case& c) { c.goods.licence_expires_ms = k2024; }, Verdict::kRefused, kNone},
       {"nothing attested", [](Case& c) { c.facts.goods = nullptr; }, Verdict::kRefused, kNone},
       {"not known yet", [](Case& c) { c.facts.goods = nullptr, c.facts.goods_pending = true; },
        Verdict::kPending}});
  ExpectEach(
      *PolicyOf(RuleText("licence", "seller_licence", "sellers = \"abroad\"")), k2024,
      {{"none, at home", at_home, Verdict::kAllowed},
       {"none, abroad", [](Case& c) { c.goods.seller_licence = ""; }, Verdict::kRefused, kNone},
       {"none, nobody knows where",
        [](Case& c) {
          c.goods.seller_licence = "";
          c.goods.ships_from = ShipsFrom::kNotAttested;
        },
        Verdict::kRefused, kNone}});
}

std::string Window(const char* id, const char* offer, int from_day, int to_day) {
  const auto day = [](int d) { return "2024-02-" + std::to_string(d) + "T00:00:00Z"; };
  return RuleText(id, "sale_window",
                  "offer_ids = [\"" + std::string(offer) + "\"]\nopens = " + day(from_day) +
                      "\ncloses = " + day(to_day));
}

TEST(SaleWindow, OneThatIsOpenIsEnough) {
  auto policy = PolicyOf(Window("late", "offer-1", 20, 21) + Window("early", "offer-1", 10, 12) +
                         Window("other", "offer-2", 10, 28));
  const int64_t first = k2024 + 40 * kDayMs;  // 2024-02-10
  struct {
    int64_t at_ms;
    Verdict verdict;
    Reason reason;
    const char* rule;
  } rows[] = {
      {first - 1, Verdict::kRefused, crossing::v1::REASON_FLASH_NOT_STARTED, "early"},
      {first, Verdict::kAllowed, crossing::v1::REASON_UNSPECIFIED, "early"},
      {first + 2 * kDayMs - 1, Verdict::kAllowed, crossing::v1::REASON_UNSPECIFIED, "early"},
      {first + 2 * kDayMs, Verdict::kRefused, crossing::v1::REASON_FLASH_NOT_STARTED, "late"},
      {first + 10 * kDayMs, Verdict::kAllowed, crossing::v1::REASON_UNSPECIFIED, "late"},
      {first + 11 * kDayMs, Verdict::kRefused, crossing::v1::REASON_FLASH_ENDED, "late"},
  };
  for (const auto& row : rows) {
    Case one;
    Decision decision = Decide(*policy, one.facts, row.at_ms);
    EXPECT_EQ(decision.verdict, row.verdict) << row.at_ms;
    EXPECT_EQ(decision.reason, row.reason) << row.at_ms;
    EXPECT_EQ(decision.rule->id, row.rule) << row.at_ms;
  }
  Case unnamed;
  unnamed.facts.offer_id = "offer-3";
  EXPECT_EQ(Decide(*policy, unnamed.facts, first - 1).verdict, Verdict::kAllowed);
}

TEST(SaleWindow, MayNameCampaigns) {
  auto policy = PolicyOf(RuleText("flash", "sale_window",
                                  "campaign_ids = [\"campaign-1\"]\nopens = 2024-02-01T00:00:00Z\n"
                                  "closes = 2024-02-02T00:00:00Z"));
  ExpectEach(
      *policy, k2024,
      {{"of the campaign", [](Case&) {}, Verdict::kRefused, crossing::v1::REASON_FLASH_NOT_STARTED},
       {"of another", [](Case& c) { c.facts.campaign_id = "campaign-2"; }, Verdict::kAllowed},
       {"of none", [](Case& c) { c.facts.campaign_id = ""; }, Verdict::kAllowed}});
}

std::string BuyerRef(std::mt19937_64& random) {
  std::string ref(32, '\0');
  for (char& byte : ref) byte = static_cast<char>(random());
  return ref;
}

TEST(Rollout, IncludesItsPartAndKeepsItWhenItGrows) {
  std::mt19937_64 random(11);
  const auto policy_of = [](int64_t basis_points, const char* salt) {
    return Seal({{.id = "r", .terms = Rollout{.basis_points = basis_points, .salt = salt}}}, {});
  };
  const Policy none = policy_of(0, "s");
  const Policy tenth = policy_of(1'000, "s");
  const Policy half = policy_of(5'000, "s");
  const Policy all = policy_of(10'000, "s");
  const Policy other_tenth = policy_of(1'000, "t");
  constexpr int kBuyers = 20'000;
  int in_tenth = 0, in_half = 0, in_both_tenths = 0;
  for (int i = 0; i < kBuyers; ++i) {
    const std::string buyer = BuyerRef(random);
    Case one;
    one.facts.buyer_ref = buyer;
    const auto in = [&](const Policy& policy) {
      Decision decision = Decide(policy, one.facts, k2024);
      bool refused = decision.reason == crossing::v1::REASON_ROLLOUT_EXCLUDED;
      EXPECT_EQ(refused, decision.verdict == Verdict::kRefused);
      return !refused;
    };
    EXPECT_FALSE(in(none));
    EXPECT_TRUE(in(all));
    if (in(tenth)) EXPECT_TRUE(in(half));
    in_tenth += in(tenth) ? 1 : 0;
    in_half += in(half) ? 1 : 0;
    in_both_tenths += in(tenth) && in(other_tenth) ? 1 : 0;
  }
  // Five standard deviations either way, of a fixed seed.
  EXPECT_NEAR(in_tenth, 2'000, 5 * 43);
  EXPECT_NEAR(in_half, 10'000, 5 * 71);
  EXPECT_NEAR(in_both_tenths, 200, 5 * 15);
}

// A buyer who was in must not fall out because another build counts otherwise.
TEST(Rollout, APlaceIsForEver) {
  const std::string buyer = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(RolloutPlace(buyer, 0), 3632);
  EXPECT_EQ(RolloutPlace(buyer, 1), 6780);
  EXPECT_EQ(RolloutPlace(std::string(32, '\xff'), 12345), 7923);
  EXPECT_EQ(RolloutPlace("", 0), 0);
}

TEST(Rollout, ConcernsItsMarketplaceOnly) {
  auto policy = PolicyOf(
      RuleText("r", "rollout", "basis_points = 0\nsalt = \"s\"\nmarketplace_id = \"toko\""));
  ExpectEach(*policy, k2024,
             {{"there", [](Case&) {}, Verdict::kRefused, crossing::v1::REASON_ROLLOUT_EXCLUDED},
              {"elsewhere", [](Case& c) { c.facts.marketplace_id = "pasar"; }, Verdict::kAllowed}});
}

// What can be said without the goods is said, and by the rule that comes first.
TEST(Decide, TheFirstRuleThatRefusesTells) {
  auto policy = PolicyOf(
      RuleText("fob", "cross_border", "minimum_fob_usd_minor = 10000\npositive_list = []") +
      RuleText("licence", "seller_licence", "sellers = \"all\"") +
      RuleText("shops", "marketplaces", "ids = [\"toko\"]"));
  Case one;
  one.facts.goods = nullptr;
  one.facts.goods_pending = true;
  EXPECT_EQ(Decide(*policy, one.facts, k2024).verdict, Verdict::kPending);
  one.facts.marketplace_id = "gelap";
  EXPECT_EQ(Decide(*policy, one.facts, k2024).rule->id, "shops");
  one.facts.consent_given = false;
  EXPECT_EQ(Decide(*policy, one.facts, k2024).rule->id, "consent");
  Case good;
  EXPECT_EQ(Decide(*policy, good.facts, k2024).rule->id, "fob");
}

TEST(Explain, TellsOfEveryRule) {
  auto policy = PolicyOf(
      RuleText("fob", "cross_border", "minimum_fob_usd_minor = 10000\npositive_list = []") +
      RuleText("later", "regions", "codes = [\"ID\"]", "2030-01-01T00:00:00Z") +
      RuleText("shops", "marketplaces", "ids = [\"pasar\"]") +
      RuleText("elsewhere", "rollout",
               "basis_points = 0\nsalt = \"s\"\nmarketplace_id = \"pasar\""));
  Case one;
  std::string told;
  for (const Finding& finding : Explain(*policy, one.facts, k2024)) {
    told += finding.rule->id + "=" + std::to_string(static_cast<int>(finding.kind)) + " ";
  }
  EXPECT_EQ(told, "consent=2 shops=3 later=0 elsewhere=1 fob=2 ");
}

}  // namespace
}  // namespace jembatan::policy
