#include "tests/simulation/sim_policies.h"

#include <utility>
#include <vector>

namespace jembatan::simulation {
namespace {

using policy::Goods;

constexpr int64_t kMinimumUsdMinor = 10'000;

// Consent and one rule more.
PolicyPtr With(policy::Terms terms) {
  std::vector<policy::Rule> rules(2);
  rules[0] = {.id = "consent", .terms = policy::Consent{}};
  rules[1] = {.id = "rule", .terms = std::move(terms)};
  return std::make_shared<const policy::Policy>(policy::Seal(std::move(rules), {}));
}

Goods FromAbroad(int64_t fob_minor) {
  return {.origin_country = "CN",
          .ships_from = Goods::ShipsFrom::kAbroad,
          .fob_currency = "USD",
          .fob_minor = fob_minor};
}

}  // namespace

const std::array<PolicyPtr, kPolicies>& SimPolicies() {
  static const std::array<PolicyPtr, kPolicies> kPolicyList = {
      policy::ConsentOnly(),
      With(policy::Rollout{.basis_points = 5'000, .salt = "half"}),
      With(policy::Rollout{.basis_points = 0, .salt = "nobody"}),
      With(policy::CrossBorder{.minimum_fob_usd_minor = kMinimumUsdMinor}),
  };
  return kPolicyList;
}

const Goods* SimGoods(size_t offer) {
  static const std::array<Goods, 3> kGoods = {
      Goods{.origin_country = "ID", .ships_from = Goods::ShipsFrom::kHome},
      FromAbroad(kMinimumUsdMinor),
      FromAbroad(kMinimumUsdMinor - 1),
  };
  return offer < kGoods.size() ? &kGoods[offer] : nullptr;
}

}  // namespace jembatan::simulation
