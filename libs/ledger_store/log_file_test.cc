#include "libs/ledger_store/log_file.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

#include "libs/base/file.h"
#include "libs/ledger_store/limits.h"

namespace jembatan::ledger_store {
namespace {

using ledger::Entry;

constexpr size_t kHeaderBytes = 288;
constexpr size_t kEntryBytes = 52;

Entry EntryOf(uint64_t number) {
  Entry entry{.offset = static_cast<int64_t>(10 + 2 * number),
              .append_time_ms = static_cast<int64_t>(1'700'000'000'000 + number)};
  for (size_t i = 0; i < entry.digest.size(); ++i) {
    entry.digest[i] = static_cast<uint8_t>(number * 31 + i);
  }
  return entry;
}

std::vector<Entry> EntriesOf(uint64_t first, uint64_t count) {
  std::vector<Entry> entries;
  for (uint64_t i = 0; i < count; ++i) entries.push_back(EntryOf(first + i));
  return entries;
}

class LogFileTest : public testing::Test {
 protected:
  LogFileTest() : folder_(testing::TempDir() + "/log_file_test") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~LogFileTest() override { std::filesystem::remove_all(folder_); }

  LogFile Open(uint64_t sealed = 0) {
    auto file = LogFile::Open(folder_, log_, sealed);
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }
  std::string Segment(uint64_t first) const {
    std::string digits = std::to_string(first);
    return folder_ + "/t.v1-3/" + std::string(20 - digits.size(), '0') + digits + ".segment";
  }
  std::string Bytes(uint64_t first = 0) const {
    return *base::ReadWholeFile(Segment(first), size_t{1} << 30);
  }
  void Write(const std::string& bytes, uint64_t first = 0) const {
    std::ofstream(Segment(first), std::ios::binary | std::ios::trunc) << bytes;
  }

  const std::string folder_;
  const ledger::LogId log_{"t.v1", 3};
};

TEST_F(LogFileTest, KeepsWhatIsAppended) {
  LogFile file = Open();
  EXPECT_EQ(file.size(), 0u);
  ASSERT_TRUE(file.Append(EntriesOf(0, 3)).ok());
  ASSERT_TRUE(file.Append(EntriesOf(3, 4)).ok());
  ASSERT_TRUE(file.Sync().ok());
  EXPECT_EQ(file.size(), 7u);
  EXPECT_EQ(*file.reader().Read(0, 7), EntriesOf(0, 7));
  EXPECT_EQ(*LogFileReader(folder_, log_).Read(5, 2), EntriesOf(5, 2));
  EXPECT_TRUE(absl::IsDataLoss(file.reader().Read(5, 3).status()));
}

// The process may end at any byte of a write.
TEST_F(LogFileTest, ATornEndIsCutOffAtTheLastWholeEntry) {
  {
    LogFile file = Open();
    ASSERT_TRUE(file.Append(EntriesOf(0, 4)).ok());
  }
  const std::string whole = Bytes();
  ASSERT_EQ(whole.size(), kHeaderBytes + 4 * kEntryBytes);
  for (size_t size = 0; size <= whole.size(); ++size) {
    Write(whole.substr(0, size));
    const uint64_t left = size < kHeaderBytes ? 0 : (size - kHeaderBytes) / kEntryBytes;
    LogFile file = Open();
    ASSERT_EQ(file.size(), left) << size;
    // It goes on as if nothing had happened.
    ASSERT_TRUE(file.Append(EntriesOf(left, 5 - left)).ok());
    ASSERT_EQ(*file.reader().Read(0, 5), EntriesOf(0, 5)) << size;
  }
}

// A page may be lost in the middle of what was not synced.
TEST_F(LogFileTest, NothingBehindADamagedEntryCounts) {
  {
    LogFile file = Open();
    ASSERT_TRUE(file.Append(EntriesOf(0, 4)).ok());
  }
  const std::string whole = Bytes();
  for (size_t at = kHeaderBytes; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    Write(damaged);
    const uint64_t left = (at - kHeaderBytes) / kEntryBytes;
    ASSERT_EQ(Open().size(), left) << at;
    ASSERT_EQ(Bytes().size(), kHeaderBytes + left * kEntryBytes);
  }
}

TEST_F(LogFileTest, WhatWasSealedIsNeverCutOff) {
  {
    LogFile file = Open();
    ASSERT_TRUE(file.Append(EntriesOf(0, 4)).ok());
  }
  const std::string whole = Bytes();
  Write(whole.substr(0, whole.size() - 1));
  EXPECT_EQ(LogFile::Open(folder_, log_, 4).status().message(), "entry 3 of t.v1/3 is not there");
  EXPECT_EQ(Bytes().size(), whole.size() - 1);
  std::string damaged = whole;
  damaged.back() ^= 1;
  Write(damaged);
  EXPECT_EQ(LogFile::Open(folder_, log_, 4).status().message(), "entry 3 of t.v1/3 is damaged");
  Write(std::string(whole.size(), 'x'));
  EXPECT_FALSE(LogFile::Open(folder_, log_, 4).ok());
}

TEST_F(LogFileTest, AnEntryInAnothersPlaceIsDamage) {
  LogFile file = Open();
  ASSERT_TRUE(file.Append(EntriesOf(0, 2)).ok());
  std::string swapped = Bytes();
  std::swap_ranges(swapped.begin() + kHeaderBytes, swapped.begin() + kHeaderBytes + kEntryBytes,
                   swapped.begin() + kHeaderBytes + kEntryBytes);
  Write(swapped);
  EXPECT_EQ(file.reader().Read(0, 2).status().message(), "entry 0 of t.v1/3 is damaged");
}

TEST_F(LogFileTest, ASegmentOfAnotherLogIsRefused) {
  {
    LogFile file = Open();
    ASSERT_TRUE(file.Append(EntriesOf(0, 2)).ok());
  }
  std::filesystem::create_directories(folder_ + "/t.v1-4");
  std::filesystem::copy(Segment(0), folder_ + "/t.v1-4/00000000000000000000.segment");
  EXPECT_TRUE(absl::IsDataLoss(LogFile::Open(folder_, {"t.v1", 4}, 2).status()));
}

TEST_F(LogFileTest, GoesOnInTheNextSegment) {
  {
    LogFile file = Open();
    uint64_t at = 0;
    for (; at + kReadEntriesMax <= kSegmentEntries; at += kReadEntriesMax) {
      ASSERT_TRUE(file.Append(EntriesOf(at, kReadEntriesMax)).ok());
    }
    ASSERT_EQ(at, kSegmentEntries);
  }
  {
    // Full to the brim, and the next not begun.
    LogFile file = Open(kSegmentEntries);
    ASSERT_EQ(file.size(), kSegmentEntries);
    ASSERT_TRUE(file.Append(EntriesOf(kSegmentEntries, 2)).ok());
  }
  {
    LogFile file = Open(kSegmentEntries - 1);
    EXPECT_EQ(file.size(), kSegmentEntries + 2);
    EXPECT_EQ(*file.reader().Read(kSegmentEntries - 2, 4), EntriesOf(kSegmentEntries - 2, 4));
  }
  // A hole at the end of the first: the second does not count.
  std::string first = Bytes();
  first.back() ^= 1;
  Write(first);
  LogFile file = Open(5);
  EXPECT_EQ(file.size(), kSegmentEntries - 1);
  EXPECT_FALSE(std::filesystem::exists(Segment(kSegmentEntries)));
}

}  // namespace
}  // namespace jembatan::ledger_store
