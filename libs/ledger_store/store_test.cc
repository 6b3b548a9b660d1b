#include "libs/ledger_store/store.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

#include "libs/base/random.h"
#include "libs/ledger/checkpoint.h"
#include "libs/ledger_store/limits.h"
#include "libs/ledger_store/reader.h"

namespace jembatan::ledger_store {
namespace {

using ledger::Entry;
using ledger::LogId;

const LogId kIntents{"intents", 0};
const LogId kOutcomes{"outcomes", 1};

// The record at an offset is the same whoever reads it.
Entry RecordAt(int64_t offset) {
  Entry entry{.offset = offset, .append_time_ms = 1'000 + offset};
  base::Random random(static_cast<uint64_t>(offset));
  for (uint8_t& byte : entry.digest) byte = static_cast<uint8_t>(random.Next());
  return entry;
}

std::vector<Entry> RecordsFrom(int64_t offset, int64_t count) {
  std::vector<Entry> entries;
  for (int64_t i = 0; i < count; ++i) entries.push_back(RecordAt(offset + i));
  return entries;
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() : root_(testing::TempDir() + "/ledger_store_test") {
    std::filesystem::remove_all(root_);
  }
  ~StoreTest() override { std::filesystem::remove_all(root_); }

  std::unique_ptr<Store> Open(const std::string& name) {
    auto store = Store::Open(root_ + "/" + name);
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }
  std::unique_ptr<Reader> Read(const std::string& name) {
    auto reader = Reader::Open(root_ + "/" + name);
    EXPECT_TRUE(reader.ok()) << reader.status();
    return *std::move(reader);
  }

  const std::string root_;
  const ledger::NoteSigner signer_ = *ledger::NoteSigner::Generate("auditor.example");
  ledger::Hasher hasher_;
};

TEST_F(StoreTest, ProofsHoldFromTheCheckpointDownToEveryRecord) {
  constexpr int64_t kRecords = 700;  // more than two tiles
  auto store = Open("a");
  ASSERT_TRUE(store->Begin(kIntents, 5).ok());
  ASSERT_TRUE(store->Begin(kOutcomes, 0).ok());
  ASSERT_TRUE(store->Append(kIntents, RecordsFrom(5, 300)).ok());
  ASSERT_TRUE(store->Seal(1'000, signer_).ok());
  ASSERT_TRUE(store->Append(kIntents, RecordsFrom(305, kRecords - 300)).ok());
  ASSERT_TRUE(store->Append(kOutcomes, RecordsFrom(0, 3)).ok());
  ASSERT_TRUE(store->Seal(2'000, signer_).ok());

  auto reader = Read("a");
  const auto seal = reader->LastSeal();
  ASSERT_TRUE(seal.ok()) << seal.status();
  const auto text = signer_.verifier().Open(seal->checkpoint);
  ASSERT_TRUE(text.ok()) << text.status();
  const auto checkpoint = ledger::ParseCheckpoint(*text);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->origin, "auditor.example");
  ASSERT_EQ(checkpoint->size, 2u);
  EXPECT_TRUE(ledger::VerifyInclusion(hasher_, 1, 2, hasher_.Leaf(seal->text),
                                      *reader->SealInclusion(1, 2), checkpoint->root));

  const auto heads = ledger::ParseSeal(seal->text);
  ASSERT_TRUE(heads.ok()) << heads.status();
  const ledger::Head* head = ledger::HeadOf(*heads, kIntents);
  ASSERT_NE(head, nullptr);
  EXPECT_EQ(head->begin_offset, 5);
  EXPECT_EQ(head->next_offset, 5 + kRecords);
  ASSERT_EQ(head->size, static_cast<uint64_t>(kRecords));
  ledger::LeafMaker maker(kIntents);
  for (int64_t i = 0; i < kRecords; ++i) {
    const auto index = reader->IndexOf(kIntents, 5 + i, head->size);
    ASSERT_EQ(*index, static_cast<uint64_t>(i));
    const auto proof = reader->Inclusion(kIntents, *index, head->size);
    ASSERT_TRUE(proof.ok()) << proof.status();
    ASSERT_TRUE(ledger::VerifyInclusion(
        hasher_, *index, head->size, hasher_.Leaf(maker.Make(RecordAt(5 + i))), *proof, head->root))
        << i;
  }
  EXPECT_EQ(*reader->IndexOf(kIntents, 5 + kRecords, head->size), head->size);
  EXPECT_EQ(*reader->IndexAt(kIntents, RecordAt(305).append_time_ms, head->size), 300u);
  EXPECT_EQ(*reader->IndexAt(kIntents, 0, head->size), 0u);
  EXPECT_EQ(*reader->IndexAt(kIntents, INT64_MAX, head->size), head->size);
  // From the peaks of any beginning the rest of the leaves leads to the same root.
  for (const uint64_t size : {0, 1, 255, 256, 300, 513, 700}) {
    const auto peaks = reader->Peaks(kIntents, size);
    ASSERT_TRUE(peaks.ok()) << peaks.status();
    auto tree = ledger::CompactRange::FromPeaks(size, *peaks);
    ASSERT_TRUE(tree.ok()) << tree.status();
    for (auto i = static_cast<int64_t>(size); i < kRecords; ++i) {
      tree->Append(hasher_, hasher_.Leaf(maker.Make(RecordAt(5 + i))),
                   [](int, uint64_t, const ledger::Hash&) {});
    }
    EXPECT_EQ(tree->Root(hasher_), head->root) << size;
  }
  EXPECT_FALSE(reader->Peaks(kIntents, kRecords + 1).ok());
}

TEST_F(StoreTest, EachSealGoesOnFromTheFormerOnes) {
  auto store = Open("a");
  ASSERT_TRUE(store->Begin(kIntents, 0).ok());
  std::vector<ledger::Head> heads;
  std::vector<ledger::Checkpoint> checkpoints;
  for (int i = 0; i < 300; ++i) {
    const auto seal = store->Seal(i, signer_);
    ASSERT_TRUE(seal.ok()) << seal.status();
    heads.push_back(ledger::ParseSeal(seal->text)->heads.front());
    checkpoints.push_back(*ledger::ParseCheckpoint(*signer_.verifier().Open(seal->checkpoint)));
    ASSERT_TRUE(store->Append(kIntents, RecordsFrom(*store->NextOffset(kIntents), i % 9)).ok());
  }
  auto reader = Read("a");
  for (size_t to = 1; to < heads.size(); to += 7) {
    for (size_t from = 0; from < to; from += 11) {
      const auto records = reader->Consistency(kIntents, heads[from].size, heads[to].size);
      ASSERT_TRUE(records.ok()) << records.status();
      ASSERT_TRUE(ledger::VerifyConsistency(hasher_, heads[from].size, heads[to].size,
                                            heads[from].root, heads[to].root, *records));
      const auto seals = reader->SealConsistency(from + 1, to + 1);
      ASSERT_TRUE(seals.ok()) << seals.status();
      ASSERT_TRUE(ledger::VerifyConsistency(hasher_, from + 1, to + 1, checkpoints[from].root,
                                            checkpoints[to].root, *seals));
    }
  }
}

// Appends, seals, ends and torn ends at random: in the end all is as if nothing had ended.
TEST_F(StoreTest, ResumesExactly) {
  constexpr int64_t kRecords = 3'000;
  auto whole = Open("whole");
  ASSERT_TRUE(whole->Begin(kIntents, 7).ok());
  ASSERT_TRUE(whole->Append(kIntents, RecordsFrom(7, kRecords)).ok());
  ASSERT_TRUE(whole->Seal(0, signer_).ok());
  const ledger::Hash expected = *Read("whole")->Root(kIntents, kRecords);
  int torn = 0;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    base::Random random(seed);
    const std::string name = "broken-" + std::to_string(seed);
    const std::string segment = root_ + "/" + name + "/intents-0/00000000000000000000.segment";
    auto store = Open(name);
    ASSERT_TRUE(store->Begin(kIntents, 7).ok());
    uintmax_t sealed_bytes = 0;
    while (*store->NextOffset(kIntents) < 7 + kRecords) {
      const int64_t next = *store->NextOffset(kIntents);
      const int64_t choice = random.Between(0, 9);
      if (choice < 6) {
        const int64_t count = std::min(random.Between(1, 400), 7 + kRecords - next);
        ASSERT_TRUE(store->Append(kIntents, RecordsFrom(next, count)).ok());
      } else if (choice < 8) {
        ASSERT_TRUE(store->Seal(next, signer_).ok());
        sealed_bytes = std::filesystem::file_size(segment);
      } else {
        store.reset();
        const uintmax_t size = std::filesystem::file_size(segment);
        if (size > sealed_bytes) {
          const int64_t cut = random.Between(0, static_cast<int64_t>(size - sealed_bytes));
          std::filesystem::resize_file(segment, size - static_cast<uintmax_t>(cut));
          ++torn;
        }
        store = Open(name);
        ASSERT_LE(*store->NextOffset(kIntents), next);
      }
    }
    ASSERT_TRUE(store->Seal(0, signer_).ok());
    EXPECT_EQ(*Read(name)->Root(kIntents, kRecords), expected) << "seed " << seed;
  }
  EXPECT_GT(torn, 8);
}

TEST_F(StoreTest, TwoThatSealAtOtherTimesAgreeOnEverySize) {
  auto a = Open("a");
  auto b = Open("b");
  for (Store* store : {a.get(), b.get()}) ASSERT_TRUE(store->Begin(kIntents, 0).ok());
  for (int i = 0; i < 90; ++i) {
    ASSERT_TRUE(a->Append(kIntents, RecordsFrom(i * 7, 7)).ok());
    if (i % 4 == 0) ASSERT_TRUE(a->Seal(i, signer_).ok());
  }
  ASSERT_TRUE(a->Seal(99, signer_).ok());
  ASSERT_TRUE(b->Append(kIntents, RecordsFrom(0, 630)).ok());
  ASSERT_TRUE(b->Seal(5, signer_).ok());
  auto read_a = Read("a");
  auto read_b = Read("b");
  for (uint64_t size = 0; size <= 630; ++size) {
    ASSERT_EQ(*read_a->Root(kIntents, size), *read_b->Root(kIntents, size)) << size;
  }
}

TEST_F(StoreTest, WhatIsNotSealedIsNotTold) {
  auto store = Open("a");
  ASSERT_TRUE(store->Begin(kIntents, 0).ok());
  auto reader = Read("a");
  EXPECT_TRUE(absl::IsNotFound(reader->LastSeal().status()));
  ASSERT_TRUE(store->Append(kIntents, RecordsFrom(0, 4)).ok());
  EXPECT_TRUE(absl::IsOutOfRange(reader->Root(kIntents, 4).status()));
  EXPECT_TRUE(absl::IsNotFound(reader->Root(kOutcomes, 0).status()));
  EXPECT_EQ(store->unsealed(), 4u);
  ASSERT_TRUE(store->Seal(1, signer_).ok());
  EXPECT_EQ(store->unsealed(), 0u);
  EXPECT_TRUE(reader->Root(kIntents, 4).ok());
}

TEST_F(StoreTest, TheStateIsThatOfTheLastSeal) {
  {
    auto store = Open("a");
    EXPECT_EQ(store->found_state(), "");
    EXPECT_FALSE(store->FoundEnd(kIntents));
    ASSERT_TRUE(store->Begin(kIntents, 3).ok());
    ASSERT_TRUE(store->Append(kIntents, RecordsFrom(3, 4)).ok());
    ASSERT_TRUE(store->Seal(1, signer_, "one").ok());
    ASSERT_TRUE(store->Append(kIntents, RecordsFrom(7, 2)).ok());
  }
  auto store = Open("a");
  EXPECT_EQ(store->found_state(), "one");
  EXPECT_EQ(store->NextOffset(kIntents), 9);
  EXPECT_EQ(store->FoundEnd(kIntents)->next_offset, 7);
  EXPECT_EQ(store->FoundEnd(kIntents)->append_time_ms, 1'006);
}

TEST_F(StoreTest, OneWriterAlone) {
  auto store = Open("a");
  EXPECT_TRUE(absl::IsFailedPrecondition(Store::Open(root_ + "/a").status()));
  EXPECT_TRUE(absl::IsNotFound(Reader::Open(root_ + "/b").status()));
}

TEST_F(StoreTest, ASealedEntryThatIsGoneStopsTheStart) {
  {
    auto store = Open("a");
    ASSERT_TRUE(store->Begin(kIntents, 0).ok());
    ASSERT_TRUE(store->Append(kIntents, RecordsFrom(0, 4)).ok());
    ASSERT_TRUE(store->Seal(1, signer_).ok());
  }
  const std::string segment = root_ + "/a/intents-0/00000000000000000000.segment";
  std::filesystem::resize_file(segment, std::filesystem::file_size(segment) - 1);
  EXPECT_EQ(Store::Open(root_ + "/a").status().message(), "entry 3 of intents/0 is not there");
}

}  // namespace
}  // namespace jembatan::ledger_store
