#include "libs/evidence/segment.h"

#include <charconv>
#include <utility>

#include "libs/evidence/bytes.h"
#include "libs/evidence/limits.h"
#include "libs/ledger/tree.h"

namespace jembatan::evidence {
namespace {

using ledger::Hash;
using ledger::LogId;

constexpr std::string_view kForm = "JMBREC1\n";
constexpr std::string_view kFolder = "records/";

bool TakeHash(std::string_view* bytes, Hash* hash) {
  std::string_view taken;
  if (!TakeBytes(bytes, ledger::kHashBytes, &taken)) return false;
  *hash = *ledger::HashOf(taken);
  return true;
}

bool TakeHead(std::string_view* bytes, Segment* segment, uint64_t* count) {
  std::string_view form;
  uint64_t peaks = 0;
  if (!TakeBytes(bytes, kForm.size(), &form) || form != kForm ||
      !TakeNumber<8>(bytes, &segment->first) || !TakeNumber<1>(bytes, &peaks)) {
    return false;
  }
  segment->peaks.resize(peaks);
  for (Hash& peak : segment->peaks) {
    if (!TakeHash(bytes, &peak)) return false;
  }
  return TakeNumber<8>(bytes, count) && *count <= kRecordsMax &&
         ledger::CompactRange::FromPeaks(segment->first, segment->peaks).ok();
}

// Why the record cannot follow; empty: it can.
std::string WhyMisplaced(const Segment& segment, const Record& record, bool consecutive) {
  if (segment.records.empty()) return {};
  const int64_t before = segment.records.back().offset;
  if (record.offset <= before) {
    return "its offset " + std::to_string(record.offset) + " does not follow " +
           std::to_string(before);
  }
  if (!consecutive || record.offset == before + 1) return {};
  return "records are missing before it: offsets " + std::to_string(before + 1) + " to " +
         std::to_string(record.offset - 1);
}

}  // namespace

SegmentWriter::SegmentWriter(const LogId& log, uint64_t first, const std::vector<Hash>& peaks)
    : maker_(log) {
  bytes_ = kForm;
  AppendNumber<8>(first, &bytes_);
  AppendNumber<1>(peaks.size(), &bytes_);
  for (const Hash& peak : peaks) bytes_ += ledger::BytesOf(peak);
  count_at_ = bytes_.size();
  AppendNumber<8>(0, &bytes_);
}

void SegmentWriter::Add(const Record& record) {
  Record hashed = record;
  const Hash leaf = LeafOf(hasher_, maker_, &hashed);
  AppendRecord(hashed, leaf, &bytes_);
  ++count_;
}

std::string SegmentWriter::Finish() && {
  std::string count;
  AppendNumber<8>(count_, &count);
  bytes_.replace(count_at_, count.size(), count);
  return std::move(bytes_);
}

bool TakeRecord(std::string_view* bytes, Record* record, Hash* leaf) {
  uint64_t offset = 0;
  uint64_t append_ms = 0;
  uint64_t form = 0;
  uint64_t key_bytes = 0;
  uint64_t value_bytes = 0;
  if (!TakeNumber<8>(bytes, &offset) || !TakeNumber<8>(bytes, &append_ms) ||
      !TakeNumber<1>(bytes, &form) || !TakeNumber<4>(bytes, &key_bytes) ||
      !TakeNumber<4>(bytes, &value_bytes) || form > 1 || key_bytes > kKeyBytesMax ||
      value_bytes > kValueBytesMax) {
    return false;
  }
  record->offset = static_cast<int64_t>(offset);
  record->append_ms = static_cast<int64_t>(append_ms);
  record->whole = form == 0;
  record->key = {};
  record->value = {};
  const bool taken = record->whole
                         ? TakeBytes(bytes, key_bytes, &record->key) &&
                               TakeBytes(bytes, value_bytes, &record->value)
                         : key_bytes == 0 && value_bytes == 0 && TakeHash(bytes, &record->digest);
  return taken && TakeHash(bytes, leaf);
}

void AppendRecord(const Record& record, const Hash& leaf, std::string* bytes) {
  AppendNumber<8>(static_cast<uint64_t>(record.offset), bytes);
  AppendNumber<8>(static_cast<uint64_t>(record.append_ms), bytes);
  AppendNumber<1>(record.whole ? 0 : 1, bytes);
  AppendNumber<4>(record.key.size(), bytes);
  AppendNumber<4>(record.value.size(), bytes);
  if (record.whole) {
    bytes->append(record.key).append(record.value);
  } else {
    bytes->append(ledger::BytesOf(record.digest));
  }
  bytes->append(ledger::BytesOf(leaf));
}

Hash LeafOf(ledger::Hasher& hasher, ledger::LeafMaker& maker, Record* record) {
  if (record->whole) record->digest = ledger::DigestOf(hasher, record->key, record->value);
  return hasher.Leaf(maker.Make({record->offset, record->append_ms, record->digest}));
}

Segment ReadSegment(const LogId& log, std::string_view bytes, bool consecutive, Faults* faults) {
  Segment segment{.log = log};
  uint64_t count = 0;
  if (!TakeHead(&bytes, &segment, &count)) {
    faults->push_back({SegmentName(log), "its head is damaged"});
    return segment;
  }
  ledger::Hasher hasher;
  ledger::LeafMaker maker(log);
  for (uint64_t i = 0; i < count; ++i) {
    const auto fault = [&](const std::string& what) {
      faults->push_back({PlaceOf(log, segment.size()), what});
      return segment;
    };
    Record record;
    Hash leaf;
    if (!TakeRecord(&bytes, &record, &leaf)) {
      return fault("it is cut off, or its lengths are wrong");
    }
    if (LeafOf(hasher, maker, &record) != leaf) {
      return fault("it is not what was sealed (offset " + std::to_string(record.offset) +
                   " as it says)");
    }
    const std::string misplaced = WhyMisplaced(segment, record, consecutive);
    if (!misplaced.empty()) return fault(misplaced);
    segment.records.push_back(record);
    segment.leaves.push_back(leaf);
  }
  if (!bytes.empty()) faults->push_back({SegmentName(log), "something stands behind its records"});
  return segment;
}

std::string SegmentName(const LogId& log) { return std::string(kFolder) + ledger::NameOf(log); }

bool ParseSegmentName(std::string_view name, LogId* log) {
  if (!name.starts_with(kFolder)) return false;
  name.remove_prefix(kFolder.size());
  const size_t slash = name.rfind('/');
  if (slash == std::string_view::npos || !ledger::IsTopicName(name.substr(0, slash))) return false;
  const std::string_view digits = name.substr(slash + 1);
  int32_t partition = -1;
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), partition);
  *log = {std::string(name.substr(0, slash)), partition};
  // One name for each log: neither signs nor leading zeros.
  return error == std::errc() && stop == digits.data() + digits.size() && partition >= 0 &&
         SegmentName(*log) == std::string(kFolder) + std::string(name);
}

std::string PlaceOf(const LogId& log, uint64_t index) {
  return ledger::NameOf(log) + " record " + std::to_string(index);
}

}  // namespace jembatan::evidence
