#include "libs/ledger/tree.h"

#include <map>
#include <string>
#include <utility>

#include "gtest/gtest.h"

#include "libs/base/text.h"

namespace jembatan::ledger {
namespace {

constexpr uint64_t kSizes = 256;

std::string Bytes(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}
Hash FromHex(const std::string& hex) { return *HashOf(Bytes(hex)); }
std::string ToHex(const Hash& hash) { return base::Hex(BytesOf(hash)); }

// A tree that keeps every node it completes.
class Kept {
 public:
  void Append(std::string_view leaf) { AppendHash(hasher_.Leaf(leaf)); }
  void AppendHash(const Hash& leaf) {
    range_.Append(hasher_, leaf, [this](int level, uint64_t index, const Hash& hash) {
      nodes_[{level, index}] = hash;
    });
  }
  NodeSource source() const {
    return [this](int level, uint64_t index) -> absl::StatusOr<Hash> {
      auto at = nodes_.find({level, index});
      if (at == nodes_.end()) return absl::NotFoundError("asked for a node that is not complete");
      return at->second;
    };
  }
  const CompactRange& range() const { return range_; }
  Hash leaf(uint64_t index) const { return nodes_.at({0, index}); }

 private:
  Hasher hasher_;
  CompactRange range_;
  std::map<std::pair<int, uint64_t>, Hash> nodes_;
};

// MTH, PATH and PROOF word for word as in RFC 6962, sections 2.1 to 2.1.2.
class Rfc {
 public:
  explicit Rfc(std::vector<Hash> leaves) : leaves_(std::move(leaves)) {}

  Hash Mth(uint64_t begin, uint64_t end) {
    if (begin == end) return hasher_.Empty();
    if (end - begin == 1) return leaves_[begin];
    const uint64_t k = begin + Split(end - begin);
    return hasher_.Node(Mth(begin, k), Mth(k, end));
  }
  std::vector<Hash> Path(uint64_t m, uint64_t begin, uint64_t end) {
    if (end - begin == 1) return {};
    const uint64_t k = Split(end - begin);
    std::vector<Hash> path = m < k ? Path(m, begin, begin + k) : Path(m - k, begin + k, end);
    path.push_back(m < k ? Mth(begin + k, end) : Mth(begin, begin + k));
    return path;
  }
  std::vector<Hash> Subproof(uint64_t m, uint64_t begin, uint64_t end, bool whole) {
    if (m == end - begin) return whole ? std::vector<Hash>{} : std::vector<Hash>{Mth(begin, end)};
    const uint64_t k = Split(end - begin);
    std::vector<Hash> proof =
        m <= k ? Subproof(m, begin, begin + k, whole) : Subproof(m - k, begin + k, end, false);
    proof.push_back(m <= k ? Mth(begin + k, end) : Mth(begin, begin + k));
    return proof;
  }

 private:
  static uint64_t Split(uint64_t n) {
    uint64_t k = 1;
    while (2 * k < n) k *= 2;
    return k;
  }

  Hasher hasher_;
  std::vector<Hash> leaves_;
};

// The leaves and roots that implementations of Certificate Transparency test each other with.
constexpr const char* kLeaves[] = {"",
                                   "00",
                                   "10",
                                   "2021",
                                   "3031",
                                   "40414243",
                                   "5051525354555657",
                                   "606162636465666768696a6b6c6d6e6f"};
constexpr const char* kRoots[] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

TEST(Tree, PublishedRoots) {
  Hasher hasher;
  Kept tree;
  EXPECT_EQ(ToHex(tree.range().Root(hasher)),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (size_t i = 0; i < std::size(kLeaves); ++i) {
    tree.Append(Bytes(kLeaves[i]));
    EXPECT_EQ(ToHex(tree.range().Root(hasher)), kRoots[i]) << i;
  }
}

TEST(Tree, PublishedProofs) {
  const struct {
    uint64_t index, size;
    std::vector<std::string> proof;
  } kInclusion[] = {
      {0, 1, {}},
      {0,
       8,
       {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
      {5,
       8,
       {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
      {2, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
      {1,
       5,
       {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
  };
  const struct {
    uint64_t from, to;
    std::vector<std::string> proof;
  } kConsistency[] = {
      {1, 1, {}},
      {1,
       8,
       {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
      {6,
       8,
       {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
      {2,
       5,
       {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
      {6,
       7,
       {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
  };
  Hasher hasher;
  Kept tree;
  for (const char* leaf : kLeaves) tree.Append(Bytes(leaf));
  for (const auto& row : kInclusion) {
    const auto proof = InclusionProof(hasher, row.index, row.size, tree.source());
    ASSERT_TRUE(proof.ok()) << proof.status();
    std::vector<std::string> hex;
    for (const Hash& hash : *proof) hex.push_back(ToHex(hash));
    EXPECT_EQ(hex, row.proof) << row.index << " in " << row.size;
    EXPECT_TRUE(VerifyInclusion(hasher, row.index, row.size, tree.leaf(row.index), *proof,
                                FromHex(kRoots[row.size - 1])));
  }
  for (const auto& row : kConsistency) {
    const auto proof = ConsistencyProof(hasher, row.from, row.to, tree.source());
    ASSERT_TRUE(proof.ok()) << proof.status();
    std::vector<std::string> hex;
    for (const Hash& hash : *proof) hex.push_back(ToHex(hash));
    EXPECT_EQ(hex, row.proof) << row.from << " to " << row.to;
    EXPECT_TRUE(VerifyConsistency(hasher, row.from, row.to, FromHex(kRoots[row.from - 1]),
                                  FromHex(kRoots[row.to - 1]), *proof));
  }
}

class EverySize : public testing::Test {
 protected:
  EverySize() : rfc_({}) {
    std::vector<Hash> leaves;
    roots_.push_back(hasher_.Empty());
    for (uint64_t i = 0; i < kSizes; ++i) {
      leaves.push_back(hasher_.Leaf(std::to_string(i)));
      tree_.AppendHash(leaves.back());
      roots_.push_back(tree_.range().Root(hasher_));
    }
    rfc_ = Rfc(std::move(leaves));
  }

  Hasher hasher_;
  Kept tree_;
  std::vector<Hash> roots_;
  Rfc rfc_;
};

TEST_F(EverySize, RootsAreTheRfcs) {
  for (uint64_t size = 0; size <= kSizes; ++size) {
    EXPECT_EQ(roots_[size], rfc_.Mth(0, size)) << size;
    EXPECT_EQ(*RootAt(hasher_, size, tree_.source()), roots_[size]) << size;
  }
}

TEST_F(EverySize, InclusionProofsAreTheRfcsAndHoldForTheirLeafAlone) {
  for (uint64_t size = 1; size <= kSizes; ++size) {
    for (uint64_t index = 0; index < size; ++index) {
      const auto proof = InclusionProof(hasher_, index, size, tree_.source());
      ASSERT_TRUE(proof.ok()) << proof.status();
      ASSERT_EQ(*proof, rfc_.Path(index, 0, size)) << index << " in " << size;
      const Hash leaf = tree_.leaf(index);
      ASSERT_TRUE(VerifyInclusion(hasher_, index, size, leaf, *proof, roots_[size]));
      ASSERT_FALSE(VerifyInclusion(hasher_, index + 1, size, leaf, *proof, roots_[size]));
      ASSERT_FALSE(VerifyInclusion(hasher_, index, size, leaf, *proof, roots_[size - 1]));
      ASSERT_FALSE(VerifyInclusion(hasher_, index, size, roots_[0], *proof, roots_[size]));
    }
  }
}

TEST_F(EverySize, ConsistencyProofsAreTheRfcsAndHoldForTheirRootsAlone) {
  for (uint64_t to = 1; to <= kSizes; ++to) {
    for (uint64_t from = 1; from <= to; ++from) {
      const auto proof = ConsistencyProof(hasher_, from, to, tree_.source());
      ASSERT_TRUE(proof.ok()) << proof.status();
      ASSERT_EQ(*proof, rfc_.Subproof(from, 0, to, true)) << from << " to " << to;
      ASSERT_TRUE(VerifyConsistency(hasher_, from, to, roots_[from], roots_[to], *proof));
      ASSERT_FALSE(VerifyConsistency(hasher_, from, to, roots_[from - 1], roots_[to], *proof));
      ASSERT_FALSE(VerifyConsistency(hasher_, from, to, roots_[from], roots_[to - 1], *proof));
      ASSERT_FALSE(VerifyConsistency(hasher_, from - 1, to, roots_[from], roots_[to], *proof));
    }
  }
}

// Each hash changed, left out or doubled, and one too many.
TEST_F(EverySize, NoPartOfAProofCanBeAnother) {
  const auto broken = [](const std::vector<Hash>& proof) {
    std::vector<std::vector<Hash>> all;
    for (size_t i = 0; i < proof.size(); ++i) {
      all.push_back(proof);
      all.back()[i][i % kHashBytes] ^= 0x10;
      all.push_back(proof);
      all.back().erase(all.back().begin() + static_cast<std::ptrdiff_t>(i));
      all.push_back(proof);
      all.back().insert(all.back().begin() + static_cast<std::ptrdiff_t>(i), proof[i]);
    }
    all.push_back(proof);
    all.back().push_back(Hash{});
    return all;
  };
  int tried = 0;
  for (uint64_t size = 1; size <= 70; ++size) {
    for (uint64_t i = 0; i < size; ++i) {
      const auto inclusion = *InclusionProof(hasher_, i, size, tree_.source());
      for (const auto& proof : broken(inclusion)) {
        ++tried;
        ASSERT_FALSE(VerifyInclusion(hasher_, i, size, tree_.leaf(i), proof, roots_[size]));
      }
      const auto consistency = *ConsistencyProof(hasher_, i, size, tree_.source());
      for (const auto& proof : broken(consistency)) {
        ++tried;
        ASSERT_FALSE(VerifyConsistency(hasher_, i, size, roots_[i], roots_[size], proof));
      }
    }
  }
  EXPECT_GT(tried, 50'000);
}

TEST_F(EverySize, GrowingGoesOnFromThePeaks) {
  for (uint64_t size = 0; size < kSizes; ++size) {
    Kept begun;
    for (uint64_t i = 0; i < size; ++i) begun.AppendHash(tree_.leaf(i));
    auto range = CompactRange::FromPeaks(size, begun.range().peaks());
    ASSERT_TRUE(range.ok()) << range.status();
    int completed = 0;
    range->Append(hasher_, tree_.leaf(size), [&](int level, uint64_t index, const Hash& hash) {
      EXPECT_EQ(level, completed++);
      EXPECT_EQ(hash, *tree_.source()(level, index));
    });
    EXPECT_EQ(range->Root(hasher_), roots_[size + 1]);
  }
  EXPECT_FALSE(CompactRange::FromPeaks(3, {roots_[1]}).ok());
  EXPECT_FALSE(CompactRange::FromPeaks(uint64_t{1} << 63, {roots_[1]}).ok());
}

TEST_F(EverySize, WhatIsNotThereHasNoProof) {
  EXPECT_TRUE(absl::IsInvalidArgument(InclusionProof(hasher_, 5, 5, tree_.source()).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ConsistencyProof(hasher_, 6, 5, tree_.source()).status()));
  // A source that fails is not papered over.
  const NodeSource none = [](int, uint64_t) { return absl::DataLossError("gone"); };
  EXPECT_TRUE(absl::IsDataLoss(InclusionProof(hasher_, 1, 5, none).status()));
  EXPECT_TRUE(absl::IsDataLoss(ConsistencyProof(hasher_, 3, 5, none).status()));
  EXPECT_TRUE(absl::IsDataLoss(RootAt(hasher_, 5, none).status()));
  EXPECT_FALSE(VerifyInclusion(hasher_, 0, 0, roots_[0], {}, roots_[0]));
  EXPECT_TRUE(VerifyConsistency(hasher_, 0, 5, roots_[0], roots_[5], {}));
  EXPECT_FALSE(VerifyConsistency(hasher_, 0, 5, roots_[1], roots_[5], {}));
  EXPECT_FALSE(VerifyConsistency(hasher_, 5, 4, roots_[5], roots_[4], {}));
}

}  // namespace
}  // namespace jembatan::ledger
