// Ten thousand ways to tamper with a bundle, drawn at random: none goes unseen, and whoever changes
// a record is told which.

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

#include "libs/evidence/archive.h"
#include "libs/evidence/bundle.h"
#include "libs/evidence/limits.h"
#include "libs/evidence/testing/house.h"
#include "libs/evidence/verify.h"

namespace jembatan::evidence {
namespace {

using testing::House;

// Where a record stands in a segment's bytes.
struct Span {
  size_t begin = 0;
  size_t end = 0;
};

class Tamper : public ::testing::Test {
 protected:
  Tamper() {
    house_.Trade(30);
    house_.Seal(testing::kToMs + kTailMs);
    files_ = house_.Bundle();
    bytes_ = Pack(files_).value();
    const std::string& segment = files_.at(SegmentName(kLog));
    // Magic, first leaf, no peaks, count.
    size_t at = 8 + 8 + 1 + 8;
    head_bytes_ = at;
    std::string_view rest = std::string_view(segment).substr(at);
    while (!rest.empty()) {
      Record record;
      ledger::Hash leaf;
      if (!TakeRecord(&rest, &record, &leaf)) break;
      const size_t end = segment.size() - rest.size();
      records_.push_back({at, end});
      at = end;
    }
  }

  size_t Below(size_t bound) { return random_() % bound; }

  // The first fault of what the bytes say; empty: none was found.
  Fault FirstFault(const std::string& bytes) const {
    const auto verified = Verify(bytes, house_.auditor());
    if (!verified.ok()) return {"the archive", "it cannot be opened"};
    for (size_t i = 0; i < kArticles; ++i) {
      const Judgement& judgement = verified->judgements[static_cast<Article>(i)];
      if (!judgement.faults.empty()) return judgement.faults.front();
    }
    return {};
  }

  // With the intents' segment changed, and a manifest that lists it as it is now.
  std::string Repacked(std::string segment) const {
    Files files = files_;
    files[SegmentName(kLog)] = std::move(segment);
    files.erase(std::string(kManifestName));
    files[std::string(kManifestName)] = FormatManifest(ManifestOf(house_.TheScope(), files));
    return Pack(files).value();
  }

  // Of each of the four kinds.
  static constexpr int kRounds = JEMBATAN_TAMPER_ROUNDS;
  const ledger::LogId kLog{std::string(kIntents), 0};
  House house_;
  Files files_;
  std::string bytes_;
  size_t head_bytes_ = 0;
  std::vector<Span> records_;
  std::mt19937_64 random_{20'261'127};
};

TEST_F(Tamper, TheBundleItselfHolds) {
  EXPECT_EQ(FirstFault(bytes_), Fault());
  EXPECT_EQ(FirstFault(Repacked(files_.at(SegmentName(kLog)))), Fault());
  EXPECT_EQ(records_.size(), 30u);
}

TEST_F(Tamper, AnyFlipOfAnyByte) {
  // In the file's bytes: the records of the segment are found in it as they are.
  const std::string& segment = files_.at(SegmentName(kLog));
  const size_t at = bytes_.find(segment);
  ASSERT_NE(at, std::string::npos);
  for (int round = 0; round < kRounds; ++round) {
    std::string changed = bytes_;
    const size_t place = Below(changed.size());
    changed[place] = static_cast<char>(changed[place] ^ static_cast<char>(1 + Below(255)));
    const Fault fault = FirstFault(changed);
    ASSERT_NE(fault, Fault()) << "byte " << place;
    for (size_t i = 0; i < records_.size(); ++i) {
      if (place < at + records_[i].begin || place >= at + records_[i].end) continue;
      ASSERT_EQ(fault.place, PlaceOf(kLog, i)) << "byte " << place;
    }
  }
}

TEST_F(Tamper, AnyTruncationOrInsertionOrSwapOfBytes) {
  for (int round = 0; round < kRounds; ++round) {
    std::string changed = bytes_;
    switch (round % 4) {
      case 0:
        changed.resize(Below(changed.size()));
        break;
      case 1:
        changed.insert(Below(changed.size() + 1), 1 + Below(40), static_cast<char>(Below(256)));
        break;
      case 2:
        changed.erase(Below(changed.size()), 1 + Below(400));
        break;
      default: {
        const size_t length = 1 + Below(64);
        const size_t a = Below(changed.size() - 2 * length);
        const size_t b = a + length + Below(changed.size() - a - 2 * length + 1);
        std::swap_ranges(changed.begin() + static_cast<ptrdiff_t>(a),
                         changed.begin() + static_cast<ptrdiff_t>(a + length),
                         changed.begin() + static_cast<ptrdiff_t>(b));
      }
    }
    if (changed == bytes_) continue;
    ASSERT_NE(FirstFault(changed), Fault()) << round;
  }
}

// From here on the container and the manifest are made anew, as a forger would.

TEST_F(Tamper, RecordsDroppedDoubledOrSwapped) {
  const std::string& segment = files_.at(SegmentName(kLog));
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::string> records;
    for (const Span& span : records_) {
      records.push_back(segment.substr(span.begin, span.end - span.begin));
    }
    const size_t a = Below(records.size() - 1);
    const size_t b = a + 1 + Below(records.size() - a - 1);
    std::string place = PlaceOf(kLog, a);
    if (round % 3 == 0) {
      records.erase(records.begin() + static_cast<ptrdiff_t>(a));
      // Before the log's first record nothing tells of what is missing but its root.
      if (a == 0) place = SegmentName(kLog);
    } else if (round % 3 == 1) {
      records.insert(records.begin() + static_cast<ptrdiff_t>(b), records[a]);
      place = PlaceOf(kLog, b);
    } else {
      std::swap(records[a], records[b]);
      // The first one stands where no other is before it.
      if (a == 0) place = PlaceOf(kLog, 1);
    }
    std::string changed = segment.substr(0, head_bytes_);
    changed[head_bytes_ - 1] = static_cast<char>(records.size());
    for (const std::string& record : records) changed += record;
    const Fault fault = FirstFault(Repacked(changed));
    ASSERT_EQ(fault.place, place) << round << " " << a << " " << b << ": " << fault.what;
  }
}

TEST_F(Tamper, RecordsForgedWithTheirLeaves) {
  // Each record is one that could have been; only the sealed root tells that it was not.
  for (int round = 0; round < kRounds; ++round) {
    SegmentWriter writer(kLog, 0, {});
    const auto& stored = house_.logs()[kLog];
    const size_t forged = Below(stored.size());
    for (size_t i = 0; i < stored.size(); ++i) {
      std::string value = stored[i].value;
      int64_t append_ms = stored[i].append_ms;
      if (i == forged && round % 2 == 0) append_ms += 1 + static_cast<int64_t>(Below(1'000));
      if (i == forged && round % 2 == 1) {
        value[Below(value.size())] ^= static_cast<char>(1 + Below(255));
      }
      writer.Add({.offset = stored[i].offset,
                  .append_ms = append_ms,
                  .key = stored[i].key,
                  .value = value});
    }
    const Fault fault = FirstFault(Repacked(std::move(writer).Finish()));
    ASSERT_EQ(fault.place, SegmentName(kLog)) << round;
  }
}

}  // namespace
}  // namespace jembatan::evidence
