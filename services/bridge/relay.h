#pragma once

// OfferRelay: what has to be written into the offers topic so that it says what the marketplace
// says. It compares the two: what the marketplace's stream tells, and what the topic holds as read
// back, by whomever it was written. Where they differ it asks for a record, so that whatever else
// lands in the topic (an old bridge's record that came late, somebody's forgery, a record lost) is
// put right again.
//
// The bridge that has partition 0 of the intents relays for all. Nothing rests on there being one:
// two that do it for a moment hear the same marketplace and write the same, and one that was
// frozen writes what the other then puts right; what is attested is the later one for every
// reader, whatever the order of records.
//
// Owned by the bridge's Service. Pure; one thread. Holds up to offers::kOffersMax offers.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "jembatan/crossing/v1/crossing.pb.h"

namespace jembatan::bridge {

class OfferRelay {
 public:
  explicit OfferRelay(std::string marketplace_id) : marketplace_id_(std::move(marketplace_id)) {}

  // A record of the topic, as it stands there. effective: the marketplace of the offer as its
  // readers know it now; empty: it is on nobody's offer.
  void OnRecord(std::string_view offer_id, std::string_view value, std::string_view effective,
                int64_t now_ms);
  // The topic was read to its end: nothing is written before.
  void OnTopicComplete() { topic_complete_ = true; }

  // This bridge relays; or no longer, and what the marketplace told is forgotten.
  void Start() { relaying_ = true; }
  void Stop();
  bool relaying() const { return relaying_; }

  // The marketplace tells all its offers, one by one, then that it has; from then on changes. A
  // break stops all writing until it has told all of them again.
  void OnWatchBegun();
  void OnOffer(const crossing::v1::Offer& offer, int64_t now_ms);
  void OnAllTold(int64_t now_ms);
  void OnWatchEnded() { all_told_ = false; }

  struct Write {
    std::string offer_id;
    std::string value;  // empty: the offer is withdrawn
  };
  // What is to be written now. Each is to be answered by OnRecord, when it is read back, or by
  // OnLost.
  std::vector<Write> Due(int64_t now_ms);
  // It is not in the topic, or nobody knows: to be written again.
  void OnLost(std::string_view offer_id, int64_t now_ms);

  // Offers of the marketplace that cannot be told: malformed, too many, or on another's offer.
  uint64_t untold() const { return untold_; }
  size_t in_flight() const { return in_flight_; }
  // The topic says what the marketplace says.
  bool settled() const {
    return relaying_ && topic_complete_ && all_told_ && due_.empty() && in_flight_ == 0;
  }

 private:
  struct Entry {
    // What the marketplace says, serialised; empty: nothing, or not any more.
    std::string wanted;
    // Hash of what the topic holds; 0: nothing.
    uint64_t held = 0;
    bool foreign = false;  // another marketplace's, as readers know it
    bool wanting = false;  // the marketplace has told of it since the relay started
    bool told = false;     // in the telling that is under way
    bool writing = false;
    int64_t written_ms = INT64_MIN / 2;
    int64_t due_ms = -1;  // its place in due_; -1: none
  };

  Entry* Find(std::string_view offer_id);
  void Weigh(const std::string& offer_id, Entry* entry, int64_t now_ms);
  void Unlist(const std::string& offer_id, Entry* entry);
  void Settle(Entry* entry);

  const std::string marketplace_id_;
  absl::flat_hash_map<std::string, Entry> entries_;
  // When each may be written whose record is not what it should be.
  std::set<std::pair<int64_t, std::string>> due_;
  size_t in_flight_ = 0;
  uint64_t untold_ = 0;
  bool relaying_ = false;
  bool topic_complete_ = false;
  bool all_told_ = false;
};

}  // namespace jembatan::bridge
