#pragma once

// Decisions: holds what was decided by rules against what the same rules say of the same intent
// again. Owned by a reckoning. Pure; one thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/evidence/articles.h"
#include "libs/evidence/bundle.h"
#include "libs/evidence/figures.h"
#include "libs/policy/decide.h"

namespace jembatan::evidence {

// What was attested about an offer's goods around a decision, the candidates that the bridge may
// have known; null: nothing.
using KnownGoods = std::vector<const policy::Goods*>;

class Decisions {
 public:
  // All three live longer.
  Decisions(const Bundle& bundle, std::map<RuleUse, uint64_t>* uses, Judgements* judgements)
      : bundle_(bundle), uses_(uses), judgements_(judgements) {}

  void Check(const crossing::v1::PurchaseIntent& intent, const crossing::v1::Outcome& outcome,
             const KnownGoods& goods, const std::string& place);

 private:
  void Compare(const policy::Policy& policy, const policy::Facts& facts,
               const crossing::v1::Outcome& outcome, const KnownGoods& goods,
               const std::string& place);

  const Bundle& bundle_;
  std::map<RuleUse, uint64_t>* uses_;
  Judgements* judgements_;
};

}  // namespace jembatan::evidence
