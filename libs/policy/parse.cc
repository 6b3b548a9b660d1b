#include "libs/policy/parse.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <toml++/toml.h>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/goods/currency.h"
#include "libs/goods/limits.h"
#include "libs/goods/words.h"
#include "libs/policy/limits.h"

namespace jembatan::policy {
namespace {

constexpr int64_t kDayMs = 86'400'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Days since 1970-01-01 of the proleptic Gregorian calendar.
int64_t DaysOf(const toml::date& date) {
  int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t of_era = year - era * 400;
  int64_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

int64_t MsOf(const toml::date_time& when) {
  const toml::time& time = when.time;
  int64_t seconds =
      (int64_t{time.hour} * 60 + time.minute - when.offset->minutes) * 60 + time.second;
  return DaysOf(when.date) * kDayMs + seconds * 1000 + time.nanosecond / 1'000'000;
}

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

// The first fault of the text. Once there is one, everything else that is read is worthless and
// nobody looks at it.
class Faults {
 public:
  explicit Faults(const std::string& name) : name_(name) {}

  void Add(toml::source_position place, const std::string& reason) {
    if (!status_.ok()) return;
    status_ = base::InvalidArgument(name_ + ":" + std::to_string(place.line) + ": " + reason);
  }
  bool any() const { return !status_.ok(); }
  const absl::Status& status() const { return status_; }

 private:
  const std::string& name_;
  absl::Status status_;
};

// One table of the file, read key by key; Done refuses the keys that nobody asked for.
class Section {
 public:
  Section(const toml::table& table, Faults* faults) : table_(table), faults_(faults) {}

  toml::source_position place() const { return table_.source().begin; }
  toml::source_position PlaceOf(std::string_view key) const {
    const toml::node* node = table_.get(key);
    return node == nullptr ? place() : node->source().begin;
  }
  void Fault(std::string_view key, const std::string& reason) {
    faults_->Add(PlaceOf(key), std::string(key) + ": " + reason);
  }

  bool Has(std::string_view key) const { return table_.contains(key); }
  // Somebody else reads the key.
  void Ask(std::string_view key) { asked_.emplace(key); }

  std::string Text(std::string_view key) {
    const toml::node* node = Find(key);
    if (node == nullptr) return {};
    std::optional<std::string> text = node->value_exact<std::string>();
    if (!text) Fault(key, "must be a text");
    return text.value_or("");
  }
  std::string Text(std::string_view key, bool (*good)(std::string_view), const char* must) {
    std::string text = Text(key);
    if (!faults_->any() && !good(text)) Fault(key, must);
    return text;
  }

  int64_t Number(std::string_view key, int64_t least, int64_t most) {
    const toml::node* node = Find(key);
    if (node == nullptr) return least;
    std::optional<int64_t> number = node->value_exact<int64_t>();
    if (!number || *number < least || *number > most) {
      Fault(key,
            "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return number.value_or(least);
  }

  int64_t Instant(std::string_view key) {
    const toml::node* node = Find(key);
    if (node == nullptr) return 0;
    std::optional<toml::date_time> when = node->value_exact<toml::date_time>();
    if (when && when->offset) return MsOf(*when);
    Fault(key, "must be a date and time with its offset, like 2023-09-26T00:00:00+07:00");
    return 0;
  }

  // Sorted; each entry good and given once.
  std::vector<std::string> List(std::string_view key, bool (*good)(std::string_view),
                                const char* must) {
    std::vector<std::string> texts;
    const toml::node* node = Find(key);
    if (node == nullptr) return texts;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
      Fault(key, "must be a list");
      return texts;
    }
    if (array->size() > kListMax) Fault(key, "has more than " + std::to_string(kListMax));
    std::set<std::string> seen;
    for (const toml::node& entry : *array) {
      std::optional<std::string> text = entry.value_exact<std::string>();
      const std::string where = std::string(key) + ": ";
      if (!text || !good(*text)) {
        faults_->Add(entry.source().begin, where + must);
      } else if (!seen.insert(*text).second) {
        faults_->Add(entry.source().begin, where + "\"" + *text + "\" is given twice");
      }
      if (faults_->any()) return {};
    }
    texts.assign(seen.begin(), seen.end());
    return texts;
  }

  void Done() {
    for (const auto& [key, node] : table_) {
      if (asked_.contains(std::string_view(key.str()))) continue;
      faults_->Add(key.source().begin, "unknown key \"" + std::string(key.str()) + "\"");
    }
  }

 private:
  // A key that must be there.
  const toml::node* Find(std::string_view key) {
    Ask(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) faults_->Add(place(), std::string(key) + " is missing");
    return node;
  }

  const toml::table& table_;
  Faults* faults_;
  std::set<std::string, std::less<>> asked_;
};

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
  explicit Parser(const std::string& name) : faults_(name) {}

  absl::StatusOr<Policy> Run(const toml::table& root) {
    Section file(root, &faults_);
    file.Number("schema", 1, 1);
    EachTable(file, root, "rule", kRulesMax, [this](const toml::table& table) { ReadRule(table); });
    if (rules_.empty()) faults_.Add(file.place(), "rule is missing: there is none");
    if (file.Has("exchange_rate")) {
      EachTable(file, root, "exchange_rate", kRatesMax,
                [this](const toml::table& table) { ReadRate(table); });
    }
    file.Done();
    CheckConsent(file.place());
    if (faults_.any()) return faults_.status();
    return Seal(std::move(rules_), std::move(rates_));
  }

 private:
  template <typename Read>
  void EachTable(Section& file, const toml::table& root, std::string_view key, size_t most,
                 Read read) {
    file.Ask(key);
    const toml::node* node = root.get(key);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr || !array->is_homogeneous<toml::table>()) {
      return file.Fault(key, "must be tables, each under [[" + std::string(key) + "]]");
    }
    if (array->size() > most) return file.Fault(key, "more than " + std::to_string(most));
    for (const toml::node& table : *array) {
      if (!faults_.any()) read(*table.as_table());
    }
  }

  void ReadRule(const toml::table& table) {
    Section section(table, &faults_);
    Rule rule;
    rule.id = section.Text("id", goods::IsId, kIdMust);
    std::string kind = section.Text("kind");
    rule.article = section.Text("article", goods::IsProse, "must be a line of 1 to 512 bytes");
    rule.effective_from_ms = section.Instant("effective_from");
    if (section.Has("effective_to")) rule.effective_to_ms = section.Instant("effective_to");
    if (faults_.any()) return;
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

  void ReadRate(const toml::table& table) {
    Section section(table, &faults_);
    ExchangeRate rate;
    rate.currency = section.Text("currency");
    std::string rupiah = section.Text("rupiah_per_unit");
    rate.effective_from_ms = section.Instant("effective_from");
    rate.effective_to_ms = section.Instant("effective_to");
    rate.source = section.Text("source", goods::IsProse, "must be a line of 1 to 512 bytes");
    section.Done();
    if (faults_.any()) return;
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

  void CheckConsent(toml::source_position place) {
    size_t found = 0;
    for (const Rule& rule : rules_) {
      if (!std::holds_alternative<Consent>(rule.terms)) continue;
      ++found;
      if (rule.effective_to_ms != kForEver) {
        faults_.Add(place, "\"" + rule.id + "\": consent does not end");
      }
    }
    if (found == 0) faults_.Add(place, "a rule of kind \"consent\" is missing");
  }

  Faults faults_;
  std::vector<Rule> rules_;
  std::vector<ExchangeRate> rates_;
};

}  // namespace

absl::StatusOr<Policy> ParsePolicy(const std::string& name, std::string_view toml) {
  if (toml.size() > kFileBytes) {
    return base::InvalidArgument(name + ":1: longer than " + std::to_string(kFileBytes) + " bytes");
  }
  try {
    return Parser(name).Run(toml::parse(toml, name));
  } catch (const toml::parse_error& error) {
    return base::InvalidArgument(name + ":" + std::to_string(error.source().begin.line) + ": " +
                                 std::string(error.description()));
  }
}

}  // namespace jembatan::policy
