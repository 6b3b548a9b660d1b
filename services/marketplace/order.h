#pragma once

// The values the marketplace works with: offers, orders and what became of them. An Order views the
// message it came in and must not outlive it; the others own their text. Pure; any thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "jembatan/orders/v1/orders.pb.h"
#include "jembatan/orders/v1/reason.pb.h"
#include "libs/goods/goods.h"

namespace jembatan::marketplace {

// Numbers and names are the contract's. They reach the disk: never renumber.
using State = orders::v1::OrderResult::State;
using Reason = orders::v1::Reason;

struct Money {
  // ISO 4217; empty: no price.
  std::string currency;
  int64_t amount_minor = 0;

  friend bool operator==(const Money&, const Money&) = default;
};

// What is known of an offer's goods, and what was signed about them.
struct Attested {
  goods::Goods goods;
  int64_t issued_ms = 0;
  // The signed note; empty: nobody signs here.
  std::string note;
};

struct Offer {
  std::string offer_id;
  std::string title;
  std::string seller_id;
  Money price;
  std::string price_version;
  // Units left, units ordered and not given back, units ever put on sale: the first two always add
  // up to the third.
  int64_t stock = 0;
  int64_t sold = 0;
  int64_t initial_stock = 0;
  // 0: no limit.
  int64_t buyer_limit = 0;
  int64_t total_limit = 0;
  // 0: open, and never closing.
  int64_t sale_starts_ms = 0;
  int64_t sale_ends_ms = 0;
  // Of an offer to load: what is known, not signed yet; null: nothing. The store's always have one.
  std::shared_ptr<const Attested> attested;

  friend bool operator==(const Offer&, const Offer&) = default;
};

// Who may decide for a partition of the intents' log.
struct Fencing {
  std::string_view topic_version;
  uint32_t partition = 0;
  uint64_t token = 0;
};

struct Key {
  std::string_view buyer_ref;
  std::string_view intent_id;
};

struct Order {
  std::string_view intent_id;
  std::string_view buyer_ref;
  std::string_view offer_id;
  uint32_t quantity = 0;
  Money price_seen;
  std::string_view price_version;
  std::string_view fingerprint;
  // 0: none given.
  int64_t deadline_ms = 0;

  Key key() const { return {buyer_ref, intent_id}; }
};

// What became of the money; only an order that exists has it. Numbers reach the disk.
enum class Payment : int { kNone = -1, kUnpaid = 0, kPaid = 1, kCancelled = 2 };

// What became of an order; the one remembered for its key, unless Decide says otherwise.
struct Result {
  State state = orders::v1::OrderResult::STATE_UNSPECIFIED;
  Reason reason = orders::v1::REASON_UNSPECIFIED;
  std::string offer_id;
  uint32_t quantity = 0;
  Money price;
  std::string fingerprint;
  int64_t decided_ms = 0;
  // Only with STATE_ORDERED.
  int64_t hold_expires_ms = 0;
  std::string order_id;
  std::string continue_url;
  std::string invoice_url;
  Payment payment = Payment::kNone;
  // Place in the ledger, from 1; 0: not remembered.
  int64_t seq = 0;
  bool replayed = false;

  friend bool operator==(const Result&, const Result&) = default;
};

}  // namespace jembatan::marketplace
