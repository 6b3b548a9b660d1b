#pragma once

// PolicyReplay: what a policy says about intents of the log, and what was decided when they came.
// Fed with every record of the intents' topic, then with those of the outcomes'; of an intent the
// first copy counts that is not void. Pure; one thread; holds up to kReplayedMax intents.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/crossing/outcome_judge.h"
#include "libs/policy/decide.h"
#include "services/ctl/goods_file.h"

namespace jembatan::ctl {

inline constexpr size_t kReplayedMax = 1'000'000;

// Which intents.
struct ReplayRange {
  int64_t from_ms = 0;               // appended then or later
  int64_t to_ms = policy::kForEver;  // and before then
  std::string intent_id;             // empty: any
};

class PolicyReplay {
 public:
  // policy and goods live longer. Of offers that goods does not name nothing is attested.
  PolicyReplay(const policy::Policy& policy, const GoodsByOffer& goods, ReplayRange range)
      : policy_(policy), goods_(goods), range_(std::move(range)) {}

  // RESOURCE_EXHAUSTED: there are more than it holds.
  absl::Status AddIntent(int32_t partition, int64_t offset, int64_t append_ms,
                         std::string_view value);
  void AddOutcome(int32_t partition, std::string_view value);

  size_t intents() const { return intents_.size(); }
  // A table of what was decided and what would have been, with counts, then how many differ.
  std::string Report() const;
  // Every rule about every intent, for a range of few.
  std::string Explanation() const;

 private:
  struct Judged {
    crossing::v1::PurchaseIntent intent;  // kept if the range names an intent
    int32_t partition = 0;
    int64_t offset = 0;
    int64_t append_ms = 0;
    policy::Decision decision;
    // What was recorded; STATE_UNSPECIFIED: no final yet.
    crossing::v1::Outcome::State state = crossing::v1::Outcome::STATE_UNSPECIFIED;
    crossing::v1::Reason reason = crossing::v1::REASON_UNSPECIFIED;
    bool refused_by_policy = false;
    std::string rule;
    std::string version;
  };

  policy::Facts FactsOf(const crossing::v1::PurchaseIntent& intent) const;
  std::string Explain(const Judged& judged) const;
  static std::string Then(const Judged& judged);
  static std::string Now(const Judged& judged);

  const policy::Policy& policy_;
  const GoodsByOffer& goods_;
  const ReplayRange range_;
  absl::flat_hash_map<std::string, Judged> intents_;  // by buyer, id and fingerprint
  std::map<int32_t, crossing::OutcomeJudge> judges_;  // by partition
};

}  // namespace jembatan::ctl
