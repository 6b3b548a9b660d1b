#include "libs/policy/parse.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/goods/currency.h"
#include "libs/goods/limits.h"
#include "libs/goods/words.h"
#include "libs/policy/limits.h"
#include "libs/toml/section.h"

namespace jembatan::policy {
namespace {

using toml_file::Section;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "16234.5" -> 16'234'500'000; nullopt: not of that form, zero or too large.
std::optional<int64_t> RateOf(std::string_view text) {
  int64_t value = 0;
  int decimals = -1;  // digits seen behind the point; -1: no point yet
  if (text.empty() || !IsDigit(text.front()) || !IsDigit(text.back())) return std::nullopt;
  for (char c : text) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    if (!IsDigit(c) || decimals >= 6) return std::nullopt;
    if (decimals >= 0) ++decimals;
    value = value * 10 + (c - '0');
    if (value > kRateMax) return std::nullopt;
  }
  for (int digit = std::max(decimals, 0); digit < 6; ++digit) {
    value *= 10;
    if (value > kRateMax) return std::nullopt;
  }
  return value > 0 ? std::optional(value) : std::nullopt;
}

constexpr char kIdMust[] = "must be 1 to 64 of letters, digits and ._:-";

// The terms of each kind.

Terms ReadMarketplaces(Section& section) {
  Marketplaces terms{section.List("ids", goods::IsId, kIdMust)};
  if (terms.ids.empty()) section.Fault("ids", "is empty");
  return terms;
}

Terms ReadRegions(Section& section) {
  Regions terms{section.List("codes", goods::IsRegion, "must be two capitals of ISO 3166-1")};
  if (terms.codes.empty()) section.Fault("codes", "is empty");
  return terms;
}

Terms ReadRollout(Section& section) {
  Rollout terms;
  if (section.Has("marketplace_id")) {
    terms.marketplace_id = section.Text("marketplace_id", goods::IsId, kIdMust);
  }
  terms.basis_points = section.Number("basis_points", 0, kBasisPoints);
  terms.salt = section.Text("salt", goods::IsId, kIdMust);
  return terms;
}

Terms ReadSaleWindow(Section& section) {
  SaleWindow terms;
  if (section.Has("offer_ids")) terms.offer_ids = section.List("offer_ids", goods::IsId, kIdMust);
  if (section.Has("campaign_ids")) {
    terms.campaign_ids = section.List("campaign_ids", goods::IsId, kIdMust);
  }
  if (terms.offer_ids.empty() && terms.campaign_ids.empty()) {
    section.Fault("offer_ids", "neither offers nor campaigns are named");
  }
  terms.opens_ms = section.Instant("opens");
  terms.closes_ms = section.Instant("closes");
  if (terms.closes_ms <= terms.opens_ms) section.Fault("closes", "is not after opens");
  return terms;
}

Terms ReadSellerLicence(Section& section) {
  std::string whose = section.Text("sellers");
  if (whose != "all" && whose != "abroad")
    section.Fault("sellers", "must be \"all\" or \"abroad\"");
  return SellerLicence{whose == "abroad"};
}

Terms ReadCrossBorder(Section& section) {
  CrossBorder terms;
  terms.minimum_fob_usd_minor = section.Number("minimum_fob_usd_minor", 1, goods::kAmountMinorMax);
  terms.positive_list =
      section.List("positive_list", goods::IsHsCode, "must be 8 digits of the HS");
  return terms;
}

Terms ReadConsent(Section&) { return Consent{}; }

std::optional<Terms> ReadTerms(std::string_view kind, Section& section) {
  static constexpr struct {
    std::string_view kind;
    Terms (*read)(Section& section);
  } kKinds[] = {
      {"consent", ReadConsent},          {"marketplaces", ReadMarketplaces},
      {"regions", ReadRegions},          {"rollout", ReadRollout},
      {"sale_window", ReadSaleWindow},   {"seller_licence", ReadSellerLicence},
      {"cross_border", ReadCrossBorder},
  };
  for (const auto& known : kKinds) {
    if (known.kind == kind) return known.read(section);
  }
  return std::nullopt;
}

struct Span {
  int64_t from_ms;
  int64_t to_ms;
};

bool Overlap(const Span& a, const Span& b) { return a.from_ms < b.to_ms && b.from_ms < a.to_ms; }

class Parser {
 public:
  absl::StatusOr<Policy> Run(toml_file::Document document) {
    Section file = document.root();
    file.Number("schema", 1, 1);
    file.Each("rule", kRulesMax, [this](Section& section) { ReadRule(section); });
    if (rules_.empty()) file.faults().Add(file.line(), "rule is missing: there is none");
    file.Each("exchange_rate", kRatesMax, [this](Section& section) { ReadRate(section); });
    file.Done();
    CheckConsent(file);
    if (file.faulty()) return document.faults().status();
    return Seal(std::move(rules_), std::move(rates_));
  }

 private:
  void ReadRule(Section& section) {
    Rule rule;
    rule.id = section.Text("id", goods::IsId, kIdMust);
    std::string kind = section.Text("kind");
    rule.article = section.Text("article", goods::IsProse, "must be a line of 1 to 512 bytes");
    rule.effective_from_ms = section.Instant("effective_from");
    if (section.Has("effective_to")) rule.effective_to_ms = section.Instant("effective_to");
    if (section.faulty()) return;
    if (rule.effective_to_ms <= rule.effective_from_ms) {
      return section.Fault("effective_to", "is not after effective_from");
    }
    std::optional<Terms> terms = ReadTerms(kind, section);
    if (!terms) return section.Fault("kind", "\"" + kind + "\" is none that is known");
    rule.terms = *std::move(terms);
    section.Done();
    CheckAgainstOthers(rule, section);
    rules_.push_back(std::move(rule));
  }

  void CheckAgainstOthers(const Rule& rule, Section& section) {
    bool many = std::holds_alternative<Rollout>(rule.terms) ||
                std::holds_alternative<SaleWindow>(rule.terms);
    for (const Rule& other : rules_) {
      if (other.id == rule.id) section.Fault("id", "\"" + rule.id + "\" is given twice");
      bool together = !many && other.terms.index() == rule.terms.index() &&
                      Overlap({rule.effective_from_ms, rule.effective_to_ms},
                              {other.effective_from_ms, other.effective_to_ms});
      if (together) section.Fault("effective_from", "\"" + other.id + "\" is in force then too");
    }
  }

  void ReadRate(Section& section) {
    ExchangeRate rate;
    rate.currency = section.Text("currency");
    std::string rupiah = section.Text("rupiah_per_unit");
    rate.effective_from_ms = section.Instant("effective_from");
    rate.effective_to_ms = section.Instant("effective_to");
    rate.source = section.Text("source", goods::IsProse, "must be a line of 1 to 512 bytes");
    section.Done();
    if (section.faulty()) return;
    if (rate.currency == goods::kRupiah || !goods::MinorDigits(rate.currency)) {
      return section.Fault("currency", "\"" + rate.currency + "\" is none that is converted");
    }
    std::optional<int64_t> value = RateOf(rupiah);
    if (!value) {
      return section.Fault("rupiah_per_unit", "must be like \"16000.25\": above 0, six decimals");
    }
    rate.rupiah_per_unit = *value;
    if (rate.effective_to_ms <= rate.effective_from_ms) {
      return section.Fault("effective_to", "is not after effective_from");
    }
    for (const ExchangeRate& other : rates_) {
      bool together = other.currency == rate.currency &&
                      Overlap({rate.effective_from_ms, rate.effective_to_ms},
                              {other.effective_from_ms, other.effective_to_ms});
      if (together) return section.Fault("effective_from", "another rate is in force then too");
    }
    rates_.push_back(std::move(rate));
  }

  void CheckConsent(Section& file) {
    size_t found = 0;
    for (const Rule& rule : rules_) {
      if (!std::holds_alternative<Consent>(rule.terms)) continue;
      ++found;
      if (rule.effective_to_ms != kForEver) {
        file.faults().Add(file.line(), "\"" + rule.id + "\": consent does not end");
      }
    }
    if (found == 0) file.faults().Add(file.line(), "a rule of kind \"consent\" is missing");
  }

  std::vector<Rule> rules_;
  std::vector<ExchangeRate> rates_;
};

}  // namespace

absl::StatusOr<Policy> ParsePolicy(const std::string& name, std::string_view toml) {
  JEMB_ASSIGN_OR_RETURN(toml_file::Document document,
                        toml_file::Document::Parse(name, toml, kFileBytes));
  return Parser().Run(std::move(document));
}

}  // namespace jembatan::policy
