#pragma once

// How values lie in the tables: the one place that knows the columns of results and the bytes of an
// intent's id. Used by the store and the ledger, each under its own mutex.

#include <array>
#include <string>
#include <string_view>

#include "libs/base/ids.h"
#include "libs/sqlite/sqlite.h"
#include "services/marketplace/order.h"

namespace jembatan::marketplace {

// The 16 bytes of a UUID in network order.
std::array<char, 16> ToBytes(const base::Uuid& id);
base::Uuid FromBytes(std::string_view bytes);

struct ResultRow {
  Result result;
  base::Uuid intent_id;
  std::string buyer_ref;
  int64_t paid_ms = 0;
};

// SELECT list of results in the order that ReadRow reads it.
inline constexpr std::string_view kSelectResults =
    "SELECT seq, intent_id, buyer_ref, fingerprint, state, reason, offer_id, quantity, currency, "
    "amount_minor, decided_ms, hold_expires_ms, order_id, continue_url, payment, paid_ms "
    "FROM results ";

// The current row of a statement that begins with kSelectResults.
ResultRow ReadRow(const sqlite::Statement& statement);

// "T-" and at least ten digits of the ledger's sequence; 0 if the text is none of ours.
std::string OrderIdOf(int64_t seq);
int64_t SeqOf(std::string_view order_id);

}  // namespace jembatan::marketplace
