#pragma once

// The values the marketplace works with: offers, orders and what became of them. An Order views the
// message it came in and must not outlive it; the others own their text. Pure; any thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

// The price before the present one; an order at it is still taken until until_ms.
struct FormerPrice {
  Money price;
  std::string version;
  int64_t until_ms = 0;

  friend bool operator==(const FormerPrice&, const FormerPrice&) = default;
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
  // Units of one order; 0: kMaxQuantity.
  int64_t order_limit = 0;
  // The campaign its orders count for; empty: none.
  std::string campaign_id;
  // How long a former price is still taken. What the former one is, the store knows.
  int64_t price_grace_ms = 0;
  FormerPrice former;
  // Of an offer to load: what is known, not signed yet; null: nothing. The store's always have one.
  std::shared_ptr<const Attested> attested;

  friend bool operator==(const Offer&, const Offer&) = default;
};

// Offers with limits in common.
struct Campaign {
  std::string campaign_id;
  // 0: no limit.
  int64_t total_limit = 0;
  int64_t buyer_limit = 0;
  // 0: open, and never closing.
  int64_t starts_ms = 0;
  int64_t ends_ms = 0;
  // Units ordered and not given back.
  int64_t sold = 0;

  friend bool operator==(const Campaign&, const Campaign&) = default;
};

// A discount that an order claims by its reference.
struct Voucher {
  std::string voucher_ref;
  // Off an order's total.
  Money amount;
  // What it holds for; empty: anything.
  std::string offer_id;
  std::string campaign_id;
  // 0: no limit.
  int64_t uses = 0;
  int64_t buyer_uses = 0;
  // 0: at once, and for ever.
  int64_t starts_ms = 0;
  int64_t ends_ms = 0;
  // By orders that were not cancelled.
  int64_t used = 0;

  friend bool operator==(const Voucher&, const Voucher&) = default;
};

// What an operator puts on sale.
struct Catalog {
  std::vector<Offer> offers;
  std::vector<Campaign> campaigns;
  std::vector<Voucher> vouchers;
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
  // Empty: none is claimed.
  std::string_view voucher_ref;
  std::string_view fingerprint;
  // 0: none given.
  int64_t deadline_ms = 0;

  Key key() const { return {buyer_ref, intent_id}; }
};

// What became of the money; only an order that exists has it. Cancelled: its hold ran out;
// withdrawn: its buyer cancelled it. Numbers reach the disk.
enum class Payment : int { kNone = -1, kUnpaid = 0, kPaid = 1, kCancelled = 2, kWithdrawn = 3 };

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
