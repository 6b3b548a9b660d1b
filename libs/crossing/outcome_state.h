#pragma once

// What every reader of outcomes must make of a state, its own contract's or a later one's. Pure;
// any thread.

#include "jembatan/crossing/v1/crossing.pb.h"

namespace jembatan::crossing {

// Whether the outcome ends its intent. A state that this reader's contract does not have does: only
// a final one may be added to it, and to decide once more beside it would be a second final.
inline bool IsFinal(v1::Outcome::State state) { return state != v1::Outcome::STATE_UNCONFIRMED; }

}  // namespace jembatan::crossing
