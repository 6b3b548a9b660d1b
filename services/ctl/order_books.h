#pragma once

// OrderBooks: the orders that the outcomes' topic tells, by the hour of their ids, ready to be
// compared with the marketplace's by digests. Fed with the records of each partition in their
// order. Pure; one thread; holds up to kOrdersMax intents.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/crossing/outcome_judge.h"
#include "libs/ledger/hash.h"
#include "libs/reconcile/answer.h"

namespace jembatan::ctl {

inline constexpr size_t kOrdersMax = 20'000'000;

class OrderBooks {
 public:
  // Of that marketplace, hours from first to before last.
  OrderBooks(std::string marketplace_id, int64_t first_hour, int64_t last_hour)
      : marketplace_id_(std::move(marketplace_id)),
        first_hour_(first_hour),
        last_hour_(last_hour) {}

  // RESOURCE_EXHAUSTED: there are more than it holds.
  absl::Status AddOutcome(int32_t partition, int64_t offset, std::string_view value);

  reconcile::OrderSet& Hour(int64_t hour) { return hours_[hour]; }

  // What a commitment that only one side has is about, for people.
  std::string DescribeOurs(const reconcile::Commitment& order) const;
  std::string DescribeTheirs(const reconcile::Commitment& order) const;
  // An order of theirs that was placed at the marketplace's own page by a buyer who was handed off.
  bool IsHandedOff(const reconcile::Commitment& order) const;

 private:
  struct Known {
    std::string intent_id;
    crossing::v1::Outcome::State state = crossing::v1::Outcome::STATE_UNSPECIFIED;
  };
  const Known* Find(const reconcile::Commitment& order) const;

  const std::string marketplace_id_;
  const int64_t first_hour_;
  const int64_t last_hour_;
  std::map<int64_t, reconcile::OrderSet> hours_;
  // By the intent's commitment.
  absl::flat_hash_map<ledger::Hash, Known> known_;
  std::map<int32_t, crossing::OutcomeJudge> judges_;
  ledger::Hasher hasher_;
  crossing::v1::OutcomeRecord record_;
};

}  // namespace jembatan::ctl
