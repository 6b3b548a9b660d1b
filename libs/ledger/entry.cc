#include "libs/ledger/entry.h"

#include <algorithm>
#include <array>

#include "libs/base/check.h"

namespace jembatan::ledger {
namespace {

constexpr char kFormVersion = '\1';

template <size_t kBytes>
std::array<char, kBytes> BigEndian(uint64_t value) {
  std::array<char, kBytes> bytes;
  for (size_t i = kBytes; i-- > 0; value >>= 8) bytes[i] = static_cast<char>(value & 0xff);
  return bytes;
}

}  // namespace

std::string NameOf(const LogId& log) { return log.topic + "/" + std::to_string(log.partition); }

bool IsTopicName(std::string_view name) {
  return !name.empty() && name.size() <= kTopicBytesMax && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

Hash DigestOf(Hasher& hasher, std::string_view key, std::string_view value) {
  const std::array<char, 4> length = BigEndian<4>(key.size());
  return hasher.Sha256({{length.data(), length.size()}, key, value});
}

LeafMaker::LeafMaker(const LogId& log) {
  JEMB_CHECK(IsTopicName(log.topic));
  bytes_ = kFormVersion;
  bytes_ += static_cast<char>(log.topic.size());
  bytes_ += log.topic;
  const auto partition = BigEndian<4>(static_cast<uint32_t>(log.partition));
  bytes_.append(partition.data(), partition.size());
  fixed_bytes_ = bytes_.size();
}

std::string_view LeafMaker::Make(const Entry& entry) {
  bytes_.resize(fixed_bytes_);
  const auto offset = BigEndian<8>(static_cast<uint64_t>(entry.offset));
  const auto time = BigEndian<8>(static_cast<uint64_t>(entry.append_time_ms));
  bytes_.append(offset.data(), offset.size());
  bytes_.append(time.data(), time.size());
  bytes_.append(BytesOf(entry.digest));
  return bytes_;
}

}  // namespace jembatan::ledger
