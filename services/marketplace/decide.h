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
  // The offer's campaign, null: it has none; and the buyer's units of all its offers.
  const Campaign* campaign = nullptr;
  int64_t campaign_units = 0;
  // The voucher claimed, null: unknown, or none is claimed; and the buyer's orders that use it.
  const Voucher* voucher = nullptr;
  int64_t voucher_uses = 0;
  // Read once per transaction, after the write lock was taken.
  int64_t now_ms = 0;
  int64_t hold_ms = 0;
};

struct Decision {
  // Without the order's number and links, which the store gives.
  Result result;
  // The result is new: remember it and, if ORDERED, take the goods.
  bool remember = false;
  // Off the order's total, by its voucher.
  int64_t discount_minor = 0;
};

// Checks in this order: a stored result, the order's form, deadline, offer, quantity, the offer's
// and its campaign's windows, price, the buyer's limits, the total limits, voucher, stock; but more
// than kMaxQuantity is refused before the offer is looked for.
Decision Decide(const Order& order, const Facts& facts);

// The intent's id if both parts of the key can be read: only then can anything be remembered.
std::optional<base::Uuid> ReadKey(const Key& key);

// Whether it can name an offer, a campaign or a voucher: 1 to 64 of [A-Za-z0-9._:-].
bool IsId(std::string_view text);

// Whether an offer may be put on sale; else one line that names it and the field.
absl::Status CheckOffer(const Offer& offer);
// The same of campaigns and vouchers.
absl::Status CheckCampaign(const Campaign& campaign);
absl::Status CheckVoucher(const Voucher& voucher);

// Whether the scope and the token can be kept.
absl::Status CheckFencing(const Fencing& fencing);

}  // namespace jembatan::marketplace
