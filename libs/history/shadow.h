#pragma once

// Shadow: watches whether the promise holds, by the topics alone and all the time: the intents and
// the outcomes of one partition, each in the order of offsets, the two topics against each other in
// any order. What only the marketplace's books show is `jembatan-ctl check-history`'s matter: an
// order that no outcome tells.
//
//   P1  an intent that the owner says is finished has a final, and one only
//   P2  no ORDERED after REJECTED or EXPIRED
//   P3  a final that is repeated for a copy says the same
//   P4  one buyer's id is ORDERED with one body only
//   P5  nothing is ORDERED that was appended after its deadline
//   P6  of two orders for one offer, the one accepted first took effect first: by the sequence that
//       the marketplace tells with each. Outcomes may lie in the log in another order. Where it
//       tells none, P6 is not judged.
//
// An intent is forgotten once its owner has passed its deadline and the log's intents have been
// read as far. What comes to more than the bounds is forgotten unchecked, and counted.
//
// Pure; one partition each; one thread at a time.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/base/ids.h"
#include "libs/crossing/outcome_judge.h"

namespace jembatan::history {

// Of one partition: intents that are remembered.
inline constexpr size_t kIntentsMax = 300'000;
// Offers whose last forgotten order is remembered still.
inline constexpr size_t kOffersMax = 100'000;

struct Breach {
  // 1 to 6.
  int promise = 1;
  // Of the record that showed it.
  bool in_outcomes = false;
  int64_t offset = -1;
  base::Uuid id;
  std::string what;
};

class Shadow {
 public:
  // From the first record of the outcomes that the log still has.
  Shadow() = default;
  // The same, and intents appended at or before blind_ms are not judged: their finals may lie
  // before.
  explicit Shadow(int64_t blind_ms) : blind_ms_(blind_ms) {}
  // From where another Shadow stopped: opens are its Opens(). Intents appended at or before
  // blind_ms are not judged: their finals may be among the outcomes that the other has read.
  Shadow(const std::map<std::string, uint64_t>& opens, int64_t blind_ms)
      : judge_(opens), blind_ms_(blind_ms) {}

  // One record of the intents' or the outcomes' partition. Breaches are appended.
  void OnIntent(int64_t offset, int64_t append_ms, std::string_view key, std::string_view value,
                std::vector<Breach>* breaches);
  void OnOutcome(int64_t offset, int64_t append_ms, std::string_view value,
                 std::vector<Breach>* breaches);

  // What a successor has to know of the outcomes: the highest open of each marketplace.
  std::map<std::string, uint64_t> Opens() const {
    return judge_ ? judge_->opens() : std::map<std::string, uint64_t>();
  }

  size_t remembered() const { return remembered_; }
  uint64_t checked() const { return checked_; }
  uint64_t unchecked() const { return unchecked_; }

 private:
  using Bytes16 = std::array<char, 16>;
  struct Key {
    base::Uuid id;
    Bytes16 buyer;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.id, key.buyer);
    }
  };
  // An intent with one body.
  struct Body {
    Bytes16 fingerprint{};
    // Of its copies that count; -1: none read yet.
    int64_t lowest_offset = -1;
    int64_t append_ms = 0;
    crossing::v1::Outcome::State final = crossing::v1::Outcome::STATE_UNSPECIFIED;
    size_t answer = 0;
    size_t order = 0;
    // With ORDERED: its offer's hash, its sequence there, and the place in turns_ that it has, the
    // lowest offset known of its copies.
    size_t offer = 0;
    uint64_t sequence = 0;
    int64_t turn = -1;
  };
  // An order's turn among those of its offer.
  struct Turn {
    uint64_t sequence = 0;
    // Its intent is forgotten; kept as the last one, for those that come after it.
    bool last_forgotten = false;
  };
  // By offset.
  using Turns = std::map<int64_t, Turn>;
  struct Unfinished {
    Key key;
    Bytes16 fingerprint;
    int64_t offset;
    int64_t append_ms;
    size_t marketplace;
  };

  // Finds the body or makes it.
  Body& BodyOf(const Key& key, const Bytes16& fingerprint);
  const Body* Find(const Key& key, const Bytes16& fingerprint) const;
  void OnFinal(int64_t offset, const crossing::v1::Outcome& outcome, std::vector<Breach>* breaches);
  void Compare(const Body& body, int64_t offset, const Key& key,
               const crossing::v1::Outcome& outcome, size_t answer, size_t order,
               std::vector<Breach>* breaches) const;
  void OnOrdered(const Key& key, int64_t offset, const crossing::v1::Outcome& outcome,
                 std::vector<Breach>* breaches) const;
  void TakeTurn(Body* body, const base::Uuid& id, bool in_outcomes, int64_t offset,
                std::vector<Breach>* breaches);
  void LeaveTurn(const Body& body);
  void OnProgress(const std::string& marketplace_id, int64_t progress_ms,
                  std::vector<Breach>* breaches);
  void Forget();
  void Forget(const Key& key);
  void DropOldest();
  int64_t ProgressOf(size_t marketplace) const;

  std::optional<crossing::OutcomeJudge> judge_;
  int64_t blind_ms_ = -1;
  absl::flat_hash_map<Key, std::vector<Body>> intents_;
  // Keys by the second of their deadline.
  std::map<int64_t, std::vector<Key>> by_deadline_;
  // Read and without a final, in the order of the log.
  std::deque<Unfinished> unfinished_;
  // By the hash of the marketplace's id: all intents appended before it have finals for sure.
  absl::flat_hash_map<size_t, int64_t> progress_;
  // By the hash of marketplace and offer.
  absl::flat_hash_map<size_t, Turns> turns_;
  int64_t intents_append_ms_ = 0;
  size_t remembered_ = 0;
  uint64_t checked_ = 0;
  uint64_t unchecked_ = 0;
  // Filled again and again.
  crossing::v1::PurchaseIntent intent_;
  crossing::v1::OutcomeRecord record_;
};

}  // namespace jembatan::history
