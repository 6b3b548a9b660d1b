#include "libs/policy/policy.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include <openssl/sha.h>

#include "libs/base/overloaded.h"

namespace jembatan::policy {
namespace {

// Every text is told with its length, so that no two contents read alike.
class Writer {
 public:
  void Add(std::string_view name, std::string_view value) {
    text_.append(name).append("=").append(std::to_string(value.size())).append(":");
    text_.append(value).append("\n");
  }
  void Add(std::string_view name, int64_t value) {
    text_.append(name).append("=").append(std::to_string(value)).append("\n");
  }
  void Add(std::string_view name, const std::vector<std::string>& values) {
    Add(name, static_cast<int64_t>(values.size()));
    for (const std::string& value : values) Add("", value);
  }
  std::string Finish() && { return std::move(text_); }

 private:
  std::string text_ = "jembatan policy 1\n";
};

void Write(const Terms& terms, Writer* out) {
  std::visit(base::Overloaded{
                 [](const Consent&) {},
                 [&](const Marketplaces& m) { out->Add("ids", m.ids); },
                 [&](const Regions& r) { out->Add("codes", r.codes); },
                 [&](const Rollout& r) {
                   out->Add("marketplace_id", r.marketplace_id);
                   out->Add("basis_points", r.basis_points);
                   out->Add("salt", r.salt);
                 },
                 [&](const SaleWindow& w) {
                   out->Add("offer_ids", w.offer_ids);
                   out->Add("campaign_ids", w.campaign_ids);
                   out->Add("opens_ms", w.opens_ms);
                   out->Add("closes_ms", w.closes_ms);
                 },
                 [&](const SellerLicence& l) { out->Add("abroad_only", l.abroad_only ? 1 : 0); },
                 [&](const CrossBorder& c) {
                   out->Add("minimum_fob_usd_minor", c.minimum_fob_usd_minor);
                   out->Add("positive_list", c.positive_list);
                 },
             },
             terms);
}

std::string Sha256(std::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const uint8_t*>(text.data()), text.size(),
         reinterpret_cast<uint8_t*>(digest.data()));
  return digest;
}

uint64_t First8(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 8; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

}  // namespace

std::string_view KindName(const Terms& terms) {
  static constexpr std::array<std::string_view, std::variant_size_v<Terms>> kNames = {
      "consent",     "marketplaces",   "regions",     "rollout",
      "sale_window", "seller_licence", "cross_border"};
  return kNames[terms.index()];
}

Policy Seal(std::vector<Rule> rules, std::vector<ExchangeRate> rates) {
  Policy policy;
  policy.rules = std::move(rules);
  policy.rates = std::move(rates);
  std::sort(policy.rules.begin(), policy.rules.end(), [](const Rule& a, const Rule& b) {
    return std::tuple(a.terms.index(), a.effective_from_ms, std::string_view(a.id)) <
           std::tuple(b.terms.index(), b.effective_from_ms, std::string_view(b.id));
  });
  std::sort(policy.rates.begin(), policy.rates.end(),
            [](const ExchangeRate& a, const ExchangeRate& b) {
              return std::tuple(std::string_view(a.currency), a.effective_from_ms) <
                     std::tuple(std::string_view(b.currency), b.effective_from_ms);
            });
  for (Rule& rule : policy.rules) {
    if (auto* rollout = std::get_if<Rollout>(&rule.terms)) {
      rollout->salt_hash = First8(Sha256(rollout->salt));
    }
  }
  policy.version = Sha256(Canonical(policy));
  return policy;
}

std::string Canonical(const Policy& policy) {
  Writer out;
  for (const Rule& rule : policy.rules) {
    out.Add("rule", rule.id);
    out.Add("kind", KindName(rule.terms));
    out.Add("article", rule.article);
    out.Add("from_ms", rule.effective_from_ms);
    out.Add("to_ms", rule.effective_to_ms);
    Write(rule.terms, &out);
  }
  for (const ExchangeRate& rate : policy.rates) {
    out.Add("rate", rate.currency);
    out.Add("rupiah_per_unit", rate.rupiah_per_unit);
    out.Add("from_ms", rate.effective_from_ms);
    out.Add("to_ms", rate.effective_to_ms);
    out.Add("source", rate.source);
  }
  return std::move(out).Finish();
}

std::shared_ptr<const Policy> ConsentOnly() {
  static const std::shared_ptr<const Policy> kPolicy = std::make_shared<const Policy>(
      Seal({{.id = "consent", .article = "UU 27/2022", .terms = Consent{}}}, {}));
  return kPolicy;
}

}  // namespace jembatan::policy
