#pragma once

// Figures of the Beli Lokal campaign in a time: orders and their value, whose goods they were and
// where those were made, which creators brought them, and whether sellers of all tiers fared alike.
// What goods are comes from attestations that marketplaces have signed, never from an app. There is
// no buyer in them and nothing of a single one: no pseudonym, no intent, no order number. Pure; any
// thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"

#include "libs/evidence/figures.h"
#include "libs/evidence/segment.h"
#include "libs/goods/note_keys.h"
#include "libs/ledger/entry.h"

namespace jembatan::beli_lokal {

// Sums of money in the currency's minor units. Prices come from records: sixty-four bits might not
// hold their sum.
using Minor = absl::uint128;

struct Sales {
  uint64_t orders = 0;
  uint64_t units = 0;
  // By currency.
  std::map<std::string, Minor> value;
};

// What a marketplace answers to a question about the goods.
enum class Answer { kYes, kNo, kNotAttested };
inline constexpr size_t kAnswers = 3;

struct Split {
  std::array<Sales, kAnswers> by_answer;
  const Sales& operator[](Answer answer) const { return by_answer[static_cast<size_t>(answer)]; }
};

// How intents fared.
struct Fare {
  uint64_t intents = 0;
  uint64_t ordered = 0;
  uint64_t handed_off = 0;
  // Rejected because nothing was left.
  uint64_t sold_out = 0;
  // Rejected by a rule of the policy, which asks for no stock.
  uint64_t by_rule = 0;
  // Rejected for all other reasons.
  uint64_t rejected = 0;
  uint64_t expired = 0;
  // Without a final yet.
  uint64_t open = 0;
  // From an intent's append to its final's.
  evidence::Latency latency;
};

// Orders of intents that were taken in within [from_ms, from_ms + slot_ms).
struct Slot {
  int64_t from_ms = 0;
  uint64_t local = 0;
  uint64_t other = 0;
};

struct Creator {
  std::string token;
  Sales sales;
};

struct Window {
  int64_t from_ms = 0;
  // Exclusive.
  int64_t to_ms = 0;
};

struct Figures {
  Window window;
  Sales all;
  Fare fare;
  // Is the seller a micro, small or medium business; are the goods of Beli Lokal; were they made in
  // Indonesia.
  Split umkm;
  Split local;
  Split made_here;
  // By the answer to the first.
  std::array<Fare, kAnswers> tiers;
  // Orders of goods about which only a later attestation is known.
  uint64_t attested_later = 0;
  int64_t slot_ms = 0;
  std::vector<Slot> slots;
  // With the most orders first.
  std::vector<Creator> creators;
  // Of tokens that are not named, and how many those are, with those without a token where that is
  // needed to hide them; nothing: there are none.
  std::optional<Sales> gathered;
  uint64_t gathered_tokens = 0;
  // Without a token; nothing: there are none, or they are gathered with the others.
  std::optional<Sales> without_creator;

  const Fare& Tier(Answer umkm_seller) const { return tiers[static_cast<size_t>(umkm_seller)]; }
};

// The records are those of the topics of intents, outcomes and offers, from evidence::kLeadMs
// before the window on. Intents belong to the time when they were appended first.
Figures Reckon(const std::map<ledger::LogId, evidence::Segment>& segments,
               const goods::NoteKeys& keys, const Window& window);

}  // namespace jembatan::beli_lokal
