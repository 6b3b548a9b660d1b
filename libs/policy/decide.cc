#include "libs/policy/decide.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>

#include "libs/goods/currency.h"
#include "libs/policy/limits.h"

namespace jembatan::policy {
namespace {

using Kind = Finding::Kind;
using Verdict = Decision::Verdict;

struct Said {
  Kind kind = Kind::kNotConcerned;
  crossing::v1::Reason reason = crossing::v1::REASON_UNSPECIFIED;
};

constexpr Said kPasses{Kind::kPasses};

constexpr Said Refuses(crossing::v1::Reason reason) { return {Kind::kRefuses, reason}; }

bool Holds(const std::vector<std::string>& sorted, std::string_view text) {
  return std::binary_search(sorted.begin(), sorted.end(), text, std::less<>());
}

std::optional<int64_t> RateOf(const Policy& policy, std::string_view currency, int64_t at_ms) {
  if (currency == goods::kRupiah) return kRateOne;
  // The last one of the currency that has begun.
  auto after = std::upper_bound(policy.rates.begin(), policy.rates.end(), at_ms,
                                [&](int64_t at, const ExchangeRate& rate) {
                                  int order = currency.compare(rate.currency);
                                  return order != 0 ? order < 0 : at < rate.effective_from_ms;
                                });
  if (after == policy.rates.begin()) return std::nullopt;
  const ExchangeRate& rate = *std::prev(after);
  if (rate.currency != currency || at_ms >= rate.effective_to_ms) return std::nullopt;
  return rate.rupiah_per_unit;
}

// Whether the price is at least the minimum; nullopt: it cannot be converted. Both sides are
// multiplied out, so that nothing is rounded.
std::optional<bool> Reaches(const Policy& policy, const Goods& goods, int64_t minimum_usd_minor,
                            int64_t at_ms) {
  if (goods.fob_currency == goods::kUsd) return goods.fob_minor >= minimum_usd_minor;
  std::optional<int> digits = goods::MinorDigits(goods.fob_currency);
  std::optional<int64_t> rate = RateOf(policy, goods.fob_currency, at_ms);
  std::optional<int64_t> usd = RateOf(policy, goods::kUsd, at_ms);
  if (!digits || !rate || !usd) return std::nullopt;
  __extension__ using Wide = __int128;
  Wide price = Wide{goods.fob_minor} * *rate * 100;
  Wide minimum = Wide{minimum_usd_minor} * *usd;
  for (int i = 0; i < *digits; ++i) minimum *= 10;
  return price >= minimum;
}

// One rule that is in force, by its terms.
class Judge {
 public:
  Judge(const Policy& policy, const Facts& facts, int64_t at_ms)
      : policy_(policy), facts_(facts), at_ms_(at_ms) {}

  Said operator()(const Consent&) const {
    return facts_.consent_given ? kPasses : Refuses(crossing::v1::REASON_CONSENT_NOT_GIVEN);
  }

  Said operator()(const Marketplaces& terms) const {
    return Holds(terms.ids, facts_.marketplace_id)
               ? kPasses
               : Refuses(crossing::v1::REASON_MARKETPLACE_NOT_REGISTERED);
  }

  Said operator()(const Regions& terms) const {
    if (facts_.region.empty()) return {};
    return Holds(terms.codes, facts_.region) ? kPasses
                                             : Refuses(crossing::v1::REASON_REGION_NOT_ENABLED);
  }

  Said operator()(const Rollout& terms) const {
    bool elsewhere = !terms.marketplace_id.empty() && terms.marketplace_id != facts_.marketplace_id;
    if (elsewhere) return {};
    return RolloutPlace(facts_.buyer_ref, terms.salt_hash) < terms.basis_points
               ? kPasses
               : Refuses(crossing::v1::REASON_ROLLOUT_EXCLUDED);
  }

  Said operator()(const SaleWindow& terms) const {
    bool concerned = Holds(terms.offer_ids, facts_.offer_id) ||
                     (!facts_.campaign_id.empty() && Holds(terms.campaign_ids, facts_.campaign_id));
    if (!concerned) return {};
    if (at_ms_ < terms.opens_ms) return Refuses(crossing::v1::REASON_FLASH_NOT_STARTED);
    return at_ms_ < terms.closes_ms ? kPasses : Refuses(crossing::v1::REASON_FLASH_ENDED);
  }

  Said operator()(const SellerLicence& terms) const {
    const Goods* goods = facts_.goods;
    if (goods == nullptr) return Unattested(crossing::v1::REASON_SELLER_NOT_LICENSED);
    if (terms.abroad_only && goods->ships_from == Goods::ShipsFrom::kHome) return {};
    bool valid = !goods->seller_licence.empty() && at_ms_ < goods->licence_expires_ms;
    return valid ? kPasses : Refuses(crossing::v1::REASON_SELLER_NOT_LICENSED);
  }

  Said operator()(const CrossBorder& terms) const {
    const Goods* goods = facts_.goods;
    if (goods == nullptr) return Unattested(crossing::v1::REASON_ORIGIN_MISSING);
    if (goods->origin_country.empty() || goods->ships_from == Goods::ShipsFrom::kNotAttested) {
      return Refuses(crossing::v1::REASON_ORIGIN_MISSING);
    }
    bool free = goods->ships_from == Goods::ShipsFrom::kHome ||
                (!goods->hs_code.empty() && Holds(terms.positive_list, goods->hs_code));
    if (free) return kPasses;
    std::optional<bool> reaches = Reaches(policy_, *goods, terms.minimum_fob_usd_minor, at_ms_);
    if (!reaches) return Refuses(crossing::v1::REASON_ORIGIN_MISSING);
    return *reaches ? kPasses : Refuses(crossing::v1::REASON_CROSS_BORDER_BELOW_MINIMUM);
  }

 private:
  Said Unattested(crossing::v1::Reason reason) const {
    return facts_.goods_pending ? Said{Kind::kPending} : Refuses(reason);
  }

  const Policy& policy_;
  const Facts& facts_;
  const int64_t at_ms_;
};

bool IsWindow(const Rule& rule) { return std::holds_alternative<SaleWindow>(rule.terms); }

// Nothing crosses without consent, whatever a file says about its dates.
bool Applies(const Rule& rule, const Facts& facts, int64_t at_ms) {
  return rule.InForce(at_ms) ||
         (std::holds_alternative<Consent>(rule.terms) && !facts.consent_given);
}

// The windows in force that concern the offer, taken together: one that is open is enough; else the
// next to open tells, or the last that closed.
class Windows {
 public:
  void Add(const Rule& rule, const Said& said) {
    if (said.kind == Kind::kNotConcerned || open_) return;
    const auto& window = std::get<SaleWindow>(rule.terms);
    bool opens = said.reason == crossing::v1::REASON_FLASH_NOT_STARTED;
    bool nearer = rule_ == nullptr || said.kind == Kind::kPasses || (opens && !opens_) ||
                  (opens && window.opens_ms < when_ms_) ||
                  (!opens && !opens_ && window.closes_ms > when_ms_);
    if (!nearer) return;
    open_ = said.kind == Kind::kPasses;
    opens_ = opens;
    when_ms_ = opens ? window.opens_ms : window.closes_ms;
    rule_ = &rule;
    said_ = said;
  }
  const Rule* rule() const { return rule_; }
  const Said& said() const { return said_; }

 private:
  const Rule* rule_ = nullptr;
  Said said_;
  bool open_ = false;
  bool opens_ = false;
  int64_t when_ms_ = 0;
};

// Takes what a rule says into the decision; true if that ends the matter.
bool Take(const Rule& rule, const Said& said, Decision* decision) {
  if (said.kind == Kind::kNotConcerned) return false;
  decision->rule = &rule;
  if (said.kind == Kind::kPasses) return false;
  decision->verdict = said.kind == Kind::kPending ? Verdict::kPending : Verdict::kRefused;
  decision->reason = said.reason;
  return true;
}

}  // namespace

Decision Decide(const Policy& policy, const Facts& facts, int64_t at_ms) {
  const Judge judge(policy, facts, at_ms);
  Decision decision;
  auto rule = policy.rules.begin();
  while (rule != policy.rules.end()) {
    if (IsWindow(*rule)) {
      Windows windows;
      for (; rule != policy.rules.end() && IsWindow(*rule); ++rule) {
        if (rule->InForce(at_ms)) windows.Add(*rule, judge(std::get<SaleWindow>(rule->terms)));
      }
      if (windows.rule() != nullptr && Take(*windows.rule(), windows.said(), &decision)) break;
      continue;
    }
    bool applies = Applies(*rule, facts, at_ms);
    if (applies && Take(*rule, std::visit(judge, rule->terms), &decision)) break;
    ++rule;
  }
  return decision;
}

std::vector<Finding> Explain(const Policy& policy, const Facts& facts, int64_t at_ms) {
  const Judge judge(policy, facts, at_ms);
  std::vector<Finding> findings;
  for (const Rule& rule : policy.rules) {
    Finding& finding = findings.emplace_back();
    finding.rule = &rule;
    finding.kind = Kind::kNotInForce;
    if (!Applies(rule, facts, at_ms)) continue;
    const Said said = std::visit(judge, rule.terms);
    finding.kind = said.kind;
    finding.reason = said.reason;
  }
  return findings;
}

int64_t RolloutPlace(std::string_view buyer_ref, uint64_t salt_hash) {
  uint64_t mixed = salt_hash;
  for (size_t i = 0; i < std::min<size_t>(buyer_ref.size(), 8); ++i) {
    mixed ^= uint64_t{static_cast<uint8_t>(buyer_ref[i])} << (8 * i);
  }
  // The finaliser of splitmix64. A buyer_ref is uniform already; this parts the salts.
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
  mixed ^= mixed >> 31;
  return static_cast<int64_t>(mixed % kBasisPoints);
}

}  // namespace jembatan::policy
