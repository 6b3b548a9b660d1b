#include "libs/ledger/tree.h"

#include <bit>
#include <utility>

#include "libs/base/status.h"

namespace jembatan::ledger {
namespace {

// Largest power of two below n; n > 1.
uint64_t SplitOf(uint64_t n) { return std::bit_floor(n - 1); }

// The root over [begin, end), which is not empty; begin is a multiple of the greatest power of two
// that is not above end - begin, as it is for every range that the RFC's recursions come to.
absl::StatusOr<Hash> RangeRoot(Hasher& hasher, uint64_t begin, uint64_t end,
                               const NodeSource& source) {
  const uint64_t count = end - begin;
  if (std::has_single_bit(count)) {
    const int level = std::countr_zero(count);
    return source(level, begin >> level);
  }
  const uint64_t split = begin + SplitOf(count);
  JEMB_ASSIGN_OR_RETURN(const Hash left, RangeRoot(hasher, begin, split, source));
  JEMB_ASSIGN_OR_RETURN(const Hash right, RangeRoot(hasher, split, end, source));
  return hasher.Node(left, right);
}

// PATH and SUBPROOF of the RFC as loops that go down from the root: what is passed by is noted, and
// the proof is that list from its end.
class Descent {
 public:
  Descent(Hasher& hasher, uint64_t size, const NodeSource& source)
      : hasher_(hasher), end_(size), source_(source) {}

  uint64_t begin() const { return begin_; }
  uint64_t end() const { return end_; }

  // To the half in which the leaf lies; the range has more than one leaf.
  absl::Status Down(uint64_t leaf) {
    const uint64_t split = begin_ + SplitOf(end_ - begin_);
    const bool right = leaf >= split;
    absl::StatusOr<Hash> passed_by = right ? RangeRoot(hasher_, begin_, split, source_)
                                           : RangeRoot(hasher_, split, end_, source_);
    if (!passed_by.ok()) return passed_by.status();
    passed_by_.push_back(*passed_by);
    (right ? begin_ : end_) = split;
    return absl::OkStatus();
  }
  absl::Status AddRange() {
    absl::StatusOr<Hash> root = RangeRoot(hasher_, begin_, end_, source_);
    if (!root.ok()) return root.status();
    passed_by_.push_back(*root);
    return absl::OkStatus();
  }
  std::vector<Hash> Proof() const { return {passed_by_.rbegin(), passed_by_.rend()}; }

 private:
  Hasher& hasher_;
  uint64_t begin_ = 0;
  uint64_t end_;
  const NodeSource& source_;
  std::vector<Hash> passed_by_;
};

// The place in the tree that a verification has come to: fn and sn of RFC 9162.
struct Climb {
  uint64_t node;
  uint64_t last;

  bool joins_left() const { return (node & 1) != 0 || node == last; }
  void SkipLone() {
    while ((node & 1) == 0 && node != 0) Up();
  }
  void Up() {
    node >>= 1;
    last >>= 1;
  }
};

}  // namespace

absl::StatusOr<CompactRange> CompactRange::FromPeaks(uint64_t size, std::vector<Hash> peaks) {
  if (peaks.size() != static_cast<size_t>(std::popcount(size)) || size >> kTreeLevels != 0) {
    return base::InvalidArgument("a tree of " + std::to_string(size) + " leaves does not have " +
                                 std::to_string(peaks.size()) + " peaks");
  }
  CompactRange range;
  range.size_ = size;
  range.peaks_ = std::move(peaks);
  return range;
}

Hash CompactRange::Root(Hasher& hasher) const {
  if (peaks_.empty()) return hasher.Empty();
  Hash root = peaks_.back();
  for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak) {
    root = hasher.Node(*peak, root);
  }
  return root;
}

absl::StatusOr<Hash> RootAt(Hasher& hasher, uint64_t size, const NodeSource& source) {
  if (size == 0) return hasher.Empty();
  return RangeRoot(hasher, 0, size, source);
}

absl::StatusOr<std::vector<Hash>> InclusionProof(Hasher& hasher, uint64_t index, uint64_t size,
                                                 const NodeSource& source) {
  if (index >= size) {
    return base::InvalidArgument("leaf " + std::to_string(index) + " is not among the first " +
                                 std::to_string(size));
  }
  Descent descent(hasher, size, source);
  while (descent.end() - descent.begin() > 1) JEMB_RETURN_IF_ERROR(descent.Down(index));
  return descent.Proof();
}

absl::StatusOr<std::vector<Hash>> ConsistencyProof(Hasher& hasher, uint64_t from, uint64_t to,
                                                   const NodeSource& source) {
  if (from > to) {
    return base::InvalidArgument("a tree of " + std::to_string(from) +
                                 " leaves is not the beginning of one of " + std::to_string(to));
  }
  Descent descent(hasher, to, source);
  if (from == 0 || from == to) return descent.Proof();
  while (descent.end() != from) JEMB_RETURN_IF_ERROR(descent.Down(from - 1));
  // From the left edge on the verifier knows the root of the old tree already.
  if (descent.begin() != 0) JEMB_RETURN_IF_ERROR(descent.AddRange());
  return descent.Proof();
}

bool VerifyInclusion(Hasher& hasher, uint64_t index, uint64_t size, const Hash& leaf,
                     const std::vector<Hash>& proof, const Hash& root) {
  if (index >= size) return false;
  Climb climb{index, size - 1};
  Hash hash = leaf;
  for (const Hash& sibling : proof) {
    if (climb.last == 0) return false;
    if (climb.joins_left()) {
      hash = hasher.Node(sibling, hash);
      climb.SkipLone();
    } else {
      hash = hasher.Node(hash, sibling);
    }
    climb.Up();
  }
  return climb.last == 0 && hash == root;
}

bool VerifyConsistency(Hasher& hasher, uint64_t from, uint64_t to, const Hash& from_root,
                       const Hash& to_root, const std::vector<Hash>& proof) {
  if (from > to) return false;
  if (from == to) return proof.empty() && from_root == to_root;
  if (from == 0) return proof.empty() && from_root == hasher.Empty();
  if (proof.empty()) return false;
  Climb climb{from - 1, to - 1};
  while ((climb.node & 1) != 0) climb.Up();
  // A complete old tree is a node of the new one, and the proof leaves its root out.
  const bool complete = std::has_single_bit(from);
  Hash old_hash = complete ? from_root : proof.front();
  Hash new_hash = old_hash;
  for (size_t i = complete ? 0 : 1; i < proof.size(); ++i) {
    if (climb.last == 0) return false;
    if (climb.joins_left()) {
      old_hash = hasher.Node(proof[i], old_hash);
      new_hash = hasher.Node(proof[i], new_hash);
      climb.SkipLone();
    } else {
      new_hash = hasher.Node(new_hash, proof[i]);
    }
    climb.Up();
  }
  return climb.last == 0 && old_hash == from_root && new_hash == to_root;
}

}  // namespace jembatan::ledger
