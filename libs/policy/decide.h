#pragma once

// Decide: what a policy says about one intent. Pure: the same policy, facts and instant give the
// same decision on every machine, so that a decision can be repeated later from the log. Any
// thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jembatan/crossing/v1/reason.pb.h"
#include "libs/goods/goods.h"
#include "libs/policy/policy.h"

namespace jembatan::policy {

// What the marketplace attests about the goods of an offer. Never from a client.
using goods::Goods;

struct Facts {
  bool consent_given = false;
  std::string_view buyer_ref;
  std::string_view marketplace_id;
  std::string_view offer_id;
  std::string_view campaign_id;
  std::string_view region;       // empty: not known here, judged elsewhere
  const Goods* goods = nullptr;  // null: nothing is attested
  // Goods may be attested yet: the feed has not been read to its end.
  bool goods_pending = false;
};

struct Decision {
  enum class Verdict {
    kAllowed,
    kRefused,
    kPending,  // it depends on goods that are not known yet
  };
  Verdict verdict = Verdict::kAllowed;
  crossing::v1::Reason reason = crossing::v1::REASON_UNSPECIFIED;
  // The rule that refused, or the last one that let it pass; null: none concerned it. Lives as long
  // as the policy.
  const Rule* rule = nullptr;
};

// at_ms is the broker's append time of the intent, so that every owner and every replay agree.
Decision Decide(const Policy& policy, const Facts& facts, int64_t at_ms);

// What one rule says, for people.
struct Finding {
  enum class Kind { kNotInForce, kNotConcerned, kPasses, kRefuses, kPending };
  const Rule* rule = nullptr;
  Kind kind = Kind::kNotConcerned;
  crossing::v1::Reason reason = crossing::v1::REASON_UNSPECIFIED;
};

// Every rule in the order judged, those behind the deciding one too.
std::vector<Finding> Explain(const Policy& policy, const Facts& facts, int64_t at_ms);

// The buyer's place among 10,000: a rollout of N basis points includes the places below N.
int64_t RolloutPlace(std::string_view buyer_ref, uint64_t salt_hash);

}  // namespace jembatan::policy
