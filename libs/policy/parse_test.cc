#include "libs/policy/parse.h"

#include <fstream>
#include <iterator>

#include "gtest/gtest.h"

#include "libs/base/text.h"
#include "libs/policy/limits.h"
#include "libs/policy/testing.h"
#include "libs/toml/limits.h"

namespace jembatan::policy {
namespace {

using testing::kConsent;
using testing::RateText;
using testing::RuleText;

std::string ErrorOf(const std::string& text) {
  absl::StatusOr<Policy> policy = ParsePolicy("p.toml", text);
  if (policy.ok()) return "taken";
  EXPECT_TRUE(absl::IsInvalidArgument(policy.status()));
  return std::string(base::Std(policy.status().message()));
}

struct Bad {
  const char* what;
  std::string text;
  const char* error;  // begins with "p.toml:LINE: "
};

constexpr char kHead[] = "[[rule]]\nid = \"r\"\nkind = \"regions\"\narticle = \"a\"\n";
constexpr char kFrom[] = "effective_from = 2024-01-01T00:00:00Z\n";
constexpr char kWindow[] = "opens = 2024-02-01T00:00:00Z\ncloses = 2024-03-01T00:00:00Z";

// The rule or rate after consent begins at line 7; its terms at line 12.
std::string Rule(const char* kind, const std::string& terms) {
  return kConsent + RuleText("r", kind, terms);
}
std::string Rate(const char* currency, const char* rupiah) {
  return kConsent + RateText(currency, rupiah);
}

const Bad kBadFiles[] = {
    {"empty", "", "p.toml:1: schema is missing"},
    {"not TOML", "schema = 1\nrule = [", "p.toml:2: "},
    {"not UTF-8", "schema = 1\n# \xff\xfe\n", "p.toml:2: "},
    {"key twice", "schema = 1\nschema = 1\n", "p.toml:2: "},
    {"other schema", "schema = 2\n", "p.toml:1: schema: must be a whole number from 1 to 1"},
    {"schema as text", "schema = \"1\"\n", "p.toml:1: schema: must be a whole number"},
    {"no rule", "schema = 1\n", "p.toml:1: rule is missing"},
    {"rule is no table", "schema = 1\nrule = [1]\n", "p.toml:2: rule: must be tables"},
    {"rule is one table", "schema = 1\n[rule]\nid = \"r\"\n", "p.toml:2: rule: must be tables"},
    {"unknown top key", std::string("rules = 1\n") + kConsent, "p.toml:1: unknown key \"rules\""},
    {"no consent", std::string("schema = 1\n") + kHead + kFrom + "codes = [\"ID\"]\n",
     "p.toml:1: a rule of kind \"consent\" is missing"},
    {"consent ends", std::string(kConsent) + "effective_to = 2030-01-01T00:00:00Z\n",
     "p.toml:1: \"consent\": consent does not end"},
    {"consent with a term", std::string(kConsent) + "region = \"ID\"\n",
     "p.toml:7: unknown key \"region\""},
    {"no id", std::string(kConsent) + "[[rule]]\nkind = \"regions\"\n", "p.toml:7: id is missing"},
    {"bad id", std::string(kConsent) + "[[rule]]\nid = \"a b\"\n", "p.toml:8: id: must be 1 to 64"},
    {"long id", std::string(kConsent) + "[[rule]]\nid = \"" + std::string(65, 'a') + "\"\n",
     "p.toml:8: id: must be 1 to 64"},
    {"id is a number", std::string(kConsent) + "[[rule]]\nid = 7\n",
     "p.toml:8: id: must be a text"},
    {"id twice", kConsent + RuleText("consent", "regions", "codes = [\"ID\"]"),
     "p.toml:8: id: \"consent\" is given twice"},
    {"no kind", std::string(kConsent) + "[[rule]]\nid = \"r\"\n", "p.toml:7: kind is missing"},
    {"unknown kind", Rule("payment", ""), "p.toml:9: kind: \"payment\" is none that is known"},
    {"no article", std::string(kConsent) + "[[rule]]\nid = \"r\"\nkind = \"regions\"\n",
     "p.toml:7: article is missing"},
    {"empty article",
     std::string(kConsent) + "[[rule]]\nid = \"r\"\nkind = \"x\"\narticle = \"\"\n",
     "p.toml:10: article: must be a line"},
    {"article of lines",
     std::string(kConsent) + "[[rule]]\nid = \"r\"\nkind = \"x\"\narticle = \"a\\nb\"\n",
     "p.toml:10: article: must be a line"},
    {"no begin", std::string(kConsent) + kHead, "p.toml:7: effective_from is missing"},
    {"local begin", std::string(kConsent) + kHead + "effective_from = 2024-01-01T00:00:00\n",
     "p.toml:11: effective_from: must be a date and time with its offset"},
    {"begin is a day", std::string(kConsent) + kHead + "effective_from = 2024-01-01\n",
     "p.toml:11: effective_from: must be a date and time with its offset"},
    {"begin is a text", std::string(kConsent) + kHead + "effective_from = \"2024\"\n",
     "p.toml:11: effective_from: must be a date and time with its offset"},
    {"no such day", std::string(kConsent) + kHead + "effective_from = 2024-02-30T00:00:00Z\n",
     "p.toml:11: "},
    {"ends as it begins",
     std::string(kConsent) + kHead + kFrom + "effective_to = 2024-01-01T00:00:00Z\n",
     "p.toml:12: effective_to: is not after effective_from"},
    {"unknown key of a rule", Rule("regions", "codes = [\"ID\"]\ncode = \"MY\""),
     "p.toml:13: unknown key \"code\""},
    {"key of another kind", Rule("regions", "codes = [\"ID\"]\nids = [\"toko\"]"),
     "p.toml:13: unknown key \"ids\""},
    {"no regions", Rule("regions", "codes = []"), "p.toml:12: codes: is empty"},
    {"region in full", Rule("regions", "codes = [\"Indonesia\"]"),
     "p.toml:12: codes: must be two capitals"},
    {"region twice", Rule("regions", "codes = [\n\"ID\",\n\"ID\"]"),
     "p.toml:14: codes: \"ID\" is given twice"},
    {"regions as text", Rule("regions", "codes = \"ID\""), "p.toml:12: codes: must be a list"},
    {"regions at once",
     Rule("regions", "codes = [\"ID\"]") + RuleText("s", "regions", "codes = [\"MY\"]"),
     "p.toml:17: effective_from: \"r\" is in force then too"},
    {"no marketplaces", Rule("marketplaces", "ids = []"), "p.toml:12: ids: is empty"},
    {"bad marketplace", Rule("marketplaces", "ids = [\"a\", 3]"),
     "p.toml:12: ids: must be 1 to 64"},
    {"rollout beyond all", Rule("rollout", "basis_points = 10001\nsalt = \"s\""),
     "p.toml:12: basis_points: must be a whole number from 0 to 10000"},
    {"rollout as a fraction", Rule("rollout", "basis_points = 0.1\nsalt = \"s\""),
     "p.toml:12: basis_points: must be a whole number"},
    {"rollout without salt", Rule("rollout", "basis_points = 1"), "p.toml:7: salt is missing"},
    {"window of nothing", Rule("sale_window", kWindow),
     "p.toml:7: offer_ids: neither offers nor campaigns are named"},
    {"window closes first",
     Rule("sale_window",
          "offer_ids = [\"o\"]\ncloses = 2024-02-01T00:00:00Z\n"
          "opens = 2024-02-01T00:00:00Z"),
     "p.toml:13: closes: is not after opens"},
    {"window without close",
     Rule("sale_window", "offer_ids = [\"o\"]\nopens = 2024-02-01T00:00:00Z"),
     "p.toml:7: closes is missing"},
    {"licence of whom", Rule("seller_licence", "sellers = \"some\""),
     "p.toml:12: sellers: must be \"all\" or \"abroad\""},
    {"minimum of nothing", Rule("cross_border", "minimum_fob_usd_minor = 0\npositive_list = []"),
     "p.toml:12: minimum_fob_usd_minor: must be a whole number from 1"},
    {"no positive list", Rule("cross_border", "minimum_fob_usd_minor = 10000"),
     "p.toml:7: positive_list is missing"},
    {"tariff code of six",
     Rule("cross_border", "minimum_fob_usd_minor = 1\npositive_list = [\"490110\"]"),
     "p.toml:13: positive_list: must be 8 digits"},
    {"tariff code with points",
     Rule("cross_border", "minimum_fob_usd_minor = 1\npositive_list = [\"4901.10.\"]"),
     "p.toml:13: positive_list: must be 8 digits"},
    {"rates are no tables", std::string("exchange_rate = 1\n") + kConsent,
     "p.toml:1: exchange_rate: must be tables"},
    {"unknown currency", Rate("BTC", "1"), "p.toml:8: currency: \"BTC\" is none that is converted"},
    {"rate of the rupiah", Rate("IDR", "1"), "p.toml:8: currency: \"IDR\" is none"},
    {"rate of nothing", Rate("USD", "0.000000"), "p.toml:9: rupiah_per_unit: must be like"},
    {"rate below nothing", Rate("USD", "-1"), "p.toml:9: rupiah_per_unit: must be like"},
    {"rate of seven decimals", Rate("USD", "1.0000001"), "p.toml:9: rupiah_per_unit: must be like"},
    {"rate with a comma", Rate("USD", "16.000,25"), "p.toml:9: rupiah_per_unit: must be like"},
    {"rate too large", Rate("USD", "100000000.1"), "p.toml:9: rupiah_per_unit: must be like"},
    {"rate beyond numbers", Rate("USD", "99999999999999999999999"), "p.toml:9: rupiah_per_unit: "},
    {"rate as a number",
     std::string(kConsent) + "[[exchange_rate]]\ncurrency = \"USD\"\nrupiah_per_unit = 16000.25\n",
     "p.toml:9: rupiah_per_unit: must be a text"},
    {"rate without end",
     std::string(kConsent) + "[[exchange_rate]]\ncurrency = \"USD\"\nrupiah_per_unit = \"1\"\n" +
         kFrom,
     "p.toml:7: effective_to is missing"},
    {"rates at once",
     Rate("USD", "1") + RateText("USD", "2", "2029-12-31T00:00:00Z", "2031-01-01T00:00:00Z"),
     "p.toml:16: effective_from: another rate is in force then too"},
    {"rate from nowhere",
     std::string(kConsent) + "[[exchange_rate]]\ncurrency = \"USD\"\nrupiah_per_unit = \"1\"\n" +
         kFrom + "effective_to = 2030-01-01T00:00:00Z\n",
     "p.toml:7: source is missing"},
};

TEST(Parse, ABadFileIsRefusedWholeWithLineAndReason) {
  for (const Bad& bad : kBadFiles) {
    EXPECT_EQ(ErrorOf(bad.text).substr(0, std::string(bad.error).size()), bad.error)
        << bad.what << ": " << ErrorOf(bad.text);
  }
}

TEST(Parse, EveryKindIsTakenOnce) {
  const std::string text =
      kConsent + RuleText("m", "marketplaces", "ids = [\"toko\"]") +
      RuleText("r", "regions", "codes = [\"ID\"]") +
      RuleText("o", "rollout", "basis_points = 10000\nsalt = \"s\"\nmarketplace_id = \"toko\"") +
      RuleText("w", "sale_window", std::string("campaign_ids = [\"c\"]\n") + kWindow) +
      RuleText("l", "seller_licence", "sellers = \"abroad\"") +
      RuleText("f", "cross_border", "minimum_fob_usd_minor = 10000\npositive_list = []") +
      RateText("USD", "16000.25") + RateText("JPY", "105");
  absl::StatusOr<Policy> policy = ParsePolicy("p.toml", text);
  ASSERT_TRUE(policy.ok()) << policy.status().message();
  ASSERT_EQ(policy->rules.size(), std::variant_size_v<Terms>);
  for (size_t i = 0; i < policy->rules.size(); ++i) EXPECT_EQ(policy->rules[i].terms.index(), i);
  EXPECT_EQ(policy->rates.at(1).rupiah_per_unit, 16'000'250'000);
}

TEST(Parse, InstantsAreToldByTheirOffset) {
  const std::pair<const char*, int64_t> kInstants[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01T07:00:00+07:00", 0},
      {"1969-12-31T23:59:59Z", -1'000},
      {"2000-02-29T12:34:56.789Z", 951'827'696'789},
      {"2023-09-26T00:00:00+07:00", 1'695'661'200'000},
      {"2026-11-25T00:00:00-03:30", 1'795'577'400'000},
      {"2100-03-01T00:00:00Z", 4'107'542'400'000},
  };
  for (const auto& [text, ms] : kInstants) {
    absl::StatusOr<Policy> policy =
        ParsePolicy("p.toml", kConsent + RuleText("r", "regions", "codes = [\"ID\"]", text));
    ASSERT_TRUE(policy.ok()) << text;
    EXPECT_EQ(policy->rules.at(1).effective_from_ms, ms) << text;
  }
}

TEST(Parse, RulesMayFollowEachOtherWithoutAGap) {
  const std::string first =
      RuleText("r1", "regions", "codes = [\"ID\"]\neffective_to = 2025-01-01T00:00:00Z");
  const std::string second =
      RuleText("r2", "regions", "codes = [\"ID\", \"MY\"]", "2025-01-01T07:00:00+07:00");
  EXPECT_EQ(ErrorOf(kConsent + second + first), "taken");
}

TEST(Parse, TheBoundsHold) {
  std::string rules = kConsent;
  for (size_t i = 1; i < kRulesMax; ++i) {
    rules += RuleText("r" + std::to_string(i), "rollout", "basis_points = 1\nsalt = \"s\"");
  }
  EXPECT_EQ(ErrorOf(rules), "taken");
  rules += RuleText("last", "rollout", "basis_points = 1\nsalt = \"s\"");
  EXPECT_EQ(ErrorOf(rules), "p.toml:2: rule: more than 256");

  std::string list = "ids = [";
  for (size_t i = 0; i < toml_file::kListMax; ++i) list += "\"m" + std::to_string(i) + "\",";
  EXPECT_EQ(ErrorOf(kConsent + RuleText("m", "marketplaces", list + "]")), "taken");
  EXPECT_EQ(ErrorOf(kConsent + RuleText("m", "marketplaces", list + "\"last\"]")),
            "p.toml:12: ids: has more than 10000");

  EXPECT_EQ(ErrorOf(kConsent + std::string(kFileBytes, '#')),
            "p.toml:1: longer than 1048576 bytes");
}

// A file cut short anywhere is refused or, at the end of a line, means what it says.
TEST(Parse, NoTextBringsItDown) {
  const std::string text =
      kConsent + RuleText("m", "marketplaces", "ids = [\"toko\"]") + RateText("USD", "16000.25");
  for (size_t size = 0; size < text.size(); ++size) {
    absl::StatusOr<Policy> policy = ParsePolicy("p.toml", text.substr(0, size));
    if (policy.ok()) {
      EXPECT_FALSE(policy->rules.empty());
    } else {
      EXPECT_EQ(base::Std(policy.status().message()).substr(0, 7), "p.toml:");
    }
    std::string spoilt = text;
    spoilt[size] = static_cast<char>(spoilt[size] ^ 0x11);
    (void)ParsePolicy("p.toml", spoilt);
  }
}

TEST(Parse, TheFilesThatAreShippedAreGood) {
  for (const char* path : {"deploy/policy/indonesia.toml", "deploy/policy/trial.toml"}) {
    std::ifstream file(path);
    ASSERT_TRUE(file.good()) << path;
    std::string text((std::istreambuf_iterator<char>(file)), {});
    EXPECT_TRUE(ParsePolicy(path, text).ok()) << ErrorOf(text);
  }
}

}  // namespace
}  // namespace jembatan::policy
