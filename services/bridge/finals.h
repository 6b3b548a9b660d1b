#pragma once

// Finals: one scope's window of decided intents (protocol rule 5). The first final of an intent
// wins and is repeated byte for byte for every further copy. A final is pinned until it was read
// back from the log; a new claim drops what was never read back. Nothing is dropped by the clock:
// only when the finished prefix of the partition has passed a record appended after the intent's
// deadline + M.
//
// An intent is (buyer, id, fingerprint): two bodies under one id have a final each.
// Pure; owned by its Scope.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "libs/base/ids.h"
#include "libs/identity/buyer_ref.h"

namespace jembatan::bridge {

// The id as its buyer scopes it.
struct IntentKey {
  identity::BuyerRef buyer;
  base::Uuid id;

  friend bool operator==(const IntentKey&, const IntentKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const IntentKey& key) {
    return H::combine(std::move(h), key.buyer, key.id);
  }
};

class Finals {
 public:
  // Serialised crossing.v1.Outcome, shared so that a repeat costs no copy.
  using Bytes = std::shared_ptr<const std::string>;

  // The final of exactly this body; null: none.
  Bytes Find(const IntentKey& key, std::string_view fingerprint) const;
  // Whether a final of another body under this id is remembered.
  bool KnowsOtherBody(const IntentKey& key, std::string_view fingerprint) const;

  // Remembers a final unless one of this body is remembered already. in_log: it was read from the
  // log as valid; else it is pinned until it is.
  void Remember(const IntentKey& key, std::string_view fingerprint, int64_t deadline_ms,
                Bytes bytes, bool in_log);
  // A final of ours was read back: it is no longer pinned. False if none of this body is
  // remembered.
  bool MarkInLog(const IntentKey& key, std::string_view fingerprint);
  // Forgets the finals that were never read back from the log.
  void DropPins();
  // finished_append_ms: the highest append time in the finished prefix.
  void Prune(int64_t finished_append_ms);

  size_t size() const { return size_; }

 private:
  struct Body {
    std::string fingerprint;
    Bytes bytes;
    bool in_log = false;
  };

  // Drops keys from pinned_ whose finals have since been read back.
  void TrimPinned();

  absl::flat_hash_map<IntentKey, std::vector<Body>> finals_;
  // Keys by second of deadline, for pruning in order.
  std::map<int64_t, std::vector<IntentKey>> by_deadline_;
  // Keys with finals not read back yet, pins_ of them truly; the rest is trimmed in bulk.
  std::vector<IntentKey> pinned_;
  size_t pins_ = 0;
  size_t size_ = 0;
};

}  // namespace jembatan::bridge
