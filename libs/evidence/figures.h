#pragma once

// Figures: what a bundle's records give when they are reckoned up, and what they say about each
// article. Nothing in them is told by anybody: verifying a bundle makes them anew. Pure; any
// thread.

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "libs/evidence/articles.h"
#include "libs/evidence/bundle.h"
#include "libs/reconcile/order_set.h"

namespace jembatan::evidence {

// What became of intents.
struct Counts {
  uint64_t intents = 0;
  uint64_t ordered = 0;
  uint64_t handed_off = 0;
  uint64_t rejected = 0;
  uint64_t expired = 0;
  // Without a final when the ledger was sealed.
  uint64_t open = 0;
};

// From an intent's append to its final's, by the brokers' clocks.
struct Latency {
  uint64_t count = 0;
  int64_t p50_ms = 0;
  int64_t p95_ms = 0;
  int64_t p99_ms = 0;
  int64_t max_ms = 0;
};
// Sorts them.
Latency LatencyOf(std::vector<int64_t>* times_ms);

struct Group {
  Counts counts;
  Latency latency;
};

// How often a message was there, and each of its fields.
struct Presence {
  uint64_t messages = 0;
  std::map<std::string, uint64_t> fields;
};

struct Host {
  // "continue_url" or "invoice_url".
  std::string field;
  std::string host;
  friend auto operator<=>(const Host&, const Host&) = default;
};

// A rule that decided, and how.
struct RuleUse {
  // Hexadecimal.
  std::string policy;
  std::string rule;
  std::string kind;
  std::string article;
  // A reason's name; empty: it let them pass.
  std::string refusal;
  friend auto operator<=>(const RuleUse&, const RuleUse&) = default;
};

// A control of the whole log.
struct ControlRow {
  int64_t offset = 0;
  int64_t append_ms = 0;
  std::string subject;
  uint64_t version = 0;
  std::string why;
  std::vector<std::string> signers;
  // Why it is not in force; empty: it is, or was.
  std::string refused;
};

struct Figures {
  // All records of the bundle by topic, those around the window too.
  std::map<std::string, uint64_t> records;
  Group all;
  // By hours since 1970.
  std::map<int64_t, Group> hours;
  std::map<std::string, Group> marketplaces;
  // "umkm" and "other" as the marketplace attests them; "" without an attestation.
  std::map<std::string, Group> tiers;
  // "local" and "other" as attested, "" without an attestation.
  std::map<std::string, Counts> origins;
  std::map<std::string, Counts> campaigns;
  // By state and reason.
  std::map<std::pair<std::string, std::string>, uint64_t> reasons;
  uint64_t copies = 0;
  uint64_t late = 0;
  // By full name; of the intents in the window and their finals.
  std::map<std::string, Presence> presence;
  uint64_t consent_given = 0;
  uint64_t consent_withheld = 0;
  std::map<Host, uint64_t> hosts;
  std::map<RuleUse, uint64_t> rules;
  uint64_t price_as_seen = 0;
  uint64_t price_other = 0;
  std::vector<ControlRow> controls;
  std::map<std::string, uint64_t> dead_letters;
  // By marketplace and hour of the intents' ids, of hours that lie in the window whole.
  std::map<std::pair<std::string, int64_t>, reconcile::Digest> order_digests;
};

// The bundle has no faults. Adds what the records say about each article but kLedger and kReport.
Figures Reckon(const Bundle& bundle, Judgements* judgements);

// As text, a line a figure: one way of writing them.
std::string FormatFigures(const Figures& figures);

}  // namespace jembatan::evidence
