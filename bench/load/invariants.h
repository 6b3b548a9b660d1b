#pragma once

// The judge of a run: compares what the viewers were told with the marketplace's ledger and stock,
// and counts what breaks the promise (P1 to P6). Pure: records, rows and stock in, verdict out.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bench/load/record.h"
#include "libs/base/ids.h"

namespace jembatan::load {

inline constexpr uint16_t kUnknownOffer = 0xffff;
inline constexpr size_t kExamples = 5;

// One result of the marketplace, in the order decided. Texts as TextDigest made them.
struct LedgerRow {
  uint64_t seq = 0;
  base::Uuid id;
  uint64_t buyer = 0;
  uint64_t order = 0;
  uint64_t fingerprint = 0;
  int64_t decided_ms = 0;
  uint32_t quantity = 0;
  uint16_t offer = kUnknownOffer;
  // intake.v1 Outcome::State, whose names the two contracts share.
  uint8_t state = 0;
  // Ordered, but not paid in time: its units went back on sale.
  bool cancelled = false;
};

// An offer of the run, at its index.
struct OfferStock {
  std::string offer_id;
  // Units there were before the run, and units sold to anybody against units ever put on sale after
  // it; -1: unknown.
  int64_t stock_before = -1;
  int64_t sold_after = -1;
  int64_t initial = -1;
  // 0: no limit.
  uint32_t buyer_limit = 0;
};

struct Finding {
  uint64_t count = 0;
  // The first kExamples, each an id (or offer) with its timeline.
  std::vector<std::string> examples;
};

struct Verdict {
  // Accepted without a final; ordered without an order; an order nobody was told of.
  Finding lost;
  // Two different finals or results of one id; an order of an intent that must have none.
  Finding doubled;
  // Orders of one offer that did not take effect in the order of acceptance.
  Finding reordered;
  // More units than there were, or than one buyer may have.
  Finding oversold;
  // Ordered after the deadline.
  Finding late;
  uint64_t ledger_rows = 0;
  uint64_t foreign_rows = 0;
  // Neither accepted nor refused nor decided when the run ended: nothing was promised.
  uint64_t unknown = 0;

  bool holds() const {
    return lost.count + doubled.count + reordered.count + oversold.count + late.count == 0;
  }
};

// ledger is in the order of seq. Without a ledger (have_ledger false) only what the viewers were
// told is judged.
Verdict Judge(std::span<const IntentRecord> records, std::span<const LedgerRow> ledger,
              std::span<const OfferStock> offers, bool have_ledger);

}  // namespace jembatan::load
