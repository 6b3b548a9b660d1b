#pragma once

// The bytes that the bridge writes to the log and the checks on those it reads. Pure; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "services/bridge/finals.h"

namespace jembatan::bridge {

// Who writes: goes into every record.
struct Writer {
  std::string marketplace_id;
  std::string instance;
};

std::string ClaimRecord(const Writer& writer);
// progress_ms <= 0: not known yet.
std::string OpenRecord(const Writer& writer, uint64_t token, int64_t progress_ms);
// outcome: a serialised crossing.v1.Outcome, put in byte for byte.
std::string FinalRecord(const Writer& writer, uint64_t token, std::string_view outcome);

// What is wrong with a decoded intent; empty: nothing. *key is filled whenever id and buyer can be
// read, so that even a malformed intent gets its final outcome.
std::string_view CheckIntent(const crossing::v1::PurchaseIntent& intent,
                             std::string_view record_key, std::optional<IntentKey>* key);

// Fields of an intent that crossing.v1 does not have; nothing carries them further.
uint64_t UnknownFieldsIn(const crossing::v1::PurchaseIntent& intent);

// The key of an outcome; none if id or buyer cannot be read.
std::optional<IntentKey> KeyOf(const crossing::v1::Outcome& outcome);

}  // namespace jembatan::bridge
