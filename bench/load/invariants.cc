#include "bench/load/invariants.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "libs/intent/intent.h"
#include "libs/intent/reasons.h"

namespace jembatan::load {
namespace {

using intake::v1::Outcome;

constexpr uint32_t kNoRow = 0xffff'ffff;

std::string StateName(int state) {
  std::string name = Outcome::State_Name(state);
  constexpr size_t kPrefix = sizeof("STATE_") - 1;
  return name.size() > kPrefix ? name.substr(kPrefix) : "STATE " + std::to_string(state);
}

std::string Millis(uint32_t us) {
  return std::to_string(us / 1000) + "." + std::to_string(us / 100 % 10) + " ms";
}

std::string ReasonSuffix(int reason) {
  if (reason == 0) return "";
  return "(" + std::string(intent::Info(static_cast<intake::v1::Reason>(reason)).name) + ")";
}

class Judgement {
 public:
  Judgement(std::span<const IntentRecord> records, std::span<const LedgerRow> ledger,
            std::span<const OfferStock> offers, bool have_ledger)
      : records_(records), ledger_(ledger), offers_(offers), have_ledger_(have_ledger) {}

  Verdict Run() {
    IndexLedger();
    for (uint32_t i = 0; i < records_.size(); ++i) JudgeRecord(i);
    JudgeOrder();
    JudgeStock();
    JudgeBuyers();
    return std::move(verdict_);
  }

 private:
  // Where the log may hold an intent: a copy that was never answered may lie lower than the one
  // that was accepted.
  struct Position {
    int64_t lowest;
    int64_t highest;
  };
  static Position PositionOf(const IntentRecord& record) {
    if (!record.accepted) return {-1, std::numeric_limits<int64_t>::max()};
    return {record.unsure ? -1 : record.offset, record.offset};
  }

  void Add(Finding& finding, const std::string& what, uint32_t record) {
    ++finding.count;
    if (finding.examples.size() < kExamples) {
      finding.examples.push_back(what + ": " + Timeline(record));
    }
  }

  std::string OfferName(uint16_t offer) const {
    return offer < offers_.size() ? offers_[offer].offer_id : "?";
  }

  std::string Timeline(uint32_t i) const {
    const IntentRecord& record = records_[i];
    std::string text = record.id.ToString() + " offer " + OfferName(record.offer) + ", viewer " +
                       std::to_string(record.viewer) + ", meant for " +
                       std::to_string(record.intended_ns / 1'000'000) + " ms, sent " +
                       std::to_string(record.sends) + "x";
    if (record.was_pending) text += ", PENDING";
    if (record.receipt_reason != 0) {
      text += ", REFUSED or PENDING" + ReasonSuffix(record.receipt_reason);
    }
    if (record.accepted) {
      text += ", ACCEPTED at " + std::to_string(record.partition) + "/" +
              std::to_string(record.offset) + " after " + Millis(record.receipt_us);
    }
    if (record.final()) {
      text += ", " + StateName(record.state) + ReasonSuffix(record.outcome_reason) + " after " +
              Millis(record.outcome_us);
    }
    if (record.other_state != 0) text += ", then " + StateName(record.other_state);
    if (!have_ledger_) return text;
    if (rows_[i] == kNoRow) return text + ", not in the ledger";
    const LedgerRow& row = ledger_[rows_[i]];
    return text + ", ledger " + std::to_string(row.seq) + " " + StateName(row.state) +
           " decided at " + std::to_string(row.decided_ms);
  }

  // Finds each record's row; a second one for the same id is a violation by itself.
  void IndexLedger() {
    rows_.assign(records_.size(), kNoRow);
    for (uint32_t r = 0; r < ledger_.size(); ++r) {
      ++verdict_.ledger_rows;
      std::optional<uint32_t> record = RecordOf(ledger_[r].id, records_);
      if (!record) {
        ++verdict_.foreign_rows;
        continue;
      }
      if (rows_[*record] != kNoRow) {
        Add(verdict_.doubled, "two results at the marketplace", *record);
        continue;
      }
      rows_[*record] = r;
      order_.push_back(*record);
    }
  }

  const LedgerRow* RowOf(uint32_t i) const {
    return rows_[i] == kNoRow ? nullptr : &ledger_[rows_[i]];
  }
  bool HasOrder(uint32_t i) const {
    const LedgerRow* row = RowOf(i);
    return row != nullptr && row->state == Outcome::STATE_ORDERED;
  }
  // Placed by a bridge: what a buyer orders at the marketplace's page after a hand-off has no turn
  // and no deadline but the link's.
  bool WasPlaced(uint32_t i) const {
    return HasOrder(i) && records_[i].state != Outcome::STATE_HANDED_OFF;
  }

  void JudgeRecord(uint32_t i) {
    const IntentRecord& record = records_[i];
    if (record.other_state != 0) Add(verdict_.doubled, "two different finals", i);
    if (!record.final()) {
      JudgeUndecided(i);
    } else if (record.state == Outcome::STATE_ORDERED) {
      JudgeOrdered(i);
    } else if (record.state != Outcome::STATE_HANDED_OFF && HasOrder(i)) {
      // A hand-off leaves it to the buyer, who may have gone on and ordered.
      Add(verdict_.doubled, "no order was promised, yet there is one", i);
    }
    if (WasPlaced(i) && RowOf(i)->decided_ms > intent::DeadlineMs(record.id)) {
      Add(verdict_.late, "ordered after its deadline", i);
    }
  }

  void JudgeUndecided(uint32_t i) {
    const IntentRecord& record = records_[i];
    if (record.refused) {
      if (HasOrder(i)) Add(verdict_.doubled, "refused, yet there is an order", i);
    } else if (record.accepted) {
      Add(verdict_.lost, "accepted without an outcome", i);
    } else if (HasOrder(i)) {
      Add(verdict_.lost, "an order nobody was told of", i);
    } else {
      ++verdict_.unknown;
    }
  }

  void JudgeOrdered(uint32_t i) {
    if (!have_ledger_) return;
    const IntentRecord& record = records_[i];
    if (!HasOrder(i)) {
      Add(verdict_.lost, "told ORDERED, but there is no order", i);
      return;
    }
    const LedgerRow& row = *RowOf(i);
    if (row.order != record.order) {
      Add(verdict_.doubled, "told another order number than the ledger's", i);
    } else if (row.fingerprint != 0 && record.fingerprint != 0 &&
               row.fingerprint != record.fingerprint) {
      Add(verdict_.doubled, "ordered with another body", i);
    }
  }

  // In ledger order, per offer: an order whose position is certainly below one that went before it
  // was overtaken.
  void JudgeOrder() {
    std::vector<int64_t> highest_before(offers_.size(), -1);
    for (uint32_t i : order_) {
      const IntentRecord& record = records_[i];
      if (!WasPlaced(i) || record.offer >= offers_.size()) continue;
      Position position = PositionOf(record);
      int64_t& before = highest_before[record.offer];
      if (position.highest < before) {
        Add(verdict_.reordered, "overtaken by offset " + std::to_string(before), i);
      }
      before = std::max(before, position.lowest);
    }
  }

  void JudgeStock() {
    std::vector<int64_t> ordered(offers_.size(), 0);
    for (const LedgerRow& row : ledger_) {
      if (row.state != Outcome::STATE_ORDERED || row.cancelled) continue;
      if (row.offer >= offers_.size()) continue;
      if (RecordOf(row.id, records_)) ordered[row.offer] += row.quantity;
    }
    for (size_t k = 0; k < offers_.size(); ++k) {
      const OfferStock& offer = offers_[k];
      if (offer.stock_before >= 0 && ordered[k] > offer.stock_before) {
        AddOversold(offer.offer_id + ": " + std::to_string(ordered[k]) + " ordered of " +
                    std::to_string(offer.stock_before));
      } else if (offer.initial >= 0 && offer.sold_after > offer.initial) {
        AddOversold(offer.offer_id + ": " + std::to_string(offer.sold_after) + " sold of " +
                    std::to_string(offer.initial));
      }
    }
  }

  void JudgeBuyers() {
    absl::flat_hash_map<std::pair<uint64_t, uint16_t>, uint64_t> bought;
    for (uint32_t i : order_) {
      if (!HasOrder(i)) continue;
      const LedgerRow& row = *RowOf(i);
      if (row.offer >= offers_.size() || row.cancelled) continue;
      if (offers_[row.offer].buyer_limit == 0) continue;
      uint64_t& units = bought[{row.buyer, row.offer}];
      bool within = units <= offers_[row.offer].buyer_limit;
      units += row.quantity;
      if (within && units > offers_[row.offer].buyer_limit) {
        Add(verdict_.oversold, "a buyer has more than the limit", i);
      }
    }
  }

  void AddOversold(std::string text) {
    ++verdict_.oversold.count;
    if (verdict_.oversold.examples.size() < kExamples) {
      verdict_.oversold.examples.push_back(std::move(text));
    }
  }

  const std::span<const IntentRecord> records_;
  const std::span<const LedgerRow> ledger_;
  const std::span<const OfferStock> offers_;
  const bool have_ledger_;
  // Row of each record, and the records of this run in ledger order.
  std::vector<uint32_t> rows_;
  std::vector<uint32_t> order_;
  Verdict verdict_;
};

}  // namespace

Verdict Judge(std::span<const IntentRecord> records, std::span<const LedgerRow> ledger,
              std::span<const OfferStock> offers, bool have_ledger) {
  return Judgement(records, ledger, offers, have_ledger).Run();
}

}  // namespace jembatan::load
