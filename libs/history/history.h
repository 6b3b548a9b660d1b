#pragma once

// History: what happened in a run as independent witnesses tell it: the viewers (what they sent and
// were told), the log (dumps of the intents and the outcomes topic) and the marketplace (its
// ledger), and what was measured meanwhile. Values only; reader.h fills them from files, check.h
// judges them.

#include <cstdint>
#include <string>
#include <vector>

#include "libs/base/ids.h"

namespace jembatan::history {

// deadline = time in the id + this (topic version v1).
inline constexpr int64_t kTtlMs = 120'000;

enum class State : uint8_t { kOrdered, kHandedOff, kRejected, kExpired };

// Something a viewer did or was told.
struct ClientEvent {
  enum class Kind : uint8_t {
    kInvoke,    // sent the intent, the first time or again
    kAccepted,  // was told ACCEPTED, with the place in the log
    kPending,
    kRefused,
    kOutcome,  // was told the final outcome
    kNone,     // was told for certain that nothing was or will be ordered
  };
  Kind kind = Kind::kInvoke;
  int64_t time_ms = 0;
  base::Uuid id;
  std::string offer_id;  // of kInvoke
  int32_t partition = -1;
  int64_t offset = -1;
  State state = State::kOrdered;
  std::string order_id{};
};

// A record of the intents topic.
struct IntentRecord {
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t append_ms = 0;
  // False: the value is no PurchaseIntent, or has no id; all below is empty.
  bool decoded = false;
  base::Uuid id;
  std::string buyer_ref;  // hexadecimal, as are fingerprints
  std::string offer_id;
  std::string fingerprint;

  // Appended after its deadline: it counts for nothing (protocol rule 1).
  bool is_void() const { return append_ms > id.unix_ms() + kTtlMs; }
};

// A record of the outcomes topic.
struct OutcomeRecord {
  enum class Kind : uint8_t { kClaim, kOpen, kFinal, kUnconfirmed };
  int32_t partition = 0;
  int64_t offset = 0;
  uint64_t token = 0;
  std::string marketplace_id;
  Kind kind = Kind::kClaim;
  // Of a final.
  base::Uuid id{};
  std::string buyer_ref{};
  std::string fingerprint{};
  std::string order_id{};
  State state = State::kOrdered;
};

// A result of the marketplace, in the order decided.
struct LedgerRow {
  int64_t seq = 0;
  int64_t decided_ms = 0;
  base::Uuid id;
  std::string buyer_ref;
  std::string offer_id;
  std::string fingerprint;
  std::string order_id;
  State state = State::kOrdered;
};

// Something measured that has a bound.
struct Sample {
  int64_t time_ms = 0;
  std::string what;
  int64_t value = 0;
  int64_t bound = 0;
};

struct History {
  std::vector<ClientEvent> clients;
  std::vector<Sample> samples;
  // Within a partition by rising offset.
  std::vector<IntentRecord> intents;
  std::vector<OutcomeRecord> outcomes;
  std::vector<LedgerRow> ledger;
};

}  // namespace jembatan::history
