#include "libs/policy/policy.h"

#include "gtest/gtest.h"

#include "libs/base/text.h"
#include "libs/policy/testing.h"

namespace jembatan::policy {
namespace {

using testing::kConsent;
using testing::RateText;
using testing::RuleText;

std::string VersionOf(const std::string& text) {
  absl::StatusOr<Policy> policy = ParsePolicy("test.toml", text);
  EXPECT_TRUE(policy.ok()) << policy.status().message();
  return policy.ok() ? base::Hex(policy->version) : "";
}

const std::string kMarketplaces = RuleText("shops", "marketplaces", R"(ids = ["toko", "pasar"])");
const std::string kBorder =
    RuleText("fob", "cross_border",
             "minimum_fob_usd_minor = 10000\npositive_list = [\"49011000\", \"49019910\"]");
const std::string kRates = RateText("USD", "16000") + RateText("JPY", "105.25");

TEST(Version, IsOfTheContentAndNotOfItsWriting) {
  const std::string version = VersionOf(kConsent + kMarketplaces + kBorder + kRates);
  EXPECT_EQ(version.size(), 64u);
  EXPECT_EQ(version, VersionOf(kConsent + kBorder + "# why\n" + kMarketplaces + kRates));
  EXPECT_EQ(version, VersionOf(kConsent + RateText("JPY", "105.250") + RateText("USD", "16000.0") +
                               RuleText("shops", "marketplaces", R"(ids = ["pasar", "toko"])",
                                        "2024-01-01T07:00:00+07:00") +
                               kBorder));
}

TEST(Version, ChangesWithEverythingThatDecides) {
  const std::string all = kConsent + kMarketplaces + kBorder + kRates;
  const std::string version = VersionOf(all);
  const std::pair<const char*, const char*> kChanges[] = {
      {"\"consent\"\nkind", "\"consent-2\"\nkind"},
      {"UU 27/2022", "UU 27/2022 art. 20"},
      {"2023-09-26T00:00:00+07:00", "2023-09-26T00:00:01+07:00"},
      {"\"toko\"", "\"tokoh\""},
      {"10000", "10001"},
      {"\"49019910\"", "\"49019911\""},
      {"\"16000\"", "\"16000.000001\""},
      {"JPY", "KRW"},
      {"2030-01-01", "2030-01-02"},
      {"a decree", "another decree"},
      {"effective_from = 2024-01-01T00:00:00Z\n",
       "effective_from = 2024-01-01T00:00:00Z\neffective_to = 2040-01-01T00:00:00Z\n"},
  };
  for (const auto& [from, to] : kChanges) {
    std::string changed = all;
    size_t at = changed.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    changed.replace(at, std::string_view(from).size(), to);
    EXPECT_NE(VersionOf(changed), version) << from;
  }
}

// Outcomes and ledgers name versions: a program that counts otherwise would tell another policy.
TEST(Version, OfAGivenPolicyStays) {
  EXPECT_EQ(Canonical(*ConsentOnly()),
            "jembatan policy 1\nrule=7:consent\nkind=7:consent\narticle=10:UU 27/2022\n"
            "from_ms=0\nto_ms=9223372036854775807\n");
  EXPECT_EQ(base::Hex(ConsentOnly()->version),
            "c4d8f18c010c23416eeec3d789a9ede35c220235aba1027f20d5e21fecdfeb6f");
}

TEST(Canonical, TextsCannotRunIntoEachOther) {
  const auto windows = [](const char* offers, const char* campaigns) {
    return kConsent +
           RuleText("w", "sale_window",
                    std::string("offer_ids = ") + offers + "\ncampaign_ids = " + campaigns +
                        "\nopens = 2024-02-01T00:00:00Z\n" + "closes = 2024-03-01T00:00:00Z");
  };
  EXPECT_NE(VersionOf(windows("[\"a\", \"b\"]", "[]")), VersionOf(windows("[\"a\"]", "[\"b\"]")));
}

TEST(Seal, PutsRulesInTheOrderInWhichTheyAreJudged) {
  auto policy = testing::PolicyOf(
      kBorder +
      RuleText("later", "rollout", "basis_points = 1\nsalt = \"s\"", "2025-01-01T00:00:00Z") +
      RuleText("sooner", "rollout", "basis_points = 1\nsalt = \"s\"") + kMarketplaces);
  std::string ids;
  for (const Rule& rule : policy->rules) ids += rule.id + " ";
  EXPECT_EQ(ids, "consent shops sooner later fob ");
}

}  // namespace
}  // namespace jembatan::policy
