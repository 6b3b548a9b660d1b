#pragma once

// The policies that operators of the simulated world put in force, and what its marketplace attests
// about goods. Values made once; one thread.

#include <array>
#include <memory>

#include "libs/policy/decide.h"
#include "tests/simulation/plan.h"

namespace jembatan::simulation {

using PolicyPtr = std::shared_ptr<const policy::Policy>;

// 0: consent alone, with which every history begins. 1: half of the buyers. 2: nobody. 3: goods
// from abroad at a minimum, for which the goods must be known.
const std::array<PolicyPtr, kPolicies>& SimPolicies();

// Of the offer with this place among all: from home; from abroad, dear enough; from abroad and too
// cheap. Null for the others: nothing is attested.
const policy::Goods* SimGoods(size_t offer);

}  // namespace jembatan::simulation
