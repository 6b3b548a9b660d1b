#pragma once

// Answer: what one side tells the other of an hour's orders, or of those whose commitments begin
// with a prefix: their digest, and then either the digests of the sixteen longer prefixes, or, when
// there are few, their commitments. As lines of JSON:
//
//   {"hour":H,"prefix":"ab","orders":N,"digest":HEX}
//   {"prefix":"ab0","orders":N,"digest":HEX}            sixteen of these
//   {"order":HEX,"intent":HEX}                          or up to kToldMax of these
//
// and the search for what differs, which asks along the prefixes whose digests do. Pure; any
// thread.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/reconcile/order_set.h"

namespace jembatan::reconcile {

struct Answer {
  int64_t hour = 0;
  std::string prefix;
  Digest digest;
  // Of the longer prefixes by their last digit, or none.
  std::vector<Digest> parts;
  std::vector<Commitment> commitments;
};

std::string FormatAnswer(int64_t hour, std::string_view prefix, OrderSet* set);
// INVALID_ARGUMENT for anything that FormatAnswer does not make of some set.
absl::StatusOr<Answer> ParseAnswer(std::string_view text);

// What only one side has.
struct Difference {
  std::vector<Commitment> ours;
  std::vector<Commitment> theirs;
};
// ask: the other side's answer about a prefix of the hour. Stops with RESOURCE_EXHAUSTED when more
// than kDifferencesMax differ: then the hour is not a matter of single orders.
inline constexpr size_t kDifferencesMax = 100'000;
using Ask = std::function<absl::StatusOr<Answer>(const std::string& prefix)>;
absl::StatusOr<Difference> Compare(OrderSet* ours, const Ask& ask);

}  // namespace jembatan::reconcile
