#include "tests/conformance/checks.h"

namespace jembatan::conformance {

std::vector<Check> AllChecks() {
  std::vector<Check> all;
  for (const auto& group : {kFormChecks, kIdentityChecks, kOrderChecks, kFencingChecks,
                            kGoodsChecks, kStreamChecks, kRestartChecks}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

}  // namespace jembatan::conformance
