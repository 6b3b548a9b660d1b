#pragma once

// The Merkle tree of RFC 6962 (and RFC 9162, section 2.1): appending in constant memory, the proofs
// that a leaf is in a tree and that one tree is the beginning of another, and their verification.
// A node (level, index) is the root over the leaves [index << level, (index + 1) << level), all of
// which exist. Pure; an object: one thread at a time.

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/ledger/hash.h"

namespace jembatan::ledger {

// More than any log of ours will hold.
inline constexpr int kTreeLevels = 63;

// What a tree must remember to grow: the roots of its complete subtrees, one for each bit of its
// size.
class CompactRange {
 public:
  CompactRange() = default;
  // Peaks from left to right, as peaks() gives them. INVALID_ARGUMENT: another number of them than
  // the size asks for.
  static absl::StatusOr<CompactRange> FromPeaks(uint64_t size, std::vector<Hash> peaks);

  // Calls completed(level, index, hash) for each node that the leaf completes, itself first.
  template <typename Completed>
  void Append(Hasher& hasher, const Hash& leaf, const Completed& completed) {
    Hash node = leaf;
    int level = 0;
    completed(level, size_, node);
    for (uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
      node = hasher.Node(peaks_.back(), node);
      peaks_.pop_back();
      completed(++level, rest >> 1, node);
    }
    peaks_.push_back(node);
    ++size_;
  }
  Hash Root(Hasher& hasher) const;

  uint64_t size() const { return size_; }
  const std::vector<Hash>& peaks() const { return peaks_; }

 private:
  uint64_t size_ = 0;
  std::vector<Hash> peaks_;
};

// Where the nodes of a tree are kept. Asked only for nodes all of whose leaves exist.
using NodeSource = std::function<absl::StatusOr<Hash>(int level, uint64_t index)>;

// The root of the tree of the first `size` leaves.
absl::StatusOr<Hash> RootAt(Hasher& hasher, uint64_t size, const NodeSource& source);

// RFC 6962 section 2.1.1. INVALID_ARGUMENT: index is not below size.
absl::StatusOr<std::vector<Hash>> InclusionProof(Hasher& hasher, uint64_t index, uint64_t size,
                                                 const NodeSource& source);
// RFC 6962 section 2.1.2. INVALID_ARGUMENT: from is above to. Empty if either is nothing to prove.
absl::StatusOr<std::vector<Hash>> ConsistencyProof(Hasher& hasher, uint64_t from, uint64_t to,
                                                   const NodeSource& source);

// RFC 9162 section 2.1.3.2.
bool VerifyInclusion(Hasher& hasher, uint64_t index, uint64_t size, const Hash& leaf,
                     const std::vector<Hash>& proof, const Hash& root);
// RFC 9162 section 2.1.4.2; and an empty tree is the beginning of every other.
bool VerifyConsistency(Hasher& hasher, uint64_t from, uint64_t to, const Hash& from_root,
                       const Hash& to_root, const std::vector<Hash>& proof);

}  // namespace jembatan::ledger
