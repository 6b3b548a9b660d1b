#pragma once

// BuyerKeys: the keys of one marketplace by epoch. An intent's pseudonym is made with the key whose
// epoch holds the time in the intent's id, whenever it is sent or sent again and by whichever
// gateway: a rotation splits no intent into two and changes the order of none (protocol rule 8).
// An epoch begins where it says and ends where the next one begins; the first begins at 0.
//
// Rotation: a new epoch is written well before it begins, so that every gateway knows it by then.
// It unlinks buyers at the marketplace. Erasure: the key of a past epoch is destroyed and its epoch
// stays, with the time of the erasure and the digest of what was destroyed: from then on nobody can
// tell whose pseudonyms those were.
//
// Immutable, any thread: what changes them gives a new value. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"

#include "libs/identity/buyer_ref.h"

namespace jembatan::identity {

// Epochs that a file may hold, erased ones included: a monthly rotation for ten years.
inline constexpr size_t kEpochsMax = 128;
// A file's size is bounded by it: each epoch takes less than 256 bytes.
inline constexpr size_t kBuyerKeysBytes = kEpochsMax * 256;
// How long before its beginning a new epoch is written at least: F, the time until every gateway
// has read it (a gateway that has not for kBuyerKeysStaleMs refuses), and M.
inline constexpr int64_t kAnnounceMs = 10LL * 60 * 1000;
// A gateway that could not read its keys again for so long takes no new intents.
inline constexpr int64_t kBuyerKeysStaleMs = 60'000;
static_assert(kAnnounceMs > kBuyerKeysStaleMs);
// How long after its end an epoch must be kept: intents of its time may be sent, asked about and
// remembered as long.
inline constexpr int64_t kKeepMs = 60LL * 60 * 1000;

struct BuyerEpoch {
  uint32_t number = 0;
  int64_t from_ms = 0;
  // None: erased.
  std::optional<BuyerKey> key;
  // SHA-256 of the key, in hexadecimal: tells keys apart without telling them.
  std::string digest;
  int64_t erased_ms = 0;
};

class BuyerKeys {
 public:
  // One epoch from the beginning of time.
  explicit BuyerKeys(BuyerKey key);
  // What a key file holds: 64 hexadecimal digits, which are one epoch from the beginning of time,
  // or
  // {"epochs":[{"epoch":1,"from_ms":0,"key":"<64 hex>"},{"epoch":2,"from_ms":1800000000000,...}]},
  // where an erased one has "digest" and "erased_ms" instead of "key". Numbers count up by one,
  // times rise, the last one is not erased. An error never repeats a key.
  static absl::StatusOr<BuyerKeys> FromText(std::string_view text);
  std::string ToJson() const;

  // Oldest first; never empty.
  const std::vector<BuyerEpoch>& epochs() const { return epochs_; }
  // Those that intents may still speak of: without what ended kKeepMs ago or earlier.
  BuyerKeys Recent(int64_t now_ms) const;
  // Every epoch of the other is here unchanged, or erased since: whoever used the other's keys may
  // go on with these.
  bool Continues(const BuyerKeys& other) const;
  friend bool operator==(const BuyerKeys& a, const BuyerKeys& b) {
    return a.ToJson() == b.ToJson();
  }

  // With a further epoch. FAILED_PRECONDITION if it would begin less than kAnnounceMs from now or
  // not after the last one.
  absl::StatusOr<BuyerKeys> Rotated(BuyerKey key, int64_t from_ms, int64_t now_ms) const;
  // Without the epoch's key. FAILED_PRECONDITION if it is unknown, erased already, or has not ended
  // at least kKeepMs ago.
  absl::StatusOr<BuyerKeys> Erased(uint32_t number, int64_t now_ms) const;

 private:
  BuyerKeys() = default;

  std::vector<BuyerEpoch> epochs_;
};

// A viewer's pseudonyms, one for each epoch: mostly one, two around a rotation. Immutable.
class BuyerRefs {
 public:
  struct Entry {
    int64_t from_ms = 0;
    // None: the epoch is erased.
    std::optional<BuyerRef> ref;
  };
  using Entries = absl::InlinedVector<Entry, 1>;

  BuyerRefs() = default;
  explicit BuyerRefs(Entries entries) : entries_(std::move(entries)) {}
  // The same at all times.
  explicit BuyerRefs(const BuyerRef& always) : entries_{{0, always}} {}
  BuyerRefs(const BuyerKeys& keys, std::string_view viewer_id);

  // The pseudonym of an intent whose id is of that time; null: its epoch is erased, or over for so
  // long that it was left out.
  const BuyerRef* At(int64_t id_ms) const;
  const Entries& entries() const { return entries_; }

 private:
  Entries entries_;
};

}  // namespace jembatan::identity
