#pragma once

// OrderSet: the orders of one hour as both sides know them, told by a digest that does not depend
// on their order. The marketplace makes it from its own books, Jembatan from the outcomes; equal
// digests mean equal sets, and neither has told the other a list.
//
// An order is its commitment: SHA-256 over what both sides know of it. A set's digest is SHA-256
// over these, sorted, each once, with their number before them: two sets with one digest
// are a collision of SHA-256. (Sums of hashes, which could be kept up incrementally, need much
// larger numbers to be as sound; an hour is sorted in milliseconds.) What differs is found by
// digests of those commitments that begin with some bits, a hexadecimal digit at a time.
//
// The hour is that of the time in the intent's id, which both sides read alike. A value; one thread
// at a time.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/ids.h"
#include "libs/ledger/hash.h"

namespace jembatan::reconcile {

inline constexpr int64_t kHourMs = 3'600'000;
// So few commitments are told one by one: 32 bytes each, of no use to who does not know the order.
inline constexpr size_t kToldMax = 16;
// Digits of a prefix; by then no two of any number of commitments agree.
inline constexpr size_t kPrefixDigitsMax = 16;

struct Order {
  base::Uuid intent_id;
  std::string_view buyer_ref;    // 32 bytes
  std::string_view fingerprint;  // 32 bytes
  std::string_view order_id;
};

// Hours since 1970.
inline int64_t HourOf(const base::Uuid& intent_id) { return intent_id.unix_ms() / kHourMs; }

// To an order, which sorts and is digested, and to its intent alone: who knows the intent can tell
// by it which one an order is of that only the other side has.
struct Commitment {
  ledger::Hash order{};
  ledger::Hash intent{};

  friend auto operator<=>(const Commitment&, const Commitment&) = default;
};
Commitment CommitmentOf(ledger::Hasher& hasher, const Order& order);

// Of the commitments that begin with a prefix.
struct Digest {
  uint64_t orders = 0;
  ledger::Hash hash{};

  friend bool operator==(const Digest&, const Digest&) = default;
};

class OrderSet {
 public:
  // One that is there already changes nothing.
  void Add(const Commitment& commitment) { commitments_.push_back(commitment); }

  // prefix: up to kPrefixDigitsMax lower-case hexadecimal digits.
  Digest DigestOf(std::string_view prefix);
  std::vector<Commitment> WithPrefix(std::string_view prefix);

 private:
  // Sorts what was added.
  void Settle();

  std::vector<Commitment> commitments_;
  size_t settled_ = 0;
};

bool IsPrefix(std::string_view text);

}  // namespace jembatan::reconcile
