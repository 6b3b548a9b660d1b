#pragma once

// Entry: what the ledger keeps of one record of a topic: where it stands, when the broker appended
// it, and the digest of what it says; never what it says. LogId names the log it belongs to: there
// is one log for each partition of each topic, its leaves in the order of offsets, because that
// order is the only one that all readers of a topic see alike. Pure; any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "libs/ledger/hash.h"

namespace jembatan::ledger {

// Kafka's own bound.
inline constexpr size_t kTopicBytesMax = 249;

struct LogId {
  std::string topic;
  int32_t partition = 0;

  friend bool operator==(const LogId&, const LogId&) = default;
  friend auto operator<=>(const LogId&, const LogId&) = default;
};

// "topic/partition", for people.
std::string NameOf(const LogId& log);
// What Kafka takes for a topic's name. Only such names are safe in the ledger's texts and paths.
bool IsTopicName(std::string_view name);

struct Entry {
  int64_t offset = 0;
  int64_t append_time_ms = 0;
  Hash digest{};

  friend bool operator==(const Entry&, const Entry&) = default;
};

// Digest of a record: SHA-256 over the key's length (4 bytes, big-endian), the key and the value.
// An absent key or value counts as an empty one.
Hash DigestOf(Hasher& hasher, std::string_view key, std::string_view value);

// The leaf of an entry, whose bytes all auditors make alike: 0x01 (the form's version), the topic's
// length (1 byte) and name, then big-endian: partition (4), offset (8), append time (8); digest.
// Keeps what is the same for all entries of a log; one thread at a time.
class LeafMaker {
 public:
  explicit LeafMaker(const LogId& log);
  // The view holds until the next call.
  std::string_view Make(const Entry& entry);

 private:
  size_t fixed_bytes_;
  std::string bytes_;
};

}  // namespace jembatan::ledger
