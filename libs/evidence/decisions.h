#pragma once

// Decisions: holds what was decided by rules against what the same rules say of the same intent
// again. Owned by a reckoning. Pure; one thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/evidence/articles.h"
#include "libs/evidence/attested.h"
#include "libs/evidence/bundle.h"
#include "libs/evidence/figures.h"
#include "libs/policy/decide.h"

namespace jembatan::evidence {

class Decisions {
 public:
  // All three live longer.
  Decisions(const Bundle& bundle, std::map<RuleUse, uint64_t>* uses, Judgements* judgements)
      : bundle_(bundle), uses_(uses), judgements_(judgements) {}

  // surely: what is attested is known without gaps, so that a decision that none of it explains is
  // a wrong one.
  void Check(const crossing::v1::PurchaseIntent& intent, const crossing::v1::Outcome& outcome,
             const KnownGoods& goods, bool surely, const std::string& place);

 private:
  void Compare(const policy::Policy& policy, const policy::Facts& facts,
               const crossing::v1::Outcome& outcome, const KnownGoods& goods, bool surely,
               const std::string& place);

  const Bundle& bundle_;
  std::map<RuleUse, uint64_t>* uses_;
  Judgements* judgements_;
};

}  // namespace jembatan::evidence
