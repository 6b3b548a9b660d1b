// What it costs the bridge to judge one intent by a policy, on one thread: goods from home, goods
// from abroad at a price in dollars and in a currency that is converted, goods that are refused,
// and an offer of which nothing is attested.
//
//   policy_bench POLICY.toml [SECONDS of CPU for each]

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/policy/decide.h"
#include "libs/policy/limits.h"
#include "libs/policy/parse.h"

namespace jembatan::policy {
namespace {

constexpr int64_t kAtOnce = 1'024;
// 27 November 2026, 19:00 in Jakarta.
constexpr int64_t kAtMs = 1'795'780'800'000;

absl::StatusOr<Policy> Read(const std::string& path) {
  JEMB_ASSIGN_OR_RETURN(const std::string text, base::ReadWholeFile(path, kFileBytes));
  return ParsePolicy(path, text);
}

Goods FromAbroad(const char* currency, int64_t fob_minor) {
  return {.seller_id = "seller",
          .origin_country = "CN",
          .ships_from = Goods::ShipsFrom::kAbroad,
          .hs_code = "61091010",
          .fob_currency = currency,
          .fob_minor = fob_minor,
          .seller_licence = "CN 91110000"};
}

void Run(const Policy& policy, double seconds) {
  const Goods home{.seller_id = "seller",
                   .origin_country = "ID",
                   .ships_from = Goods::ShipsFrom::kHome,
                   .seller_licence = "NIB 9120001"};
  const Goods dollars = FromAbroad("USD", 25'000);
  const Goods yuan = FromAbroad("CNY", 250'000);
  const Goods cheap = FromAbroad("USD", 1'250);
  const struct {
    const char* name;
    const Goods* goods;
  } cases[] = {{"from home", &home},
               {"from abroad, USD", &dollars},
               {"from abroad, CNY", &yuan},
               {"from abroad, refused", &cheap},
               {"nothing attested", nullptr}};
  // Buyers differ, as they do.
  std::vector<std::string> buyers(kAtOnce, std::string(32, 'b'));
  for (size_t i = 0; i < buyers.size(); ++i) buyers[i][i % 8] = static_cast<char>(i);
  int64_t refused = 0;
  for (const auto& each : cases) {
    bench::Measure(each.name, seconds, kAtOnce, [&] {
      for (const std::string& buyer : buyers) {
        const Facts facts{.consent_given = true,
                          .buyer_ref = buyer,
                          .marketplace_id = "tokopedia",
                          .offer_id = "kaos-polos",
                          .campaign_id = "harbolnas",
                          .goods = each.goods};
        refused += Decide(policy, facts, kAtMs).verdict == Decision::Verdict::kRefused;
      }
    });
  }
  std::printf("%zu rules, %lld refused\n", policy.rules.size(), static_cast<long long>(refused));
}

}  // namespace
}  // namespace jembatan::policy

int main(int argc, char** argv) {
  using namespace jembatan;
  if (argc < 2) {
    std::fprintf(stderr, "usage: policy_bench POLICY.toml [SECONDS]\n");
    return 2;
  }
  const absl::StatusOr<policy::Policy> policy = policy::Read(argv[1]);
  if (!policy.ok()) {
    std::fprintf(stderr, "policy_bench: %s\n", base::ToString(policy.status()).c_str());
    return 2;
  }
  policy::Run(*policy, argc > 2 ? std::atof(argv[2]) : 2.0);
  return 0;
}
