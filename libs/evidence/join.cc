#include "libs/evidence/join.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/base/ids.h"
#include "libs/base/unknown_fields.h"
#include "libs/crossing/outcome_judge.h"
#include "libs/crossing/outcome_state.h"
#include "libs/intent/limits.h"

namespace jembatan::evidence {
namespace {

using crossing::v1::Outcome;
using Kind = Misfit::Kind;

// HMACs and digests: the half of them tells them apart.
using Half = std::array<char, 16>;

struct Key {
  base::Uuid id;
  Half buyer{};
  Half fingerprint{};

  friend bool operator==(const Key&, const Key&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Key& key) {
    return H::combine(std::move(h), key.id, key.buyer, key.fingerprint);
  }
};

bool TakeHalf(const std::string& bytes, Half* half) {
  if (bytes.size() != 2 * half->size()) return false;
  std::memcpy(half->data(), bytes.data(), half->size());
  return true;
}

template <typename Message>
std::optional<Key> KeyOf(const Message& message) {
  const auto id = base::Uuid::ParseV7(message.intent_id());
  Key key;
  if (!id || !TakeHalf(message.buyer_ref(), &key.buyer) ||
      !TakeHalf(message.fingerprint(), &key.fingerprint)) {
    return std::nullopt;
  }
  key.id = *id;
  return key;
}

template <typename Message>
bool Parse(const Record& record, Message* message) {
  return message->ParseFromArray(record.value.data(), static_cast<int>(record.value.size()));
}

uint64_t UnknownFieldsOf(const crossing::v1::PurchaseIntent& intent) {
  return base::OwnUnknownFields(intent) + base::OwnUnknownFields(intent.price_seen()) +
         base::OwnUnknownFields(intent.deadline());
}

uint64_t UnknownFieldsOf(const crossing::v1::OutcomeRecord& record) {
  const Outcome& outcome = record.outcome();
  return base::OwnUnknownFields(record) + base::OwnUnknownFields(record.claim()) +
         base::OwnUnknownFields(record.open()) + base::OwnUnknownFields(outcome) +
         base::OwnUnknownFields(outcome.price());
}

class Joiner {
 public:
  Joiner(const Segment& intents, const Segment& outcomes)
      : intents_(intents), outcomes_(outcomes) {}

  JoinedPartition Run() && {
    ReadIntents();
    ReadOutcomes();
    return std::move(joined_);
  }

 private:
  void ReadIntents() {
    for (size_t i = 0; i < intents_.records.size(); ++i) {
      const Record& record = intents_.records[i];
      const bool read = Parse(record, &intent_);
      const auto key = read ? KeyOf(intent_) : std::nullopt;
      if (!key || intent_.offer_id() != record.key) {
        Add(Kind::kUnreadable, intents_, i);
        continue;
      }
      if (UnknownFieldsOf(intent_) > 0) Add(Kind::kUnknownFields, intents_, i);
      if (record.append_ms > key->id.unix_ms() + intent::kTtlMs) {
        ++joined_.late;
      } else if (by_key_.try_emplace(*key, joined_.intents.size()).second) {
        joined_.intents.push_back({&record, nullptr});
      } else {
        ++joined_.copies;
      }
    }
  }

  void ReadOutcomes() {
    using Verdict = crossing::OutcomeJudge::Verdict;
    if (outcomes_.records.empty()) return;
    crossing::OutcomeJudge judge(outcomes_.records.front().offset);
    for (size_t i = 0; i < outcomes_.records.size(); ++i) {
      const Record& record = outcomes_.records[i];
      if (!Parse(record, &record_)) {
        Add(Kind::kUnreadable, outcomes_, i);
        continue;
      }
      if (UnknownFieldsOf(record_) > 0) Add(Kind::kUnknownFields, outcomes_, i);
      if (judge.Judge(record_) != Verdict::kValid || !record_.has_outcome()) continue;
      if (crossing::IsFinal(record_.outcome().state())) TakeFinal(record, i);
    }
  }

  void TakeFinal(const Record& record, size_t index) {
    const auto key = KeyOf(record_.outcome());
    const auto at = key ? by_key_.find(*key) : by_key_.end();
    if (at != by_key_.end()) {
      Joined& joined = joined_.intents[at->second];
      if (joined.outcome == nullptr) joined.outcome = &record;
    } else if (IsHere(record_.outcome().intent_offset()) && !IsOneThere(record_.outcome())) {
      Add(Kind::kNoIntent, outcomes_, index);
    }
  }

  // Whether the offset is among those of the intents here: the topics are not sealed in step.
  bool IsHere(int64_t offset) const {
    return !intents_.records.empty() && offset >= intents_.records.front().offset &&
           offset <= intents_.records.back().offset;
  }

  // One that breaks the contract gets a final too, if its id can be read.
  bool IsOneThere(const Outcome& outcome) {
    const auto at = std::lower_bound(
        intents_.records.begin(), intents_.records.end(), outcome.intent_offset(),
        [](const Record& record, int64_t offset) { return record.offset < offset; });
    // A reading of the topics, unlike a sealed one, may have left records out.
    if (at->offset != outcome.intent_offset()) return true;
    return Parse(*at, &intent_) && intent_.intent_id() == outcome.intent_id() &&
           intent_.buyer_ref() == outcome.buyer_ref();
  }

  void Add(Kind kind, const Segment& segment, size_t index) {
    joined_.misfits.push_back({kind, &segment, index});
  }

  const Segment& intents_;
  const Segment& outcomes_;
  absl::flat_hash_map<Key, size_t> by_key_;
  JoinedPartition joined_;
  // Filled again and again.
  crossing::v1::PurchaseIntent intent_;
  crossing::v1::OutcomeRecord record_;
};

}  // namespace

JoinedPartition Join(const Segment& intents, const Segment& outcomes) {
  return Joiner(intents, outcomes).Run();
}

}  // namespace jembatan::evidence
