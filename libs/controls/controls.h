#pragma once

// Controls: what the operators' controls say, as a value: records of the controls topic go in one
// by one in the order of the log, and for each intent the way it has to take comes out. All readers
// of the same records come to the same state: gateway, bridge, auditor and command line share this
// code.
//
// A value; copies are handed to threads as snapshots. Pure: no I/O, no clock.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "jembatan/crossing/v1/controls.pb.h"
#include "libs/identity/token.h"
#include "libs/policy/policy.h"

namespace jembatan::controls {

// Who must have signed a control. keys null: nobody; signatures are not looked at.
struct Operators {
  std::shared_ptr<const identity::KeySet> keys;
  size_t needed = 2;
};

// What a control can be about of one intent. What the asker does not know is empty.
struct Tap {
  std::string_view marketplace_id;
  std::string_view seller_id;
  std::string_view offer_id;
  std::string_view room_id;
  std::string_view campaign_id;
  // 32 bytes.
  std::string_view buyer_ref;
};

// What is to become of an intent, the strictest first: a halt is stronger than a rollout, which is
// stronger than a route.
enum class Way {
  // Nothing new is taken; what nobody has been asked to order is refused.
  kHalted,
  // The buyer is not in the rollout's share, or its trial does not run at present.
  kExcluded,
  // It is decided and not ordered.
  kShadow,
  // The buyer is sent to the marketplace's page.
  kLinkOut,
  // The bridge places it.
  kOrder,
};

// Where a trial stands.
enum class TrialPhase { kNone, kAhead, kRunning, kLapsed, kEnded };
TrialPhase PhaseOf(const crossing::v1::Rollout& rollout, int64_t now_ms);

class Controls {
 public:
  // What became of a record.
  struct Applied {
    // Empty: it is in force. Else one line why not; the state is as before.
    std::string refused;
    std::string subject;
    uint64_t version = 0;
  };
  struct InForce {
    std::string subject;
    // In the controls topic.
    int64_t offset = -1;
    crossing::v1::Control control;
  };

  Controls() = default;
  explicit Controls(Operators operators) : operators_(std::move(operators)) {}

  // The next record of the topic.
  Applied Apply(int64_t offset, std::string_view key, std::string_view value);

  Way WayOf(const Tap& tap, int64_t now_ms) const;

  // The policy that operators have put in force; null: they have ordered none.
  const std::shared_ptr<const policy::Policy>& policy() const { return policy_; }

  // Whether who asks needs to know an intent's seller.
  bool halts_sellers() const { return !halted_sellers_.empty(); }

  // Number of the newest control in force: its offset and 1; 0: there is none. All readers count
  // alike.
  uint64_t revision() const { return revision_; }
  // By subject.
  std::vector<InForce> List() const;
  // Of the subject; 0: none.
  uint64_t VersionOf(const std::string& subject) const;

 private:
  struct Routes {
    crossing::v1::RouteMode mode = crossing::v1::ROUTE_MODE_BACKEND;
    absl::flat_hash_map<std::string, crossing::v1::RouteMode> by_campaign;
  };
  using Ids = absl::flat_hash_set<std::string>;

  std::string WhyNot(const crossing::v1::Control& control, std::string_view key,
                     std::string_view value) const;
  std::string WhyUnsigned(const crossing::v1::Control& control) const;
  void Adopt(const crossing::v1::Control& control);
  Ids* HaltedBy(crossing::v1::Halt::Scope scope);
  bool Halted(const Tap& tap) const;
  Way RolloutOf(const Tap& tap, int64_t now_ms) const;
  bool LinksOut(const Tap& tap) const;

  Operators operators_;
  absl::flat_hash_map<std::string, InForce> by_subject_;
  uint64_t revision_ = 0;
  // The same, as intents ask for it.
  bool all_halted_ = false;
  Ids halted_marketplaces_;
  Ids halted_sellers_;
  Ids halted_offers_;
  Ids halted_rooms_;
  absl::flat_hash_map<std::string, Routes> routes_;
  absl::flat_hash_map<std::string, crossing::v1::Rollout> rollouts_;
  std::shared_ptr<const policy::Policy> policy_;
};

using Snapshot = std::shared_ptr<const Controls>;

}  // namespace jembatan::controls
