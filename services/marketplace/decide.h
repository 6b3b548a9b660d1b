#pragma once

// The decision of one order, as a pure function of what the deciding transaction has read. The
// store calls it under its write lock and does what the decision says; nothing else decides. Any
// thread.

#include <optional>
#include <string_view>

#include "absl/status/status.h"

#include "libs/base/ids.h"
#include "services/marketplace/order.h"

namespace jembatan::marketplace {

// What the transaction has read.
struct Facts {
  // The result remembered for the order's key; null: none.
  const Result* stored = nullptr;
  // The offer as this transaction sees it; null: unknown.
  const Offer* offer = nullptr;
  // Units of the offer that the buyer holds already.
  int64_t buyer_total = 0;
  // Read once per transaction, after the write lock was taken.
  int64_t now_ms = 0;
  int64_t hold_ms = 0;
};

struct Decision {
  // Without the order's number and links, which the store gives.
  Result result;
  // The result is new: remember it and, if ORDERED, take the goods.
  bool remember = false;
};

// Checks in this order: a stored result, the order's form, deadline, quantity, offer, sale window,
// price, the buyer's limit, the total limit, stock.
Decision Decide(const Order& order, const Facts& facts);

// The intent's id if both parts of the key can be read: only then can anything be remembered.
std::optional<base::Uuid> ReadKey(const Key& key);

// 1 to 64 of [A-Za-z0-9._:-].
bool IsOfferId(std::string_view text);

// Whether an offer may be put on sale; else one line that names it and the field.
absl::Status CheckOffer(const Offer& offer);

// Whether the scope and the token can be kept.
absl::Status CheckFencing(const Fencing& fencing);

}  // namespace jembatan::marketplace
